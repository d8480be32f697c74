#include "sagitta/io/safetensors.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

namespace sagitta {
namespace {

TEST(DTypeGolden, StoredValuesWidenToThePublishedOnes) {
  const std::filesystem::path folder = std::filesystem::path(SAGITTA_GOLDEN_DIR) / "layouts";
  const io::Safetensors stored = io::open_safetensors(folder / "dtypes.safetensors");
  const io::Safetensors wide = io::open_safetensors(folder / "dtypes_f32.safetensors");
  ASSERT_EQ(stored.tensors.size(), wide.tensors.size());
  for (const auto& [name, tensor] : stored.tensors) {
    const auto expected = wide.tensors.find("f32." + name);
    ASSERT_NE(expected, wide.tensors.end()) << name;
    const Array got = to_array(tensor);
    const Array want = to_array(expected->second);
    ASSERT_EQ(got.shape(), want.shape()) << name;
    for (std::size_t i = 0; i < got.size(); ++i) {
      if (std::isnan(want[i])) {
        EXPECT_TRUE(std::isnan(got[i])) << name << " " << i;
      } else {
        EXPECT_EQ(got[i], want[i]) << name << " " << i;
      }
    }
  }
}

}  // namespace
}  // namespace sagitta
