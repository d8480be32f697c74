// Products with the compiler's portable vectors of 4 floats, for processors without a path of their
// own.
#include "sagitta/backend/cpu/attention_portable.h"
#include "sagitta/backend/cpu/product_tile.h"

namespace sagitta::cpu {
namespace {

struct Generic : Portable {
  static constexpr int kRows = 6;
};

bool usable() { return true; }

}  // namespace

constexpr ProductPath kProductGeneric = product_path<Generic>("generic", usable);

}  // namespace sagitta::cpu
