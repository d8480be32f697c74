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

TEST(OpenDevice, CudaIsReportedAsAbsent) {
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

TEST(ResolveCompute, NamesMeanThemselves) {
  EXPECT_EQ(resolve_compute("f32"), DType::f32);
  EXPECT_EQ(resolve_compute("bf16"), DType::bf16);
}

TEST(ResolveCompute, AutoIsOneOfTheTwo) {
  EXPECT_THAT(resolve_compute("auto"), testing::AnyOf(DType::f32, DType::bf16));
}

TEST(ResolveCompute, OtherNamesAreRefused) {
  EXPECT_THAT([] { (void)resolve_compute("fp16"); },
              ThrowsMessage<Error>(HasSubstr("'fp16', expected auto, f32 or bf16")));
}

}  // namespace
}  // namespace sagitta
