#include "sagitta/io/png.h"

#include "sagitta/base/error.h"
#include "sagitta/io/atomic_file.h"
#include "sagitta/io/exif.h"
#include "sagitta/io/file.h"
#include "sagitta/io/png_chunks.h"

#include <png.h>

#include <algorithm>
#include <array>
#include <bit>
#include <csetjmp>
#include <cstring>

namespace sagitta::io {
namespace {

// Runs calls of libpng, which reports errors by longjmp. The body must own nothing that needs a
// destructor while libpng is at work.
template <class Body>
bool guarded(png_structp png, Body body) {
  if (setjmp(png_jmpbuf(png)) != 0) return false;
  body();
  return true;
}

struct Problem {
  std::array<char, 200> text{};
};

[[noreturn]] void on_error(png_structp png, png_const_charp message) {
  auto* problem = static_cast<Problem*>(png_get_error_ptr(png));
  std::strncpy(problem->text.data(), message, problem->text.size() - 1);
  png_longjmp(png, 1);
}

void on_warning(png_structp, png_const_charp) {}  // the picture can be read all the same

struct Source {
  std::span<const std::byte> rest;
};

void read_some(png_structp png, png_bytep out, std::size_t count) {
  auto* source = static_cast<Source*>(png_get_io_ptr(png));
  if (count > source->rest.size()) png_error(png, "the file is truncated");
  std::memcpy(out, source->rest.data(), count);
  source->rest = source->rest.subspan(count);
}

class Reader {
 public:
  Reader(std::span<const std::byte> bytes, const std::string& name)
      : name_(name), source_{bytes}, file_size_(bytes.size()) {
    png_ = png_create_read_struct(PNG_LIBPNG_VER_STRING, &problem_, on_error, on_warning);
    info_ = png_ == nullptr ? nullptr : png_create_info_struct(png_);
    if (info_ == nullptr) {
      png_destroy_read_struct(&png_, nullptr, nullptr);
      throw Error(Fault::out_of_memory, fmt::format("{}: no memory to read a PNG", name));
    }
    png_set_user_limits(png_, kMaxImageSide, kMaxImageSide);
    png_set_chunk_malloc_max(png_, kMaxChunk);
    png_set_read_fn(png_, &source_, read_some);
  }
  ~Reader() { png_destroy_read_struct(&png_, &info_, nullptr); }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  Image read() {
    check(guarded(png_, [this] { prepare(); }));
    const std::int64_t height = png_get_image_height(png_, info_);
    const std::int64_t width = png_get_image_width(png_, info_);
    require(height * width <= kMaxImagePixels, Fault::bad_file,
            "{}: {}x{} pixels are more than the {} allowed", name_, width, height, kMaxImagePixels);
    // Deflate shrinks at most 1032 times, so a small file cannot claim a huge picture.
    const std::size_t row = png_get_rowbytes(png_, info_);
    const std::size_t stored =
        (static_cast<std::size_t>(width) * stored_bits_ + 7) / 8 * static_cast<std::size_t>(height);
    require(stored / 1032 <= file_size_, Fault::bad_file,
            "{}: {} bytes cannot hold {}x{} pixels (truncated?)", name_, file_size_, width, height);

    std::vector<png_byte> samples(row * static_cast<std::size_t>(height));
    std::vector<png_bytep> rows(static_cast<std::size_t>(height));
    for (std::size_t y = 0; y < rows.size(); ++y) rows[y] = samples.data() + y * row;
    check(guarded(png_, [&] { png_read_image(png_, rows.data()); }));
    return png_get_bit_depth(png_, info_) == 16 ? convert<std::uint16_t>(samples, height, width)
                                                : convert<std::uint8_t>(samples, height, width);
  }

 private:
  static constexpr std::size_t kMaxChunk = std::size_t{1} << 26U;

  // Reads the header and asks for RGB or RGBA samples of 8 or 16 bits in our byte order.
  void prepare() {
    png_read_info(png_, info_);
    stored_bits_ = std::size_t{png_get_channels(png_, info_)} * png_get_bit_depth(png_, info_);
    png_set_expand(png_);
    png_set_gray_to_rgb(png_);
    if (std::endian::native == std::endian::little) png_set_swap(png_);
    png_set_interlace_handling(png_);
    png_read_update_info(png_, info_);
  }

  void check(bool ok) const {
    require(ok, Fault::bad_file, "{}: broken PNG: {}", name_, problem_.text.data());
  }

