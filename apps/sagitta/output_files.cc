#include "output_files.h"

#include "sagitta/base/error.h"

#include <system_error>

namespace sagitta::cli {

namespace fs = std::filesystem;

void give_name(std::vector<fs::path>& files, const fs::path& place) {
  for (std::size_t i = 0; i < files.size(); ++i) {
    const fs::path name =
        files.size() == 1 ? place
                          : place.parent_path() / fmt::format("{}_{}{}", place.stem().string(),
                                                              i + 1, place.extension().string());
    std::error_code error;
    fs::rename(files[i], name, error);
    require(!error, Fault::bad_file, "cannot write {}: {}", name.string(), error.message());
    files[i] = name;
  }
}

}  // namespace sagitta::cli
