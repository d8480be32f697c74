"""CLIP's byte-level BPE for plain captions.

The vocabulary follows from the merge list alone: 256 bytes, the same 256 closing a word, one token a
merge, then the start and the end of the text.
"""

import functools
import re

START, END, LENGTH = 49406, 49407, 77
MERGES = 49152 - 256 - 2
WORDS = re.compile(r"'s|'t|'re|'ve|'m|'ll|'d|[^\W\d_]+|\d|[^\s\w]+|_+", re.IGNORECASE)


def byte_letters():
    """Maps a byte to the printable letter that stands for it in the merge list."""
    kept = [*range(ord("!"), ord("~") + 1), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    spare = [b for b in range(256) if b not in kept]
    letters = {b: chr(b) for b in kept}
    letters.update({b: chr(256 + i) for i, b in enumerate(spare)})
    return {b: letters[b] for b in kept + spare}


class Tokenizer:
    """Turns a caption into token ids; `merges` is the text of CLIP's merges.txt."""

    def __init__(self, merges):
        lines = merges.split("\n")[1 : MERGES + 1]
        pairs = [tuple(line.split()) for line in lines]
        self.letters = byte_letters()
        alphabet = list(self.letters.values())
        vocabulary = alphabet + [a + "</w>" for a in alphabet] + ["".join(p) for p in pairs]
        self.ids = {token: i for i, token in enumerate(vocabulary)}
        self.ranks = {pair: i for i, pair in enumerate(pairs)}
        self.word = functools.lru_cache(maxsize=None)(self._word)

    def _word(self, word):
        letters = [self.letters[b] for b in word.encode("utf-8")]
        parts = letters[:-1] + [letters[-1] + "</w>"]
        while len(parts) > 1:
            ranked = [(self.ranks.get(p, MERGES), i) for i, p in enumerate(zip(parts, parts[1:]))]
            rank, i = min(ranked)
            if rank == MERGES:
                break
            parts[i : i + 2] = [parts[i] + parts[i + 1]]
        return [self.ids[part] for part in parts]

    def plain(self, text):
        """Token ids of a text, without start, end or padding."""
        return [i for word in WORDS.findall(text.lower()) for i in self.word(word)]

    def padded(self, text):
        """77 ids: start, text (cut if too long), end, and the end again as padding."""
        ids = [START, *self.plain(text)[: LENGTH - 2]]
        return ids + [END] * (LENGTH - len(ids))
