// One guided evaluation of a toy model, for tests of guidance methods.
#pragma once

#include "sagitta/backend/open.h"
#include "sagitta/diffusion/denoise.h"
#include "support/toy_model.h"

#include <gtest/gtest.h>

namespace sagitta::test {

class GuidedTest : public testing::Test {
 protected:
  // At sigma 3, of a batch of two.
  Array denoise(const Model& model, float cfg = 7, const Shape& shape = {2, 4, 8, 6}) {
    RunScratch scratch;
    return denoise_in(scratch, model, cfg, shape);
  }
  Array denoise_in(RunScratch& scratch, const Model& model, float cfg = 7,
                   const Shape& shape = {2, 4, 8, 6}) {
    const Array x = random_array(5, shape) * 3;
    const auto conditioning =
        prepare_conditioning(positive_, toy_prompt(2), model, shape[2], shape[3]);
    Denoiser denoiser(model, conditioning, scratch, {.cfg = cfg});
    Array result = denoiser(x, 3).denoised;
    calls_ = denoiser.calls();
    return result;
  }

  std::unique_ptr<Device> device_ = open_device("reference");
  Model plain_ = toy_model(*device_);
  Conditioning positive_ = toy_prompt(1);
  int calls_ = 0;
};

}  // namespace sagitta::test
