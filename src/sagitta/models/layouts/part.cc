#include "sagitta/models/layouts/part.h"

#include "sagitta/models/load.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace sagitta::models {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

struct Match {
  std::size_t length = 0;                  // of the matched beginning
  std::vector<std::string_view> numbers;   // one per '#'
};

std::optional<Match> match_beginning(std::string_view name, std::string_view pattern) {
  Match match;
  std::size_t at = 0;
  for (const char c : pattern) {
    if (c == '#') {
      const std::size_t begin = at;
      while (at < name.size() && is_digit(name[at])) ++at;
      if (at == begin) return std::nullopt;
      match.numbers.push_back(name.substr(begin, at - begin));
    } else if (at == name.size() || name[at++] != c) {
      return std::nullopt;
    }
  }
  match.length = at;
  return match;
}

std::string fill_in(std::string_view to, const std::vector<std::string_view>& numbers) {
  std::string out;
  auto next = numbers.begin();
  for (const char c : to) {
    if (c == '#') {
      out += *next++;
    } else {
      out += c;
    }
  }
  return out;
}

// Moves the beginning that a row knows from `rest` to `out`.
bool rename_beginning(std::string_view& rest, std::string& out, const std::vector<RenameRow>& rows) {
  for (const RenameRow& row : rows) {
    if (const auto match = match_beginning(rest, row.from)) {
      out += fill_in(row.to, match->numbers);
      rest.remove_prefix(match->length);
      return true;
    }
  }
  return false;
}

}  // namespace

void Part::add(std::string name, std::string original, StoredTensor tensor) {
  origin.insert_or_assign(name, std::move(original));
  tensors.insert_or_assign(std::move(name), std::move(tensor));
}

Part part_at(const StateDict& file, std::string_view prefix) {
  Part part;
  part.tensors = with_prefix(file, prefix);
  for (const auto& [name, tensor] : part.tensors) {
    part.origin.emplace_hint(part.origin.end(), name, std::string(prefix).append(name));
  }
  return part;
}

std::string renamed(std::string_view name, const RenameTable& table) {
  std::string out;
  if (!rename_beginning(name, out, table.places)) return {};
  rename_beginning(name, out, table.layers);
  return out.append(name);
}

Part renamed(const Part& part, const RenameTable& table) {
  Part out;
  for (const auto& [name, tensor] : part.tensors) {
    std::string now = renamed(name, table);
    if (!now.empty()) out.add(std::move(now), part.origin.at(name), tensor);
  }
  return out;
}

}  // namespace sagitta::models
