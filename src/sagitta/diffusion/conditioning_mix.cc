#include "sagitta/diffusion/conditioning_mix.h"

#include "sagitta/base/error.h"

#include <algorithm>

namespace sagitta {
namespace {

std::shared_ptr<const Array> shared(Array array) {
  return std::make_shared<const Array>(std::move(array));
}

const ConditioningEntry& first_of(const Conditioning& from, const ConditioningEntry& like) {
  require(!from.empty(), Fault::bad_input, "the conditioning to mix in is empty");
  const Array& context = *from.front().context;
  require(context.dim(2) == like.context->dim(2), Fault::bad_input,
          "text conditionings of widths {} and {} cannot be mixed", like.context->dim(2),
          context.dim(2));
  return from.front();
}

// (1, tokens, width), cut or filled up with zeros.
Array with_tokens(const Array& context, std::int64_t tokens) {
  Array out({1, tokens, context.dim(2)});
  std::copy_n(context.data(), std::min(tokens, context.dim(1)) * context.dim(2), out.data());
  return out;
}

Array blend(const Array& to, const Array& from, double weight) {
  return to * static_cast<float>(weight) + from * static_cast<float>(1 - weight);
}

}  // namespace

Conditioning average(Conditioning to, const Conditioning& from, double weight) {
  for (ConditioningEntry& entry : to) {
    const ConditioningEntry& other = first_of(from, entry);
    entry.context =
        shared(blend(*entry.context, with_tokens(*other.context, entry.context->dim(1)), weight));
    if (!other.pooled) continue;
    entry.pooled = shared(blend(entry.pooled ? *entry.pooled : *other.pooled, *other.pooled, weight));
  }
  return to;
}

Conditioning concatenate(Conditioning to, const Conditioning& from) {
  for (ConditioningEntry& entry : to) {
    const Array& own = *entry.context;
    const Array& more = *first_of(from, entry).context;
    Array joined({1, own.dim(1) + more.dim(1), own.dim(2)});
    std::copy_n(more.data(), more.size(), std::copy_n(own.data(), own.size(), joined.data()));
    entry.context = shared(std::move(joined));
    entry.tokens = nullptr;
  }
  return to;
}

Conditioning multiply(Conditioning conditioning, float factor) {
  for (ConditioningEntry& entry : conditioning) {
    entry.context = shared(*entry.context * factor);
    if (entry.pooled) entry.pooled = shared(*entry.pooled * factor);
  }
  return conditioning;
}

Conditioning zero_out(Conditioning conditioning) {
  for (ConditioningEntry& entry : conditioning) {
    entry.context = shared(Array(entry.context->shape()));
    if (entry.pooled) entry.pooled = shared(Array(entry.pooled->shape()));
  }
  return conditioning;
}

}  // namespace sagitta
