"""The exported checkpoint as three networks, ready to sample."""

import torch

import weights
from diffusion import Schedule
from taesd import Autoencoder
from text import TextEncoder
from unet import UNet

UNET, TEXT = "model.diffusion_model.", "cond_stage_model.transformer.text_model."
VAE = "first_stage_model."


class Model:
    def __init__(self, path, device="cpu"):
        tensors, self.metadata = weights.load(path)
        place = dict(device=device, memory_format=torch.channels_last)
        self.unet = weights.restore(UNet(), tensors, UNET).to(**place).eval()
        self.text = weights.restore(TextEncoder(), tensors, TEXT).to(device).eval()
        self.vae = weights.restore(Autoencoder(), tensors, VAE).to(**place).eval()
        self.schedule = Schedule(device)
        for part in (self.unet, self.text, self.vae):
            part.requires_grad_(False)
