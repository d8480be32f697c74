#!/usr/bin/env python3
"""Plots the training logs: the autoencoder's PSNR and the UNet's loss over pictures seen."""

import csv
import pathlib

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

HERE = pathlib.Path(__file__).resolve().parent


def rows(name):
    with open(HERE / "log" / name, newline="", encoding="utf-8") as file:
        return [{key: float(value) for key, value in row.items()} for row in csv.DictReader(file)]


def main():
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4))
    vae = rows("autoencoder.csv")
    left.plot([r["step"] for r in vae], [r["psnr"] for r in vae])
    left.set_xlabel("step (128 pictures)")
    left.set_title("autoencoder: PSNR of a batch, dB")

    unet = rows("unet.csv")
    for run, label in ((1.0, "first run"), (2.0, "second run")):
        some = [r for r in unet if r["run"] == run]
        offset = 0.0 if run == 1 else max(r["step"] for r in unet if r["run"] == 1)
        right.plot([(r["step"] + offset) * 1024 / 1e6 for r in some], [r["loss"] for r in some], label=label)
    right.set_ylim(0.04, 0.1)
    right.set_xlabel("million latents seen")
    right.set_title("UNet: mean squared error of the noise")
    right.legend()
    for axes in (left, right):
        axes.grid(alpha=0.3)
    figure.tight_layout()
    figure.savefig(HERE / "figures" / "training.png", dpi=80)


if __name__ == "__main__":
    main()
