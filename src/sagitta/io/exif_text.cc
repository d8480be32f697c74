#include "sagitta/io/exif_text.h"

#include "sagitta/io/latin1.h"
#include "sagitta/io/tiff.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>
#include <utility>

namespace sagitta::io {
namespace {

constexpr unsigned kMakeTag = 0x010F;
constexpr unsigned kModelTag = 0x0110;
constexpr unsigned kExifDirectoryTag = 0x8769;
constexpr unsigned kUserCommentTag = 0x9286;
constexpr std::string_view kUnicode("UNICODE\0", 8);
constexpr std::size_t kCodeSize = 8;  // of the name of the encoding before a comment

std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// A file says in various ways, and often wrongly, which byte comes first. The plain letters that
// every comment has decide: their upper byte is zero.
bool is_big_endian(std::string_view bytes, bool otherwise) {
  if (bytes.starts_with("\xFE\xFF") || bytes.starts_with("\xFF\xFE")) return bytes[0] == '\xFE';
  std::array<std::size_t, 2> zeros{};
  for (std::size_t i = 0; i < bytes.size(); ++i) zeros[i % 2] += bytes[i] == '\0' ? 1 : 0;
  return zeros[0] == zeros[1] ? otherwise : zeros[0] > zeros[1];
}

std::string utf16_to_utf8(std::string_view bytes, bool big_endian) {
  constexpr char32_t kReplacement = 0xFFFD;
  const auto unit = [&](std::size_t i) -> char32_t {
    const auto first = static_cast<unsigned char>(bytes[i]);
    const auto second = static_cast<unsigned char>(bytes[i + 1]);
    return big_endian ? char32_t{first} << 8U | second : char32_t{second} << 8U | first;
  };
  std::string text;
  for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) {
    char32_t character = unit(i);
    if (character == 0xFEFF && i == 0) continue;
    if (character >= 0xD800 && character < 0xE000) {
      const bool pair = character < 0xDC00 && i + 3 < bytes.size() && unit(i + 2) >= 0xDC00 &&
                        unit(i + 2) < 0xE000;
      character =
          pair ? 0x10000 + ((character - 0xD800) << 10U) + (unit(i + 2) - 0xDC00) : kReplacement;
      if (pair) i += 2;
    }
    append_utf8(text, character);
  }
  return text;
}

std::string utf16_big_endian(std::string_view text) {
  std::string bytes;
  const auto add = [&](char32_t unit) {
    bytes += {static_cast<char>(unit >> 8U), static_cast<char>(unit & 0xFFU)};
  };
  while (!text.empty()) {
    const char32_t character = take_character(text);
    if (character == kBrokenCharacter) return {};
    if (character < 0x10000) {
      add(character);
    } else {
      add(0xD800 + ((character - 0x10000) >> 10U));
      add(0xDC00 + ((character - 0x10000) & 0x3FFU));
    }
  }
  return bytes;
}

std::string without_end(std::string text) {
  text.resize(std::min(text.size(), text.find('\0')));
  return text;
}

// UTF-8 as most programs write it today, otherwise Latin-1.
std::string to_utf8(std::string_view bytes) {
  return is_utf8(bytes) ? std::string(bytes) : latin1_to_utf8(bytes);
}

std::string read_comment(std::string_view bytes, bool big_endian) {
  if (bytes.size() < kCodeSize) return {};
  const std::string_view content = bytes.substr(kCodeSize);
  if (bytes.starts_with(kUnicode)) {
    return without_end(utf16_to_utf8(content, is_big_endian(content, big_endian)));
  }
  const bool has_code =
      bytes.starts_with("ASCII") || bytes.starts_with(std::string_view("\0\0\0\0\0\0\0\0", 8));
  return without_end(to_utf8(has_code ? content : bytes));
}

// "prompt:{...}" in any case, as a pair; an empty name for anything else.
std::pair<std::string, std::string> read_tagged(std::string_view bytes) {
  const std::size_t colon = bytes.substr(0, 16).find(':');
  if (colon == std::string_view::npos) return {};
  std::string name(bytes.substr(0, colon));
  std::ranges::transform(name, name.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (name != "prompt" && name != "workflow") return {};
  return {name, without_end(to_utf8(bytes.substr(colon + 1)))};
}

struct OutEntry {
  unsigned tag = 0;
  unsigned type = 0;
  std::string value;
};

std::string number(std::size_t value, std::size_t size) {
  std::string bytes;
  for (std::size_t i = size; i-- > 0;) bytes += static_cast<char>(value >> (8 * i) & 0xFFU);
  return bytes;
}

constexpr std::size_t kEntry = 12;
constexpr std::size_t kDirectory = 2 + 4;  // number of entries, and where the next directory is

// A directory at `place`, its long values behind it. Every value here is longer than four bytes but
// the place of a directory.
std::string directory(const std::vector<OutEntry>& entries, std::size_t place) {
  std::string head = number(entries.size(), 2);
  std::string tail;
  const std::size_t values = place + kDirectory + kEntry * entries.size();
  for (const OutEntry& entry : entries) {
    head += number(entry.tag, 2) + number(entry.type, 2);
    if (entry.type == Tiff::kLong) {
      head += number(1, 4) + entry.value;
      continue;
    }
    head += number(entry.value.size(), 4) + number(values + tail.size(), 4);
    tail += entry.value;
    if (tail.size() % 2 == 1) tail += '\0';
  }
  return head + number(0, 4) + tail;
}

std::string tiff_of(const std::vector<OutEntry>& main, const std::vector<OutEntry>& exif) {
  constexpr std::size_t kHeader = 8;
  std::vector<OutEntry> first = main;
  if (!exif.empty()) {
    first.push_back({.tag = kExifDirectoryTag, .type = Tiff::kLong, .value = number(0, 4)});
    const std::size_t behind = kHeader + directory(first, kHeader).size();
    first.back().value = number(behind, 4);
  }
  std::string data = "MM" + number(42, 2) + number(kHeader, 4) + directory(first, kHeader);
  if (!exif.empty()) data += directory(exif, data.size());
  return data;
}

const std::string* find(const PngText& texts, std::string_view name) {
  const auto it = std::ranges::find(texts, name, &PngText::value_type::first);
  return it == texts.end() ? nullptr : &it->second;
}

}  // namespace

std::map<std::string, std::string> exif_texts(std::span<const std::byte> data) {
  std::map<std::string, std::string> texts;
  const std::optional<Tiff> tiff = Tiff::open(data);
  if (!tiff) return texts;
  std::vector<Tiff::Entry> entries = tiff->entries(tiff->first_directory());
  const auto pointer = std::ranges::find(entries, kExifDirectoryTag, &Tiff::Entry::tag);
  if (pointer != entries.end()) {
    const std::vector<Tiff::Entry> more = tiff->entries(tiff->number(pointer->place, 4));
    entries.insert(entries.end(), more.begin(), more.end());
  }
  for (const Tiff::Entry& entry : entries) {
    const std::string_view bytes = as_text(tiff->bytes(entry));
    if (entry.tag == kUserCommentTag) {
      std::string comment = read_comment(bytes, tiff->big_endian());
      if (!comment.empty()) texts["parameters"] = std::move(comment);
    } else if (entry.type == Tiff::kAscii) {
      auto [name, text] = read_tagged(bytes);
      if (!name.empty()) texts.try_emplace(std::move(name), std::move(text));
    }
  }
  return texts;
}

std::vector<std::byte> make_exif(const PngText& texts, std::size_t limit,
                                 std::vector<std::string>& left_out) {
  std::vector<OutEntry> main;
  std::vector<OutEntry> exif;
  std::string data;
  const auto add = [&](std::vector<OutEntry>& entries, OutEntry entry, const std::string& name) {
    // In a directory the tags ascend.
    entries.insert(std::ranges::upper_bound(entries, entry.tag, {}, &OutEntry::tag), entry);
    std::string longer = tiff_of(main, exif);
    if (longer.size() <= limit) {
      data = std::move(longer);
      return;
    }
    entries.erase(std::ranges::find(entries, entry.tag, &OutEntry::tag));
    left_out.push_back(name);
  };
  if (const std::string* const text = find(texts, "parameters")) {
    add(exif,
        {.tag = kUserCommentTag,
         .type = Tiff::kUndefined,
         .value = std::string(kUnicode) + utf16_big_endian(*text)},
        "parameters");
  }
  for (const auto& [name, tag] : {std::pair("prompt", kModelTag), {"workflow", kMakeTag}}) {
    if (const std::string* const text = find(texts, name)) {
      add(main,
          {.tag = tag, .type = Tiff::kAscii, .value = fmt::format("{}:{}", name, *text) + '\0'},
          name);
    }
  }
  const std::span<const std::byte> bytes = std::as_bytes(std::span(data));
  return {bytes.begin(), bytes.end()};
}

}  // namespace sagitta::io
