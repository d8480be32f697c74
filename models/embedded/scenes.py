"""Scenes: one or two emoji on a coloured gradient, with a caption; drawn in batches on any device."""

import io
from dataclasses import dataclass

import numpy
import torch
import torch.nn.functional as F
from PIL import Image

from tokenizer import END, LENGTH, START, Tokenizer

SIDE = 128
CANVAS = 136  # the bitmaps are 136 wide and 128 high, centred on a square

BACKGROUNDS = {
    "red": (214, 40, 40),
    "orange": (243, 128, 20),
    "yellow": (250, 212, 60),
    "lime": (160, 220, 50),
    "green": (34, 139, 60),
    "teal": (0, 128, 128),
    "cyan": (80, 205, 232),
    "blue": (45, 95, 220),
    "navy": (18, 28, 90),
    "purple": (122, 48, 172),
    "pink": (246, 150, 192),
    "brown": (118, 72, 38),
    "beige": (236, 216, 178),
    "gray": (128, 128, 128),
    "white": (246, 246, 246),
    "black": (18, 18, 18),
}
OPENINGS = ["", "a picture of ", "an emoji of ", "a photo of ", "a drawing of ", "an illustration of "]
ENDINGS = ["", ", high quality", ", best quality, highly detailed", ", digital art", ", masterpiece"]
HELD_OUT = 10  # one object-background pair in ten is never trained on


def with_article(name):
    """"a fox", "an owl", "grapes": plural names stay bare."""
    last = name.split(" with ")[0].split(" of ")[0].split()[-1]
    if last.endswith("s") and not last.endswith(("ss", "us", "is", "as", "'s")):
        return name
    return ("an " if name[0] in "aeio" else "a ") + name


def held_out_pairs(objects, backgrounds):
    """The fixed table [objects, backgrounds] of pairs that training never sees (Knuth's hash)."""
    code = numpy.arange(objects * backgrounds, dtype=numpy.uint64)
    code = (code * numpy.uint64(2654435761)) % numpy.uint64(2**32)
    code ^= code >> numpy.uint64(15)
    code = (code * numpy.uint64(2246822519)) % numpy.uint64(2**32)
    code ^= code >> numpy.uint64(13)
    return torch.from_numpy((code % HELD_OUT == 0).reshape(objects, backgrounds))


@dataclass
class Labels:
    """What a batch of scenes shows; `second` is -1 where there is one object."""

    first: torch.Tensor
    second: torch.Tensor
    background: torch.Tensor

    def __getitem__(self, index):
        return Labels(self.first[index], self.second[index], self.background[index])

    def __len__(self):
        return len(self.first)


class Pieces:
    """Caption fragments as one table of token ids [pieces, longest] with lengths."""

    def __init__(self, tokenizer, texts, device):
        ids = [tokenizer.plain(text) for text in texts]
        longest = max(map(len, ids))
        self.ids = torch.tensor([i + [END] * (longest - len(i)) for i in ids], device=device)
        self.lengths = torch.tensor([len(i) for i in ids], device=device)


