// The nodes that resize, lay together, turn and calculate with latents.
#include "golden_runner/kinds.h"
#include "golden_runner/name_parts.h"
#include "golden_runner/node_call.h"
#include "sagitta/diffusion/guidance/latent_operation.h"
#include "sagitta/diffusion/sample.h"

#include <algorithm>
#include <optional>

namespace golden {
namespace {

using sagitta::Array;
using sagitta::Fault;
using sagitta::Json;
using sagitta::Latent;
using sagitta::LatentOperation;
using sagitta::require;

// "latent0/200x120/bicubic/center", "latent0/by1.3/bislerp".
bool is_upscale(const GoldenFile& file) {
  return file.folder == "images" && file.has_prefix("latent") && !file.has("a");
}

void check_upscale(const GoldenFile& file, Context& context, const std::string& name,
                   Report& report) {
  const auto parts = name_parts(name);
  const Links links{{"samples", Latent{.samples = file.array(std::string(parts[0]))}}};
  Json literals{{"upscale_method", parts.at(2)}};
  const bool by_factor = parts[1].starts_with("by");
  if (by_factor) {
    literals["scale_by"] = number_in(parts[1], "by");
  } else {
    const std::size_t cross = parts[1].find('x');
    require(cross != std::string_view::npos && parts.size() == 4, Fault::bad_file,
            "\"{}\" names no size and cut", name);
    literals["width"] = integer_in(parts[1], "");
    literals["height"] = integer_in(parts[1].substr(cross + 1), "");
    literals["crop"] = parts[3];
  }
  report.check(name,
               run_node_for<Latent>(context, by_factor ? "LatentUpscaleBy" : "LatentUpscale",
                                    literals, links)
                   .samples,
               file.array(name), file.tolerances().first());
}

void run_upscales(const GoldenFile& file, Context& context, Report& report) {
  for (const auto& [name, tensor] : file.tensors) {
    if (name.find('/') == std::string::npos) continue;  // an input
    report.attempt(name, [&, &name = name] { check_upscale(file, context, name, report); });
  }
}

bool is_operations(const GoldenFile& file) {
  return file.folder == "images" && file.has("a") && file.has("b") && file.has_prefix("composite/");
}

// One case: the node, its literals, and what is linked, by the names of tensors.
struct Case {
  std::string node;
  Json literals = Json::object();
  std::vector<std::pair<std::string, std::string>> latents;
};

class Operations {
 public:
  Operations(const GoldenFile& file, Context& context)
      : file_(file), context_(context), params_(file.params()) {}

  void check(const std::string& name, Report& report) const {
    const Array expected = file_.array(name);
    report.check(name, result(name), expected, file_.tolerances().first());
  }

 private:
  [[nodiscard]] Array result(const std::string& name) const {
    const auto parts = name_parts(name);
    if (const auto operation = operation_of(name)) {
      return run({.node = "LatentApplyOperation", .latents = {{"samples", "a"}}},
                 {{"operation", *operation}});
    }
    if (parts[0] == "composite") return run(composite(parts.at(1)), {});
    if (parts[0] == "composite_masked") {
      return run(composite_masked(parts.at(1)), {{"mask", file_.array("mask")}});
    }
    if (parts[0] == "composite_masked_nomask") return run(composite_masked(parts.at(1)), {});
    return run(plain(name), {});
  }

  [[nodiscard]] Array run(const Case& one, Links links) const {
    for (const auto& [input, tensor] : one.latents) {
      links[input] = Latent{.samples = file_.array(tensor)};
    }
    return run_node_for<Latent>(context_, one.node, one.literals, std::move(links)).samples;
  }

  static Case composite(std::string_view part) {
    return {.node = "LatentComposite",
            .literals = {{"x", integer_in(part, "x")},
                         {"y", integer_in(part, "y")},
                         {"feather", integer_in(part, "f")}},
            .latents = {{"samples_to", "a"}, {"samples_from", "b"}}};
  }

  static Case composite_masked(std::string_view part) {
    return {.node = "LatentCompositeMasked",
            .literals = {{"x", integer_in(part, "x")},
                         {"y", integer_in(part, "y")},
                         {"resize_source", integer_in(part, "resize") != 0}},
            .latents = {{"destination", "a"}, {"source", "b"}}};
  }

