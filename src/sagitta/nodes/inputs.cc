#include "sagitta/nodes/inputs.h"

namespace sagitta::nodes {

graph::Input int_widget(std::string name, std::int64_t value, std::int64_t min, std::int64_t max,
                        std::int64_t step) {
  Json options{{"default", value}, {"min", min}, {"max", max}};
  if (step != 0) options["step"] = step;
  return graph::input(std::move(name), "INT", std::move(options));
}

graph::Input float_widget(std::string name, double value, double min, double max, double step) {
  return graph::input(std::move(name), "FLOAT",
                      {{"default", value}, {"min", min}, {"max", max}, {"step", step}});
}

graph::Input bool_widget(std::string name, bool value) {
  return graph::input(std::move(name), "BOOLEAN", {{"default", value}});
}

graph::Input advanced(graph::Input input) {
  if (!input.options) input.options = Json::object();
  (*input.options)["advanced"] = true;
  return input;
}

graph::Input with_tip(graph::Input input, std::string_view tip) {
  if (!input.options) input.options = Json::object();
  (*input.options)["tooltip"] = tip;
  return input;
}

}  // namespace sagitta::nodes
