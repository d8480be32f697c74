#include "sagitta/base/rng.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace sagitta {
namespace {

constexpr std::size_t kBlock = 16;

// Box-Muller within one block: the pairs are (j, j + 8), the first of them gives the radius.
// Everything is computed in T, since the rounding of the angle is part of the result.
template <class T>
void normal_block(T* values) {
  constexpr std::size_t kHalf = kBlock / 2;
  for (std::size_t j = 0; j < kHalf; ++j) {
    const T radius = std::sqrt(T{-2} * std::log(T{1} - values[j]));
    const T angle = T{2} * std::numbers::pi_v<T> * values[j + kHalf];
    values[j] = radius * std::cos(angle);
    values[j + kHalf] = radius * std::sin(angle);
  }
}

void append_words(std::vector<std::uint32_t>& words, std::uint64_t value) {
  words.push_back(static_cast<std::uint32_t>(value));
  if (value >> 32U != 0) words.push_back(static_cast<std::uint32_t>(value >> 32U));
}

// A hash whose constant moves on with every value.
struct Hash {
  std::uint32_t constant;
  std::uint32_t multiplier;

  std::uint32_t operator()(std::uint32_t value) {
    value ^= constant;
    constant *= multiplier;
    value *= constant;
    return value ^ (value >> 16U);
  }
};

std::uint32_t mix(std::uint32_t x, std::uint32_t y) {
  const std::uint32_t mixed = 0xca01f9ddU * x - 0x4973f715U * y;
  return mixed ^ (mixed >> 16U);
}

}  // namespace

std::uint64_t TorchRng::next_u64() {
  const std::uint64_t high = next_u32();
  return high << 32U | next_u32();
}

std::uint64_t TorchRng::below(std::uint64_t range) {
  constexpr std::uint64_t kWide = std::uint64_t{1} << 32U;
  return range < kWide ? next_u32() % range : next_u64() % range;
}

double TorchRng::uniform() {
  constexpr std::uint64_t kMask = (std::uint64_t{1} << 53U) - 1;
  return static_cast<double>(next_u64() & kMask) * 0x1p-53;
}

double TorchRng::normal() {
  if (waiting_) {
    const double value = *waiting_;
    waiting_.reset();
    return value;
  }
  const double angle = 2 * std::numbers::pi * uniform();
  const double radius = std::sqrt(-2 * std::log1p(-uniform()));
  waiting_ = radius * std::sin(angle);
  return radius * std::cos(angle);
}

void TorchRng::rand(std::span<float> out) {
  for (float& value : out) value = static_cast<float>(next_u32() & 0xffffffU) * 0x1p-24F;
}

void TorchRng::rand(std::span<double> out) {
  for (double& value : out) value = uniform();
}

template <class T>
void TorchRng::fill_normal(std::span<T> out) {
  if (out.size() < kBlock) {
    for (T& value : out) value = static_cast<T>(normal());
    return;
  }
  rand(out);
  const std::size_t whole = out.size() - out.size() % kBlock;
  for (std::size_t i = 0; i < whole; i += kBlock) normal_block(out.data() + i);
  if (whole == out.size()) return;
  const std::span<T> tail = out.last(kBlock);
  rand(tail);
  normal_block(tail.data());
}

void TorchRng::randn(std::span<float> out) { fill_normal(out); }
void TorchRng::randn(std::span<double> out) { fill_normal(out); }

std::vector<std::uint32_t> seed_sequence(std::uint64_t entropy, std::span<const std::uint64_t> key,
                                         std::size_t pool_words, std::size_t words) {
  std::vector<std::uint32_t> source;
  append_words(source, entropy);
  // A key must not be mistaken for more entropy, hence the padding.
  if (!key.empty()) source.resize(std::max(source.size(), pool_words), 0);
  for (const std::uint64_t part : key) append_words(source, part);

  Hash hash{.constant = 0x43b0d7e5U, .multiplier = 0x931e8875U};
  std::vector<std::uint32_t> pool(pool_words);
  for (std::size_t i = 0; i < pool_words; ++i) pool[i] = hash(i < source.size() ? source[i] : 0);
  for (std::size_t from = 0; from < pool_words; ++from) {
    for (std::size_t to = 0; to < pool_words; ++to) {
      if (from != to) pool[to] = mix(pool[to], hash(pool[from]));
    }
  }
  for (std::size_t from = pool_words; from < source.size(); ++from) {
    for (std::uint32_t& word : pool) word = mix(word, hash(source[from]));
  }

  Hash output{.constant = 0x8b51f9ddU, .multiplier = 0x58f38dedU};
  std::vector<std::uint32_t> state(words);
  for (std::size_t i = 0; i < words; ++i) state[i] = output(pool[i % pool_words]);
  return state;
}

}  // namespace sagitta
