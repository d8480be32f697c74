#include "sagitta/diffusion/brownian_tree.h"

#include "sagitta/base/error.h"
#include "sagitta/base/rng.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <string>
#include <utility>

namespace sagitta {
namespace {

constexpr std::size_t kPoolWords = 24;

// The double nearest to the six-decimal rounding of t, so that equal boundaries compare equal.
double round_time(double t) {
  const std::string text = fmt::format("{:.6f}", t);
  double rounded = t;
  std::from_chars(text.data(), text.data() + text.size(), rounded);
  return rounded;
}

}  // namespace

BrownianTree::BrownianTree(std::uint64_t seed, Shape shape, double sigma_min, double sigma_max)
    : seed_(seed), shape_(std::move(shape)) {
  require(std::isfinite(sigma_min) && std::isfinite(sigma_max) && sigma_min < sigma_max,
          Fault::bad_input, "a Brownian path needs finite sigma_min < sigma_max, got {} and {}",
          sigma_min, sigma_max);
  begin_ = round_time(sigma_min);
  end_ = round_time(sigma_max);
}

Array BrownianTree::draw(std::uint64_t seed) const {
  Array values(shape_);
  TorchRng(seed).randn(values.values());
  return values;
}

void BrownianTree::add_increment(Node node, double begin, double end, Array& sum) const {
  if (begin >= node.end || end <= node.begin) return;
  const double middle = round_time((node.begin + node.end) / 2);
  const bool divisible = node.begin < middle && middle < node.end;
  if ((begin <= node.begin && end >= node.end) || !divisible) {
    sum += node.increment;
    return;
  }
  // The bridge: given the increment over both halves, the left one is normal around its share.
  const double left_length = middle - node.begin;
  const double right_length = node.end - middle;
  const double length = node.end - node.begin;
  const std::array key{node.path, node.depth};
  Array left = draw(seed_sequence(seed_, key, kPoolWords, 1)[0]);
  left *= static_cast<float>(std::sqrt(left_length * right_length / length));
  left += node.increment * static_cast<float>(left_length / length);
  if (end > middle) {
    Node right{middle, node.end, 2 * node.path + 1, node.depth + 1,
               std::move(node.increment) - left};
    add_increment(std::move(right), begin, end, sum);
  }
  add_increment({node.begin, middle, 2 * node.path, node.depth + 1, std::move(left)}, begin, end,
                sum);
}

Array BrownianTree::noise(float sigma, float sigma_next) const {
  const double from = std::clamp(round_time(sigma), begin_, end_);
  const double to = std::clamp(round_time(sigma_next), begin_, end_);
  Array sum(shape_);
  if (from == to) return sum;
  Array root = draw(seed_sequence(seed_, {}, kPoolWords, 3)[0]);
  root *= static_cast<float>(std::sqrt(end_ - begin_));
  add_increment({begin_, end_, 0, 0, std::move(root)}, std::min(from, to), std::max(from, to), sum);
  const float scale = 1 / std::sqrt(std::abs(sigma_next - sigma));
  return std::move(sum) * (from < to ? scale : -scale);
}

}  // namespace sagitta
