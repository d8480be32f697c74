#include "sagitta/io/safetensors.h"

#include "io/support.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

namespace sagitta::io {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

Safetensors parse(const std::string& file) {
  return parse_safetensors(as_bytes(file), "some.safetensors");
}

// The message for a file with this header and that many bytes of data.
std::string refusal(std::string_view header, std::size_t data_bytes = 8) {
  const std::string file = safetensors_bytes(header, std::string(data_bytes, '\0'));
  return error_of([&] { (void)parse(file); });
}

TEST(Safetensors, ReadsTensorsAndMetadata) {
  const float values[] = {1, 2, 3, 4};
  const std::string data(reinterpret_cast<const char*>(values), sizeof(values));
  const std::string file = safetensors_bytes(
      R"({"__metadata__":{"what":"test"},"b":{"dtype":"F32","shape":[1],"data_offsets":[12,16]},)"
      R"("a":{"dtype":"F32","shape":[3,1],"data_offsets":[0,12]}}   )",
      data);
  const Safetensors got = parse(file);
  ASSERT_EQ(got.tensors.size(), 2U);
  EXPECT_THAT(to_array(got.tensors.at("a")).values(), ElementsAre(1, 2, 3));
  EXPECT_THAT(to_array(got.tensors.at("a")).shape(), ElementsAre(3, 1));
  EXPECT_THAT(to_array(got.tensors.at("b")).values(), ElementsAre(4));
  EXPECT_EQ(got.metadata.at("what"), "test");
}

TEST(Safetensors, AcceptsScalarsEmptyTensorsAndAnEmptyFile) {
  const std::string file =
      safetensors_bytes(R"({"s":{"dtype":"F32","shape":[],"data_offsets":[0,4]},)"
                        R"("e":{"dtype":"F16","shape":[0,7],"data_offsets":[4,4]}})",
                        std::string(4, '\0'));
  const Safetensors got = parse(file);
  EXPECT_EQ(to_array(got.tensors.at("s")).rank(), 0U);
  EXPECT_TRUE(to_array(got.tensors.at("e")).empty());
  EXPECT_TRUE(parse(safetensors_bytes("{}", "")).tensors.empty());
}

TEST(Safetensors, KnowsEveryElementType) {
  const std::pair<const char*, DType> types[] = {
      {"F64", DType::f64},   {"F32", DType::f32},         {"F16", DType::f16},
      {"BF16", DType::bf16}, {"F8_E4M3", DType::f8_e4m3}, {"F8_E5M2", DType::f8_e5m2},
      {"I64", DType::i64},   {"I32", DType::i32},         {"I16", DType::i16},
      {"I8", DType::i8},     {"U8", DType::u8},           {"BOOL", DType::boolean}};
  for (const auto& [name, dtype] : types) {
    const std::size_t size = size_of(dtype);
    const std::string file = safetensors_bytes(
        fmt::format(R"({{"t":{{"dtype":"{}","shape":[1],"data_offsets":[0,{}]}}}})", name, size),
        std::string(size, '\0'));
    EXPECT_EQ(parse(file).tensors.at("t").dtype, dtype) << name;
  }
}

TEST(Safetensors, RefusesAnUnknownElementType) {
  EXPECT_THAT(refusal(R"({"t":{"dtype":"F4","shape":[8],"data_offsets":[0,8]}})"),
              AllOf(StartsWith("unsupported"), HasSubstr("some.safetensors"), HasSubstr("\"t\""),
                    HasSubstr("F4")));
}

TEST(Safetensors, RefusesFilesThatAreTooShortForTheirHeader) {
  EXPECT_THAT(error_of([] { (void)parse(""); }), HasSubstr("0 bytes are too few"));
  EXPECT_THAT(error_of([] { (void)parse("1234567"); }), HasSubstr("too few"));
  std::string file = safetensors_bytes("{}", "");
  file.pop_back();
  EXPECT_THAT(error_of([&] { (void)parse(file); }), HasSubstr("truncated"));
}

TEST(Safetensors, RefusesAnImpossibleHeaderLength) {
  EXPECT_THAT(error_of([] { (void)parse(std::string(16, '\xFF')); }),
              AllOf(StartsWith("bad_file"), HasSubstr("18446744073709551615")));
}

TEST(Safetensors, RefusesPickledFilesAndSaysWhatToDo) {
  for (const std::string& content : {std::string("PK\x03\x04") + std::string(40, 'x'),
                                    std::string("\x80\x02}q", 4) + std::string(40, 'x')}) {
    try {
      static_cast<void>(parse_safetensors(std::as_bytes(std::span(content)), "model.ckpt"));
      FAIL() << "expected an error";
    } catch (const Error& error) {
      EXPECT_EQ(error.fault(), Fault::bad_file);
      EXPECT_THAT(error.what(), testing::AllOf(testing::HasSubstr("model.ckpt"),
                                               testing::HasSubstr("convert it to safetensors")));
    }
  }
}

TEST(Safetensors, RefusesAHeaderThatIsNoObject) {
  EXPECT_THAT(refusal("[]"), HasSubstr("does not begin with '{'"));
  EXPECT_THAT(refusal(""), HasSubstr("does not begin with '{'"));
  EXPECT_THAT(refusal("{\"a\":", 0), HasSubstr("no valid JSON"));
  EXPECT_THAT(refusal("{} {}", 0), HasSubstr("no valid JSON"));
  EXPECT_THAT(refusal("{\"a\xFF\":1}", 0), HasSubstr("no valid JSON"));
}

TEST(Safetensors, RefusesDeepNestingAtOnce) {
  EXPECT_THAT(refusal("{\"a\":" + std::string(1000000, '['), 0), StartsWith("bad_file"));
  EXPECT_THAT(refusal(R"({"t":{"shape":[[1]]}})"), HasSubstr("\"t\""));
  EXPECT_THAT(refusal(R"({"__metadata__":{"a":{}}})"), StartsWith("bad_file"));
}

TEST(Safetensors, RefusesFieldsOfTheWrongType) {
  const char* headers[] = {
      R"({"t":1})",
      R"({"t":null})",
      R"({"t":"text"})",
      R"({"t":{"dtype":3}})",
      R"({"t":{"dtype":["F32"]}})",
      R"({"t":{"shape":"2"}})",
      R"({"t":{"shape":[-1]}})",
      R"({"t":{"shape":[1.0]}})",
      R"({"t":{"shape":[true]}})",
      R"({"t":{"shape":[99999999999999999999]}})",
      R"({"t":{"shape":[18446744073709551615]}})",
      R"({"t":{"data_offsets":[0]}})",
      R"({"t":{"data_offsets":[0,1,2]}})",
      R"({"t":{"colour":"red"}})",
  };
  for (const char* header : headers) {
    EXPECT_THAT(refusal(header),
                AllOf(StartsWith("bad_file"), HasSubstr("some.safetensors"), HasSubstr("\"t\"")))
        << header;
  }
  EXPECT_THAT(refusal(R"({"__metadata__":{"key":1}})"), HasSubstr("\"key\""));
  EXPECT_THAT(refusal(R"({"__metadata__":[]})"), HasSubstr("expected an object"));
}

TEST(Safetensors, RefusesMissingFields) {
  EXPECT_THAT(refusal(R"({"t":{"shape":[2],"data_offsets":[0,8]}})"), HasSubstr("lacks dtype"));
  EXPECT_THAT(refusal(R"({"t":{"dtype":"F32","data_offsets":[0,8]}})"), HasSubstr("lacks shape"));
  EXPECT_THAT(refusal(R"({"t":{"dtype":"F32","shape":[2]}})"), HasSubstr("lacks data_offsets"));
}

TEST(Safetensors, RefusesDuplicates) {
  EXPECT_THAT(refusal(R"({"t":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},)"
                      R"("t":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})"),
              HasSubstr("\"t\" occurs twice"));
  EXPECT_THAT(refusal(R"({"t":{"dtype":"F32","dtype":"F32"}})"), HasSubstr("two fields"));
  EXPECT_THAT(refusal(R"({"__metadata__":{"k":"1","k":"2"}})"), HasSubstr("\"k\" occurs twice"));
}

TEST(Safetensors, RefusesASpanThatDoesNotFitTheShape) {
  EXPECT_THAT(refusal(R"({"t":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}})"),
              AllOf(HasSubstr("\"t\""), HasSubstr("takes 12 bytes"), HasSubstr("span 8")));
  EXPECT_THAT(refusal(R"({"t":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}})"),
              HasSubstr("backwards"));
}

TEST(Safetensors, RefusesShapesWhoseSizeOverflows) {
  EXPECT_THAT(refusal(R"({"t":{"dtype":"F32","shape":[4294967296,4294967296],)"
                      R"("data_offsets":[0,0]}})"),
              HasSubstr("too large"));
}

TEST(Safetensors, RefusesTensorsBeyondTheEnd) {
  EXPECT_THAT(refusal(R"({"t":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}})"),
              AllOf(HasSubstr("\"t\""), HasSubstr("truncated")));
}

TEST(Safetensors, RefusesOverlapsHolesAndLeftovers) {
  EXPECT_THAT(refusal(R"({"a":{"dtype":"U8","shape":[5],"data_offsets":[0,5]},)"
                      R"("b":{"dtype":"U8","shape":[4],"data_offsets":[4,8]}})"),
              AllOf(HasSubstr("\"b\""), HasSubstr("inside the tensor before it")));
  EXPECT_THAT(refusal(R"({"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},)"
                      R"("b":{"dtype":"U8","shape":[4],"data_offsets":[4,8]}})"),
              AllOf(HasSubstr("\"b\""), HasSubstr("belong to no tensor")));
  EXPECT_THAT(refusal(R"({"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]}})"),
              HasSubstr("the last 5 bytes belong to no tensor"));
}

