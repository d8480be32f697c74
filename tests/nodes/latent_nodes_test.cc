// The nodes that change latents, with their defaults and with odd inputs.
#include "nodes/workspace.h"
#include "sagitta/base/error.h"
#include "sagitta/diffusion/from_checkpoint.h"
#include "sagitta/diffusion/sample.h"
#include "sagitta/diffusion/vae_tiled.h"
#include "sagitta/io/file.h"
#include "sagitta/io/safetensors.h"
#include "sagitta/nodes/all.h"
#include "support/toy_model.h"

#include <gmock/gmock.h>

#include <fstream>
#include <numeric>

namespace sagitta::nodes {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// A latent of one channel whose cells are counted from 1.
Latent counted(std::int64_t height, std::int64_t width) {
  Latent latent{.samples = Array({1, 1, height, width})};
  std::iota(latent.samples.values().begin(), latent.samples.values().end(), 1.0F);
  return latent;
}

class LatentNodesTest : public test::Workspace {
 protected:
  LatentNodesTest() : Workspace("reference") { fs::create_directories(root_ / "input"); }

  // Runs a node; widgets that `literals` leaves out have their defaults.
  graph::NodeResult run(const std::string& id, const Json& literals,
                        std::map<std::string, std::any, std::less<>> links) {
    const graph::NodeDef* const node = registry_.find(id);
    graph::NodeCall call{.class_type = id, .links = std::move(links)};
    call.services = graph::ServicesRef::to(services_);
    call.prompt = Json{{"1", {{"class_type", id}}}};
    for (const graph::Input& input : node->inputs) {
      if (!input.is_widget()) continue;
      const Json* const value = input.option("default");
      if (value != nullptr) {
        call.literals[input.name] = *value;
      } else if (const auto choices = graph::choices_of(input, call.services); !choices.empty()) {
        call.literals[input.name] = choices.front();
      }
    }
    if (literals.is_object()) call.literals.update(literals);  // {} is null
    return node->run(call);
  }
  Latent one(const std::string& id, const Json& literals, const Latent& samples) {
    return std::any_cast<Latent>(run(id, literals, {{"samples", samples}}).values.at(0));
  }
  Latent two(const std::string& id, const Json& literals, const Latent& a, const Latent& b) {
    return std::any_cast<Latent>(
        run(id, literals, {{"samples1", a}, {"samples2", b}}).values.at(0));
  }
  template <class Fn>
  static std::string error_of(Fault fault, const Fn& fn) {
    try {
      static_cast<void>(fn());
    } catch (const Error& error) {
      EXPECT_EQ(error.fault(), fault) << error.what();
      return error.what();
    }
    return "no error";
  }

