// Adapters that do not belong to the model, or are broken: one sentence each, and nothing changes.
#include "nodes/node_runner.h"
#include "sagitta/io/atomic_file.h"
#include "sagitta/io/file.h"
#include "sagitta/io/safetensors.h"

namespace sagitta::nodes {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr const char* kModule = "lora_unet_mid_block_attentions_0_transformer_blocks_0_attn1_to_q";

class BadAdapterTest : public test::NodeRunner {
 protected:
  BadAdapterTest() { std::filesystem::create_directories(root_); }

  std::string write(const StateDict& tensors) {
    io::write_safetensors(path_, tensors);
    return path_;
  }
  // The message of the error; both values that were given are still what they were.
  std::string error_of(const std::string& lora, Fault expected) {
    const Array before = draw(base_);
    std::string message = "no error";
    try {
      run("LoraLoader", {{"lora_name", lora}}, {{"model", base_.model}, {"clip", base_.clip}});
    } catch (const Error& error) {
      EXPECT_EQ(error.fault(), expected) << error.what();
      message = error.what();
    }
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
    EXPECT_FALSE(base_.model.unet.weights().edited());
    EXPECT_TRUE(equal(draw(base_), before));
    return message;
  }

  std::string path_ = (root_ / "bad.safetensors").string();
  Loaded base_ = load(golden("models/tiny-sd1.safetensors"));
};

TEST_F(BadAdapterTest, OfAnotherKindOfModel) {
  EXPECT_THAT(
      error_of(golden("lora/files/tiny-sdxl_kohya_diffusers_names.safetensors"), Fault::bad_file),
      HasSubstr("made for another"));
}

TEST_F(BadAdapterTest, WithoutItsLowerHalf) {
  EXPECT_THAT(
      error_of(write({{std::string(kModule) + ".lora_up.weight", to_stored(Array({64, 4}))}}),
               Fault::bad_file),
      AllOf(HasSubstr(path_), HasSubstr(kModule), HasSubstr("lora_down")));
}

TEST_F(BadAdapterTest, WithTwoRanks) {
  EXPECT_THAT(
      error_of(write({{std::string(kModule) + ".lora_up.weight", to_stored(Array({64, 4}))},
                      {std::string(kModule) + ".lora_down.weight", to_stored(Array({3, 64}))}}),
               Fault::bad_file),
      AllOf(HasSubstr(path_), HasSubstr(kModule), HasSubstr("4 and 3")));
}

TEST_F(BadAdapterTest, ThatIsNone) {
  EXPECT_THAT(error_of(golden("models/tiny-sd1.safetensors"), Fault::bad_file),
              HasSubstr("no adapter"));
}

TEST_F(BadAdapterTest, CutShort) {
  std::string bytes = io::read_file(golden("lora/files/tiny-sd1_dora.safetensors"));
  bytes.resize(bytes.size() - 100);
  io::write_file(path_, std::string_view(bytes));
  EXPECT_THAT(error_of(path_, Fault::bad_file), AllOf(HasSubstr(path_), HasSubstr("truncated")));
  bytes.resize(40);
  io::write_file(path_, std::string_view(bytes));
  EXPECT_THAT(error_of(path_, Fault::bad_file), AllOf(HasSubstr(path_), HasSubstr("truncated")));
}

TEST_F(BadAdapterTest, ThatIsAPickle) {
  io::write_file(path_, std::string_view("PK\x03\x04 and what torch.save writes"));
  EXPECT_THAT(error_of(path_, Fault::bad_file), AllOf(HasSubstr(path_), HasSubstr("pickled"),
                                                      HasSubstr("convert it to safetensors")));
}

TEST_F(BadAdapterTest, ThatIsNotThere) {
  EXPECT_THAT(error_of("nothing.safetensors", Fault::bad_input), HasSubstr("nothing.safetensors"));
}

}  // namespace
}  // namespace sagitta::nodes
