#!/usr/bin/env python3
"""Peak signal-to-noise ratio of pictures: psnr.py A.png B.png [C.png D.png ...] compares A with B, C with D.

Reads 8-bit RGB and RGBA files without interlacing, which sagitta writes.
"""
import math
import struct
import sys
import zlib


def predict(kind, left, above, corner):
    if kind == 4:
        estimate = left + above - corner
        return min((left, above, corner), key=lambda value: abs(estimate - value))
    return (0, left, above, (left + above) // 2)[kind]


def read_png(path):
    with open(path, "rb") as file:
        data = file.read()
    width, height, depth, colour, _, _, interlaced = struct.unpack(">IIBBBBB", data[16:29])
    if data[:8] != b"\x89PNG\r\n\x1a\n" or depth != 8 or colour not in (2, 6) or interlaced:
        sys.exit(f"{path}: not an 8-bit RGB or RGBA PNG without interlacing")
    packed, at = b"", 8
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at:at + 8])
        if kind == b"IDAT":
            packed += data[at + 8:at + 8 + length]
        at += 12 + length
    pixel = 3 if colour == 2 else 4
    row_bytes = width * pixel
    lines = zlib.decompress(packed)
    above, values = [0] * row_bytes, []
    for y in range(height):
        start = y * (row_bytes + 1)
        kind, row = lines[start], list(lines[start + 1:start + 1 + row_bytes])
        for i in range(row_bytes):
            left, corner = (row[i - pixel], above[i - pixel]) if i >= pixel else (0, 0)
            row[i] = (row[i] + predict(kind, left, above[i], corner)) & 255
        values += row
        above = row
    return (width, height, pixel), values


def psnr(one, other):
    (size, a), (other_size, b) = read_png(one), read_png(other)
    if size != other_size:
        sys.exit(f"{one} and {other} differ in size or channels: {size} and {other_size}")
    error = sum((x - y) ** 2 for x, y in zip(a, b)) / len(a)
    return math.inf if error == 0 else 10 * math.log10(255 ** 2 / error)


if __name__ == "__main__":
    files = sys.argv[1:]
    if not files or len(files) % 2:
        sys.exit(__doc__)
    ratios = [psnr(*files[i:i + 2]) for i in range(0, len(files), 2)]
    print(" ".join(f"{ratio:.1f}" for ratio in ratios), "dB, mean", f"{sum(ratios) / len(ratios):.1f}")
