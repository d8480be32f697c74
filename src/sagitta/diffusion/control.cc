#include "sagitta/diffusion/control.h"

#include "sagitta/base/error.h"
#include "sagitta/core/layout.h"
#include "sagitta/image/resize.h"
#include "sagitta/ops/elementwise.h"

#include <algorithm>

namespace sagitta {
namespace {

constexpr std::int64_t kPixels = 8;  // of the hint per latent cell, along one axis

// The mean of each channel over a picture, everywhere.
Tensor averaged(const Tensor& x) {
  Array values = download(x);
  const std::int64_t cells = x.dim(1) * x.dim(2);
  const std::int64_t channels = x.dim(3);
  for (std::int64_t b = 0; b < x.dim(0); ++b) {
    float* item = values.data() + b * cells * channels;
    for (std::int64_t c = 0; c < channels; ++c) {
      double sum = 0;
      for (std::int64_t i = 0; i < cells; ++i) sum += item[i * channels + c];
      const auto mean = static_cast<float>(sum / static_cast<double>(cells));
      for (std::int64_t i = 0; i < cells; ++i) item[i * channels + c] = mean;
    }
  }
  return upload(x.device(), values, x.dtype());
}

// strength * x, plus what an earlier ControlNet gave.
Tensor merged(const Control& control, const Tensor& x, const Tensor* before) {
  const Tensor own = control.net.global_average ? averaged(x) : x;
  if (before == nullptr) return ops::axpby(control.strength, own, 0, own);
  require(before->shape() == own.shape(), Fault::bad_input,
          "two ControlNets for different kinds of models are stacked: their outputs are {} and {}",
          to_string(before->shape()), to_string(own.shape()));
  return ops::axpby(control.strength, own, 1, *before);
}

}  // namespace

const Tensor& ControlRunner::hint(const Control& control, const Call& call) {
  const std::int64_t height = call.input.x.dim(1);
  const std::int64_t width = call.input.x.dim(2);
  Tensor& encoded = hints_[{&control, height, width, call.entries, call.batch}];
  if (encoded) return encoded;
  const Array pictures =
      resize(to_channels_first(*control.hint), height * kPixels, width * kPixels,
             ResizeMethod::nearest_exact, Crop::centre);
  const std::int64_t used = std::min(pictures.dim(0), call.batch);
  const Array features = download((*control.net.net).encode_hint(
      upload(*control.net.device, to_channels_last(pictures.slice(0, used)))));
  std::vector<Array> rows;
  for (std::int64_t entry = 0; entry < call.entries; ++entry) {
    for (std::int64_t item = 0; item < call.batch; ++item) {
      rows.push_back(features.slice(item % used, 1));
    }
  }
  encoded = upload(*control.net.device, concat(rows));
  return encoded;
}

std::optional<models::ControlResiduals> ControlRunner::operator()(const Control& control,
                                                                  const ModelSampling& sampling,
                                                                  const Call& call) {
  std::optional<models::ControlResiduals> before;
  if (control.previous) before = (*this)(*control.previous, sampling, call);
  if (call.sigma > sampling.percent_to_sigma(control.start_percent) ||
      call.sigma < sampling.percent_to_sigma(control.end_percent)) {
    return before;
  }
  models::ControlResiduals out = (*control.net.net)(call.input, hint(control, call));
  require(!before || before->skips.size() == out.skips.size(), Fault::bad_input,
          "two ControlNets for different kinds of models are stacked");
  out.middle = merged(control, out.middle, before ? &before->middle : nullptr);
  for (std::size_t i = 0; i < out.skips.size(); ++i) {
    out.skips[i] = merged(control, out.skips[i], before ? &before->skips[i] : nullptr);
  }
  return out;
}

}  // namespace sagitta
