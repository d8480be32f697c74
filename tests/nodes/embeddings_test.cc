#include "sagitta/nodes/embeddings.h"

#include "nodes/node_runner.h"
#include "sagitta/io/atomic_file.h"

namespace sagitta::nodes {
namespace {

class EmbeddingsTest : public test::NodeRunner {};

TEST_F(EmbeddingsTest, PickledFilesAreLeftOutWithAWordOnWhatToDo) {
  const auto folder = root_ / "models/embeddings";
  std::filesystem::create_directories(folder);
  io::write_file(folder / "old.pt", std::string_view("PK\x03\x04 and what torch.save writes"));
  for (const char* name : {"old", "old.pt"}) {
    SCOPED_TRACE(name);
    testing::internal::CaptureStderr();
    EXPECT_EQ(embedding_finder(services_)(name, "clip_l", 32), nullptr);
    EXPECT_THAT(testing::internal::GetCapturedStderr(),
                testing::AllOf(testing::HasSubstr("old.pt"), testing::HasSubstr("pickled"),
                               testing::HasSubstr("convert it to safetensors")));
  }
}

}  // namespace
}  // namespace sagitta::nodes
