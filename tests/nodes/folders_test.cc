#include "sagitta/nodes/folders.h"

#include "nodes/workspace.h"
#include "sagitta/base/error.h"

#include <gtest/gtest.h>

#include <fstream>

namespace sagitta::nodes {
namespace {

namespace fs = std::filesystem;

class Folders : public test::Workspace {
 protected:
  Folders() : Workspace("reference") {
    fs::create_directories(root_ / "models/checkpoints/sub");
    std::ofstream(root_ / "models/checkpoints/sub/a.safetensors") << "x";
    std::ofstream(root_ / "models/checkpoints/b.txt") << "x";
    std::ofstream(root_ / "outside.safetensors") << "x";
  }
};

TEST_F(Folders, ListsModelsByRelativeName) {
  EXPECT_EQ(list_models(services_, "checkpoints"), std::vector<std::string>{"sub/a.safetensors"});
  EXPECT_TRUE(list_models(services_, "loras").empty());
}

TEST_F(Folders, FindsNamesAndPathsAndNamesWhatItSearched) {
  EXPECT_EQ(find_model(services_, "checkpoints", "sub/a.safetensors"),
            root_ / "models/checkpoints/sub/a.safetensors");
  const std::string path = (root_ / "outside.safetensors").string();
  EXPECT_EQ(find_model(services_, "checkpoints", path), path);
  try {
    static_cast<void>(find_model(services_, "checkpoints", "nothing.safetensors"));
    FAIL() << "expected an error";
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::bad_input);
    EXPECT_NE(std::string(error.what()).find((root_ / "models/checkpoints").string()), std::string::npos);
  }
}

TEST_F(Folders, NamesTheFileThatWasProbablyMeant) {
  try {
    static_cast<void>(find_model(services_, "checkpoints", "sub/A.safetensor"));
    FAIL() << "expected an error";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("the nearest there is 'sub/a.safetensors'"),
              std::string::npos)
        << error.what();
  }
}

TEST_F(Folders, CountsOnFromThePicturesThatAreThere) {
  const fs::path out = root_ / "output";
  EXPECT_EQ(save_place(out, "sub/name_%width%", 64, 32).file_name(0), "name_64_00001_.png");
  std::ofstream(out / "sub/name_64_00007_.png") << "x";
  std::ofstream(out / "sub/name_64_other.png") << "x";
  const SavePlace place = save_place(out, "sub/name_%width%", 64, 32);
  EXPECT_EQ(place.file_name(1), "name_64_00009_.png");
  EXPECT_EQ(place.subfolder, "sub");
}

TEST_F(Folders, RefusesAPrefixThatLeadsOut) {
  for (const char* prefix : {"../x", "/etc/x", "a/../../x"}) {
    EXPECT_THROW(static_cast<void>(save_place(root_ / "output", prefix, 1, 1)), Error) << prefix;
  }
}

TEST_F(Folders, SaysWhyAFolderCannotBeMade) {
  try {
    static_cast<void>(save_place(root_ / "outside.safetensors", "x", 1, 1));
    FAIL() << "expected an error";
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::bad_file);
  }
}

}  // namespace
}  // namespace sagitta::nodes
