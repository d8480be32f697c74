#include "sagitta/text/regex.h"

#include "sagitta/base/error.h"
#include "sagitta/text/regex_template.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <utility>

namespace sagitta::text {
namespace {

constexpr std::uint32_t kMaxSteps = 2'000'000;  // of one search
constexpr std::uint32_t kMaxHeapKilobytes = 64 << 10;
constexpr std::chrono::seconds kMaxTime{5};  // of all searches in a text
constexpr std::size_t kMaxPattern = 100'000;

struct FreeContext {
  void operator()(pcre2_compile_context* context) const { pcre2_compile_context_free(context); }
  void operator()(pcre2_match_context* context) const { pcre2_match_context_free(context); }
  void operator()(pcre2_match_data* data) const { pcre2_match_data_free(data); }
  void operator()(pcre2_code* code) const { pcre2_code_free(code); }
};
template <class T>
using Owned = std::unique_ptr<T, FreeContext>;

PCRE2_SPTR address(std::string_view text) {
  // An empty view may have no address at all, which PCRE2 does not like.
  return reinterpret_cast<PCRE2_SPTR>(text.data() == nullptr ? "" : text.data());
}

std::string message_of(int code) {
  std::array<PCRE2_UCHAR, 256> buffer{};
  pcre2_get_error_message(code, buffer.data(), buffer.size());
  return reinterpret_cast<const char*>(buffer.data());
}

}  // namespace

struct Regex::Code {
  Owned<pcre2_code> code;

  // The number of a group called so, or nothing.
  [[nodiscard]] std::optional<std::size_t> group(std::string_view name) const {
    std::size_t number = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
    const bool is_number = error == std::errc{} && end == name.data() + name.size();
    if (!is_number) {
      const std::string terminated(name);
      const int found = pcre2_substring_number_from_name(code.get(), address(terminated));
      if (found < 0) return std::nullopt;
      number = static_cast<std::size_t>(found);
    }
    std::uint32_t count = 0;
    pcre2_pattern_info(code.get(), PCRE2_INFO_CAPTURECOUNT, &count);
    return number <= count ? std::optional<std::size_t>(number) : std::nullopt;
  }
};

Regex::Regex(std::string_view pattern, const RegexOptions& options)
    : code_(std::make_unique<Code>()) {
  require(pattern.size() <= kMaxPattern, Fault::bad_input,
          "the pattern has {} bytes, at most {} are read", pattern.size(), kMaxPattern);
  const std::string translated = to_pcre(pattern);
  const Owned<pcre2_compile_context> context(pcre2_compile_context_create(nullptr));
  require(context != nullptr, Fault::out_of_memory, "no memory for a regular expression");
  pcre2_set_newline(context.get(), PCRE2_NEWLINE_LF);
  std::uint32_t flags = PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C;
  if (options.ignore_case) flags |= PCRE2_CASELESS;
  if (options.multiline) flags |= PCRE2_MULTILINE;
  if (options.dotall) flags |= PCRE2_DOTALL;
  int error = 0;
  PCRE2_SIZE place = 0;
  code_->code.reset(
      pcre2_compile(address(translated), translated.size(), flags, &error, &place, context.get()));
  require(code_->code != nullptr, Fault::bad_input, "the pattern is no regular expression: {}",
          message_of(error));
}

Regex::~Regex() = default;
Regex::Regex(Regex&&) noexcept = default;
Regex& Regex::operator=(Regex&&) noexcept = default;

std::size_t Regex::group_count() const {
  std::uint32_t count = 0;
  pcre2_pattern_info(code_->code.get(), PCRE2_INFO_CAPTURECOUNT, &count);
  return count;
}

std::optional<RegexMatch> Regex::search(std::string_view subject) const {
  std::vector<RegexMatch> matches = find_all(subject, 1);
  return matches.empty() ? std::nullopt : std::optional(std::move(matches.front()));
}

std::vector<RegexMatch> Regex::find_all(std::string_view subject, std::size_t most) const {
  const Owned<pcre2_match_context> context(pcre2_match_context_create(nullptr));
  const Owned<pcre2_match_data> data(
      pcre2_match_data_create_from_pattern(code_->code.get(), nullptr));
  require(context != nullptr && data != nullptr, Fault::out_of_memory,
          "no memory to match a regular expression");
  pcre2_set_match_limit(context.get(), kMaxSteps);
  pcre2_set_heap_limit(context.get(), kMaxHeapKilobytes);
  const auto deadline = std::chrono::steady_clock::now() + kMaxTime;

  std::vector<RegexMatch> matches;
  std::size_t at = 0;
  std::uint32_t flags = 0;
  while (most == 0 || matches.size() < most) {
    const int count = pcre2_match(code_->code.get(), address(subject), subject.size(), at, flags,
                                  data.get(), context.get());
    if (count == PCRE2_ERROR_NOMATCH) break;
    require(count > 0, Fault::bad_input, "matching the regular expression failed: {}",
            message_of(count));
    require(std::chrono::steady_clock::now() < deadline, Fault::bad_input,
            "matching the regular expression takes more than {} s", kMaxTime.count());
    flags |= PCRE2_NO_UTF_CHECK;
    const PCRE2_SIZE* const ends = pcre2_get_ovector_pointer(data.get());
    RegexMatch match;
    for (std::uint32_t i = 0; i < pcre2_get_ovector_count(data.get()); ++i) {
      const bool took_part = std::cmp_less(i, count) && ends[2 * i] != PCRE2_UNSET;
      match.groups.push_back(
          took_part ? std::optional(subject.substr(ends[2 * i], ends[2 * i + 1] - ends[2 * i]))
                    : std::nullopt);
    }
    matches.push_back(std::move(match));
    // As in Python, an empty match may follow any other, but not another empty one in its place.
    at = ends[1];
    flags = PCRE2_NO_UTF_CHECK | (ends[0] == ends[1] ? PCRE2_NOTEMPTY_ATSTART : 0U);
  }
  return matches;
}

std::string Regex::replace(std::string_view subject, std::string_view replacement,
                           std::size_t most) const {
  const std::vector<TemplatePart> parts =
      read_template(replacement, [this](std::string_view name) { return code_->group(name); });
  std::string out;
  const auto add = [&out](std::string_view text) {
    require(out.size() + text.size() <= kMaxResult, Fault::bad_input,
            "the text with replacements has more than {} bytes", kMaxResult);
    out += text;
  };
  std::size_t at = 0;
  for (const RegexMatch& match : find_all(subject, most)) {
    const auto begin = static_cast<std::size_t>(match.groups[0]->data() - subject.data());
    add(subject.substr(at, begin - at));
    for (const TemplatePart& part : parts) {
      add(part.text);
      if (part.group) add(match.groups[*part.group].value_or(std::string_view()));
    }
    at = begin + match.groups[0]->size();
  }
  add(subject.substr(at));
  return out;
}

}  // namespace sagitta::text
