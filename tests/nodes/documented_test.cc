// docs/conformance.md names everything that there is.
#include "sagitta/io/file.h"
#include "sagitta/nodes/all.h"

#include <gmock/gmock.h>

#include <filesystem>

namespace sagitta::nodes {
namespace {

using testing::HasSubstr;

TEST(Conformance, TheDocumentNamesEveryNode) {
  const std::string text =
      io::read_file(std::filesystem::path(SAGITTA_DOCS_DIR) / "conformance.md");
  const graph::Registry registry = all_nodes();
  for (const graph::NodeDef& node : registry.nodes()) {
    EXPECT_THAT(text, HasSubstr("`" + node.id + "`"));
  }
}

}  // namespace
}  // namespace sagitta::nodes