  // Cases whose parameters are in the header.
  [[nodiscard]] Case plain(const std::string& name) const {
    const std::vector<std::pair<std::string, std::string>> both{{"samples1", "a"},
                                                                {"samples2", "b"}};
    if (name.starts_with("blend")) {
      return {"LatentBlend", {{"blend_factor", number("blend_factor")}}, both};
    }
    if (name == "interpolate_b2") {  // "a2 with a, 0.6"
      return {"LatentInterpolate",
              {{"ratio", number_in(sentence(name), "a_")}},
              {{"samples1", "a2"}, {"samples2", "a"}}};
    }
    if (name.starts_with("interpolate")) {
      return {"LatentInterpolate", {{"ratio", number("interpolate")}}, both};
    }
    if (name.starts_with("add")) return {"LatentAdd", Json::object(), both};
    if (name.starts_with("subtract")) return {"LatentSubtract", Json::object(), both};
    if (name.starts_with("batch")) return {"LatentBatch", Json::object(), both};
    const std::vector<std::pair<std::string, std::string>> one{{"samples", "a"}};
    if (name.starts_with("multiply")) {
      return {"LatentMultiply", {{"multiplier", number("multiply")}}, one};
    }
    if (name.starts_with("rotate")) {
      return {"LatentRotate",
              {{"rotation", fmt::format("{} degrees", integer_in(name, "rotate"))}},
              one};
    }
    if (name == "flip_x") {
      return {"LatentFlip", {{"flip_method", "x-axis: vertically"}}, one};
    }
    if (name == "flip_y") {
      return {"LatentFlip", {{"flip_method", "y-axis: horizontally"}}, one};
    }
    if (name.starts_with("from_batch")) {  // "index 1, length 3 of a2"
      return {"LatentFromBatch",
              {{"batch_index", integer_in(sentence(name), "index_")},
               {"length", integer_in(sentence(name), "length_")}},
              {{"samples", "a2"}}};
    }
    if (name.starts_with("crop")) return crop(name);
    throw sagitta::Error(Fault::bad_file, fmt::format("no recipe is known for \"{}\"", name));
  }

  // "width 64, height 80, x 40, y 24; crop_edge x 144, y 120": what a clause leaves out is as
  // before.
  [[nodiscard]] Case crop(const std::string& name) const {
    Case made{.node = "LatentCrop", .latents = {{"samples", "a"}}};
    std::string text = sentence("crop");
    if (name != "crop") {
      const std::size_t own = text.find(name + "_");
      require(own != std::string::npos, Fault::bad_file, "the header says nothing of \"{}\"", name);
      text = text.substr(own) + "_" + text.substr(0, own);
    }
    for (const char* key : {"width", "height", "x", "y"}) {
      made.literals[key] = integer_in(text, std::string(key) + "_");
    }
    return made;
  }

  [[nodiscard]] std::optional<LatentOperation> operation_of(const std::string& name) const {
    constexpr std::string_view kTonemap = "tonemap_reinhard_";
    if (name.starts_with(kTonemap)) {
      return run_node_for<LatentOperation>(context_, "LatentOperationTonemapReinhard",
                                           {{"multiplier", number_in(name, kTonemap)}}, {});
    }
    if (!name.starts_with("sharpen_")) return std::nullopt;
    const Json literals{{"sharpen_radius", integer_in(name, "r")},
                        {"sigma", number_in(name, "s")},
                        {"alpha", number_in(name, "a")}};
    return run_node_for<LatentOperation>(context_, "LatentOperationSharpen", literals, {});
  }

  [[nodiscard]] double number(const char* key) const { return field<double>(params_, key); }

  // A sentence of the header as a part of a name: "index_1__length_3_of_a2".
  [[nodiscard]] std::string sentence(const std::string& key) const {
    std::string text = field<std::string>(params_, key);
    std::ranges::replace_if(
        text, [](char c) { return c == ' ' || c == ',' || c == ';'; }, '_');
    return text;
  }

  const GoldenFile& file_;
  Context& context_;
  Json params_;
};

void run_operations(const GoldenFile& file, Context& context, Report& report) {
  const Operations operations(file, context);
  for (const auto& [name, tensor] : file.tensors) {
    if (name == "a" || name == "b" || name == "a2" || name == "mask") continue;
    report.attempt(name, [&, &name = name] { operations.check(name, report); });
  }
}

}  // namespace

const Kind kLatentUpscaleKind{
    .name = "resized latents", .matches = is_upscale, .run = run_upscales};
const Kind kLatentOperationsKind{
    .name = "latent nodes", .matches = is_operations, .run = run_operations};

}  // namespace golden
