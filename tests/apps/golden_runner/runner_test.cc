#include "golden_runner/runner.h"

#include "sagitta/base/error.h"
#include "sagitta/base/json.h"
#include "sagitta/diffusion/noise.h"
#include "sagitta/io/atomic_file.h"
#include "sagitta/io/safetensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>

namespace golden {
namespace {

using testing::HasSubstr;

// A folder of golden data made here: initial noise with another key, seed and shape.
class RunnerTest : public testing::Test {
 protected:
  RunnerTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "golden XXXXXX").string();
    if (mkdtemp(pattern.data()) != nullptr) root_ = pattern;
    std::filesystem::create_directory(root_ / "rng");
  }
  ~RunnerTest() override { std::filesystem::remove_all(root_); }

  void write_noise(const std::string& name, sagitta::io::Metadata metadata, float offset = 0) {
    sagitta::Array noise = sagitta::prepare_noise(123, {2, 4, 3, 5});
    noise[7] += offset;
    sagitta::StateDict tensors;
    tensors["any name"] = to_stored(std::move(noise));
    sagitta::io::write_safetensors(root_ / "rng" / name, tensors, metadata);
  }

  static sagitta::io::Metadata header() {
    return {
        {"what", "noise"},
        {"tolerance", "abs 1e-6"},
        {"params", R"({"cases": [{"key": "any name", "seed": "123", "shape": [2, 4, 3, 5]}]})"}};
  }

  // The counts as "passed failed skipped", and what was printed.
  std::string run(const std::filesystem::path& folder, const std::string& filter = {},
                  const std::vector<std::string>& except = {}) {
    testing::internal::CaptureStdout();
    const Counts counts = run_folder({.folder = folder, .filter = filter, .except = except});
    printed_ = testing::internal::GetCapturedStdout();
    return fmt::format("{} {} {}", counts.passed, counts.failed, counts.skipped);
  }

  std::filesystem::path root_;
  std::string printed_;
};

TEST_F(RunnerTest, PassesRightValuesWhateverTheFileIsCalled) {
  write_noise("some other name.safetensors", header());
  EXPECT_EQ(run(root_), "1 0 0");
  EXPECT_THAT(printed_, HasSubstr("PASS rng/some other name.safetensors (initial noise)"));
}

TEST_F(RunnerTest, FailsWrongValues) {
  write_noise("a.safetensors", header(), 1e-3F);
  EXPECT_EQ(run(root_), "0 1 0");
  EXPECT_THAT(printed_, HasSubstr("FAIL any name: error 0.001, allowed 1e-06"));
}

TEST_F(RunnerTest, FailsCasesWhoseHeaderLacksSomething) {
  sagitta::io::Metadata no_tolerance = header();
  no_tolerance.erase("tolerance");
  write_noise("a.safetensors", no_tolerance);
  sagitta::io::Metadata no_params = header();
  no_params.erase("params");
  write_noise("b.safetensors", no_params);
  sagitta::io::Metadata no_seed = header();
  no_seed["params"] = R"({"cases": [{"key": "any name", "shape": [2, 4, 3, 5]}]})";
  write_noise("c.safetensors", no_seed);
  sagitta::io::Metadata wrong_type = header();
  wrong_type["params"] = R"({"cases": 3})";
  write_noise("d.safetensors", wrong_type);
  EXPECT_EQ(run(root_), "0 4 0");
  EXPECT_THAT(printed_, HasSubstr("the header has no \"tolerance\""));
  EXPECT_THAT(printed_, HasSubstr("the header has no \"params\""));
  EXPECT_THAT(printed_, HasSubstr("there is no field \"seed\""));
  EXPECT_THAT(printed_, HasSubstr("there is no array \"cases\""));
}

TEST_F(RunnerTest, FailsBrokenFilesAndGoesOn) {
  sagitta::io::write_file(root_ / "rng" / "a.safetensors", "broken");
  sagitta::io::write_file(root_ / "rng" / "b.json", "{");
  write_noise("c.safetensors", header());
  EXPECT_EQ(run(root_), "1 2 0");
}

TEST_F(RunnerTest, SkipsUnknownKindsByName) {
  std::filesystem::create_directory(root_ / "unheard of");
  sagitta::io::write_file(root_ / "unheard of" / "a.json", "{}");
  EXPECT_EQ(run(root_), "0 0 1");
  EXPECT_THAT(printed_, HasSubstr("SKIP unheard of/a.json: no kind of case is known"));
}

TEST_F(RunnerTest, ListsInputsWithoutCountingThem) {
  std::filesystem::create_directory(root_ / "models");
  sagitta::io::write_safetensors(root_ / "models" / "m.safetensors", sagitta::StateDict{},
                                 {{"what", "a model"}});
  EXPECT_EQ(run(root_), "0 0 0");
  EXPECT_THAT(printed_, HasSubstr("input models/m.safetensors"));
}

TEST_F(RunnerTest, TakesOnePartOfTheDataAsFolder) {
  write_noise("a.safetensors", header());
  EXPECT_EQ(run(root_ / "rng"), "1 0 0");
}

TEST_F(RunnerTest, FilterIsAGlobOverRelativeNames) {
  write_noise("a.safetensors", header());
  write_noise("b.safetensors", header());
  EXPECT_EQ(run(root_, "rng/a*"), "1 0 0");
  EXPECT_EQ(run(root_, "*.safetensors"), "2 0 0");
  EXPECT_EQ(run(root_, "sigmas/*"), "0 0 0");
  EXPECT_EQ(run(root_, {}, {"rng/a*"}), "1 0 0");
  EXPECT_EQ(run(root_, "rng/*", {"sigmas/*", "rng/a*", "rng/b*"}), "0 0 0");
}

TEST_F(RunnerTest, RefusesAFolderThatIsNotThere) {
  EXPECT_THROW((void)run_folder({.folder = root_ / "none"}), sagitta::Error);
}

}  // namespace
}  // namespace golden
