#include "sagitta/graph/dynamic_prompt.h"

#include <algorithm>
#include <vector>

namespace sagitta::graph {
namespace {

std::string without_comments(std::string_view text) {
  std::string out;
  bool may_close = true;  // whether there is a further */
  for (std::size_t i = 0; i < text.size();) {
    const std::string_view rest = text.substr(i);
    if (rest.starts_with("//")) {
      i = std::min(text.find('\n', i), text.size());
      continue;
    }
    if (may_close && rest.starts_with("/*")) {
      const std::size_t end = text.find("*/", i + 2);
      may_close = end != std::string_view::npos;
      if (may_close) {
        i = end + 2;
        continue;
      }
    }
    out += text[i++];
  }
  return out;
}

}  // namespace

bool is_dynamic(const Input& in) {
  const Json* const option = in.option("dynamicPrompts");
  return option != nullptr && option->is_boolean() && option->get<bool>();
}

std::string dynamic_prompt(std::string_view text) {
  const std::string plain = without_comments(text);
  std::string out;
  std::vector<bool> outer;  // of each open choice: whether what surrounds it counts
  bool counts = true;
  for (std::size_t i = 0; i < plain.size(); ++i) {
    char c = plain[i];
    if (c == '{') {
      outer.push_back(counts);
    } else if (c == '}' && !outer.empty()) {
      counts = outer.back();
      outer.pop_back();
    } else if (c == '|' && !outer.empty()) {
      counts = false;
    } else {
      if (c == '\\' && i + 1 < plain.size()) {
        const char next = plain[++i];
        const bool escaped = next == '{' || next == '}' || next == '|';
        if (counts && !escaped) out += c;
        c = next;
      }
      if (counts) out += c;
    }
  }
  return out;
}

}  // namespace sagitta::graph
