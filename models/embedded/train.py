#!/usr/bin/env python3
"""Trains the UNet together with its text encoder on latents of composed scenes.

Can be stopped (--stop-after) and continued from the state file. Latents come from a pool that is
refreshed with new scenes at every step, since encoding costs as much as a training step.
"""

import argparse
import pathlib
import time

import torch

import training
import weights
from diffusion import STEPS, Denoiser, Schedule, sample
from model import TEXT, UNET, VAE
from pictures import sheet
from scenes import Labels, Scenes
from taesd import Autoencoder
from text import TextEncoder
from unet import UNet

HERE = pathlib.Path(__file__).resolve().parent
EMPTY = 0.1  # the share of empty captions, for classifier-free guidance


class Pool:
    """Latents of scenes with their labels; the oldest are replaced."""

    def __init__(self, scenes, encode, capacity):
        self.scenes, self.encode, self.capacity = scenes, encode, capacity
        device = scenes.device
        self.latents = torch.empty(capacity, 4, 16, 16, device=device)
        empty = lambda: torch.empty(capacity, dtype=torch.long, device=device)
        self.labels = Labels(empty(), empty(), empty())
        self.filled, self.place = 0, 0

    @torch.no_grad()
    def add(self, count):
        labels = self.scenes.draw(count)
        pictures = self.scenes.render(labels).contiguous(memory_format=torch.channels_last)
        with training.precision(self.scenes.device):
            latents = self.encode(pictures)
        places = slice(self.place, self.place + count)
        self.latents[places] = latents.float()
        for mine, new in zip(vars(self.labels).values(), vars(labels).values()):
            mine[places] = new
        self.filled = max(self.filled, self.place + count)
        self.place = (self.place + count) % self.capacity

    def take(self, count):
        index = self.scenes.integers(self.filled, count)
        return self.latents[index], self.labels[index]


def loss(text, unet, noisy, timesteps, noise, tokens):
    return ((unet(noisy, timesteps, text(tokens)).float() - noise) ** 2).mean()


