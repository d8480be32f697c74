// Random numbers: the generator itself, the initial noise of a run and the Brownian tree.
#include "golden_runner/kinds.h"
#include "golden_runner/name_parts.h"
#include "sagitta/base/rng.h"
#include "sagitta/diffusion/brownian_tree.h"
#include "sagitta/diffusion/noise.h"

#include <charconv>
#include <cstring>
#include <map>

namespace golden {
namespace {

using sagitta::Array;
using sagitta::Fault;
using sagitta::Json;
using sagitta::require;
using sagitta::Shape;
using sagitta::TorchRng;

bool in_rng(const GoldenFile& file) { return file.folder == "rng" && !file.is_json(); }

bool is_generator(const GoldenFile& file) {
  return in_rng(file) &&
         (file.has_prefix("randn/") || file.has_prefix("rand/") || file.has_prefix("sequence/") ||
          file.has_prefix("bits/") || file.has_prefix("randn_f64/"));
}

bool is_brownian_tree(const GoldenFile& file) { return in_rng(file) && file.has_prefix("noise"); }

// What else lies in this folder is initial noise; its tensors may have any name.
bool is_prepare_noise(const GoldenFile& file) { return in_rng(file); }

// Of a part "seed42". Doubles cannot hold every seed.
std::uint64_t seed_of(std::string_view part) {
  constexpr std::string_view kLabel = "seed";
  std::uint64_t seed = 0;
  const bool ok =
      part.starts_with(kLabel) &&
      std::from_chars(part.data() + kLabel.size(), part.data() + part.size(), seed).ptr ==
          part.data() + part.size();
  require(ok, Fault::bad_file, "\"{}\" is not \"seed\" and a number", part);
  return seed;
}

template <class T>
Array drawn(TorchRng& rng, void (TorchRng::*draw)(std::span<T>), const Shape& shape) {
  Array out(shape);
  std::vector<T> values(out.size());
  (rng.*draw)(values);
  std::ranges::transform(values, out.data(), [](T value) { return static_cast<float>(value); });
  return out;
}

// Whole numbers below 2^bits, compared as such: floats would hide the low bits.
void check_bits(const std::string& name, const sagitta::StoredTensor& expected, std::uint64_t seed,
                Report& report) {
  require(expected.dtype == sagitta::DType::i64, Fault::bad_file, "random bits should be I64");
  const int bits = integer_in(name_parts(name).back(), "2pow");
  require(bits >= 1 && bits <= 63, Fault::bad_file, "2pow{} is not within 1..63", bits);
  TorchRng rng(seed);
  const auto count = static_cast<std::size_t>(sagitta::element_count(expected.shape));
  for (std::size_t i = 0; i < count; ++i) {
    std::uint64_t want = 0;
    std::memcpy(&want, expected.data + i * sizeof(want), sizeof(want));
    const std::uint64_t got = rng.below(std::uint64_t{1} << static_cast<unsigned>(bits));
    if (got != want) {
      return report.fail(name, fmt::format("number {} is {}, expected {}", i, got, want));
    }
  }
  report.check_that(name, true);
}

void check_generator(const GoldenFile& file, Context&, Report& report) {
  const Tolerance tolerance = file.tolerances().first();
  // The parts of a sequence are drawn from one generator, in the order of their names.
  std::map<std::uint64_t, TorchRng> sequences;
  for (const auto& [name, tensor] : file.tensors) {
    report.attempt(name, [&, &name = name, &tensor = tensor] {
      const auto parts = name_parts(name);
      require(parts.size() == 3, Fault::bad_file, "the name should have three parts");
      const std::uint64_t seed = seed_of(parts[1]);
      if (parts[0] == "bits") return check_bits(name, tensor, seed, report);
      TorchRng fresh(seed);
      Array got;
      if (parts[0] == "randn") {
        got = drawn<float>(fresh, &TorchRng::randn, tensor.shape);
      } else if (parts[0] == "randn_f64") {
        got = drawn<double>(fresh, &TorchRng::randn, tensor.shape);
      } else if (parts[0] == "rand") {
        got = drawn<float>(fresh, &TorchRng::rand, tensor.shape);
      } else if (parts[0] == "sequence") {
        TorchRng& rng = sequences.try_emplace(seed, seed).first->second;
        got = drawn<float>(rng, &TorchRng::randn, tensor.shape);
      } else {
        return report.skip(name, "no such draw is known");
      }
      report.check(name, got, to_array(tensor), tolerance);
    });
  }
}

void check_prepare_noise(const GoldenFile& file, Context&, Report& report) {
  const Tolerance tolerance = file.tolerances().first();
  const Json params = file.params();
  for (const Json& one : array_field(params, "cases")) {
    const auto key = field<std::string>(one, "key");
    report.attempt(key, [&] {
      std::vector<std::int64_t> batch_index;
      if (one.contains("batch_index") && !one.at("batch_index").is_null()) {
        batch_index = field<std::vector<std::int64_t>>(one, "batch_index");
      }
      const Array got = sagitta::prepare_noise(field<std::uint64_t>(one, "seed"),
                                               field<Shape>(one, "shape"), batch_index);
      report.check(key, got, file.array(key), tolerance);
    });
  }
}

void check_brownian_tree(const GoldenFile& file, Context&, Report& report) {
  const Tolerance tolerance = file.tolerances().first();
  const Json params = file.params();
  for (const Json& one : array_field(params, "cases")) {
    const int index = field<int>(one, "i");
    report.attempt(fmt::format("noise{}", index), [&] {
      const sagitta::BrownianTree tree(field<std::uint64_t>(one, "seed"),
                                       field<Shape>(one, "shape"), field<double>(one, "sigma_min"),
                                       field<double>(one, "sigma_max"));
      int query = 0;
      for (const auto& [from, to] : field<std::vector<std::pair<float, float>>>(one, "queries")) {
        const std::string name = fmt::format("noise{}_{}", index, query++);
        report.attempt(name, [&, from = from, to = to] {
          report.check(name, tree.noise(from, to), file.array(name), tolerance);
        });
      }
    });
  }
}

}  // namespace

const Kind kGeneratorKind{
    .name = "random generator", .matches = is_generator, .run = check_generator};
const Kind kBrownianTreeKind{
    .name = "Brownian tree", .matches = is_brownian_tree, .run = check_brownian_tree};
const Kind kPrepareNoiseKind{
    .name = "initial noise", .matches = is_prepare_noise, .run = check_prepare_noise};

}  // namespace golden
