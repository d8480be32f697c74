#!/usr/bin/env python3
"""Draws pictures for prompts with the exported model."""

import argparse
import pathlib

import numpy
import torch

from diffusion import SAMPLERS, Denoiser, sample
from guidance import SelfAttentionGuidance
from model import Model
from pictures import sheet
from tokenizer import Tokenizer
from training import device

HERE = pathlib.Path(__file__).resolve().parent


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("prompts", nargs="+")
    parser.add_argument("--model", default=HERE / "sagitta-emoji.safetensors")
    parser.add_argument("--archive", default=HERE / ".cache" / "emoji.npz", help="for CLIP's merges")
    parser.add_argument("--negative", default="")
    parser.add_argument("--cfg", type=float, default=4.0)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--sampler", choices=list(SAMPLERS), default="dpmpp_2m")
    parser.add_argument("--scheduler", choices=["normal", "karras"], default="karras")
    parser.add_argument("--sag", type=float, default=0.0, help="scale of self-attention guidance")
    parser.add_argument("--sag-blur", type=float, default=2.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--columns", type=int, default=4)
    parser.add_argument("--out", default="samples.png")
    options = parser.parse_args()

    target = device()
    torch.manual_seed(options.seed)
    model = Model(options.model, target)
    tokenizer = Tokenizer(str(numpy.load(options.archive)["merges"]))
    encode = lambda texts: model.text(torch.tensor([tokenizer.padded(t) for t in texts], device=target))
    with torch.no_grad():
        positive = encode(options.prompts)
        negative = encode([options.negative] * len(options.prompts))
        method = SelfAttentionGuidance(options.sag, options.sag_blur) if options.sag else None
        denoiser = Denoiser(model.unet, model.schedule, positive, negative, options.cfg, method)
        noise = torch.randn(len(options.prompts), 4, 16, 16).to(target)
        latents = sample(denoiser, noise, options.steps, options.sampler, options.scheduler)
        sheet(model.vae.decode(latents), options.columns).save(options.out)
    print(options.out)


if __name__ == "__main__":
    main()
