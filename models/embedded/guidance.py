"""Guidance methods that compare a prediction with a deliberately weakened one.

Each is called with a diffusion.Denoiser, x and sigma, and returns the guided clean latent.
"""

import contextlib

import torch
import torch.nn.functional as F

from attention import attend, merge, probabilities, split

RADIUS = 4


def blur(latents, sigma):
    """A 9x9 Gaussian with reflected borders."""
    offsets = torch.arange(-RADIUS, RADIUS + 1, device=latents.device)
    taps = torch.exp(-0.5 * (offsets / sigma) ** 2)
    taps = taps / taps.sum()
    channels = latents.shape[1]
    kernel = torch.outer(taps, taps).expand(channels, 1, -1, -1)
    return F.conv2d(F.pad(latents, [RADIUS] * 4, mode="reflect"), kernel, groups=channels)


@contextlib.contextmanager
def replaced(unet, method):
    """The self-attention of the middle block is `method` inside this context."""
    site = unet.middle_attention
    site.replacement = method
    try:
        yield
    finally:
        site.replacement = None


class SelfAttentionGuidance:
    """Blurs what the middle block attends to and moves away from the outcome.

    mask "attention" is the method itself. The controls: "everywhere" blurs the whole latent, "random"
    shuffles the attention mask's cells, so that as much is blurred, but anywhere.
    """

    def __init__(self, scale=0.5, sigma=2.0, mask="attention", seed=0):
        self.scale, self.sigma, self.kind, self.seed = scale, sigma, mask, seed
        self.generator = None

    def _mask(self, received, shape):
        """Tokens that receive more than average attention, on the grid of the latent."""
        count, tokens = received.shape
        side = round(tokens**0.5)
        chosen = (received > 1.0).float()
        if self.kind == "everywhere":
            chosen = torch.ones_like(chosen)
        elif self.kind == "random":
            if self.generator is None:
                self.generator = torch.Generator(chosen.device).manual_seed(self.seed)
            order = torch.rand(chosen.shape, generator=self.generator, device=chosen.device)
            chosen = chosen.gather(1, order.argsort(dim=1))
        return F.interpolate(chosen.view(count, 1, side, side), size=shape, mode="nearest")

    def __call__(self, denoiser, x, sigma):
        recorded = []

        def record(query, key, value, heads):
            attention = probabilities(query, key, heads)
            recorded.append(attention.float().mean(dim=1).sum(dim=1))
            return merge(attention @ split(value, heads))

        with replaced(denoiser.unet, record):
            negative, positive = denoiser.both(x, sigma)
        mask = self._mask(recorded[0][: len(x)], x.shape[2:])
        degraded = blur(negative, self.sigma) * mask + negative * (1 - mask)
        weakened = denoiser.predict(degraded + x - negative, sigma, denoiser.negative)
        return denoiser.guided(negative, positive) + self.scale * (degraded - weakened)


class WeakAttentionGuidance:
    """Moves away from a positive prediction whose middle self-attention is weakened."""

    def __init__(self, scale):
        self.scale = scale

    def __call__(self, denoiser, x, sigma):
        negative, positive = denoiser.both(x, sigma)
        with replaced(denoiser.unet, self.weak):
            weakened = denoiser.predict(x, sigma, denoiser.positive)
        return denoiser.guided(negative, positive) + self.scale * (positive - weakened)


class PerturbedAttentionGuidance(WeakAttentionGuidance):
    """Every token attends to itself alone."""

    @staticmethod
    def weak(query, key, value, heads):
        return value


class SmoothedEnergyGuidance(WeakAttentionGuidance):
    """Every token asks with the mean query: the blur of the queries at infinite width."""

    @staticmethod
    def weak(query, key, value, heads):
        return attend(query.mean(dim=1, keepdim=True).expand_as(query).contiguous(), key, value, heads)