TEST(Safetensors, CutsAndEscapesHostileNamesInMessages) {
  const std::string message = refusal("{\"" + std::string(100000, 'x') + "\":1}");
  EXPECT_LT(message.size(), 500U);
  EXPECT_THAT(refusal(R"({"a\u001b[2J":1})"), HasSubstr("\\x1b"));
}

TEST(Safetensors, TensorsKeepTheMappingAlive) {
  const TemporaryFolder folder;
  const auto path = folder.file(
      "with space \xC3\xBC.safetensors",
      safetensors_bytes(R"({"t":{"dtype":"U8","shape":[3],"data_offsets":[0,3]}})", "\1\2\3"));
  StoredTensor tensor;
  {
    const Safetensors file = open_safetensors(path);
    tensor = file.tensors.at("t");
  }
  std::filesystem::remove(path);
  EXPECT_THAT(to_array(tensor).values(), ElementsAre(1, 2, 3));
}

TEST(Safetensors, NamesTheFileThatCannotBeOpened) {
  const TemporaryFolder folder;
  EXPECT_THAT(
      error_of([&] { (void)open_safetensors(folder / "none.safetensors"); }),
      AllOf(StartsWith("bad_file"), HasSubstr("none.safetensors"), HasSubstr("No such file")));
  EXPECT_THAT(error_of([&] { (void)open_safetensors(folder.path()); }), HasSubstr("a folder"));
  EXPECT_THAT(error_of([&] { (void)open_safetensors(folder.file("empty", "")); }),
              HasSubstr("too few"));
}

}  // namespace
}  // namespace sagitta::io
