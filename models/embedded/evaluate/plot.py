#!/usr/bin/env python3
"""Plots the table that report.py wrote, and the mean spectra of generate.py's file."""

import argparse
import csv
import pathlib

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy

HERE = pathlib.Path(__file__).resolve().parent
PLAIN = "none-s0-b0-cfg{:g}-dpmpp_2m-karras-20"


def read(path):
    with open(path, newline="", encoding="utf-8") as file:
        return {row["setting"]: row for row in csv.DictReader(file)}


def points(rows, method, blur, measure):
    """Scale, value, low and high of one method at CFG 4, by scale."""
    some = [r for r in rows.values() if r["method"] == method and r["cfg"] == "4.0" and r[measure]]
    some = [r for r in some if blur is None or float(r["blur"]) == blur]
    columns = ["scale", measure, measure + "_low", measure + "_high"]
    return sorted([float(r[c]) for c in columns] for r in some)


def guidance(rows, path):
    figure, panels = plt.subplots(1, 3, figsize=(13, 4))
    titles = {"frechet_change": "change of the Frechet distance (paired)",
              "precision": "precision", "fine": "fine detail, relative to real scenes"}
    series = [("sag", b, f"SAG, blur {b:g}", "-") for b in (1.0, 2.0, 4.0)]
    series += [("everywhere", None, "blur everywhere", "--"), ("random", None, "random mask", "--"),
               ("pag", None, "PAG", ":"), ("seg", None, "SEG", ":")]
    start = rows[PLAIN.format(4)]
    for axes, (measure, title) in zip(panels, titles.items()):
        level = float(start[measure]) if start[measure] else 0.0
        axes.axhline(level, color="grey", linewidth=1)
        for shift, (method, blur, label, style) in enumerate(series):
            found = numpy.array(points(rows, method, blur, measure)).T
            spans = [found[1] - found[2], found[3] - found[1]]
            axes.errorbar(found[0] + 0.01 * (shift - 3), found[1], spans, marker="o", markersize=3,
                          capsize=2, linestyle=style, linewidth=1, label=label)
        axes.set_title(title)
        axes.set_xlabel("scale")
        axes.grid(alpha=0.3)
    panels[0].legend(fontsize=7)
    figure.tight_layout()
    figure.savefig(path, dpi=80)


def sweep(rows, spectra, path):
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4))
    scales = [1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.0]
    picked = [rows[PLAIN.format(scale)] for scale in scales]
    for measure, label in (("object_seen", "objects, seen combinations"),
                           ("object_unseen", "objects, unseen combinations")):
        left.plot(scales, [float(p[measure]) for p in picked], marker="o", label=label)
    left.set_xlabel("CFG scale")
    left.set_ylabel("accuracy")
    left.legend(fontsize=8, loc="lower center")
    other = left.twinx()
    other.plot(scales, [float(p["frechet"]) for p in picked], "k--", marker="x")
    other.set_ylabel("Frechet distance (dashed)")

    bands = numpy.arange(1, 65)
    shown = {"decoded": "through the autoencoder", PLAIN.format(4): "generated, CFG 4",
             PLAIN.format(1): "generated, CFG 1", "sag-s1-b2-cfg4-dpmpp_2m-karras-20": "CFG 4, SAG 1",
             "everywhere-s1-b2-cfg4-dpmpp_2m-karras-20": "CFG 4, blur everywhere 1"}
    for name, label in shown.items():
        right.semilogx(bands, spectra[name + "/spectrum"] / spectra["real/spectrum"], label=label)
    right.axhline(1, color="grey", linewidth=1)
    right.set_xlabel("spatial frequency (cycles a picture)")
    right.set_ylabel("power, relative to real scenes")
    right.legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(path, dpi=80)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--table", default=HERE.parent / "log" / "evaluation.csv")
    parser.add_argument("--data", default=HERE.parent / ".cache" / "evaluation.npz")
    parser.add_argument("--figures", default=HERE.parent / "figures", type=pathlib.Path)
    options = parser.parse_args()
    rows = read(options.table)
    guidance(rows, options.figures / "guidance.png")
    sweep(rows, numpy.load(options.data), options.figures / "sweep.png")


if __name__ == "__main__":
    main()
