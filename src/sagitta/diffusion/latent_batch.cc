#include "sagitta/diffusion/latent_batch.h"

#include "sagitta/base/error.h"
#include "sagitta/diffusion/latent_math.h"
#include "sagitta/image/batch.h"
#include "sagitta/image/resize.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace sagitta {
namespace {

// In a picture's pixels, where a mask is made up.
constexpr std::int64_t kPixelsPerCell = 8;

using Indices = std::vector<std::int64_t>;

std::int64_t items(const Latent& latent) { return latent.samples.dim(0); }

void check(const Latent& latent) {
  require_latent(latent.samples, "a latent");
  require(latent.batch_index.empty() || std::cmp_equal(latent.batch_index.size(), items(latent)),
          Fault::bad_input, "a latent of {} items has {} batch indices", items(latent),
          latent.batch_index.size());
}

// The latent's numbers; without any, they count from `first`.
Indices indices_of(const Latent& latent, std::int64_t first = 0) {
  if (!latent.batch_index.empty()) return latent.batch_index;
  Indices counted(static_cast<std::size_t>(items(latent)));
  std::iota(counted.begin(), counted.end(), first);
  return counted;
}

// A mask of any rank as (N, 1, h, w).
Array as_planes(const Array& mask) {
  const Array planes = as_mask(mask);
  return planes.reshaped({planes.dim(0), 1, planes.dim(1), planes.dim(2)});
}

Array resized(const Array& mask, std::int64_t height, std::int64_t width) {
  return resize_bilinear(mask, height, width);
}

// Latents of one size that are being joined.
class Group {
 public:
  explicit Group(const Latent& first)
      : height_(first.samples.dim(2)), width_(first.samples.dim(3)) {}

  [[nodiscard]] bool takes(const Latent& latent) const {
    return latent.samples.dim(2) == height_ && latent.samples.dim(3) == width_;
  }

  void add(const Latent& latent, std::int64_t first_number) {
    const Indices numbers = indices_of(latent, first_number);
    numbers_.insert(numbers_.end(), numbers.begin(), numbers.end());
    samples_.push_back(latent.samples);
    masks_.push_back(latent.noise_mask
                         ? repeat_to_batch(as_planes(*latent.noise_mask), items(latent))
                         : Array({items(latent), 1, 1, 1}, 1));
    is_masked_.push_back(latent.noise_mask.has_value());
  }

  void cut_into(std::vector<Latent>& out, std::int64_t size) {
    const Array samples = concat(samples_);
    const Array masks = joined_masks();
    for (std::int64_t begin = 0; begin < samples.dim(0); begin += size) {
      const std::int64_t count = std::min(size, samples.dim(0) - begin);
      Latent part{.samples = samples.slice(begin, count)};
      const auto first = numbers_.begin() + begin;
      part.batch_index.assign(first, first + count);
      Array mask = masks.slice(begin, count);
      if (std::ranges::any_of(mask.values(), [](float v) { return v != 1; })) {
        part.noise_mask = std::move(mask);
      }
      out.push_back(std::move(part));
    }
  }

 private:
  // Masks of one size stay as they are, others come to the size of the picture.
  Array joined_masks() {
    const auto first = std::ranges::find(is_masked_, true) - is_masked_.begin();
    std::int64_t height = kPixelsPerCell * height_;
    std::int64_t width = kPixelsPerCell * width_;
    if (std::cmp_less(first, masks_.size())) {
      const Array& mask = masks_[static_cast<std::size_t>(first)];
      bool one_size = true;
      for (std::size_t i = 0; i < masks_.size(); ++i) {
        one_size &=
            !is_masked_[i] || (masks_[i].dim(2) == mask.dim(2) && masks_[i].dim(3) == mask.dim(3));
      }
      if (one_size) {
        height = mask.dim(2);
        width = mask.dim(3);
      }
    } else {
      height = width = 1;
    }
    std::vector<Array> fitted;
    for (const Array& mask : masks_) fitted.push_back(resized(mask, height, width));
    return concat(fitted);
  }