  template <class Sample>
  Image convert(const std::vector<png_byte>& samples, std::int64_t height, std::int64_t width) {
    constexpr auto kFull = static_cast<float>(std::numeric_limits<Sample>::max());
    const std::size_t channels = png_get_channels(png_, info_);
    const auto sample = [&](std::size_t index) {
      Sample value{};
      std::memcpy(&value, samples.data() + index * sizeof(Sample), sizeof(Sample));
      return static_cast<float>(value) / kFull;
    };
    Image image{.pixels = Array({1, height, width, 3}), .alpha = std::nullopt};
    if (channels == 4) image.alpha = Array({height, width});
    const std::size_t pixels = static_cast<std::size_t>(height * width);
    for (std::size_t i = 0; i < pixels; ++i) {
      for (std::size_t c = 0; c < 3; ++c) image.pixels[i * 3 + c] = sample(i * channels + c);
      if (channels == 4) (*image.alpha)[i] = sample(i * channels + 3);
    }
    return image;
  }

  const std::string& name_;
  Source source_;
  std::size_t file_size_;
  std::size_t stored_bits_ = 0;  // of one pixel in the file
  Problem problem_;
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
};

void append(png_structp png, png_bytep bytes, std::size_t count) {
  auto* out = static_cast<std::vector<std::byte>*>(png_get_io_ptr(png));
  const auto* first = reinterpret_cast<const std::byte*>(bytes);
  bool ok = true;
  try {
    out->insert(out->end(), first, first + count);
  } catch (const std::bad_alloc&) {  // must not pass through libpng
    ok = false;
  }
  if (!ok) png_error(png, "out of memory");
}

class Writer {
 public:
  explicit Writer(std::vector<std::byte>& out) {
    png_ = png_create_write_struct(PNG_LIBPNG_VER_STRING, &problem_, on_error, on_warning);
    info_ = png_ == nullptr ? nullptr : png_create_info_struct(png_);
    if (info_ == nullptr) {
      png_destroy_write_struct(&png_, nullptr);
      throw Error(Fault::out_of_memory, "no memory to write a PNG");
    }
    png_set_write_fn(png_, &out, append, nullptr);
  }
  ~Writer() { png_destroy_write_struct(&png_, &info_); }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  void write(const std::vector<std::uint8_t>& rgb, png_uint_32 height, png_uint_32 width,
             const std::vector<PngChunk>& chunks) {
    const bool ok = guarded(png_, [&] {
      png_set_IHDR(png_, info_, width, height, 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
                   PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
      png_set_compression_level(png_, kCompression);
      png_write_info(png_, info_);
      for (const PngChunk& chunk : chunks) {
        png_write_chunk(png_, reinterpret_cast<png_const_bytep>(chunk.type.data()),
                        reinterpret_cast<png_const_bytep>(chunk.data.data()), chunk.data.size());
      }
      for (png_uint_32 y = 0; y < height; ++y) {
        png_write_row(png_, rgb.data() + std::size_t{y} * width * 3);
      }
      png_write_end(png_, nullptr);
    });
    require(ok, Fault::internal, "PNG: {}", problem_.text.data());
  }

 private:
  static constexpr int kCompression = 4;  // as ComfyUI saves

  Problem problem_;
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
};

}  // namespace

Image decode_png(std::span<const std::byte> bytes, const std::string& name) {
  require(is_png(bytes), Fault::bad_file, "{}: no PNG file", name);
  Image image = Reader(bytes, name).read();
  return oriented(std::move(image), exif_orientation(find_png_exif(bytes)));
}

Image read_png(const std::filesystem::path& path) {
  const std::string content = read_file(path);
  return decode_png(bytes_of(content), path.string());
}

std::vector<std::byte> encode_png(const Array& image, const PngText& text) {
  const Shape& shape = image.shape();
  const std::size_t rank = shape.size();
  const bool fits = (rank == 3 || (rank == 4 && shape[0] == 1)) && shape[rank - 1] == 3;
  require(fits && shape[rank - 3] > 0 && shape[rank - 2] > 0, Fault::bad_input,
          "a PNG wants an image of shape 1xHxWx3, got {}", to_string(shape));
  const std::int64_t height = shape[rank - 3];
  const std::int64_t width = shape[rank - 2];
  require(std::max(height, width) <= kMaxImageSide && height * width <= kMaxImagePixels,
          Fault::bad_input, "{}x{} pixels are too many for a PNG", width, height);

  std::vector<PngChunk> chunks;
  for (const auto& [keyword, value] : text) chunks.push_back(text_chunk(keyword, value));
  std::vector<std::byte> out;
  Writer(out).write(to_bytes(image.values()), static_cast<png_uint_32>(height),
                    static_cast<png_uint_32>(width), chunks);
  return out;
}

void write_png(const std::filesystem::path& path, const Array& image, const PngText& text) {
  write_file(path, encode_png(image, text));
}

std::map<std::string, std::string> read_png_text(const std::filesystem::path& path) {
  const std::string content = read_file(path);
  return decode_png_text(bytes_of(content), path.string());
}

}  // namespace sagitta::io
