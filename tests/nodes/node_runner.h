// Runs single nodes on the tiny checkpoints of the golden data, as the executor does.
#pragma once

#include "nodes/workspace.h"
#include "sagitta/diffusion/model.h"
#include "sagitta/diffusion/sample.h"
#include "sagitta/diffusion/text_encoder.h"
#include "sagitta/diffusion/vae.h"
#include "sagitta/nodes/all.h"

#include <gmock/gmock.h>

namespace sagitta::nodes::test {

using Links = std::map<std::string, std::any, std::less<>>;

class NodeRunner : public Workspace {
 protected:
  using Workspace::Workspace;

  // The outputs of a node; widgets that `literals` leaves out have their defaults.
  std::vector<std::any> run(const std::string& id, const Json& literals, Links links = {}) {
    const graph::NodeDef* node = registry_.find(id);
    if (node == nullptr) throw Error(Fault::internal, "no node " + id);
    graph::NodeCall call{.class_type = id, .links = std::move(links)};
    call.services = graph::ServicesRef::to(services_);
    call.prompt = {{"1", {{"class_type", id}}}};
    call.extra_pnginfo = {{"workflow", {{"nodes", Json::array()}}}};
    for (const graph::Input& input : node->inputs) {
      if (const Json* value = input.option("default")) {
        call.literals[input.name] = *value;
      } else if (input.type == graph::kCombo) {
        const auto choices = graph::choices_of(input, call.services);
        if (!choices.empty()) call.literals[input.name] = choices.front();
      }
    }
    for (const auto& [name, value] : literals.items()) {
      EXPECT_NE(node->find_input(name), nullptr) << id << " has no input " << name;
      call.literals[name] = value;
    }
    return node->run(call).values;
  }
  template <class T>
  T run_for(const std::string& id, const Json& literals, Links links = {}, std::size_t output = 0) {
    return std::any_cast<T>(run(id, literals, std::move(links)).at(output));
  }

  static std::string golden(const std::string& path) {
    return std::string(SAGITTA_GOLDEN_DIR) + "/" + path;
  }
  struct Loaded {
    Model model;
    Clip clip;
    Vae vae;
  };
  Loaded load(const std::string& path) {
    auto values = run("CheckpointLoaderSimple", {{"ckpt_name", path}});
    return {std::any_cast<Model>(values.at(0)), std::any_cast<Clip>(values.at(1)),
            std::any_cast<Vae>(values.at(2))};
  }

  // A picture of two steps at 64x48 pixels.
  Array draw(const Loaded& parts) {
    const auto encode = [&](const char* text) {
      return run_for<Conditioning>("CLIPTextEncode", {{"text", text}}, {{"clip", parts.clip}});
    };
    const Latent empty{.samples = Array({1, 4, 6, 8})};
    const auto latent = run_for<Latent>(
        "KSampler",
        {{"seed", 7}, {"steps", 2}, {"cfg", 5}, {"sampler_name", "euler"}, {"scheduler", "normal"}},
        {{"model", parts.model},
         {"positive", encode("a (cat:1.3)")},
         {"negative", encode("blurry")},
         {"latent_image", empty}});
    return run_for<Array>("VAEDecode", Json::object(), {{"samples", latent}, {"vae", parts.vae}});
  }

  static bool equal(const Array& a, const Array& b) {
    return a.shape() == b.shape() &&
           std::equal(a.values().begin(), a.values().end(), b.values().begin());
  }

  graph::Registry registry_ = all_nodes();
};

}  // namespace sagitta::nodes::test
