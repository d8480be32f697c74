#include "comparison_sheet.h"

#include <fmt/format.h>

namespace sagitta::cli {
namespace {

bool on_axis(const Comparison& comparison, const std::string& name) {
  return name == comparison.x.parameter || (comparison.y && name == comparison.y->parameter);
}

std::vector<std::string> labels(const Axis& axis) {
  std::vector<std::string> all;
  for (const std::string& value : axis.values) all.push_back(label_of(axis.parameter, value));
  return all;
}

std::string title_of(const Comparison& comparison) {
  const std::string& prompt = comparison.base.generation.prompt;
  if (!prompt.empty() && !on_axis(comparison, "prompt")) return prompt;
  std::string title(text_of(comparison.x.parameter).title);
  if (comparison.y) title += fmt::format(" \u00D7 {}", text_of(comparison.y->parameter).title);
  title.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(title.front())));
  return title;
}

// What is the same in all pictures, without what nobody set; the title shows the prompt already.
std::string note_of(const Comparison& comparison, bool with_prompt) {
  const NamedSettings base(comparison.base);
  const NamedSettings defaults(GenerateSettings{});
  std::string note;
  for (const std::string& name : base.names()) {
    const ParameterText text = text_of(name);
    const std::string value = base.get(name);
    if (on_axis(comparison, name) || value.empty() || (name == "prompt" && !with_prompt)) continue;
    if (!text.always && value == defaults.get(name)) continue;
    if (!note.empty()) note += "  \u00B7  ";
    const std::string shown = label_of(name, value);
    note += text.phrase.empty() ? fmt::format("{} {}", name, shown)
                                : fmt::format(fmt::runtime(text.phrase), shown);
  }
  return note;
}

Json json_value(const NamedSettings& settings, const std::string& name, const std::string& value) {
  if (settings.is_number(name)) {
    Json number = Json::parse(value, nullptr, false);
    if (number.is_number()) return number;
  }
  return value;
}

Json axis_json(const NamedSettings& settings, const Axis& axis) {
  Json values = Json::array();
  for (const std::string& value : axis.values) {
    values.push_back(json_value(settings, axis.parameter, value));
  }
  return {{"parameter", axis.parameter}, {"values", values}};
}

}  // namespace

draw::Sheet comparison_sheet(const Comparison& comparison, const std::vector<CellResult>& results,
                             const std::string& title) {
  draw::Sheet sheet;
  sheet.title = title.empty() ? title_of(comparison) : title;
  sheet.note = note_of(comparison, sheet.title != comparison.base.generation.prompt);
  sheet.columns = static_cast<std::int64_t>(comparison.columns());
  sheet.column_axis = text_of(comparison.x.parameter).title;
  sheet.column_labels = labels(comparison.x);
  if (comparison.y) {
    sheet.row_axis = text_of(comparison.y->parameter).title;
    sheet.row_labels = labels(*comparison.y);
  }
  for (const CellResult& result : results)
    sheet.cells.push_back({.picture = result.pictures, .caption = {}});
  return sheet;
}

void require_fitting_sheet(const Comparison& comparison) {
  std::int64_t width = 0;
  std::int64_t height = 0;
  for (const ComparedCell& cell : comparison.cells) {
    width = std::max(width, cell.generation.width);
    height = std::max(height, cell.generation.height);
  }
  const auto columns = static_cast<std::int64_t>(comparison.columns());
  const std::int64_t rows = std::ssize(comparison.cells) / columns;
  require(width * columns <= draw::kMaxSheetSide && height * rows <= draw::kMaxSheetSide &&
              width * columns * height * rows <= draw::kMaxSheetPixels,
          Fault::bad_input, "{} x {} pictures of {}x{} pixels do not fit on a sheet", columns, rows,
          width, height);
}

Json comparison_json(const Comparison& comparison, const std::vector<CellResult>& results,
                     const draw::Sheet& sheet, const std::filesystem::path& file) {
  const NamedSettings settings(comparison.base);
  Json base = Json::object();
  for (const std::string& name : settings.names()) {
    if (!on_axis(comparison, name)) base[name] = json_value(settings, name, settings.get(name));
  }
  const draw::SheetLayout layout = draw::layout_of(sheet);
  double seconds = 0;
  Json cells = Json::array();
  for (std::size_t i = 0; i < results.size(); ++i) {
    const ComparedCell& cell = comparison.cells[i];
    Json parameters{{comparison.x.parameter, json_value(settings, comparison.x.parameter,
                                                        comparison.x.values[cell.column])}};
    if (comparison.y) {
      parameters[comparison.y->parameter] =
          json_value(settings, comparison.y->parameter, comparison.y->values[cell.row]);
    }
    Json files = Json::array();
    for (const auto& path : results[i].files) files.push_back(path.string());
    cells.push_back({{"column", cell.column},
                     {"row", cell.row},
                     {"parameters", parameters},
                     {"left", layout.places[i].corner.x},
                     {"top", layout.places[i].corner.y},
                     {"width", layout.places[i].size.width},
                     {"height", layout.places[i].size.height},
                     {"seconds", results[i].seconds},
                     {"files", files}});
    if (cell.same_as != i) cells.back()["same_as"] = cell.same_as;
    seconds += results[i].seconds;
  }
  return {{"sheet", file.string()},
          {"width", layout.size.width},
          {"height", layout.size.height},
          {"base", base},
          {"x", axis_json(settings, comparison.x)},
          {"y", comparison.y ? axis_json(settings, *comparison.y) : Json()},
          {"cells", cells},
          {"seconds", seconds}};
}

}  // namespace sagitta::cli
