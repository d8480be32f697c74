#include "cmd_nodes.h"
#include "cmd_run.h"
#include "exit_codes.h"
#include "graph/toy_nodes.h"
#include "run_prompt.h"
#include "sagitta/io/atomic_file.h"

#include <gmock/gmock.h>

#include <filesystem>

namespace sagitta::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(ExitCodes, AreThoseThatHelpStates) {
  EXPECT_EQ(exit_code(Fault::bad_input), 2);
  EXPECT_EQ(exit_code(Fault::bad_file), 3);
  EXPECT_EQ(exit_code(Fault::unsupported), 4);
  EXPECT_EQ(exit_code(Fault::out_of_memory), 5);
  EXPECT_EQ(exit_code(Fault::cancelled), 130);
  EXPECT_EQ(exit_code(Fault::internal), 1);
  for (const char* line :
       {"    0  done", "    2  bad input", "    3  bad file", "    5  out of memory", "  130  "}) {
    EXPECT_THAT(exit_code_help(), HasSubstr(line));
  }
}

TEST(ReportErrors, TurnsEveryExceptionIntoACode) {
  const Reporting reporting{.json = true};
  testing::internal::CaptureStdout();
  EXPECT_EQ(report_errors(reporting, [] {}), kOk);
  EXPECT_EQ(report_errors(reporting, [] { throw Error(Fault::bad_file, "broken"); }), kBadFile);
  EXPECT_EQ(report_errors(reporting, [] { throw std::bad_alloc(); }), kOutOfMemory);
  EXPECT_EQ(report_errors(reporting, [] { throw std::runtime_error("oops"); }), kInternal);
  const std::string out = testing::internal::GetCapturedStdout();
  EXPECT_THAT(out, HasSubstr(R"("fault": "bad_file")"));
  EXPECT_THAT(out, HasSubstr(R"("message": "broken")"));
  EXPECT_THAT(out, HasSubstr(R"("exit_code": 3)"));
}

class WorkflowFile : public testing::Test {
 protected:
  ~WorkflowFile() override { std::filesystem::remove(path_); }
  graph::Workflow read(std::string_view content) {
    io::write_file(path_, content);
    return read_workflow(path_, graph::toy::registry(), {});
  }
  Fault fault_of(std::string_view content) {
    try {
      read(content);
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr(path_.filename().string()));
      return error.fault();
    }
    return Fault::internal;
  }
  std::string message_of(std::string_view content) {
    try {
      read(content);
    } catch (const Error& error) {
      return error.what();
    }
    return {};
  }

  std::filesystem::path path_ = std::filesystem::path(testing::TempDir()) /
                                (std::string("workflow_file_") +
                                 testing::UnitTest::GetInstance()->current_test_info()->name());
};

TEST_F(WorkflowFile, MayBeJsonWhateverItIsCalled) {
  EXPECT_EQ(read(graph::toy::api_workflow().dump()).prompt.nodes().size(), 8U);
}

TEST_F(WorkflowFile, ThatIsBrokenIsABadFile) {
  EXPECT_EQ(fault_of("{\"1\": "), Fault::bad_file);
  EXPECT_EQ(fault_of("\x89PNG\r\n\x1a\n and then nothing"), Fault::bad_file);
  EXPECT_EQ(fault_of(""), Fault::bad_file);
}

TEST_F(WorkflowFile, CalledAPictureThatIsNoneIsNotTakenForBrokenJson) {
  path_ += ".PNG";
  EXPECT_EQ(fault_of("GIF89a"), Fault::bad_file);
  EXPECT_THAT(message_of("GIF89a"), HasSubstr("not a PNG picture"));
  EXPECT_EQ(read(graph::toy::api_workflow().dump()).prompt.nodes().size(), 8U);
}

TEST_F(WorkflowFile, ThatIsMissingIsABadFile) {
  EXPECT_THROW((void)read_workflow("/does/not/exist.json", graph::toy::registry(), {}), Error);
}

TEST(NodesCommand, DescribesInputsAndOutputs) {
  graph::toy::Services services;
  const graph::Registry registry = graph::toy::registry();
  const auto ref = graph::ServicesRef::to(services);
  const std::string text = node_text(*registry.find("KSampler"), ref);
  EXPECT_THAT(text, HasSubstr("seed                     INT 0 to 18446744073709551615, default 0"));
  EXPECT_THAT(text, HasSubstr("one of euler, heun"));
  EXPECT_THAT(node_text(*registry.find("CheckpointLoaderSimple"), ref),
              HasSubstr("one of a.safetensors, b.safetensors"));
  EXPECT_THAT(list_text(registry), HasSubstr("model/sampling\n  KSampler"));
}

}  // namespace
}  // namespace sagitta::cli