class Trainer:
    def __init__(self, options, target):
        self.options, self.target = options, target
        self.scenes = Scenes(options.archive, target, options.seed)
        self.unet = UNet().to(target, memory_format=torch.channels_last)
        self.text = TextEncoder().to(target)
        self.vae = Autoencoder().to(target, memory_format=torch.channels_last)
        weights.restore(self.vae, weights.load(options.vae)[0], VAE)
        self.vae.requires_grad_(False)
        if options.start:
            tensors, _ = weights.load(options.start)
            weights.restore(self.unet, tensors, UNET)
            weights.restore(self.text, tensors, TEXT)
        self.schedule = Schedule(target)
        self.parameters = [*self.unet.parameters(), *self.text.parameters()]
        fused = {"fused": True} if target.type == "cuda" else {}
        self.optimizer = torch.optim.AdamW(
            self.parameters, lr=options.peak, betas=(0.9, 0.99), weight_decay=0.01, **fused
        )
        self.average = training.Average(self.parameters, options.average)
        self.clock = training.Clock(target, options.steps, options.seconds)
        self.loss = training.compiled(loss, target)
        encode = training.compiled(self.vae.encode, target)
        self.pool = Pool(self.scenes, encode, options.pool)

    def batch(self):
        count = self.options.batch
        latents, labels = self.pool.take(count)
        tokens = self.scenes.tokens(labels, dropped=EMPTY)
        # Stratified timesteps: every part of the schedule is in every batch.
        spread = (torch.arange(count, device=self.target) + self.scenes.uniform(count)) / count
        timesteps = (spread * STEPS).long().clamp(max=STEPS - 1)
        noise = torch.randn_like(latents)
        scale = lambda table: table[timesteps][:, None, None, None]
        noisy = scale(self.schedule.signal) * latents + scale(self.schedule.noise) * noise
        noisy = noisy.contiguous(memory_format=torch.channels_last)
        return noisy, timesteps, noise, tokens

    def step(self):
        rate = self.clock.rate(self.options.peak, self.options.warmup)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.pool.add(max(1, self.options.batch // self.options.reuse))
        batch = self.batch()
        with training.precision(self.target):
            value = self.loss(self.text, self.unet, *batch)
        self.optimizer.zero_grad(set_to_none=True)
        value.backward()
        torch.nn.utils.clip_grad_norm_(self.parameters, 1.0)
        self.optimizer.step()
        self.average.update()
        self.clock.tick()
        return value.detach(), rate

    def run(self):
        log = training.Log(self.options.log, ["step", "seconds", "loss", "rate", "pictures_per_second"])
        chunk = min(2048, self.options.pool)
        while self.pool.filled < self.options.pool // 4 or self.pool.filled < chunk:
            self.pool.add(chunk)
        training.synchronize(self.target)
        print(f"pool of {self.pool.filled} latents after {self.clock.elapsed():.0f} s", flush=True)
        self.clock.started = began = time.time()
        total, count, since = torch.zeros((), device=self.target), 0, time.time()
        while not self.clock.done() and time.time() - began < self.options.stop_after:
            value, rate = self.step()
            total += value
            count += 1
            if self.clock.step % self.options.every == 0 or self.clock.done():
                mean = (total / count).item()
                speed = count * self.options.batch / (time.time() - since)
                log.add(self.clock.step, self.clock.elapsed(), mean, rate, speed)
                total.zero_()
                count, since = 0, time.time()

    def save(self):
        state = {
            "clock": self.clock.state(),
            "unet": self.unet.state_dict(),
            "text": self.text.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "average": self.average.values,
            "updates": self.average.updates,
        }
        torch.save(state, self.options.state)
        with self.average.applied():
            tensors = {**weights.prefixed(UNET, self.unet), **weights.prefixed(TEXT, self.text)}
            weights.save(self.options.out, tensors, {"step": str(self.clock.step)})

    def resume(self):
        state = torch.load(self.options.state, map_location=self.target)
        self.unet.load_state_dict(state["unet"])
        self.text.load_state_dict(state["text"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.average.values = [v.to(self.target) for v in state["average"]]
        self.average.updates = state["updates"]
        self.clock.resume(state["clock"])
        # A continued run must not see the same scenes again.
        self.scenes.generator.manual_seed(self.options.seed + 7919 * self.clock.step)
        torch.manual_seed(self.options.seed + 7919 * self.clock.step)

    @torch.no_grad()
    def draw_sheet(self, path, count):
        self.scenes.generator.manual_seed(5)
        half = count // 2
        seen, unseen = self.scenes.draw(half), self.scenes.draw(half, split="unseen")
        with self.average.applied():
            rows = []
            for labels in (seen, unseen):
                positive = self.text(self.scenes.tokens(labels, varied=False))
                negative = self.text(self.scenes.tokens(labels, varied=False, dropped=1.0))
                denoiser = Denoiser(self.unet, self.schedule, positive, negative, 4.0)
                noise = torch.randn(half, 4, 16, 16, device=self.target)
                rows.append(self.vae.decode(sample(denoiser, noise)))
                print(" | ".join(self.scenes.caption(labels, i) for i in range(min(16, half))))
        sheet(torch.cat(rows), 8).save(path)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--archive", default=HERE / ".cache" / "emoji.npz")
    parser.add_argument("--vae", default=HERE / ".cache" / "vae.safetensors")
    parser.add_argument("--start", help="weights to start from")
    parser.add_argument("--state", default=HERE / ".cache" / "state.pt", type=pathlib.Path)
    parser.add_argument("--out", default=HERE / ".cache" / "unet.safetensors")
    parser.add_argument("--log", default=HERE / ".cache" / "unet.csv")
    parser.add_argument("--sheet", help="a PNG of samples")
    parser.add_argument("--samples", type=int, default=64, help="pictures on the sheet")
    parser.add_argument("--steps", type=int, default=0, help="0: as many as fit into --seconds")
    parser.add_argument("--seconds", type=float, default=900)
    parser.add_argument("--stop-after", type=float, default=1e9, help="seconds of this run")
    parser.add_argument("--batch", type=int, default=1024)
    parser.add_argument("--pool", type=int, default=524288)
    parser.add_argument("--reuse", type=int, default=8, help="how often a latent is used, on average")
    parser.add_argument("--peak", type=float, default=1e-3, help="learning rate")
    parser.add_argument("--warmup", type=int, default=500)
    parser.add_argument("--average", type=float, default=0.9995, help="decay of the weight average")
    parser.add_argument("--every", type=int, default=200, help="steps between log rows")
    parser.add_argument("--seed", type=int, default=2)
    options = parser.parse_args()

    target = training.device()
    torch.manual_seed(options.seed)
    trainer = Trainer(options, target)
    if options.state.exists():
        trainer.resume()
    trainer.run()
    trainer.save()
    if options.sheet:
        trainer.draw_sheet(options.sheet, options.samples)


if __name__ == "__main__":
    main()
