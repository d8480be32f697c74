#!/usr/bin/env python3
"""The judge: a small classifier of scenes (which objects, which background), trained on real ones.

A quarter of its training pictures pass through the autoencoder first, so that the softness of decoded
pictures alone does not decide. Its last layer's inputs are the features of all distances.
"""

import argparse
import pathlib
import sys

import torch
import torch.nn.functional as F
from torch import nn

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import training
import weights
from model import Model
from scenes import Scenes

FEATURES = 256


def unit(inputs, outputs, stride=1):
    convolution = nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.ReLU())


class Residual(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.body = nn.Sequential(unit(width, width), unit(width, width))

    def forward(self, x):
        return x + self.body(x)


class Judge(nn.Module):
    """Pictures in 0..1 to logits of objects and of backgrounds; `features` is what both read."""

    def __init__(self, objects, backgrounds):
        super().__init__()
        widths = [32, 64, 128, 192]
        layers = [unit(3, 32, stride=2)]
        for inputs, outputs in zip(widths, widths[1:] + [FEATURES]):
            layers += [unit(inputs, outputs, stride=2), Residual(outputs)]
        self.body = nn.Sequential(*layers)
        self.objects = nn.Linear(FEATURES, objects)
        self.backgrounds = nn.Linear(FEATURES, backgrounds)

    def features(self, pictures):
        return self.body(pictures * 2 - 1).mean(dim=(2, 3))

    def forward(self, pictures):
        features = self.features(pictures)
        return self.objects(features), self.backgrounds(features)


def load_judge(path, scenes):
    judge = Judge(len(scenes.names), len(scenes.colours))
    weights.restore(judge, weights.load(path)[0], "")
    return judge.to(scenes.device, memory_format=torch.channels_last).eval().requires_grad_(False)


def object_targets(labels, classes):
    """One for the only object; a half for each of two."""
    share = torch.where(labels.second >= 0, 0.5, 1.0)[:, None]
    target = F.one_hot(labels.first, classes) * share
    return target + F.one_hot(labels.second.clamp(min=0), classes) * (1 - share)


def correct(logits, labels):
    """Whether the named objects are the likeliest ones, and the background the likeliest."""
    objects, backgrounds = logits
    best = objects.topk(2, dim=1).indices
    single = best[:, 0] == labels.first
    wanted = torch.stack([labels.first, labels.second], dim=1).sort(dim=1).values
    pair = (best.sort(dim=1).values == wanted).all(dim=1)
    return torch.where(labels.second >= 0, pair, single), backgrounds.argmax(1) == labels.background


def passed_through(vae, pictures):
    with torch.no_grad():
        return vae.decode(vae.encode(pictures)).float().clamp(0, 1)


def check(judge, scenes, vae, count=2048):
    """Accuracies on fresh real scenes, the ceiling of every later figure."""
    judge.eval()
    cases = {"single": (0.0, "train"), "pairs": (1.0, "train"), "unseen": (0.0, "unseen")}
    with torch.no_grad():
        for name, (pairs, split) in cases.items():
            labels = scenes.draw(count, pairs=pairs, split=split)
            pictures = scenes.render(labels)
            for kind, shown in (("real", pictures), ("decoded", passed_through(vae, pictures))):
                right = [r.float().mean().item() for r in correct(judge(shown), labels)]
                print(f"{name} {kind}: objects {right[0]:.4f}, background {right[1]:.4f}", flush=True)
    judge.train()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--archive", default=HERE.parent / ".cache" / "emoji.npz")
    parser.add_argument("--model", default=HERE.parent / "sagitta-emoji.safetensors")
    parser.add_argument("--out", default=HERE / "judge.safetensors")
    parser.add_argument("--log", default=HERE.parent / ".cache" / "judge.csv")
    parser.add_argument("--steps", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=80)
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--checked", type=int, default=2048)
    parser.add_argument("--peak", type=float, default=3e-3)
    parser.add_argument("--seed", type=int, default=3)
    options = parser.parse_args()

    target = training.device()
    torch.manual_seed(options.seed)
    scenes = Scenes(options.archive, target, options.seed)
    vae = Model(options.model, target).vae
    judge = Judge(len(scenes.names), len(scenes.colours))
    judge = judge.to(target, memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(judge.parameters(), weight_decay=0.02)
    log = training.Log(options.log, ["step", "seconds", "loss", "objects", "backgrounds"])
    clock = training.Clock(target, options.steps, options.seconds)
    quarter = options.batch // 4
    while not clock.done():
        for group in optimizer.param_groups:
            group["lr"] = clock.rate(options.peak, 100)
        # The judge may see every combination: it measures the generator, it is not measured.
        labels = scenes.draw(options.batch, pairs=0.35)
        labels.background[::2] = scenes.integers(len(scenes.colours), len(labels.background[::2]))
        pictures = scenes.render(labels).contiguous(memory_format=torch.channels_last)
        with training.precision(target):
            pictures[:quarter] = passed_through(vae, pictures[:quarter])
            pictures = (pictures + 0.03 * torch.randn_like(pictures)).clamp(0, 1)
            objects, backgrounds = judge(pictures)
        wanted = object_targets(labels, objects.shape[1])
        loss = F.cross_entropy(objects.float(), wanted)
        loss = loss + 0.3 * F.cross_entropy(backgrounds.float(), labels.background)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        clock.tick()
        if clock.step % 100 == 0 or clock.done():
            right = [r.float().mean().item() for r in correct((objects, backgrounds), labels)]
            log.add(clock.step, clock.elapsed(), loss.item(), *right)
    check(judge, scenes, vae, options.checked)
    state = {k: v.float() for k, v in judge.state_dict().items() if "num_batches" not in k}
    half = {k: v.half() for k, v in state.items()}
    weights.save(options.out, half, {"what": "classifier of composed emoji scenes"})


if __name__ == "__main__":
    main()
