#include "sagitta/graph/parameters_prompt.h"

#include "sagitta/graph/json_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <optional>

namespace sagitta::graph {
namespace {

constexpr std::string_view kEmbedding = "embedding:";

bool is_word(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x80 || std::isalnum(byte) != 0 || c == '_';
}

std::optional<double> number_from(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value)) return {};
  return value;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  ReadPrompt read() {
    while (!rest_.empty()) {
      if (rest_[0] == '\\' && rest_.size() > 1) {
        const bool bracket = rest_[1] == '[' || rest_[1] == ']';
        out_.text += rest_.substr(bracket ? 1 : 0, bracket ? 1 : 2);
        rest_.remove_prefix(2);
      } else if (rest_[0] != '<' || !take_tag()) {
        take_plain();
      }
    }
    note_words();
    return std::move(out_);
  }

 private:
  // Deeper brackets stay as they are.
  static constexpr std::size_t kMaxDepth = 20;
  static constexpr std::size_t kMaxTagBytes = 500;

  void take_plain() {
    const char c = rest_[0];
    rest_.remove_prefix(1);
    if (c == '[' && open_.size() == kMaxDepth) ++deeper_;
    if (c == '[' && open_.size() < kMaxDepth) open_.push_back(out_.text.size());
    if (c == ']' && deeper_ > 0) {
      --deeper_;
    } else if (c == ']' && !open_.empty()) {
      const std::size_t begin = open_.back();
      open_.pop_back();
      if (is_emphasis(std::string_view(out_.text).substr(begin + 1))) {
        out_.text[begin] = '(';
        out_.text += ":0.909)";  // 1 / 1.1
        return;
      }
    }
    out_.text += c;
  }

  // Whether the inside of a pair of brackets is words, not "from:to:when" or "one|other".
  bool is_emphasis(std::string_view inside) {
    int depth = 0;
    for (std::size_t i = 0; i < inside.size(); ++i) {
      const char c = inside[i];
      if (c == '\\') ++i;
      if (c == '(') ++depth;
      if (c == ')' && --depth < 0) return false;
      if (depth == 0 && (c == ':' || c == '|')) {
        note("prompts that change while sampling, such as [from:to:when], are read as plain words");
        return false;
      }
    }
    return depth == 0;
  }

  // <kind:arguments>. False if there is none here.
  bool take_tag() {
    const std::size_t end = rest_.substr(0, kMaxTagBytes).find('>');
    if (end == std::string_view::npos) return false;
    const std::vector<std::string_view> parts = split(rest_.substr(1, end - 1), ':');
    const bool named = !parts[0].empty() && std::ranges::all_of(parts[0], is_word);
    if (parts.size() < 2 || !named) return false;
    rest_.remove_prefix(end + 1);
    if (parts[0] != "lora" && parts[0] != "lyco") {
      note(fmt::format("<{}:...> is left out: there are only <lora:...> tags", escaped(parts[0])));
      return true;
    }
    LoraTag tag{.name = std::string(parts[1])};
    std::optional<double> clip;
    std::optional<double> model;
    for (std::size_t i = 2; i < parts.size(); ++i) read_strength(parts[i], i, clip, model);
    tag.clip = clip.value_or(1);
    tag.model = model.value_or(tag.clip);
    out_.loras.push_back(std::move(tag));
    return true;
  }

  void read_strength(std::string_view text, std::size_t position, std::optional<double>& clip,
                     std::optional<double>& model) {
    const std::size_t equals = text.find('=');
    const std::string_view name = equals == std::string_view::npos ? "" : text.substr(0, equals);
    const std::optional<double> value =
        number_from(equals == std::string_view::npos ? text : text.substr(equals + 1));
    if (value && (name == "te" || (name.empty() && position == 2))) {
      clip = value;
    } else if (value && (name == "unet" || (name.empty() && position == 3))) {
      model = value;
    } else {
      note(fmt::format("{} of a <lora:...> tag is not understood", in_quotes(text)));
    }
  }

  void note_words() {
    for (const std::string_view word : {"BREAK", "AND"}) {
      for (std::size_t at = out_.text.find(word); at != std::string::npos;
           at = out_.text.find(word, at + 1)) {
        const std::size_t end = at + word.size();
        const bool whole = (at == 0 || !is_word(out_.text[at - 1])) &&
                           (end == out_.text.size() || !is_word(out_.text[end]));
        if (whole) note(fmt::format("{} between prompts is read as a plain word", word));
      }
    }
  }

  void note(std::string text) {
    if (std::ranges::find(out_.notes, text) == out_.notes.end() && out_.notes.size() < 20) {
      out_.notes.push_back(std::move(text));
    }
  }

  std::string_view rest_;
  ReadPrompt out_;
  std::vector<std::size_t> open_;  // where the open brackets are
  std::size_t deeper_ = 0;         // open brackets beyond kMaxDepth
};

}  // namespace

ReadPrompt prompt_from_a1111(std::string_view text) { return Reader(text).read(); }

std::string prompt_to_a1111(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    if (text.starts_with(kEmbedding)) {
      text.remove_prefix(kEmbedding.size());
      continue;
    }
    if (text[0] == '[' || text[0] == ']') out += '\\';
    const std::size_t count = text[0] == '\\' && text.size() > 1 ? 2 : 1;
    out += text.substr(0, count);
    text.remove_prefix(count);
  }
  return out;
}

std::string mark_embeddings(std::string_view text, const std::vector<std::string>& names) {
  std::string out;
  std::size_t at = 0;
  const auto begins_here = [&](const std::string& name) {
    const std::string_view here = text.substr(at, name.size());
    const bool same = std::ranges::equal(here, name, [](unsigned char a, unsigned char b) {
      return std::tolower(a) == std::tolower(b);
    });
    const std::size_t end = at + name.size();
    return same && !name.empty() && (end == text.size() || !is_word(text[end]));
  };
  while (at < text.size()) {
    const bool word_begins = is_word(text[at]) && (at == 0 || !is_word(text[at - 1]));
    const std::string* longest = nullptr;
    if (word_begins && !text.substr(0, at).ends_with(kEmbedding)) {
      for (const std::string& name : names) {
        if (begins_here(name) && (longest == nullptr || name.size() > longest->size()))
          longest = &name;
      }
    }
    if (longest == nullptr) {
      out += text[at++];
      continue;
    }
    out += kEmbedding;
    out += *longest;
    at += longest->size();
  }
  return out;
}

}  // namespace sagitta::graph
