// Batches of latents: what becomes of the noise masks and of the numbers that choose an item's
// noise when items are repeated, picked and joined.
#pragma once

#include "sagitta/diffusion/sample.h"

#include <span>

namespace sagitta {

// The whole batch `times` times. Numbers go on behind the largest one, so that every item has noise
// of its own. Throws bad_input for a batch that is too large.
[[nodiscard]] Latent repeat_batch(Latent latent, std::int64_t times);

// Up to `length` items from `index` on; an index below 0 counts from the end, and one outside is
// the nearest item. The items keep their numbers.
[[nodiscard]] Latent from_batch(Latent latent, std::int64_t index, std::int64_t length);

// One after the other, those behind the first fitted to its size. What else belongs to a latent is
// the first one's.
[[nodiscard]] Latent join_batches(std::span<const Latent> latents);

// Latents of at most `size` items: neighbours of one size are joined and cut anew. Masks that
// change everything are left out.
[[nodiscard]] std::vector<Latent> rebatch(std::span<const Latent> latents, std::int64_t size);

// All items with the noise of the first one.
[[nodiscard]] Latent with_one_noise(Latent latent);

}  // namespace sagitta