  graph::Registry registry_ = all_nodes();
};

TEST_F(LatentNodesTest, UpscaleKeepsTheProportionsOfAMissingSide) {
  const Json method{{"upscale_method", "bilinear"}};
  const auto shape = [&](std::int64_t width, std::int64_t height) {
    Json literals = method;
    literals.update({{"width", width}, {"height", height}});
    return one("LatentUpscale", literals, counted(12, 16)).samples.shape();
  };
  EXPECT_EQ(shape(0, 0), (Shape{1, 1, 12, 16}));
  EXPECT_EQ(shape(0, 200), (Shape{1, 1, 25, 33}));  // 16 * 200 / 12 = 266.7 pixels
  EXPECT_EQ(shape(200, 0), (Shape{1, 1, 18, 25}));
  EXPECT_EQ(shape(8, 8), (Shape{1, 1, 8, 8}));  // at least 64 pixels
}

TEST_F(LatentNodesTest, UpscaleRefusesSizesThatAreNone) {
  const auto scaled = [&](const Latent& latent, double factor) {
    return error_of(Fault::bad_input, [&] {
      return one("LatentUpscaleBy", {{"scale_by", factor}}, latent);
    });
  };
  EXPECT_THAT(scaled(counted(1, 1), 0.01), HasSubstr("1x1 cells cannot be resized to 0x0"));
  const Latent large{.samples = Array({1, 1, 1, 1 << 25})};
  EXPECT_THAT(scaled(large, 8), HasSubstr("more than the"));
  EXPECT_EQ(one("LatentUpscaleBy", {{"scale_by", 1.5}}, counted(1, 1)).samples.shape(),
            (Shape{1, 1, 2, 2}));
}

TEST_F(LatentNodesTest, CropStaysInTheLatent) {
  const Latent latent = counted(16, 20);
  const auto cropped = [&](const Latent& from, std::int64_t x, std::int64_t width) {
    return one("LatentCrop", {{"x", x}, {"width", width}, {"y", 0}, {"height", 64}}, from);
  };
  EXPECT_EQ(cropped(latent, 40, 64).samples.shape(), (Shape{1, 1, 8, 8}));
  EXPECT_EQ(cropped(latent, 40, 64).samples[0], 6);
  EXPECT_EQ(cropped(latent, 144, 64).samples[0], 13);  // the last 8 of 20 columns
  EXPECT_EQ(cropped(latent, 0, 16384).samples.dim(3), 20);
  EXPECT_EQ(cropped(counted(1, 1), 0, 64).samples.shape(), (Shape{1, 1, 1, 1}));
  EXPECT_EQ(cropped(counted(4, 3), 64, 64).samples.shape(), (Shape{1, 1, 4, 3}));
  EXPECT_EQ(cropped(counted(8, 6), 0, 64).samples.dim(3), 2);  // -2 counts from the end
}

TEST_F(LatentNodesTest, RotateAndFlipTurnTheSamplesAlone) {
  Latent latent = counted(1, 2);
  latent.noise_mask = Array({1, 1, 8, 16});
  const Latent turned = one("LatentRotate", {{"rotation", "90 degrees"}}, latent);
  EXPECT_EQ(turned.samples.shape(), (Shape{1, 1, 2, 1}));
  EXPECT_EQ(turned.noise_mask->shape(), (Shape{1, 1, 8, 16}));
  EXPECT_THAT(one("LatentFlip", {{"flip_method", "y-axis: horizontally"}}, latent).samples.values(),
              ElementsAre(2, 1));
  EXPECT_THAT(one("LatentFlip", {{"flip_method", "x-axis: vertically"}}, latent).samples.values(),
              ElementsAre(1, 2));
}

TEST_F(LatentNodesTest, ArithmeticKeepsWhatBelongsToTheFirst) {
  Latent first = counted(1, 2);
  first.batch_index = {5};
  const Latent sum = two("LatentAdd", {}, first, counted(1, 2));
  EXPECT_THAT(sum.samples.values(), ElementsAre(2, 4));
  EXPECT_THAT(sum.batch_index, ElementsAre(5));
  EXPECT_THAT(two("LatentSubtract", {}, first, first).samples.values(), ElementsAre(0, 0));
  EXPECT_THAT(one("LatentMultiply", {{"multiplier", -2}}, first).samples.values(),
              ElementsAre(-2, -4));
  EXPECT_THAT(two("LatentBlend", {{"blend_factor", 0.25}}, counted(1, 1),
                  {.samples = Array({1, 1, 1, 1}, 5)})
                  .samples.values(),
              ElementsAre(4));
}

TEST_F(LatentNodesTest, EveryNodeOfTwoLatentsRefusesOtherChannels) {
  const Latent other{.samples = Array({1, 16, 1, 2})};
  for (const char* id : {"LatentAdd", "LatentSubtract", "LatentInterpolate", "LatentBatch",
                         "LatentBlend", "LatentConcat"}) {
    EXPECT_NE(error_of(Fault::bad_input, [&] { return two(id, {}, counted(1, 2), other); }),
              "no error")
        << id;
  }
  for (const char* id : {"LatentComposite", "LatentCompositeMasked"}) {
    EXPECT_THAT(error_of(Fault::bad_input,
                         [&] {
                           return run(id, {},
                                      {{"samples_to", counted(1, 2)},
                                       {"samples_from", other},
                                       {"destination", counted(1, 2)},
                                       {"source", other}});
                         }),
                HasSubstr("16 channels cannot be laid onto one of 1"))
        << id;
  }
}

TEST_F(LatentNodesTest, NoNodeTakesALatentOfAnotherForm) {
  const Latent video{.samples = Array({1, 4, 2, 3, 3})};
  EXPECT_THAT(error_of(Fault::bad_input, [&] { return one("LatentFlip", {}, video); }),
              HasSubstr("input \"samples\" has the shape (batch, channels, height, width)"));
  EXPECT_THAT(error_of(Fault::bad_input, [&] { return one("LatentCut", {}, Latent{}); }),
              HasSubstr("got 0"));
}

TEST_F(LatentNodesTest, ConcatJoinsEitherWayRound) {
  const Latent a = counted(1, 1);
  const Latent b{.samples = Array({1, 1, 1, 1}, 7)};
  const auto joined = [&](const char* dim) {
    return two("LatentConcat", {{"dim", dim}}, a, b).samples;
  };
  EXPECT_EQ(joined("x").shape(), (Shape{1, 1, 1, 2}));
  EXPECT_THAT(joined("x").values(), ElementsAre(1, 7));
  EXPECT_THAT(joined("-x").values(), ElementsAre(7, 1));
  EXPECT_EQ(joined("y").shape(), (Shape{1, 1, 2, 1}));
  EXPECT_EQ(joined("-t").shape(), (Shape{1, 2, 1, 1}));
}

TEST_F(LatentNodesTest, CutTakesWhatIsThere) {
  const auto cut = [&](std::int64_t index, std::int64_t amount) {
    return one("LatentCut", {{"dim", "x"}, {"index", index}, {"amount", amount}}, counted(1, 4))
        .samples;
  };
  EXPECT_THAT(cut(1, 2).values(), ElementsAre(2, 3));
  EXPECT_THAT(cut(-2, 9).values(), ElementsAre(3, 4));
  EXPECT_THAT(cut(-9, 1).values(), ElementsAre(1));
  EXPECT_THAT(cut(9, 9).values(), ElementsAre(4));
}

TEST_F(LatentNodesTest, CutToBatchMakesItemsOfSlices) {
  Latent latent = counted(1, 5);
  latent.batch_index = {0};
  const Latent slices = one("LatentCutToBatch", {{"dim", "x"}, {"slice_size", 2}}, latent);
  EXPECT_EQ(slices.samples.shape(), (Shape{2, 1, 1, 2}));
  EXPECT_THAT(slices.samples.values(), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(slices.batch_index, IsEmpty());
  EXPECT_EQ(one("LatentCutToBatch", {{"dim", "x"}, {"slice_size", 99}}, latent).samples.shape(),
            (Shape{1, 1, 1, 5}));
  EXPECT_EQ(one("LatentCutToBatch", {{"dim", "t"}}, latent).samples.shape(), (Shape{1, 1, 1, 5}));
}

TEST_F(LatentNodesTest, BatchJoinsWhatIsLinkedAndNothingElse) {
  const Latent joined = std::any_cast<Latent>(
      run("BatchLatentsNode", {},
          {{"latents.latent0", Latent{.samples = Array({1, 4, 2, 2})}},
           {"latents.latent3", Latent{.samples = Array({2, 4, 2, 2})}}})
          .values.at(0));
  EXPECT_EQ(to_string(joined.samples.shape()), "3x4x2x2");
}

TEST_F(LatentNodesTest, RebatchTakesAListOrOneLatent) {
  const auto sizes = [&](std::any latents) {
    std::vector<std::int64_t> all;
    const graph::NodeResult result =
        run("RebatchLatents", {{"batch_size", 2}}, {{"latents", latents}});
    for (const std::any& batch : std::any_cast<graph::List>(result.values.at(0))) {
      all.push_back(std::any_cast<const Latent&>(batch).samples.dim(0));
    }
    return all;
  };
  const Latent three{.samples = Array({3, 4, 1, 1})};
  EXPECT_THAT(sizes(three), ElementsAre(2, 1));
  EXPECT_THAT(sizes(graph::List{three, three}), ElementsAre(2, 2, 2));
  EXPECT_THAT(sizes(graph::List{}), IsEmpty());
  EXPECT_THAT(error_of(Fault::bad_input, [&] { return sizes(graph::List{1}); }),
              HasSubstr("something else than latents"));
}

TEST_F(LatentNodesTest, SeedBehaviorGivesOrTakesTheSharedNoise) {
  const Latent fixed = one("LatentBatchSeedBehavior", {}, {.samples = Array({2, 4, 1, 1})});
  EXPECT_THAT(fixed.batch_index, ElementsAre(0, 0));
  EXPECT_THAT(one("LatentBatchSeedBehavior", {{"seed_behavior", "random"}}, fixed).batch_index,
              IsEmpty());
}

TEST_F(LatentNodesTest, WhatIsSavedIsLoaded) {
  const Latent latent = counted(2, 3);
  const graph::NodeResult saved = run("SaveLatent", {}, {{"samples", latent}});
  const Json& file = saved.ui.at("latents").at(0);
  EXPECT_EQ(
      file,
      (Json{{"filename", "ComfyUI_00001_.latent"}, {"subfolder", "latents"}, {"type", "output"}}));
  const fs::path path = root_ / "output/latents/ComfyUI_00001_.latent";
  EXPECT_EQ(Json::parse(io::open_safetensors(path).metadata.at("prompt")).at("1").at("class_type"),
            "SaveLatent");
  fs::copy(path, root_ / "input/a.latent");
  const graph::NodeDef* const load = registry_.find("LoadLatent");
  EXPECT_THAT(graph::choices_of(load->inputs.at(0), graph::ServicesRef::to(services_)),
              ElementsAre("a.latent"));
  const auto loaded =
      std::any_cast<Latent>(run("LoadLatent", {{"latent", "a.latent"}}, {}).values.at(0));
  EXPECT_EQ(loaded.samples.shape(), latent.samples.shape());
  EXPECT_TRUE(std::ranges::equal(loaded.samples.values(), latent.samples.values()));
  run("SaveLatent", {}, {{"samples", latent}});
  EXPECT_TRUE(fs::exists(root_ / "output/latents/ComfyUI_00002_.latent"));
}

TEST_F(LatentNodesTest, OlderFilesAreInTheScaleOfTheNetwork) {
  io::write_safetensors(root_ / "input/old.latent",
                        {{"latent_tensor", to_stored(Array({1, 1, 1, 1}, 0.18215F))}});
  const auto loaded =
      std::any_cast<Latent>(run("LoadLatent", {{"latent", "old.latent"}}, {}).values.at(0));
  EXPECT_NEAR(loaded.samples[0], 1, 1e-6F);
}

TEST_F(LatentNodesTest, FilesThatHoldNoLatentAreRefusedInWords) {
  const auto load = [&](Fault fault) {
    return error_of(fault, [&] { return run("LoadLatent", {{"latent", "bad.latent"}}, {}); });
  };
  const fs::path path = root_ / "input/bad.latent";
  EXPECT_THAT(load(Fault::bad_input), HasSubstr("bad.latent"));
  io::write_safetensors(path, {{"other", to_stored(Array({1, 1, 1, 1}))}});
  EXPECT_THAT(load(Fault::bad_file), HasSubstr("no tensor \"latent_tensor\""));
  for (const Shape& shape : {Shape{4, 4}, Shape{1, 4, 0, 4}, Shape{1, 4, 2, 2, 2}}) {
    io::write_safetensors(path, {{"latent_tensor", to_stored(Array(shape))}});
    EXPECT_THAT(load(Fault::bad_file), HasSubstr("expected (batch, channels, height, width)"));
  }
  std::ofstream(path) << "not a latent";
  EXPECT_NE(load(Fault::bad_file), "no error");
}

TEST_F(LatentNodesTest, ADualModelGuiderNeedsANegative) {
  const Model model = sagitta::test::toy_model(*device_);
  const std::map<std::string, std::any, std::less<>> links{{"model", model},
                                                           {"positive", sagitta::test::toy_prompt(1)}};
  EXPECT_THAT(error_of(Fault::bad_input, [&] { return run("DualModelGuider", {}, links); }),
              HasSubstr("without a negative conditioning cfg has to be 1, got 4"));
  EXPECT_EQ(run("DualModelGuider", {{"cfg", 1}}, links).values.size(), 1U);
}

class TiledVaeNodesTest : public LatentNodesTest {
 protected:
  std::unique_ptr<Device> cpu_ = open_device("cpu");
  models::Checkpoint checkpoint_ =
      models::load_checkpoint(std::string(SAGITTA_GOLDEN_DIR) + "/models/tiny-sd1.safetensors",
                              {.compute = *cpu_, .text = *cpu_});
  Vae vae_ = *make_vae(*cpu_, checkpoint_);
};

TEST_F(TiledVaeNodesTest, DecodesWithTilesInPixels) {
  Latent latent{.samples = Array({1, 4, 10, 6})};
  std::iota(latent.samples.values().begin(), latent.samples.values().end(), -100.0F);
  latent.samples *= 0.01F;
  const auto decoded =
      std::any_cast<Array>(run("VAEDecodeTiled", {{"tile_size", 64}, {"overlap", 64}},
                               {{"samples", latent}, {"vae", vae_}})
                               .values.at(0));
  // The overlap is cut to a quarter of the tile: 16 pixels, 2 cells.
  const Array expected =
      decode_tiled(vae_, latent.samples, {.width = 8, .height = 8, .overlap = 2});
  EXPECT_TRUE(std::ranges::equal(decoded.values(), expected.values()));
}

TEST_F(TiledVaeNodesTest, AnOverlapThatLeavesNoStepBecomesAQuarter) {
  Array pixels({1, 72, 96, 3});
  for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<float>(i % 97) / 97;
  const auto encoded = [&](std::int64_t overlap) {
    return std::any_cast<Latent>(run("VAEEncodeTiled", {{"tile_size", 64}, {"overlap", overlap}},
                                     {{"pixels", pixels}, {"vae", vae_}})
                                     .values.at(0))
        .samples;
  };
  const Array expected = encode_tiled(vae_, pixels, {.width = 64, .height = 64, .overlap = 16});
  EXPECT_TRUE(std::ranges::equal(encoded(64).values(), expected.values()));
  EXPECT_TRUE(std::ranges::equal(encoded(16).values(), expected.values()));
}

}  // namespace
}  // namespace sagitta::nodes
