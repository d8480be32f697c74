#!/usr/bin/env python3
"""Turns what generate.py wrote into a table with 95 % bootstrap intervals."""

import argparse
import csv
import pathlib
import sys

import numpy
import torch

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from metrics import KernelDistance, covered, draws, frechet, interval, moments, root
from settings import Setting, all_settings

MEASURES = ["object_seen", "object_unseen", "background", "frechet", "kid", "precision", "recall",
            "fine"]


class Report:
    def __init__(self, path, repeats):
        self.data = numpy.load(path)
        self.single = int(self.data["single"])
        self.reference = self.features("reference")
        self.real = self.features("real")
        self.mean, self.covariance = moments(self.reference)
        self.root = root(self.covariance)
        self.kernel = KernelDistance(self.reference)
        self.counts = draws(len(self.real), repeats)
        self.fine = torch.from_numpy(self.data["real/fine"]).double().mean().item()

    def features(self, name):
        return torch.from_numpy(self.data[name + "/features"].astype(numpy.float64))

    def values(self, name, what):
        return torch.from_numpy(self.data[f"{name}/{what}"].astype(numpy.float64))

    def mean_of(self, values, rows=slice(None)):
        """A mean over pictures and its resampled means."""
        part, counts = values[rows], self.counts[:, rows]
        return part.mean().item(), (counts @ part / counts.sum(dim=1)).tolist()

    def measure(self, name):
        """measure -> (value, resampled values) for one setting."""
        features = self.features(name)
        right = self.values(name, "object")
        result = {
            "object_seen": self.mean_of(right, slice(None, self.single)),
            "object_unseen": self.mean_of(right, slice(self.single, None)),
            "background": self.mean_of(self.values(name, "background")),
        }
        against = (self.mean, self.covariance, self.root)
        distance = lambda counts: frechet(*moments(features, counts), *against)
        result["frechet"] = distance(None), [distance(c) for c in self.counts]
        ones = torch.ones(1, len(features), dtype=torch.float64)
        value, *again = self.kernel.distances(features, torch.cat([ones, self.counts]))
        result["kid"] = value, again
        result["precision"] = self.mean_of(covered(features, self.reference))
        result["recall"] = self.mean_of(covered(self.real, features))
        value, again = self.mean_of(self.values(name, "fine") / self.fine)
        result["fine"] = value, again
        return result


def write_table(path, rows, plain):
    """One line a setting; differences to the plain sampler are paired, picture by picture."""
    header = ["setting", "method", "scale", "blur", "cfg", "sampler", "scheduler"]
    for measure in MEASURES:
        header += [measure, measure + "_low", measure + "_high"]
    header += ["frechet_change", "frechet_change_low", "frechet_change_high"]
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        for name, setting, result in rows:
            line = [name]
            described = ["method", "scale", "blur", "cfg", "sampler", "scheduler"]
            line += [getattr(setting, key) for key in described] if setting else [""] * 6
            for measure in MEASURES:
                value, again = result[measure]
                line += [f"{x:.5g}" for x in (value, *interval(value, again))]
            base = plain[getattr(setting, "cfg", None)] if setting else None
            if base is None or base is result:
                line += [""] * 3
            else:
                value = result["frechet"][0] - base["frechet"][0]
                change = [a - b for a, b in zip(result["frechet"][1], base["frechet"][1])]
                line += [f"{x:.5g}" for x in (value, *interval(value, change))]
            writer.writerow(line)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default=HERE.parent / ".cache" / "evaluation.npz")
    parser.add_argument("--out", default=HERE.parent / "log" / "evaluation.csv", type=pathlib.Path)
    parser.add_argument("--repeats", type=int, default=60, help="bootstrap draws")
    options = parser.parse_args()

    report = Report(options.data, options.repeats)
    known = {setting.name: setting for setting in all_settings()}
    names = ["real", "decoded", *map(str, report.data["settings"])]
    rows = []
    for name in names:
        rows.append((name, known.get(name), report.measure(name)))
        shown = " ".join(f"{m}={rows[-1][2][m][0]:.4f}" for m in MEASURES)
        print(name, shown, flush=True)
    plain = {s.cfg: r for _, s, r in rows if s and s == Setting(cfg=s.cfg)}
    write_table(options.out, rows, plain)
    for name in ("every", "pairs", "unseen"):
        right = torch.from_numpy(report.data[name + "/object"].astype(numpy.float64))
        shade = report.data[name + "/background"].mean()
        counts = draws(len(right), 1000)
        low, high = interval(right.mean().item(), (counts @ right / len(right)).tolist())
        print(f"{name}: {len(right)} pictures, object {right.mean():.4f} [{low:.4f}, {high:.4f}], "
              f"background {shade:.4f}")


if __name__ == "__main__":
    main()
