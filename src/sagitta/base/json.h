// JSON with the order of its keys kept, since node inputs are ordered. The only include of the library.
#pragma once

#include <nlohmann/json.hpp>

namespace sagitta {

using Json = nlohmann::ordered_json;

}  // namespace sagitta
