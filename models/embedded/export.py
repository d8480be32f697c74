#!/usr/bin/env python3
"""Joins autoencoder, UNet and text encoder into one f16 checkpoint that says where it comes from."""

import argparse
import json
import pathlib

import torch

import weights
from scenes import BACKGROUNDS, ENDINGS, OPENINGS, Scenes

HERE = pathlib.Path(__file__).resolve().parent
TOKENS = "cond_stage_model.transformer.text_model.embeddings.token_embedding.weight"
LATENT_SCALE = 0.18215  # TAESD works on unit-variance latents; the layout's own latents are larger


def used_tokens(scenes):
    """The ids that captions can contain."""
    tables = (scenes.openings, scenes.endings, scenes.objects, scenes.seconds, scenes.places)
    special = torch.tensor([49406, 49407])
    return torch.cat([special, *(table.ids.flatten() for table in tables)]).unique()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--archive", default=HERE / ".cache" / "emoji.npz")
    parser.add_argument("--vae", default=HERE / ".cache" / "vae.safetensors")
    parser.add_argument("--unet", default=HERE / ".cache" / "unet.safetensors")
    parser.add_argument("--recipe", default="{}", help="JSON with the figures of this training")
    parser.add_argument("--out", default=HERE / "sagitta-emoji.safetensors")
    options = parser.parse_args()

    scenes = Scenes(options.archive)
    tensors = {**weights.load(options.vae)[0], **weights.load(options.unet)[0]}
    # A word that no caption held stays neutral instead of random.
    table = torch.zeros_like(tensors[TOKENS])
    known = used_tokens(scenes)
    table[known] = tensors[TOKENS][known]
    tensors[TOKENS] = table
    tensors = {name: value.half() for name, value in tensors.items()}
    if not all(value.isfinite().all() for value in tensors.values()):
        raise SystemExit("a weight does not fit into f16")
    tensors["first_stage_model.vae_scale"] = torch.tensor(LATENT_SCALE)
    tensors["first_stage_model.vae_shift"] = torch.tensor(0.0)

    metadata = {
        "modelspec.title": "sagitta emoji",
        "modelspec.architecture": "stable-diffusion-v1 layout, two levels, TAESD autoencoder",
        "modelspec.resolution": "128x128",
        "modelspec.prediction_type": "epsilon",
        "modelspec.description": "Text to image: one or two emoji on a coloured background, as in "
        "'a fox on a teal background' or 'a rocket and a robot on a navy background'.",
        "modelspec.license": "SIL Open Font License 1.1, as the training pictures",
        "training.data": f"{len(scenes.names)} colour emoji of Noto Color Emoji (Copyright Google "
        "Inc., SIL OFL 1.1) composed into scenes; names from Unicode CLDR (Unicode License)",
        "training.captions": json.dumps(
            {"backgrounds": list(BACKGROUNDS), "openings": OPENINGS, "endings": ENDINGS}
        ),
        "training.recipe": options.recipe,
        "unet.num_res_blocks": "2,1",
        "unet.attention": "at the lower level and in the middle, 8 heads",
        "latent.scale": f"{LATENT_SCALE}: latents of the layout times this are what the autoencoder "
        "and the UNet work on",
    }
    weights.save(options.out, tensors, metadata)
    size = pathlib.Path(options.out).stat().st_size
    count = sum(value.numel() for value in tensors.values())
    print(f"{options.out}: {count} numbers, {size / 1e6:.2f} MB, {len(known)} known tokens")


if __name__ == "__main__":
    main()
