#include "sagitta/insight/report.h"

namespace sagitta::insight {

Json header_of(const InsightRecord& record) {
  Json texts = Json::array();
  if (!record.steps.empty()) {
    for (const TextMaps& text : record.steps.front().texts) texts.push_back(text.labels);
  }
  Json self = Json::array();
  if (!record.steps.empty()) {
    for (const AttnSite& site : layers_of(record.steps.front())) self.push_back(name_of(site));
  }
  return {
      {"latent", {{"height", record.height}, {"width", record.width}}},
      {"query", {{"x", record.query_x}, {"y", record.query_y}}},
      {"layers",
       {{"self_attention", self},
        {"query", name_of(kInsightSite)},
        {"cross_attention", record.text_layers}}},
      {"words", texts},
      {"meaning",
       {{"attention",
         "attention that each cell receives from the tokens of attention_of, summed "
         "over queries, mean over heads and layers; its mean over tokens is 1"},
        {"mask", "1 where the attention is above SAG's threshold and the prediction is blurred"},
        {"effect", "|x0 - prediction of the degraded|, mean over latent channels"},
        {"query", "softmax(q k^T / sqrt(d)) of the token at the query point, mean over heads"},
        {"words",
         "softmax(q k^T / sqrt(d)) of every cell for each word, and for begin, end and "
         "padding together; mean over heads and layers"},
        {"sag_to_cfg",
         "|| (degraded - prediction(degraded)) * sag_scale || / || (cond - uncond) "
         "* (cfg - 1) ||"},
        {"low, high", "values that are drawn darkest and brightest"}}}};
}

Json figures_of(const InsightStep& step) {
  Json figures{{"prediction", step.prediction},
               {"sigma", step.sigma},
               {"attention_of", step.role == Role::uncond ? "negative" : "positive"},
               {"mask_coverage", nullptr},
               {"sag_norm", nullptr},
               {"cfg_norm", step.cfg_norm},
               {"sag_to_cfg", nullptr}};
  if (step.sag) {
    figures["mask_coverage"] = step.sag->coverage;
    figures["sag_norm"] = step.sag->push_norm;
    if (step.cfg_norm > 0) figures["sag_to_cfg"] = step.sag->push_norm / step.cfg_norm;
  }
  return figures;
}

}  // namespace sagitta::insight
