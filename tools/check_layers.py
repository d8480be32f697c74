#!/usr/bin/env python3
"""Fails if a file includes a header from a layer that its own layer may not see.

usage: check_layers.py src/sagitta
"""
import pathlib
import re
import sys

MAY_INCLUDE = {  # layer -> the layers it may see besides itself
    "base": [],
    "core": ["base"],
    "io": ["core", "base"],
    "image": ["core", "base"],
    "text": ["base"],
    "draw": ["text", "core", "base"],
    "graph": ["base"],  # it moves opaque values
    "backend": ["core", "base"],  # never ops: the two meet only in core/kernels.h
    "ops": ["core", "base"],
    "nn": ["ops", "core", "base"],
    "models": ["nn", "ops", "io", "core", "base"],
    "diffusion": ["models", "nn", "ops", "text", "image", "core", "base"],
    "insight": ["diffusion", "models", "nn", "draw", "image", "io", "core", "base"],
    "nodes": ["graph", "insight", "diffusion", "models", "nn", "ops", "text", "draw", "image", "io", "core", "base"],
}
# A third-party library is included by one folder only.
ONE_FOLDER = {
    "nlohmann/": "base",
    "dnnl": "backend/cpu",
    "cuda": "backend/cuda",
    "cublas": "backend/cuda",
    "png.h": "io",
    "jpeglib.h": "io",
    "webp/": "io",
    "utf8proc.h": "text",
    "pcre2.h": "text",
    "ft2build.h": "draw",
}


def offences(root, path, number, line):
    """Yields a message for each rule that the line breaks."""
    relative = path.relative_to(root)
    layer = relative.parts[0]
    if layer not in MAY_INCLUDE:
        yield f"{path}: folder '{layer}' is not a known layer"
    elif found := re.match(r'#include "sagitta/(\w+)/(.*)"', line):
        other = found[1]
        if other != layer and other not in MAY_INCLUDE[layer]:
            yield f"{path}:{number}: {layer} may not include {other}/{found[2]}"
    elif found := re.match(r"#include <(.*)>", line):
        for library, folder in ONE_FOLDER.items():
            if found[1].startswith(library) and not str(relative).startswith(folder):
                yield f"{path}:{number}: only {folder} may include <{found[1]}>"


def main():
    root = pathlib.Path(sys.argv[1])
    bad = [
        message
        for path in sorted(root.rglob("*.[hc]*"))
        for number, line in enumerate(path.read_text().splitlines(), 1)
        for message in offences(root, path, number, line)
    ]
    print("\n".join(bad) or "every include respects the layers")
    return bool(bad)


sys.exit(main())
