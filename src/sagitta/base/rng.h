// Random numbers that equal, draw for draw, those of PyTorch's default CPU generator, so that a
// seed gives the same picture as elsewhere; and numpy's SeedSequence, which seeds trees of
// generators.
#pragma once

#include <cstdint>
#include <optional>
#include <random>
#include <span>
#include <vector>

namespace sagitta {

// The Mersenne Twister mt19937. Only the low 32 bits of the seed count: seeds that are equal modulo
// 2^32 give equal numbers.
class TorchRng {
 public:
  explicit TorchRng(std::uint64_t seed) : engine_(static_cast<std::uint32_t>(seed)) {}

  std::uint32_t next_u32() { return static_cast<std::uint32_t>(engine_()); }
  // The first output is the high word.
  std::uint64_t next_u64();
  // An integer in [0, range) by remainder, as torch.randint draws it. `range` must not be 0.
  std::uint64_t below(std::uint64_t range);

  // Uniform in [0, 1): 24 random bits for a float, 53 for a double.
  void rand(std::span<float> out);
  void rand(std::span<double> out);

  // Standard normal values. Fewer than 16 are drawn one by one by Box-Muller in double precision,
  // and the second value of a pair waits for the next such draw, even if larger draws come between.
  // 16 or more are drawn in blocks of 16; if the length is no multiple of 16, the last 16 values
  // are drawn anew. Equal to upstream to 1e-6, which its own vector paths differ by.
  void randn(std::span<float> out);
  void randn(std::span<double> out);

 private:
  double uniform();
  double normal();
  template <class T>
  void fill_normal(std::span<T> out);

  std::mt19937 engine_;
  std::optional<double> waiting_;  // the second value of the last pair
};

// numpy.random.SeedSequence(entropy, spawn_key=key, pool_size=pool_words).generate_state(words):
// seeds for independent generators (after O'Neill's seed_seq alternatives). Every number is taken
// as little-endian 32-bit words, 0 as one word. `pool_words` must be at least 1.
[[nodiscard]] std::vector<std::uint32_t> seed_sequence(std::uint64_t entropy,
                                                       std::span<const std::uint64_t> key,
                                                       std::size_t pool_words, std::size_t words);

}  // namespace sagitta
