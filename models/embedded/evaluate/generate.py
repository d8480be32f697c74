#!/usr/bin/env python3
"""Samples the same captions and noises under every setting and writes what the judge makes of them.

The file holds, for every setting: right object and background a picture, features, sharpness, mean
radial power spectrum. `report.py` turns it into tables; real scenes are in it for comparison.
"""

import argparse
import pathlib
import sys
import time

import numpy
import torch

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import training
from diffusion import Denoiser, sample
from judge import correct, load_judge, passed_through
from model import Model
from pictures import sheet
from scenes import Labels, Scenes
from settings import Setting, all_settings

BANDS = 64


def spectrum(pictures):
    """Mean power of the luminance by spatial frequency [count, 64], up to the Nyquist frequency."""
    grey = pictures.mean(dim=1)
    power = torch.fft.fft2(grey - grey.mean(dim=(1, 2), keepdim=True), norm="ortho").abs() ** 2
    axis = torch.fft.fftfreq(grey.shape[-1], device=grey.device) * 2 * BANDS
    radius = (axis**2 + axis[:, None] ** 2).sqrt().round().long()
    kept = (radius >= 1) & (radius <= BANDS)
    band = radius[kept] - 1
    total = torch.zeros(len(grey), BANDS, device=grey.device)
    total.index_add_(1, band, power[:, kept])
    return total / torch.bincount(band, minlength=BANDS)


