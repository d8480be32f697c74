// The description of every node that we have against ComfyUI's answer to GET /object_info. Texts
// for people (tooltips, descriptions) are our own, and where a list offers more than we have, the
// rest counts as skipped.
#include "golden_runner/kinds.h"
#include "sagitta/graph/object_info.h"
#include "sagitta/nodes/all.h"
#include "sagitta/nodes/services.h"

#include <algorithm>

namespace golden {
namespace {

using sagitta::Json;

bool matches(const GoldenFile& file) {
  if (!file.folder.empty() || !file.is_json() || !file.json.is_object() || file.json.empty()) {
    return false;
  }
  const Json& first = *file.json.begin();
  return first.is_object() && first.contains("input_order");
}

bool is_text_for_people(const std::string& key) {
  return key == "tooltip" || key == "description" || key == "output_tooltips";
}

class Comparison {
 public:
  Comparison(std::string node, Report& report) : node_(std::move(node)), report_(report) {}

  void run(const Json& got, const Json& expected) {
    const std::size_t before = report_.checks().size();
    objects(node_, got, expected);
    const auto& checks = report_.checks();
    const bool failed =
        std::any_of(checks.begin() + static_cast<std::ptrdiff_t>(before), checks.end(),
                    [](const Check& check) { return check.verdict == Verdict::failed; });
    if (!failed) report_.check_that(node_, true);
  }

 private:
  void objects(const std::string& path, const Json& got, const Json& expected) {
    for (const auto& [key, want] : expected.items()) {
      if (is_text_for_people(key)) continue;
      const std::string place = path + "." + key;
      if (!got.contains(key)) {
        report_.fail(place, "missing, expected " + brief(want));
      } else {
        values(place, got.at(key), want);
      }
    }
    for (const auto& [key, have] : got.items()) {
      if (is_text_for_people(key) || expected.contains(key)) continue;
      report_.fail(path + "." + key, "not expected: " + brief(have));
    }
  }

  void values(const std::string& path, const Json& got, const Json& expected) {
    if (got.is_object() && expected.is_object()) return objects(path, got, expected);
    if (is_input(path) && got.is_array() && expected.is_array()) {
      return inputs(path, got, expected);
    }
    if (is_choice_list(path) && got.is_array() && expected.is_array()) {
      return choices(path, got, expected);
    }
    if (got != expected) report_.fail(path, brief(got) + ", expected " + brief(expected));
  }

  // [type, options], where empty options may be left out; a list of choices may stand for the type.
  void inputs(const std::string& path, const Json& got, const Json& expected) {
    const auto part = [](const Json& info, std::size_t index) {
      return index < info.size() ? info[index] : Json::object();
    };
    const Json type = part(got, 0);
    const Json want = part(expected, 0);
    if (type.is_array() && want.is_array()) {
      choices(path, type, want);
    } else if (type != want) {
      report_.fail(path, brief(type) + ", expected " + brief(want));
    }
    values(path + ".options", part(got, 1), part(expected, 1));
  }

  // Lists of files are empty in the data. Otherwise our choices must be upstream's, in its order.
  void choices(const std::string& path, const Json& got, const Json& expected) {
    if (got == expected) return;
    std::vector<std::string> lacking;
    auto next = got.begin();
    for (const Json& want : expected) {
      if (next != got.end() && *next == want) {
        ++next;
      } else {
        lacking.push_back(brief(want));
      }
    }
    if (next != got.end()) {
      report_.fail(path, fmt::format("{} is not expected here", brief(*next)));
    } else {
      report_.skip(path, fmt::format("{} of {} choices are not offered, the first is {}",
                                     lacking.size(), expected.size(), lacking.front()));
    }
  }

  // node.input.section.name
  [[nodiscard]] bool is_input(const std::string& path) const {
    const std::string_view rest = std::string_view(path).substr(node_.size());
    return rest.starts_with(".input.") && std::ranges::count(rest, '.') == 3;
  }
  static bool is_choice_list(std::string_view path) { return path.ends_with(".options.options"); }

  static std::string brief(const Json& value) {
    const std::string text = value.dump(-1, ' ', false, Json::error_handler_t::replace);
    return text.size() <= 80 ? text : text.substr(0, 77) + "...";
  }

  std::string node_;
  Report& report_;
};

void run(const GoldenFile& file, Context& context, Report& report) {
  // Without folders no files are offered, as in the data.
  sagitta::nodes::Services services{.device = context.device(),
                                    .text_device = context.device(),
                                    .models_dirs = {},
                                    .input_dir = {},
                                    .output_dir = {},
                                    .temp_dir = {}};
  const auto services_ref = sagitta::graph::ServicesRef::to(services);
  const sagitta::graph::Registry registry = sagitta::nodes::all_nodes();
  for (const sagitta::graph::NodeDef& node : registry.nodes()) {
    if (!file.json.contains(node.id)) {
      report.skip(node.id, "the data do not describe this node");
      continue;
    }
    report.attempt(node.id, [&] {
      Comparison(node.id, report).run(object_info(node, services_ref), file.json.at(node.id));
    });
  }
  std::size_t missing = 0;
  for (const auto& [id, info] : file.json.items()) missing += registry.find(id) == nullptr ? 1 : 0;
  if (missing > 0) {
    report.skip("other nodes", fmt::format("{} nodes of the data are not built yet", missing));
  }
}

}  // namespace

const Kind kObjectInfoKind{.name = "node descriptions", .matches = matches, .run = run};

}  // namespace golden
