#include "sagitta/insight/files.h"

#include "sagitta/base/error.h"
#include "sagitta/insight/report.h"
#include "sagitta/insight/sheets.h"
#include "sagitta/io/atomic_file.h"
#include "sagitta/io/npy.h"
#include "sagitta/io/png.h"
#include "sagitta/io/webp_animation.h"

#include <algorithm>
#include <cctype>
#include <set>
#include <system_error>

namespace sagitta::insight {
namespace {

namespace fs = std::filesystem;

// A word as part of a file's name.
std::string file_word(std::string_view word) {
  constexpr std::size_t kMostBytes = 24;
  std::string name;
  for (const char c : word.substr(0, kMostBytes)) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    name += plain ? c : '_';
  }
  return name;
}

class Folder {
 public:
  explicit Folder(fs::path path) : path_(std::move(path)) {
    std::error_code error;
    fs::create_directories(path_, error);
    require(!error, Fault::bad_file, "cannot make the folder {}: {}", path_.string(),
            error.message());
  }

  std::string png(const std::string& name, const Array& picture) {
    io::write_png(path_ / (name + ".png"), picture);
    return noted(name + ".png");
  }
  std::string npy(const std::string& name, const Array& values) {
    io::write_npy(path_ / (name + ".npy"), values);
    return noted(name + ".npy");
  }
  template <class Content>
  std::string file(const std::string& name, const Content& content) {
    io::write_file(path_ / name, content);
    return noted(name);
  }

  void remove_others() const {
    std::error_code error;
    for (const fs::directory_entry& entry : fs::directory_iterator(path_, error)) {
      const std::string name = entry.path().filename().string();
      if (is_step_file(name) && !written_.contains(name) && entry.is_regular_file(error)) {
        fs::remove(entry.path(), error);
      }
    }
  }

 private:
  std::string noted(std::string name) {
    written_.insert(name);
    return name;
  }
  // step_, at least three digits, _, anything, .png or .npy
  static bool is_step_file(std::string_view name) {
    if (!name.starts_with("step_")) return false;
    if (!name.ends_with(".png") && !name.ends_with(".npy")) return false;
    const std::string_view rest = name.substr(5);
    const std::size_t digits = std::min(rest.find_first_not_of("0123456789"), rest.size());
    return digits >= 3 && digits < rest.size() && rest[digits] == '_';
  }

  fs::path path_;
  std::set<std::string> written_;
};

bool is_map(PanelKind kind) {
  return kind == PanelKind::attention || kind == PanelKind::effect || kind == PanelKind::query ||
         kind == PanelKind::word;
}

// The files of one step; returns their names by kind.
Json write_step(Folder& folder, const InsightStep& step, const std::vector<Panel>& panels) {
  const std::string prefix = fmt::format("step_{:03}_", step.prediction);
  Json files = Json::object();
  Json words = Json::array();
  for (const Panel& panel : panels) {
    const bool is_word = panel.kind == PanelKind::word;
    const std::string name =
        prefix + (is_word ? fmt::format("word_{:02}_{}", words.size() + 1, file_word(panel.word))
                          : std::string(name_of(panel.kind)));
    Json entry = Json::object();
    if (is_word) entry["word"] = panel.word;
    entry["png"] = folder.png(name, panel.picture);
    if (!is_word) entry["npy"] = folder.npy(name, panel.values);
    if (is_map(panel.kind)) {
      entry["low"] = panel.scale.low;
      entry["high"] = panel.scale.high;
    }
    if (is_word) {
      words.push_back(std::move(entry));
    } else {
      files[std::string(name_of(panel.kind))] = std::move(entry);
    }
  }
  if (words.empty()) return files;
  Json maps = Json::array();
  for (std::size_t i = 0; i < step.texts.size(); ++i) {
    maps.push_back(folder.npy(
        fmt::format("{}words{}", prefix, i == 0 ? std::string() : fmt::format("_{}", i + 1)),
        step.texts[i].maps));
  }
  files["words"] = {{"sheet", folder.png(prefix + "words", word_sheet(panels))},
                    {"npy", std::move(maps)},
                    {"each", std::move(words)}};
  return files;
}

}  // namespace

void write_files(const InsightRecord& record, const fs::path& path, const FilesOptions& options) {
  const PanelTable panels = all_panels(record, options.panels);
  Folder folder(path);
  Json report{{"prompt", options.prompt}};
  report.update(header_of(record));
  report["sheet"] = folder.png("sheet", contact_sheet(record, panels, options.title));
  const std::vector<std::byte> animation =
      io::encode_webp_animation(animation_frames(record, panels));
  report["animation"] = folder.file("animation.webp", std::span<const std::byte>(animation));
  Json steps = Json::array();
  for (std::size_t i = 0; i < record.steps.size(); ++i) {
    Json figures = figures_of(record.steps[i]);
    figures["files"] = write_step(folder, record.steps[i], panels[i]);
    steps.push_back(std::move(figures));
  }
  report["steps"] = std::move(steps);
  folder.remove_others();
  const std::string text = report.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
  folder.file("insight.json", std::string_view(text));
}

}  // namespace sagitta::insight
