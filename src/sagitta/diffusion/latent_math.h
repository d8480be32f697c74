// Arithmetic on latents (B, C, H, W). What is not of the first latent's size is fitted to it first.
#pragma once

#include "sagitta/core/array.h"

#include <string_view>

namespace sagitta {

// Throws bad_input unless x has four axes and elements; `what` begins the message.
void require_latent(const Array& x, std::string_view what);

// Throws bad_input for a shape of more values than any picture needs; `what` begins the message.
void require_latent_size(const Shape& shape, std::string_view what);

// x with the rows and columns of `like`, cut around the centre to its aspect ratio and resized
// bilinearly. Throws bad_input if the channels differ.
[[nodiscard]] Array fit_planes(const Array& x, const Array& like);

// The same, repeated or cut to the batch of `like`.
[[nodiscard]] Array fit_latent(const Array& x, const Array& like);

// a * share + b * (1 - share), b resized bicubically. A batch of one counts for every item.
[[nodiscard]] Array blend(const Array& a, const Array& b, float share);

// Directions of the channel vectors are blended and made unit again; lengths are blended on their
// own. share = 1 is a. A zero vector has the direction zero.
[[nodiscard]] Array interpolate(const Array& a, const Array& b, float share);

}  // namespace sagitta
