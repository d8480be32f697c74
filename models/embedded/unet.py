"""The denoising UNet, in the layout of Stable Diffusion 1.x: 8 heads, 1x1-convolution projections.

Two levels; self- and cross-attention at the lower one and in the middle. The self-attention of the
middle block can be replaced, which is what guidance methods build on.
"""

import math

import torch
import torch.nn.functional as F
from torch import nn

from attention import attend

CHANNELS = 96
MULTIPLIERS = (1, 2)
BLOCKS = (2, 1)  # residual blocks a level on the way down; one more on the way up
ATTENTION = (False, True)
HEADS = 8
CONTEXT = 64
LATENT = 4


def norm(channels, eps=1e-5):
    return nn.GroupNorm(32, channels, eps=eps)


def conv(inputs, outputs, **options):
    return nn.Conv2d(inputs, outputs, 3, padding=1, **options)


class ResBlock(nn.Module):
    def __init__(self, inputs, outputs, embedding):
        super().__init__()
        self.in_layers = nn.Sequential(norm(inputs), nn.SiLU(), conv(inputs, outputs))
        self.emb_layers = nn.Sequential(nn.SiLU(), nn.Linear(embedding, outputs))
        last = conv(outputs, outputs)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)
        self.out_layers = nn.Sequential(norm(outputs), nn.SiLU(), nn.Dropout(0.0), last)
        same = inputs == outputs
        self.skip_connection = nn.Identity() if same else nn.Conv2d(inputs, outputs, 1)

    def forward(self, x, embedding, context):
        h = self.in_layers(x) + self.emb_layers(embedding)[:, :, None, None]
        return self.skip_connection(x) + self.out_layers(h)


class Attention(nn.Module):
    """`replacement(query, key, value, heads)`, when set, takes the place of plain attention."""

    def __init__(self, channels, context):
        super().__init__()
        self.to_q = nn.Linear(channels, channels, bias=False)
        self.to_k = nn.Linear(context, channels, bias=False)
        self.to_v = nn.Linear(context, channels, bias=False)
        self.to_out = nn.Sequential(nn.Linear(channels, channels), nn.Dropout(0.0))
        self.replacement = None

    def forward(self, x, context):
        method = self.replacement or attend
        return self.to_out(method(self.to_q(x), self.to_k(context), self.to_v(context), HEADS))


class GEGLU(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.proj = nn.Linear(inputs, 2 * outputs)

    def forward(self, x):
        x, gate = self.proj(x).chunk(2, dim=-1)
        return x * F.gelu(gate)


class FeedForward(nn.Module):
    def __init__(self, channels):
        super().__init__()
        inner = 4 * channels
        self.net = nn.Sequential(GEGLU(channels, inner), nn.Dropout(0.0), nn.Linear(inner, channels))

    def forward(self, x):
        return self.net(x)


class TransformerBlock(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.attn1, self.attn2 = Attention(channels, channels), Attention(channels, CONTEXT)
        self.ff = FeedForward(channels)
        self.norm1, self.norm2 = nn.LayerNorm(channels), nn.LayerNorm(channels)
        self.norm3 = nn.LayerNorm(channels)

    def forward(self, x, context):
        y = self.norm1(x)
        x = x + self.attn1(y, y)
        x = x + self.attn2(self.norm2(x), context)
        return x + self.ff(self.norm3(x))


class SpatialTransformer(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.norm = norm(channels, eps=1e-6)
        self.proj_in, self.proj_out = nn.Conv2d(channels, channels, 1), nn.Conv2d(channels, channels, 1)
        self.transformer_blocks = nn.ModuleList([TransformerBlock(channels)])
        nn.init.zeros_(self.proj_out.weight)
        nn.init.zeros_(self.proj_out.bias)

    def forward(self, x, embedding, context):
        count, channels, height, width = x.shape
        h = self.proj_in(self.norm(x)).flatten(2).transpose(1, 2)
        for block in self.transformer_blocks:
            h = block(h, context)
        h = h.transpose(1, 2).reshape(count, channels, height, width)
        return x + self.proj_out(h)


class Downsample(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.op = conv(channels, channels, stride=2)

    def forward(self, x, embedding, context):
        return self.op(x)


class Upsample(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = conv(channels, channels)

    def forward(self, x, embedding, context):
        return self.conv(F.interpolate(x, scale_factor=2.0, mode="nearest"))


class Conv(nn.Conv2d):
    def forward(self, x, embedding, context):
        return super().forward(x)


class Sites(nn.ModuleList):
    """One numbered block: its parts run in order."""

    def forward(self, x, embedding, context):
        for part in self:
            x = part(x, embedding, context)
        return x


def timestep_embedding(timesteps, channels):
    half = channels // 2
    frequencies = torch.exp(-math.log(10000) / half * torch.arange(half, device=timesteps.device))
    angles = timesteps.float()[:, None] * frequencies
    return torch.cat([angles.cos(), angles.sin()], dim=1)


class UNet(nn.Module):
    """Predicts the noise in latents [count, 4, H, W] at timesteps [count] for a text context."""

    def __init__(self):
        super().__init__()
        embedding = 4 * CHANNELS
        layers = [nn.Linear(CHANNELS, embedding), nn.SiLU(), nn.Linear(embedding, embedding)]
        self.time_embed = nn.Sequential(*layers)

        width = CHANNELS
        skips = [width]
        self.input_blocks = nn.ModuleList([Sites([Conv(LATENT, width, 3, padding=1)])])
        for level, multiplier in enumerate(MULTIPLIERS):
            for _ in range(BLOCKS[level]):
                parts = [ResBlock(width, multiplier * CHANNELS, embedding)]
                width = multiplier * CHANNELS
                if ATTENTION[level]:
                    parts.append(SpatialTransformer(width))
                self.input_blocks.append(Sites(parts))
                skips.append(width)
            if level + 1 < len(MULTIPLIERS):
                self.input_blocks.append(Sites([Downsample(width)]))
                skips.append(width)

        middle = [ResBlock(width, width, embedding), SpatialTransformer(width)]
        self.middle_block = Sites([*middle, ResBlock(width, width, embedding)])

        self.output_blocks = nn.ModuleList()
        for level in reversed(range(len(MULTIPLIERS))):
            for i in range(BLOCKS[level] + 1):
                parts = [ResBlock(width + skips.pop(), MULTIPLIERS[level] * CHANNELS, embedding)]
                width = MULTIPLIERS[level] * CHANNELS
                if ATTENTION[level]:
                    parts.append(SpatialTransformer(width))
                if level and i == BLOCKS[level]:
                    parts.append(Upsample(width))
                self.output_blocks.append(Sites(parts))

        last = conv(width, LATENT)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)
        self.out = nn.Sequential(norm(width), nn.SiLU(), last)

    @property
    def middle_attention(self):
        """The self-attention that guidance methods record or replace."""
        return self.middle_block[1].transformer_blocks[0].attn1

    def forward(self, x, timesteps, context):
        embedding = self.time_embed(timestep_embedding(timesteps, CHANNELS).to(context.dtype))
        h, skips = x, []
        for block in self.input_blocks:
            h = block(h, embedding, context)
            skips.append(h)
        h = self.middle_block(h, embedding, context)
        for block in self.output_blocks:
            h = block(torch.cat([h, skips.pop()], dim=1), embedding, context)
        return self.out(h)
