"""The tiny autoencoder, in the layout of TAESD: no normalisation, factor 8, four latent channels.

Pictures are RGB in 0..1, latents have mean 0 and deviation 1 as they are.
"""

import torch
from torch import nn

WIDTH = 64
LATENT = 4


def conv(inputs, outputs, **options):
    return nn.Conv2d(inputs, outputs, 3, padding=1, **options)


class Clamp(nn.Module):
    """A soft limit at -3 and 3."""

    def forward(self, x):
        return torch.tanh(x / 3) * 3


class Block(nn.Module):
    """Three convolutions around a skip connection."""

    def __init__(self, width):
        super().__init__()
        middle = [conv(width, width), nn.ReLU(), conv(width, width), nn.ReLU(), conv(width, width)]
        self.conv = nn.Sequential(*middle)

    def forward(self, x):
        return torch.relu(self.conv(x) + x)


def down(width):
    return [conv(width, width, stride=2, bias=False), *(Block(width) for _ in range(3))]


def up(width, blocks):
    layers = [nn.Upsample(scale_factor=2), conv(width, width, bias=False)]
    return layers + [Block(width) for _ in range(blocks)]


def encoder(width=WIDTH):
    layers = [conv(3, width), Block(width), *down(width), *down(width), *down(width)]
    return nn.Sequential(*layers, conv(width, LATENT))


def decoder(width=WIDTH):
    layers = [Clamp(), conv(LATENT, width), nn.ReLU(), *(Block(width) for _ in range(3))]
    layers += [*up(width, 3), *up(width, 3), *up(width, 1)]
    return nn.Sequential(*layers, conv(width, 3))


class Autoencoder(nn.Module):
    """Both halves under the names they have in a checkpoint."""

    def __init__(self, width=WIDTH):
        super().__init__()
        self.taesd_encoder = encoder(width)
        self.taesd_decoder = decoder(width)
        self.reset()

    def reset(self):
        """Kaiming weights; small last convolutions keep the residual sums near one at the start."""
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
                if layer.bias is not None:
                    nn.init.zeros_(layer.bias)
        with torch.no_grad():
            for layer in self.modules():
                if isinstance(layer, Block):
                    layer.conv[-1].weight.mul_(0.2)
            self.taesd_encoder[-1].weight.mul_(0.5)
            self.taesd_decoder[-1].weight.mul_(0.5)

    def encode(self, pictures):
        return self.taesd_encoder(pictures)

    def decode(self, latents):
        return self.taesd_decoder(latents)
