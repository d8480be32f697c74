#include "sagitta/base/error.h"
#include "sagitta/image/palette.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

namespace sagitta {
namespace {

// With more distinct colours than this, low bits are ignored until there are fewer.
constexpr std::size_t kMostGroups = 65536;
constexpr std::array<int, 3> kLuminance{77, 150, 29};
constexpr std::size_t kLevels = 256;

// Pixels that count as one colour.
struct Group {
  Colour colour{};
  std::int64_t pixels = 0;
  std::array<std::int64_t, 3> sums{};  // of the pixels' true colours
};
using Groups = std::vector<Group>;

// A range of the groups.
struct ColourBox {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::int64_t pixels = 0;
};

Colour unpacked(std::uint32_t packed, unsigned shift) {
  const auto part = [&](unsigned at) {
    return static_cast<std::uint8_t>(((packed >> at) & 0xFFU) >> shift);
  };
  return {part(16), part(8), part(0)};
}

std::uint32_t packed(const Colour& colour) {
  return static_cast<std::uint32_t>(colour[0]) << 16U |
         static_cast<std::uint32_t>(colour[1]) << 8U | colour[2];
}

// Every colour of the picture and how often it occurs.
std::vector<std::pair<std::uint32_t, std::int64_t>> histogram(const Bytes& picture) {
  std::vector<std::uint32_t> all;
  all.reserve(picture.values.size() / 3);
  for (std::size_t i = 0; i + 2 < picture.values.size(); i += 3) {
    all.push_back(packed({picture.values[i], picture.values[i + 1], picture.values[i + 2]}));
  }
  std::sort(all.begin(), all.end());
  std::vector<std::pair<std::uint32_t, std::int64_t>> counted;
  for (const std::uint32_t colour : all) {
    if (counted.empty() || counted.back().first != colour) counted.emplace_back(colour, 0);
    ++counted.back().second;
  }
  return counted;
}

Groups make_groups(const Bytes& picture) {
  const auto counted = histogram(picture);
  for (unsigned shift = 0;; ++shift) {
    std::unordered_map<std::uint32_t, Group> found;
    for (const auto& [colour, count] : counted) {
      const Colour reduced = unpacked(colour, shift);
      const Colour exact = unpacked(colour, 0);
      Group& group = found[packed(reduced)];
      group.colour = reduced;
      group.pixels += count;
      for (std::size_t c = 0; c < 3; ++c) group.sums[c] += exact[c] * count;
    }
    if (found.size() > kMostGroups) continue;
    Groups groups;
    for (auto& [key, group] : found) groups.push_back(group);
    return groups;
  }
}

// The side along which a box is cut; nothing for a box of one colour.
struct Cut {
  bool possible = false;
  std::size_t axis = 0;
};

Cut longest_side(const Groups& groups, const ColourBox& box) {
  Cut cut;
  int longest = -1;
  for (std::size_t axis = 0; axis < 3; ++axis) {
    int low = kLevels;
    int high = 0;
    for (std::size_t i = box.begin; i < box.end; ++i) {
      low = std::min<int>(low, groups[i].colour[axis]);
      high = std::max<int>(high, groups[i].colour[axis]);
    }
    cut.possible = cut.possible || high > low;
    if (const int length = (high - low) * kLuminance[axis]; length > longest) {
      longest = length;
      cut.axis = axis;
    }
  }
  return cut;
}

// The bright half in front, the dark one behind; neither is empty.
std::pair<ColourBox, ColourBox> halves(Groups& groups, const ColourBox& box, std::size_t axis) {
  std::array<std::int64_t, kLevels> pixels{};
  for (std::size_t i = box.begin; i < box.end; ++i)
    pixels[groups[i].colour[axis]] += groups[i].pixels;
  std::size_t darkest = 0;
  while (pixels[darkest] == 0) ++darkest;
  std::size_t level = kLevels - 1;  // the last one of the bright half
  std::int64_t bright = pixels[level];
  while (bright * 2 <= box.pixels) bright += pixels[--level];
  if (level == darkest) {  // nothing would be left
    bright -= pixels[darkest];
    ++level;
  }
  const auto first = groups.begin() + static_cast<std::ptrdiff_t>(box.begin);
  const auto last = groups.begin() + static_cast<std::ptrdiff_t>(box.end);
  const auto middle =
      std::partition(first, last, [&](const Group& group) { return group.colour[axis] >= level; });
  const auto at = static_cast<std::size_t>(middle - groups.begin());
  return {{.begin = box.begin, .end = at, .pixels = bright},
          {.begin = at, .end = box.end, .pixels = box.pixels - bright}};
}

// Boxes by pixels, the fullest first. Among equals the order is that of a binary heap in which a
// box rises above smaller ones only and sinks below equal ones, as the results depend on it.
class BoxHeap {
 public:
  void add(const ColourBox& box) {
    boxes_.push_back(box);
    std::size_t at = boxes_.size() - 1;
    while (at > 0 && box.pixels > boxes_[(at - 1) / 2].pixels) {
      boxes_[at] = boxes_[(at - 1) / 2];
      at = (at - 1) / 2;
    }
    boxes_[at] = box;
  }

  [[nodiscard]] bool empty() const { return boxes_.empty(); }

  ColourBox take() {
    const ColourBox top = boxes_.front();
    const ColourBox last = boxes_.back();
    boxes_.pop_back();
    std::size_t at = 0;
    for (std::size_t child = 1; child < boxes_.size(); child = 2 * at + 1) {
      const bool right_is_fuller =
          child + 1 < boxes_.size() && boxes_[child].pixels < boxes_[child + 1].pixels;
      if (right_is_fuller) ++child;
      if (last.pixels > boxes_[child].pixels) break;
      boxes_[at] = boxes_[child];
      at = child;
    }
    if (!boxes_.empty()) boxes_[at] = last;
    return top;
  }

 private:
  std::vector<ColourBox> boxes_;
};

std::uint8_t mean(std::int64_t sum, std::int64_t count) {
  return static_cast<std::uint8_t>(0.5 + static_cast<double>(sum) / static_cast<double>(count));
}

}  // namespace

Palette median_cut(const Bytes& picture, std::int64_t colours) {
  require(picture.channels == 3 && !picture.values.empty() && colours > 0, Fault::bad_input,
          "cannot choose {} colours of a picture with {} channels", colours, picture.channels);
  Groups groups = make_groups(picture);
  std::vector<std::size_t> ends{groups.size()};  // of the boxes
  BoxHeap heap;
  heap.add({.begin = 0,
            .end = groups.size(),
            .pixels = static_cast<std::int64_t>(picture.values.size() / 3)});
  while (static_cast<std::int64_t>(ends.size()) < colours && !heap.empty()) {
    const ColourBox box = heap.take();
    const Cut cut = longest_side(groups, box);
    if (!cut.possible) continue;
    const auto [bright, dark] = halves(groups, box, cut.axis);
    ends.push_back(bright.end);
    heap.add(bright);
    heap.add(dark);
  }
  std::sort(ends.begin(), ends.end());
  Palette palette;
  std::size_t i = 0;
  for (const std::size_t end : ends) {
    Group all;
    for (; i < end; ++i) {
      all.pixels += groups[i].pixels;
      for (std::size_t c = 0; c < 3; ++c) all.sums[c] += groups[i].sums[c];
    }
    palette.push_back({mean(all.sums[0], all.pixels), mean(all.sums[1], all.pixels),
                       mean(all.sums[2], all.pixels)});
  }
  return palette;
}

}  // namespace sagitta
