#include "output_files.h"

#include "sagitta/base/error.h"
#include "sagitta/io/atomic_file.h"

#include <system_error>

namespace sagitta::cli {

namespace fs = std::filesystem;

namespace {

// The picture of a PNG in the format of the name, with the same texts.
void convert(const fs::path& png, const fs::path& name, io::PictureFormat format) {
  const auto texts = io::read_png_text(png);
  io::write_file(
      name, io::encode_picture(io::load_image(png).pixels, format, {texts.begin(), texts.end()}));
  std::error_code error;
  fs::remove(png, error);
}

}  // namespace

void remove_texts(const std::vector<fs::path>& files) {
  for (const fs::path& file : files) {
    if (io::format_of(file) == io::PictureFormat::png) {
      io::write_png(file, io::load_image(file).pixels);
    }
  }
}

io::PictureFormat picture_format(const fs::path& place) {
  const std::optional<io::PictureFormat> format = io::format_of(place);
  require(format.has_value(), Fault::bad_input,
          "-o {}: the name of a picture ends in .png, .jpg, .jpeg or .webp", place.string());
  return *format;
}

void give_name(std::vector<fs::path>& files, const fs::path& place) {
  const io::PictureFormat format = picture_format(place);
  for (std::size_t i = 0; i < files.size(); ++i) {
    const fs::path name =
        files.size() == 1 ? place
                          : place.parent_path() / fmt::format("{}_{}{}", place.stem().string(),
                                                              i + 1, place.extension().string());
    if (format != io::PictureFormat::png) {
      convert(files[i], name, format);
      files[i] = name;
      continue;
    }
    std::error_code error;
    fs::rename(files[i], name, error);
    require(!error, Fault::bad_file, "cannot write {}: {}", name.string(), error.message());
    files[i] = name;
  }
}

}  // namespace sagitta::cli
