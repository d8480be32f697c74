#!/usr/bin/env python3
"""Tests of the training code; those that draw scenes need prepare.py's archive."""

import pathlib
import tempfile
import unittest

import torch

import weights
from diffusion import Denoiser, Schedule, sample
from guidance import SelfAttentionGuidance, blur
from scenes import Scenes, held_out_pairs, with_article
from taesd import Autoencoder
from unet import UNet

HERE = pathlib.Path(__file__).resolve().parent
ARCHIVE = HERE / ".cache" / "emoji.npz"
MODEL = HERE / "sagitta-emoji.safetensors"


class Exact(torch.nn.Module):
    """A network that knows the clean latent: it predicts the noise exactly."""

    def __init__(self, clean, schedule):
        super().__init__()
        self.clean, self.schedule = clean, schedule

    def forward(self, x, timesteps, context):
        sigma = self.schedule.sigmas[timesteps.long()][:, None, None, None]
        return (x * (sigma**2 + 1).sqrt() - self.clean) / sigma


class Networks(unittest.TestCase):
    def test_autoencoder_has_factor_eight_and_four_channels(self):
        latents = Autoencoder(8).encode(torch.rand(1, 3, 32, 48))
        self.assertEqual(latents.shape, (1, 4, 4, 6))
        self.assertEqual(Autoencoder(8).decode(latents).shape, (1, 3, 32, 48))

    def test_checkpoint_holds_every_weight_of_the_unet_within_its_size(self):
        tensors, metadata = weights.load(MODEL)
        prefix = "model.diffusion_model."
        names = {prefix + name for name in UNet().state_dict()}
        self.assertEqual(names, {name for name in tensors if name.startswith(prefix)})
        self.assertLessEqual(MODEL.stat().st_size, 32_000_000)
        self.assertIn("SIL Open Font License", metadata["modelspec.license"])

    def test_weights_survive_a_round_trip(self):
        tensors = {"a": torch.randn(3, 2).half(), "b": torch.tensor(0.5)}
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "x.safetensors"
            weights.save(path, tensors, {"k": "v"})
            read, metadata = weights.load(path)
        self.assertEqual(metadata, {"k": "v"})
        for name, tensor in tensors.items():
            self.assertTrue(torch.equal(read[name], tensor))


class Sampling(unittest.TestCase):
    def test_schedule_has_the_sigmas_of_stable_diffusion(self):
        sigmas = Schedule().sigmas
        self.assertAlmostEqual(sigmas[0].item(), 0.0291675, places=6)
        self.assertAlmostEqual(sigmas[-1].item(), 14.61464, places=4)

    def test_samplers_reach_the_clean_latent_of_an_exact_network(self):
        schedule, clean = Schedule(), torch.randn(1, 4, 16, 16)
        context = torch.zeros(1, 77, 64)
        denoiser = Denoiser(Exact(clean, schedule), schedule, context, context, 1.0)
        for sampler in ("euler", "dpmpp_2m"):
            found = sample(denoiser, torch.randn_like(clean), 20, sampler, "normal")
            self.assertLess((found - clean).abs().max().item(), 1e-2)

    def test_blur_keeps_a_flat_latent(self):
        flat = torch.full((1, 4, 16, 16), 0.7)
        self.assertTrue(torch.allclose(blur(flat, 2.0), flat, atol=1e-6))

    def test_mask_keeps_tokens_above_average_attention(self):
        received = torch.full((1, 64), 0.5)
        received[0, 9] = 1.5
        mask = SelfAttentionGuidance()._mask(received, (16, 16))
        self.assertEqual(mask.sum().item(), 4.0)
        self.assertEqual(mask[0, 0, 2:4, 2:4].sum().item(), 4.0)

    def test_random_mask_covers_as_much(self):
        received = 2 * torch.rand(3, 64)
        masks = [SelfAttentionGuidance(mask=kind)._mask(received, (16, 16))
                 for kind in ("attention", "random")]
        self.assertTrue(torch.equal(masks[0].sum((1, 2, 3)), masks[1].sum((1, 2, 3))))


class Captions(unittest.TestCase):
    def test_articles(self):
        names = {"fox": "a fox", "owl": "an owl", "grapes": "grapes", "cactus": "a cactus",
                 "unicorn": "a unicorn"}
        self.assertEqual({name: with_article(name) for name in names}, names)

    def test_one_combination_in_ten_is_held_out(self):
        self.assertAlmostEqual(held_out_pairs(1354, 16).float().mean().item(), 0.1, places=2)


@unittest.skipUnless(ARCHIVE.exists(), "needs prepare.py")
class ScenesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scenes = Scenes(ARCHIVE)

    def test_assembled_tokens_equal_the_tokenised_caption(self):
        labels = self.scenes.draw(64)
        tokens = self.scenes.tokens(labels, varied=False)
        for i in range(64):
            caption = self.scenes.caption(labels, i)
            self.assertEqual(tokens[i].tolist(), self.scenes.tokenizer.padded(caption), caption)

    def test_dropped_captions_are_empty(self):
        tokens = self.scenes.tokens(self.scenes.draw(4), dropped=1.0)
        self.assertEqual(tokens[0].tolist(), self.scenes.tokenizer.padded(""))

    def test_training_never_draws_a_held_out_combination(self):
        labels = self.scenes.draw(5000)
        self.assertFalse(self.scenes.held_out[labels.first, labels.background].any())
        second = labels[labels.second >= 0]
        self.assertFalse(self.scenes.held_out[second.second, second.background].any())

    def test_unseen_draws_only_held_out_combinations(self):
        labels = self.scenes.draw(1000, split="unseen")
        self.assertTrue(self.scenes.held_out[labels.first, labels.background].all())

    def test_same_seed_draws_the_same_scene(self):
        pictures = []
        for _ in range(2):
            self.scenes.generator.manual_seed(5)
            pictures.append(self.scenes.render(self.scenes.draw(1)))
        self.assertTrue(torch.equal(*pictures))
        self.assertEqual(pictures[0].shape, (1, 3, 128, 128))


if __name__ == "__main__":
    unittest.main()
