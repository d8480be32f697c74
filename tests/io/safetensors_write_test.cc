#include "sagitta/io/safetensors.h"

#include "io/support.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sagitta::io {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

StoredTensor bytes_tensor(DType dtype, Shape shape, const std::string& data) {
  const auto owner = std::make_shared<const std::string>(data);
  return {.dtype = dtype,
          .shape = std::move(shape),
          .data = reinterpret_cast<const std::byte*>(owner->data()),
          .owner = owner};
}

TEST(WriteSafetensors, WhatIsWrittenIsReadBack) {
  const TemporaryFolder folder;
  StateDict tensors;
  tensors["a.u8"] = bytes_tensor(DType::u8, {3}, "\1\2\3");
  tensors["b"] = to_stored(Array({2, 1}, {1.5F, -2}));
  tensors["empty"] = to_stored(Array({0, 2}));
  tensors["scalar"] = to_stored(Array(Shape{}, 7.0F));
  write_safetensors(folder / "x.safetensors", tensors, {{"note", "line\n\xE2\x82\xAC"}});

  const Safetensors back = open_safetensors(folder / "x.safetensors");
  EXPECT_EQ(back.tensors.size(), 4U);
  EXPECT_THAT(to_array(back.tensors.at("a.u8")).values(), ElementsAre(1, 2, 3));
  EXPECT_THAT(to_array(back.tensors.at("b")).values(), ElementsAre(1.5F, -2));
  EXPECT_EQ(back.tensors.at("b").shape, (Shape{2, 1}));
  EXPECT_EQ(back.tensors.at("empty").shape, (Shape{0, 2}));
  EXPECT_TRUE(back.tensors.at("scalar").shape.empty());
  EXPECT_EQ(back.metadata.at("note"), "line\n\xE2\x82\xAC");
  EXPECT_EQ(folder.count(), 1U);  // no temporary is left
}

TEST(WriteSafetensors, EveryTensorIsAligned) {
  const TemporaryFolder folder;
  StateDict tensors;
  tensors["a"] = bytes_tensor(DType::u8, {1}, "x");
  tensors["b"] = bytes_tensor(DType::f64, {1}, "12345678");
  tensors["c"] = bytes_tensor(DType::f16, {1}, "12");
  tensors["d"] = bytes_tensor(DType::f32, {1}, "1234");
  write_safetensors(folder / "x.safetensors", tensors);
  for (const auto& [name, tensor] : open_safetensors(folder / "x.safetensors").tensors) {
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(tensor.data) % size_of(tensor.dtype), 0U) << name;
  }
}

TEST(WriteSafetensors, RefusesNamesThatCannotBeStored) {
  const TemporaryFolder folder;
  const auto path = folder / "x.safetensors";
  const StateDict not_utf8{{"\xFF", to_stored(Array({1}))}};
  EXPECT_THAT(error_of([&] { write_safetensors(path, not_utf8); }), HasSubstr("UTF-8"));
  const StateDict reserved{{"__metadata__", to_stored(Array({1}))}};
  EXPECT_THAT(error_of([&] { write_safetensors(path, reserved); }), HasSubstr("__metadata__"));
  EXPECT_EQ(folder.count(), 0U);
}

}  // namespace
}  // namespace sagitta::io