class Scenes:
    """Draws labels, pictures and captions; every draw comes from one seeded generator."""

    def __init__(self, archive, device="cpu", seed=0):
        data = numpy.load(archive)
        self.device = torch.device(device)
        self.names = [str(name) for name in data["names"]]
        self.colours = list(BACKGROUNDS)
        self.tokenizer = Tokenizer(str(data["merges"]))
        self.bitmaps = self._bitmaps(data)
        self.mirror = torch.from_numpy(data["mirror"]).to(self.device)
        self.palette = torch.tensor(list(BACKGROUNDS.values()), device=self.device) / 255.0
        self.held_out = held_out_pairs(len(self.names), len(self.colours)).to(self.device)
        self.generator = torch.Generator(self.device).manual_seed(seed)
        self._tables()

    def _bitmaps(self, data):
        """Premultiplied RGBA [objects, 4, 136, 136] as bytes."""
        bitmaps = numpy.zeros((len(self.names), CANVAS, CANVAS, 4), numpy.uint8)
        starts = [0, *data["ends"][:-1]]
        for i, (start, end) in enumerate(zip(starts, data["ends"])):
            picture = Image.open(io.BytesIO(data["pictures"][start:end].tobytes())).convert("RGBA")
            values = numpy.asarray(picture).astype(numpy.float32)
            values[..., :3] *= values[..., 3:] / 255
            top = (CANVAS - picture.height) // 2
            bitmaps[i, top : top + picture.height] = numpy.round(values)
        return torch.from_numpy(bitmaps).permute(0, 3, 1, 2).contiguous().to(self.device)

    def _tables(self):
        table = lambda texts: Pieces(self.tokenizer, texts, self.device)
        named = [with_article(name) for name in self.names]
        self.openings, self.endings = table(OPENINGS), table(ENDINGS)
        self.objects = table(named + self.names)
        self.seconds = table(["and " + text for text in named] + ["and " + n for n in self.names])
        on = [f"on {'an' if c[0] in 'aeio' else 'a'} {c} background" for c in self.colours]
        self.places = table(on + [f", {c} background" for c in self.colours])

    def uniform(self, *shape):
        return torch.rand(*shape, generator=self.generator, device=self.device)

    def integers(self, high, count):
        return torch.randint(high, (count,), generator=self.generator, device=self.device)

    def draw(self, count, pairs=0.35, split="train"):
        """Random labels that avoid held-out combinations; split "unseen": only those, one object."""
        nothing = torch.full((count,), -1, device=self.device)
        if split == "unseen":
            combinations = self.held_out.nonzero()
            first, background = combinations[self.integers(len(combinations), count)].unbind(1)
            return Labels(first, nothing, background)
        first = self.integers(len(self.names), count)
        second = self.integers(len(self.names), count)
        second = torch.where(self.uniform(count) < pairs, second, nothing)
        out = self.held_out[first] | (self.held_out[second.clamp(min=0)] & (second >= 0)[:, None])
        scores = self.uniform(count, len(self.colours)) + ~out
        return Labels(first, second, scores.argmax(dim=1))

    def caption(self, labels, index):
        """The plain caption of one scene, as a person would type it."""
        first, second = int(labels.first[index]), int(labels.second[index])
        text = with_article(self.names[first])
        if second >= 0:
            text += " and " + with_article(self.names[second])
        colour = self.colours[int(labels.background[index])]
        return f"{text} on {'an' if colour[0] in 'aeio' else 'a'} {colour} background"

    def tokens(self, labels, varied=True, dropped=0.0):
        """Captions as token ids [count, 77]; varied ones differ in wording, dropped ones are empty."""
        count = len(labels)
        zero = torch.zeros(count, dtype=torch.long, device=self.device)
        chance = lambda p: (self.uniform(count) < p) if varied else torch.zeros_like(zero, dtype=torch.bool)
        opening = torch.where(chance(0.2), self.integers(len(OPENINGS), count), zero)
        ending = torch.where(chance(0.15), self.integers(len(ENDINGS), count), zero)
        bare = chance(0.15).long() * len(self.names)
        comma = chance(0.1).long() * len(self.colours)
        parts = [
            (self.openings, opening, None),
            (self.objects, labels.first + bare, None),
            (self.seconds, labels.second.clamp(min=0) + bare, labels.second >= 0),
            (self.places, labels.background + comma, ~chance(0.1)),
            (self.endings, ending, None),
        ]
        empty = self.uniform(count) < dropped
        # One column beyond the text takes what is not written.
        ids = torch.full((count, LENGTH + 1), END, device=self.device)
        ids[:, 0] = START
        position = torch.ones_like(zero)
        for piece, index, present in parts:
            length = piece.lengths[index]
            length = length * ~empty if present is None else length * (present & ~empty)
            steps = torch.arange(piece.ids.shape[1], device=self.device)
            target = position[:, None] + steps
            target = torch.where(steps < length[:, None], target, torch.full_like(target, LENGTH))
            ids.scatter_(1, target.clamp(max=LENGTH), piece.ids[index])
            position = position + length
        return ids[:, :LENGTH]

    def render(self, labels):
        """Pictures [count, 3, 128, 128] in 0..1, with random place, size, tilt, mirror and gradient."""
        count = len(labels)
        pair = labels.second >= 0
        canvas = self._background(labels.background)
        noise = lambda: 2 * self.uniform(count) - 1
        size = torch.where(pair, 0.45 + 0.05 * noise(), 0.78 + 0.14 * noise())
        slack = 1 - size
        x = torch.where(pair, -0.47 + 0.05 * noise(), slack * noise())
        y = torch.where(pair, 0.3 * noise(), slack * noise())
        canvas = self._paste(canvas, labels.first, size, x, y)
        size = 0.45 + 0.05 * noise()
        x, y = 0.47 + 0.05 * noise(), 0.3 * noise()
        size = torch.where(pair, size, torch.zeros_like(size))
        canvas = self._paste(canvas, labels.second.clamp(min=0), size, x, y)
        return F.avg_pool2d(canvas, 2)

    def _background(self, colour):
        count = len(colour)
        base = self.palette[colour][:, :, None, None]
        angle = self.uniform(count, 1, 1, 1) * 2 * torch.pi
        line = torch.linspace(-1, 1, 2 * SIDE, device=self.device)
        ramp = line * torch.cos(angle) + line[:, None] * torch.sin(angle)
        depth = 0.02 + 0.08 * self.uniform(count, 1, 1, 1)
        return (base + depth * ramp).clamp(0, 1)

    def _paste(self, canvas, index, size, x, y):
        """Lays an emoji of relative `size` at (x, y) in -1..1 over the canvas; size 0 draws nothing."""
        count = len(index)
        angle = (2 * self.uniform(count) - 1) * 0.21
        flip = (self.uniform(count) < 0.5) & self.mirror[index]
        across = torch.where(flip, -1.0, 1.0)
        inverse = 1 / size.clamp(min=1e-3)
        cos, sin = torch.cos(angle) * inverse, torch.sin(angle) * inverse
        rows = [across * cos, across * sin, across * (-cos * x - sin * y), -sin, cos, sin * x - cos * y]
        theta = torch.stack(rows, dim=1).view(count, 2, 3)
        grid = F.affine_grid(theta, [count, 4, 2 * SIDE, 2 * SIDE], align_corners=False)
        emoji = F.grid_sample(self.bitmaps[index].float() / 255, grid, align_corners=False)
        drawn = (size > 0).float()[:, None, None, None]
        return canvas * (1 - emoji[:, 3:] * drawn) + emoji[:, :3] * drawn
