#include "sagitta/nodes/folders.h"

#include "sagitta/base/error.h"

#include <algorithm>
#include <charconv>
#include <ctime>
#include <fmt/ranges.h>
#include <unistd.h>
#include <system_error>

namespace sagitta::nodes {
namespace fs = std::filesystem;
namespace {

bool has_ending(const fs::path& path, const std::vector<std::string>& endings) {
  std::string ending = path.extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return std::find(endings.begin(), endings.end(), ending) != endings.end();
}

// Files below the folder, relative to it; what cannot be read is passed over.
void collect(const fs::path& folder, const std::vector<std::string>& endings,
             std::vector<std::string>& names) {
  std::error_code error;
  fs::recursive_directory_iterator it(
      folder,
      fs::directory_options::follow_directory_symlink | fs::directory_options::skip_permission_denied,
      error);
  constexpr int kDeepest = 16;  // a link that points upward must not go round for ever
  for (; !error && it != fs::recursive_directory_iterator(); it.increment(error)) {
    if (it.depth() > kDeepest) it.disable_recursion_pending();
    if (has_ending(it->path(), endings) && it->is_regular_file(error)) {
      names.push_back(it->path().lexically_relative(folder).generic_string());
    }
  }
}

bool is_file(const fs::path& path) {
  std::error_code error;
  return fs::is_regular_file(path, error);
}

// True if the relative path stays below the folder it is joined to.
bool stays_inside(const fs::path& relative) {
  const fs::path normal = relative.lexically_normal();
  return relative.is_relative() && (normal.empty() || *normal.begin() != "..");
}

std::string replace_all(std::string text, std::string_view from, const std::string& to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}

std::string fill_in(std::string prefix, std::int64_t width, std::int64_t height) {
  const std::time_t now = std::time(nullptr);
  std::tm local{};
  localtime_r(&now, &local);
  prefix = replace_all(std::move(prefix), "%width%", std::to_string(width));
  prefix = replace_all(std::move(prefix), "%height%", std::to_string(height));
  prefix = replace_all(std::move(prefix), "%year%", std::to_string(local.tm_year + 1900));
  prefix = replace_all(std::move(prefix), "%month%", fmt::format("{:02}", local.tm_mon + 1));
  prefix = replace_all(std::move(prefix), "%day%", fmt::format("{:02}", local.tm_mday));
  prefix = replace_all(std::move(prefix), "%hour%", fmt::format("{:02}", local.tm_hour));
  prefix = replace_all(std::move(prefix), "%minute%", fmt::format("{:02}", local.tm_min));
  return replace_all(std::move(prefix), "%second%", fmt::format("{:02}", local.tm_sec));
}

// The number in "name_00012_.png" or "name_00012_.webp", or 0.
int counter_of(const std::string& file, const std::string& name) {
  const std::string start = name + "_";
  if (!file.starts_with(start)) return 0;
  int counter = 0;
  const char* begin = file.data() + start.size();
  const auto [end, error] = std::from_chars(begin, file.data() + file.size(), counter);
  return error == std::errc() && end != begin && *end == '_' ? counter : 0;
}

// The folders below a models folder that hold a kind: its own, and the one of its older name.
std::vector<fs::path> folders_of(const fs::path& dir, std::string_view kind) {
  std::vector<fs::path> folders{dir / kind};
  if (kind == "diffusion_models") folders.push_back(dir / "unet");
  if (kind == "text_encoders") folders.push_back(dir / "clip");
  return folders;
}

std::vector<std::string> list_pictures(const fs::path& folder) {
  std::vector<std::string> names;
  collect(folder, {".png", ".jpg", ".jpeg", ".webp"}, names);
  std::sort(names.begin(), names.end());
  return names;
}

// A picture in the folder that its name ends with, in brackets, otherwise in the one called `kind`.
fs::path find_picture(const Services& services, const std::string& name, std::string_view kind) {
  std::string file = name;
  for (const std::string_view said : {"input", "output", "temp"}) {
    const std::string ending = fmt::format(" [{}]", said);
    if (!name.ends_with(ending)) continue;
    file.resize(name.size() - ending.size());
    kind = said;
  }
  const fs::path& folder = kind == "output" ? services.output_dir
                           : kind == "temp" ? services.temp_dir
                                            : services.input_dir;
  if (stays_inside(file) && is_file(folder / file)) return folder / file;
  if (is_file(name)) return name;
  throw Error(Fault::bad_input, fmt::format("'{}' is neither a picture in the {} folder {} nor a file",
                                            name, kind, folder.string()));
}

}  // namespace

std::vector<std::string> list_models(const Services& services, std::string_view kind,
                                     const std::vector<std::string>& endings) {
  std::vector<std::string> names;
  for (const fs::path& dir : services.models_dirs) {
    for (const fs::path& folder : folders_of(dir, kind)) collect(folder, endings, names);
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

fs::path find_model(const Services& services, std::string_view kind, const std::string& name) {
  std::vector<std::string> searched;
  for (const fs::path& dir : services.models_dirs) {
    for (const fs::path& folder : folders_of(dir, kind)) {
      if (stays_inside(name) && is_file(folder / name)) return folder / name;
      searched.push_back(folder.string());
    }
  }
  if (is_file(name)) return name;
  throw Error(Fault::bad_input, fmt::format("'{}' is neither a file nor in a {} folder ({})", name,
                                            kind, fmt::join(searched, ", ")));
}

std::vector<std::string> list_inputs(const Services& services) {
  return list_pictures(services.input_dir);
}

std::vector<std::string> list_outputs(const Services& services) {
  return list_pictures(services.output_dir);
}

fs::path find_input(const Services& services, const std::string& name) {
  return find_picture(services, name, "input");
}

fs::path find_output(const Services& services, const std::string& name) {
  return find_picture(services, name, "output");
}

std::string SavePlace::file_name(int index, std::string_view ending) const {
  return fmt::format("{}_{:05}_{}", name, counter + index, ending);
}

SavePlace save_place(const fs::path& root, const std::string& prefix, std::int64_t width,
                     std::int64_t height) {
  const fs::path wanted = fs::path(fill_in(prefix, width, height)).lexically_normal();
  require(stays_inside(wanted) && prefix.find('\0') == std::string::npos, Fault::bad_input,
          "filename_prefix '{}' leads out of the output folder", prefix);
  SavePlace place{.folder = root / wanted.parent_path(),
                  .subfolder = wanted.parent_path().generic_string(),
                  .name = wanted.filename().string(),
                  .counter = 1};
  std::error_code error;
  fs::create_directories(place.folder, error);
  require(!error, Fault::bad_file, "cannot make the folder {}: {}", place.folder.string(),
          error.message());
  for (fs::directory_iterator it(place.folder, error), end; !error && it != end; it.increment(error)) {
    place.counter = std::max(place.counter, counter_of(it->path().filename().string(), place.name) + 1);
  }
  return place;
}

void require_writable(const fs::path& root) {
  std::error_code error;
  fs::path there = fs::absolute(root, error).lexically_normal();
  while (!fs::exists(there, error) && there.has_relative_path()) there = there.parent_path();
  require(fs::is_directory(there, error) && access(there.c_str(), W_OK) == 0, Fault::bad_input,
          "cannot write to the folder {}: {}", root.string(),
          fs::is_directory(there, error) ? there.string() + " is not writable"
                                         : there.string() + " is not a folder");
}

std::string file_token(const fs::path& path) {
  std::error_code error;
  const auto size = fs::file_size(path, error);
  const auto time = fs::last_write_time(path, error).time_since_epoch().count();
  return fmt::format("{}:{}:{}", path.string(), size, time);
}

}  // namespace sagitta::nodes
