#!/usr/bin/env python3
"""Gathers the training material into one small file: emoji bitmaps, their names, CLIP's merge list.

Needs Debian's fonts-noto-color-emoji, unicode-cldr-core and python3-fonttools.
"""

import argparse
import gzip
import io
import pathlib
import re
import xml.etree.ElementTree as ElementTree

import numpy
from PIL import Image
from fontTools.ttLib import TTFont

HERE = pathlib.Path(__file__).resolve().parent
FONT = "/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf"
NAMES = "/usr/share/unicode/cldr/common/annotations/en.xml"
MERGES = HERE.parents[1] / "data" / "clip_merges.txt.gz"

# Emoji that differ from another one only by their size, which a scene varies, or that show no object.
LEFT_OUT = re.compile(r"(small|medium|medium-small) square$|small (orange|blue) diamond$|skin tone$")


def plain_name(name):
    """CLDR's name as a person types it: no quotes, no brackets (they mean weights in prompts)."""
    name = name.replace("’", "'").replace("“", "").replace("”", "")
    name = re.sub(r" \(.*\)", "", name)
    return name.replace(": ", " with ").lower()

# Names that promise a direction or writing, which a mirror image would break.
DIRECTED = re.compile(r"left|right|arrow|o'clock|thirty|button|sign|input|letters|medal|moon")


def thumbnail(png):
    """A 32x32 premultiplied RGBA view of the drawn part, so that place and size do not count."""
    picture = Image.open(io.BytesIO(png)).convert("RGBA")
    drawn = picture.crop(picture.getchannel("A").getbbox())
    side = max(drawn.size)
    square = Image.new("RGBA", (side, side))
    square.paste(drawn, ((side - drawn.width) // 2, (side - drawn.height) // 2))
    values = numpy.asarray(square.resize((32, 32), Image.BOX), numpy.float32) / 255
    return values * numpy.concatenate([values[..., 3:]] * 3 + [numpy.ones((32, 32, 1))], axis=2)


def may_mirror(names, pngs):
    """False where the mirrored emoji would be (nearly) another one, or says something directed."""
    plain = numpy.stack([thumbnail(p) for p in pngs])
    count = len(plain)
    mirrored = plain[:, :, ::-1].reshape(count, -1)
    plain = plain.reshape(count, -1)
    squares = (plain**2).sum(1)
    distance = ((mirrored**2).sum(1)[:, None] + squares - 2 * mirrored @ plain.T) / plain.shape[1]
    own = distance.diagonal().copy()
    numpy.fill_diagonal(distance, numpy.inf)
    nearest = distance.min(axis=1)
    directed = numpy.array([DIRECTED.search(name) is not None for name in names])
    return ~directed & ~((nearest < own) & (nearest < 0.01))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--merges", default=MERGES, help="CLIP's merge list, gzipped")
    parser.add_argument("--font", default=FONT)
    parser.add_argument("--names", default=NAMES)
    parser.add_argument("--out", default=HERE / ".cache" / "emoji.npz", type=pathlib.Path)
    options = parser.parse_args()

    names = {}
    for entry in ElementTree.parse(options.names).getroot().iter("annotation"):
        if entry.get("type") == "tts" and len(entry.get("cp")) == 1:
            names[ord(entry.get("cp"))] = plain_name(entry.text)

    font = TTFont(options.font)
    bitmaps = font["CBDT"].strikeData[0]
    chosen = [
        (code, glyph)
        for code, glyph in sorted(font.getBestCmap().items())
        if code in names and glyph in bitmaps and not LEFT_OUT.search(names[code])
    ]
    pictures = [bitmaps[glyph].imageData for _, glyph in chosen]
    options.out.parent.mkdir(parents=True, exist_ok=True)
    numpy.savez(
        options.out,
        codes=numpy.array([code for code, _ in chosen]),
        names=numpy.array([names[code] for code, _ in chosen]),
        mirror=may_mirror([names[code] for code, _ in chosen], pictures),
        pictures=numpy.frombuffer(b"".join(pictures), numpy.uint8),
        ends=numpy.cumsum([len(p) for p in pictures]),
        merges=numpy.array(gzip.open(options.merges, "rt", encoding="utf-8").read()),
    )
    print(f"{options.out}: {len(chosen)} emoji, {options.out.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