  std::int64_t height_;
  std::int64_t width_;
  std::vector<Array> samples_;
  std::vector<Array> masks_;  // (n, 1, h, w), one per latent; of a single 1 where there was none
  std::vector<bool> is_masked_;
  Indices numbers_;
};

}  // namespace

Latent repeat_batch(Latent latent, std::int64_t times) {
  check(latent);
  Shape shape = latent.samples.shape();
  require(times >= 1 && !__builtin_mul_overflow(shape[0], times, &shape[0]), Fault::bad_input,
          "a latent cannot be repeated {} times", times);
  require_latent_size(shape, "a batch");
  latent.samples = repeated(latent.samples, times);
  if (latent.noise_mask && latent.noise_mask->dim(0) > 1) {
    Shape mask = latent.noise_mask->shape();
    mask[0] *= times;
    require_latent_size(mask, "a noise mask");
    latent.noise_mask = repeated(*latent.noise_mask, times);
  }
  if (latent.batch_index.empty()) return latent;
  const Indices once = latent.batch_index;
  const auto [least, most] = std::ranges::minmax(once);
  const std::int64_t offset = most - least + 1;
  require(most <= kMaxBatchIndex && offset <= kMaxBatchIndex / times, Fault::bad_input,
          "batch indices {} to {} cannot be repeated {} times: the largest is {}", least, most,
          times, kMaxBatchIndex);
  for (std::int64_t i = 1; i < times; ++i) {
    for (const std::int64_t index : once) latent.batch_index.push_back(index + i * offset);
  }
  return latent;
}

Latent from_batch(Latent latent, std::int64_t index, std::int64_t length) {
  check(latent);
  require(length >= 1, Fault::bad_input, "length = {}: at least one item has to be taken", length);
  const std::int64_t count = items(latent);
  const std::int64_t begin = index < 0 ? std::max<std::int64_t>(0, count + std::max(index, -count))
                                       : std::min(index, count - 1);
  const std::int64_t taken = std::min(length, count - begin);
  const Indices numbers = indices_of(latent);
  if (latent.noise_mask && latent.noise_mask->dim(0) > 1) {
    const Array& mask = *latent.noise_mask;
    const Array all = mask.dim(0) < count ? repeat_to_batch(mask, count) : mask;
    latent.noise_mask = all.slice(begin, taken);
  }
  latent.samples = latent.samples.slice(begin, taken);
  latent.batch_index.assign(numbers.begin() + begin, numbers.begin() + begin + taken);
  return latent;
}

Latent join_batches(std::span<const Latent> latents) {
  require(!latents.empty(), Fault::bad_input, "there are no latents to be joined");
  Latent joined = latents.front();
  check(joined);
  std::vector<Array> parts;
  Shape shape = joined.samples.shape();
  joined.batch_index.clear();
  for (const Latent& latent : latents) {
    check(latent);
    parts.push_back(fit_planes(latent.samples, latents.front().samples));
    const Indices numbers = indices_of(latent);
    joined.batch_index.insert(joined.batch_index.end(), numbers.begin(), numbers.end());
  }
  shape[0] = static_cast<std::int64_t>(joined.batch_index.size());
  require_latent_size(shape, "a batch");
  joined.samples = concat(parts);
  return joined;
}

std::vector<Latent> rebatch(std::span<const Latent> latents, std::int64_t size) {
  require(size >= 1, Fault::bad_input, "batch_size = {}: at least one item makes a batch", size);
  std::vector<Latent> out;
  std::int64_t seen = 0;
  std::optional<Group> group;
  for (const Latent& latent : latents) {
    check(latent);
    if (group && !group->takes(latent)) {
      group->cut_into(out, size);
      group.reset();
    }
    if (!group) group.emplace(latent);
    group->add(latent, seen);
    seen += items(latent);
  }
  if (group) group->cut_into(out, size);
  return out;
}

Latent with_one_noise(Latent latent) {
  check(latent);
  const std::int64_t index = latent.batch_index.empty() ? 0 : latent.batch_index.front();
  latent.batch_index.assign(static_cast<std::size_t>(items(latent)), index);
  return latent;
}

}  // namespace sagitta
