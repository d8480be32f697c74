#include "sagitta/backend/open.h"

#include "sagitta/base/error.h"

#include <gmock/gmock.h>

namespace sagitta {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::ThrowsMessage;

TEST(OpenDevice, EveryNameOpens) {
  for (const std::string& name : device_names()) EXPECT_EQ(open_device(name)->name(), name);
}

TEST(OpenDevice, ReferenceIsAlwaysThere) { EXPECT_THAT(device_names(), Contains("reference")); }

TEST(OpenDevice, ReferenceComputesInF32WhateverIsAsked) {
  EXPECT_EQ(open_device("reference", {.compute = DType::bf16})->compute(), DType::f32);
}

TEST(OpenDevice, UnknownNameIsReportedWithTheKnownOnes) {
  EXPECT_THAT([] { (void)open_device("gpu"); },
              ThrowsMessage<Error>(AllOf(HasSubstr("'gpu'"), HasSubstr("reference"))));
}

TEST(OpenDevice, AbsentCudaDeviceIsReported) {
  EXPECT_THAT([] { (void)open_device("cuda:99"); }, ThrowsMessage<Error>(HasSubstr("cuda:99")));
}

TEST(OpenDevice, OnlyF32AndBf16CanBeComputedIn) {
  EXPECT_THAT([] { (void)open_device("reference", {.compute = DType::f16}); },
              ThrowsMessage<Error>(HasSubstr("f16, expected f32 or bf16")));
}

TEST(OpenDevice, NegativeThreadsAreRefused) {
  EXPECT_THAT([] { (void)open_device("reference", {.threads = -1}); },
              ThrowsMessage<Error>(HasSubstr("-1 threads")));
}

TEST(ResolveDtype, NamesMeanThemselves) {
  for (const std::string& device : device_names()) {
    EXPECT_EQ(resolve_dtype(device, "f32").compute, DType::f32);
    EXPECT_EQ(resolve_dtype(device, "bf16").compute, DType::bf16);
    EXPECT_FALSE(resolve_dtype(device, "bf16").int8_products);
  }
}

TEST(ResolveDtype, AutoIsSomethingThatTheDeviceComputesIn) {
  for (const std::string& device : device_names()) {
    const DeviceOptions options = resolve_dtype(device, "auto");
    EXPECT_FALSE(options.int8_products);
    if (device == "reference") continue;  // in f32 whatever is asked
    EXPECT_EQ(open_device(device, options)->compute(), options.compute) << device;
  }
}

TEST(ResolveDtype, AutoIsBf16OnAGpu) {
  EXPECT_EQ(resolve_dtype("cuda:0", "auto").compute, DType::bf16);
}

TEST(ResolveDtype, Int8IsBetweenActivationsOfAuto) {
  EXPECT_EQ(resolve_dtype("cpu", "int8").compute, resolve_dtype("cpu", "auto").compute);
  EXPECT_TRUE(resolve_dtype("cpu", "int8").int8_products);
}

TEST(ResolveDtype, ThreadsAreHandedOn) { EXPECT_EQ(resolve_dtype("cpu", "int8", 3).threads, 3); }

TEST(ResolveDtype, OtherNamesAreRefused) {
  EXPECT_THAT([] { (void)resolve_dtype("cpu", "fp16"); },
              ThrowsMessage<Error>(HasSubstr("'fp16', expected auto, f32, bf16 or int8")));
}

TEST(OpenDevice, ProductsAreInInt8OnlyWhereAsked) {
  EXPECT_EQ(open_device("cpu", {.int8_products = true})->arithmetic(), "int8");
  EXPECT_EQ(open_device("cpu")->arithmetic(), "f32");
  EXPECT_EQ(open_device("reference", {.int8_products = true})->arithmetic(), "f32");
}

}  // namespace
}  // namespace sagitta
