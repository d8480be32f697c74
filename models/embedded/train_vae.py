#!/usr/bin/env python3
"""Trains the autoencoder on composed scenes; or, with --decoder-only, its decoder further."""

import argparse
import pathlib

import torch

import training
import weights
from pictures import sheet
from scenes import Scenes
from taesd import Autoencoder

HERE = pathlib.Path(__file__).resolve().parent
NOISE = 0.05  # on the latents, so that the decoder forgives small errors
PULL = 0.05  # towards latents of mean 0 and deviation 1


def differences(x):
    return x[..., 1:] - x[..., :-1], x[..., 1:, :] - x[..., :-1, :]


def losses(model, pictures, detail):
    """Total loss and mean squared error; `detail` blends in absolute errors of values and edges."""
    latents = model.encode(pictures).float()
    mean, deviation = latents.mean(dim=(0, 2, 3)), latents.std(dim=(0, 2, 3))
    pull = (mean**2 + (deviation - 1) ** 2).mean()
    decoded = model.decode(latents + NOISE * torch.randn_like(latents)).float()
    error = decoded - pictures
    square = (error**2).mean()
    edges = sum(d.abs().mean() for d in differences(error))
    return 10 * square + detail * (error.abs().mean() + edges) + PULL * pull, square


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--archive", default=HERE / ".cache" / "emoji.npz")
    parser.add_argument("--out", default=HERE / ".cache" / "vae.safetensors")
    parser.add_argument("--log", default=HERE / ".cache" / "vae.csv")
    parser.add_argument("--sheet", help="a PNG of scenes beside their reconstructions")
    parser.add_argument("--start", help="weights to start from")
    parser.add_argument("--decoder-only", action="store_true")
    parser.add_argument("--steps", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=200)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--peak", type=float, default=8e-4, help="learning rate")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()

    target = training.device()
    torch.manual_seed(options.seed)
    scenes = Scenes(options.archive, target, options.seed)
    model = Autoencoder().to(target, memory_format=torch.channels_last)
    if options.start:
        weights.restore(model, weights.load(options.start)[0], "first_stage_model.")
    if options.decoder_only:
        model.taesd_encoder.requires_grad_(False)
    trained = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.Adam(trained, betas=(0.9, 0.99))
    average = training.Average(trained, 0.999)
    log = training.Log(options.log, ["step", "seconds", "loss", "psnr", "rate"])
    step_losses = training.compiled(losses, target)
    detail = torch.zeros((), device=target)

    clock = training.Clock(target, options.steps, options.seconds)
    while not clock.done():
        rate = clock.rate(options.peak, 200)
        for group in optimizer.param_groups:
            group["lr"] = rate
        progress = clock.step / clock.steps if clock.steps else 0
        detail.fill_(1.0 if options.start else min(1.0, 3 * progress))
        pictures = scenes.render(scenes.draw(options.batch, pairs=0.5))
        pictures = pictures.contiguous(memory_format=torch.channels_last)
        with training.precision(target):
            loss, square = step_losses(model, pictures, detail)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
        average.update()
        clock.tick()
        if clock.step % 100 == 0 or clock.done():
            psnr = -10 * torch.log10(square).item()
            log.add(clock.step, clock.elapsed(), loss.item(), psnr, rate)

    with average.applied(), torch.no_grad():
        scenes.generator.manual_seed(1000)
        pictures = scenes.render(scenes.draw(256, pairs=0.35))
        latents = model.encode(pictures)
        decoded = model.decode(latents).clamp(0, 1)
        psnr = -10 * torch.log10(((decoded - pictures) ** 2).mean()).item()
        print(f"float32 check: {psnr:.2f} dB, latent mean {latents.mean((0, 2, 3)).tolist()}, "
              f"deviation {latents.std((0, 2, 3)).tolist()}, range {latents.abs().max().item():.2f}")
        weights.save(options.out, weights.prefixed("first_stage_model.", model))
        if options.sheet:
            sheet(torch.cat([pictures[:32], decoded[:32]]), 8).save(options.sheet)


if __name__ == "__main__":
    main()