class Views:
    """What the judge sees in pictures, gathered over batches."""

    def __init__(self, judge):
        self.judge, self.parts = judge, []

    def add(self, pictures, labels):
        features = self.judge.features(pictures)
        logits = self.judge.objects(features), self.judge.backgrounds(features)
        right, background = correct(logits, labels)
        power = spectrum(pictures)
        fine = power[:, BANDS // 2 :].sum(1) / power.sum(1).clamp(min=1e-8)
        self.parts.append((right, background, features.half(), fine, power))

    def arrays(self, name):
        right, background, features, fine, power = (torch.cat(p).cpu() for p in zip(*self.parts))
        return {
            f"{name}/object": right.numpy(),
            f"{name}/background": background.numpy(),
            f"{name}/features": features.numpy(),
            f"{name}/fine": fine.float().numpy(),
            f"{name}/spectrum": power.mean(dim=0).numpy(),
        }


def joined(parts):
    return Labels(*(torch.cat(columns) for columns in zip(*(vars(p).values() for p in parts))))


class Generator:
    def __init__(self, options, target):
        self.scenes = Scenes(options.archive, target, options.seed)
        self.model = Model(options.model, target)
        self.judge = load_judge(options.judge, self.scenes)
        self.target, self.chunk = target, options.chunk
        self.empty = self.scenes.tokenizer.padded("")

    def pictures(self, setting, labels, noise):
        tokens = self.scenes.tokens(labels, varied=False)
        with torch.no_grad(), training.precision(self.target):
            positive = self.model.text(tokens)
            negative = self.model.text(torch.tensor([self.empty], device=self.target))
            negative = negative.expand_as(positive)
            denoiser = Denoiser(
                self.model.unet, self.model.schedule, positive, negative, setting.cfg,
                setting.guidance(),
            )
            latents = sample(denoiser, noise, setting.steps, setting.sampler, setting.scheduler)
            return self.model.vae.decode(latents).float().clamp(0, 1)

    def judged(self, setting, labels, noise):
        views = Views(self.judge)
        for start in range(0, len(labels), self.chunk):
            part = slice(start, start + self.chunk)
            with torch.no_grad():
                views.add(self.pictures(setting, labels[part], noise[part]), labels[part])
        return views

    def real(self, labels, decoded=False):
        views = Views(self.judge)
        for start in range(0, len(labels), self.chunk):
            part = labels[start : start + self.chunk]
            with torch.no_grad():
                pictures = self.scenes.render(part)
                views.add(passed_through(self.model.vae, pictures) if decoded else pictures, part)
        return views


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--archive", default=HERE.parent / ".cache" / "emoji.npz")
    parser.add_argument("--model", default=HERE.parent / "sagitta-emoji.safetensors")
    parser.add_argument("--judge", default=HERE / "judge.safetensors")
    parser.add_argument("--out", default=HERE.parent / ".cache" / "evaluation.npz")
    parser.add_argument("--single", type=int, default=1024, help="single objects a setting")
    parser.add_argument("--unseen", type=int, default=512, help="unseen combinations a setting")
    parser.add_argument("--extra", type=int, default=1024, help="pairs and more, plain setting only")
    parser.add_argument("--settings", type=int, default=0, help="only the first so many")
    parser.add_argument("--chunk", type=int, default=512)
    parser.add_argument("--stop-after", type=float, default=1e9, help="seconds")
    parser.add_argument("--sheet", help="a PNG with the same captions under some settings")
    parser.add_argument("--seed", type=int, default=11)
    options = parser.parse_args()

    began = time.time()
    target = training.device()
    generator = Generator(options, target)
    scenes = generator.scenes
    noises = torch.Generator().manual_seed(options.seed)
    draw_noise = lambda count: torch.randn(count, 4, 16, 16, generator=noises).to(target)

    parts = [scenes.draw(options.single, pairs=0), scenes.draw(options.unseen, split="unseen")]
    labels = joined(parts)
    noise = draw_noise(len(labels))
    # The yardstick of the distances: other real scenes of the same kind.
    more = joined([scenes.draw(4 * options.single, pairs=0),
                   scenes.draw(4 * options.unseen, split="unseen")])
    arrays = {"labels": torch.stack(list(vars(labels).values())).cpu().numpy(),
              "single": numpy.array(options.single)}
    arrays.update(generator.real(more).arrays("reference"))
    arrays.update(generator.real(labels).arrays("real"))
    arrays.update(generator.real(labels, decoded=True).arrays("decoded"))

    # Every object once, pairs, and further unseen combinations, with the plain sampler.
    everything = torch.arange(len(scenes.names), device=target)
    allowed = scenes.uniform(len(everything), len(scenes.colours)) + ~scenes.held_out
    every = Labels(everything, torch.full_like(everything, -1), allowed.argmax(dim=1))
    every = every[: max(1, options.extra) * 2]
    for name, some in (("every", every), ("pairs", scenes.draw(options.extra, pairs=1.0)),
                       ("unseen", scenes.draw(options.extra, split="unseen"))):
        views = generator.judged(Setting(), some, draw_noise(len(some)))
        found = views.arrays(name)
        print(f"{name}: object {found[name + '/object'].mean():.4f}, "
              f"background {found[name + '/background'].mean():.4f}", flush=True)
        arrays.update({k: v for k, v in found.items() if k.endswith(("object", "background"))})
        arrays[name + "/labels"] = torch.stack(list(vars(some).values())).cpu().numpy()

    names = []
    for setting in all_settings()[: options.settings or None]:
        if time.time() - began > options.stop_after:
            print("out of time before", setting.name)
            break
        found = generator.judged(setting, labels, noise).arrays(setting.name)
        arrays.update(found)
        names.append(setting.name)
        right = found[setting.name + "/object"]
        print(f"{time.time() - began:6.1f} s {setting.name}: seen {right[:options.single].mean():.4f}, "
              f"unseen {right[options.single:].mean():.4f}", flush=True)
    arrays["settings"] = numpy.array(names)
    numpy.savez_compressed(options.out, **arrays)

    if options.sheet:
        shown = [Setting(), Setting("sag", 0.5, 2.0), Setting("sag", 1.0, 2.0),
                 Setting("everywhere", 0.5, 2.0), Setting("pag", 1.0), Setting("seg", 1.0),
                 Setting(cfg=1.0), Setting("sag", 0.5, 2.0, cfg=1.0)]
        count = min(10, options.unseen)
        part = slice(options.single, options.single + count)
        rows = [generator.pictures(s, labels[part], noise[part]) for s in shown]
        sheet(torch.cat(rows), count).save(options.sheet)


if __name__ == "__main__":
    main()
