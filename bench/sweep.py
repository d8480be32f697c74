#!/usr/bin/env python3
"""Measures the UNet over sizes of pictures and over batches, and plots time and memory.

Every case is a process of its own, so that its peak of memory is its own. The table goes to
standard output as CSV; --plot draws it (needs matplotlib).

    bench/sweep.py build/release/bin/sagitta --arch sd15 --plot docs/figures/scaling.png
"""
import argparse
import csv
import json
import subprocess
import sys

COLUMNS = ["size", "batch", "threads", "seconds", "gflops", "percent_of_rate", "attention_seconds",
           "peak_rss_bytes"]


def measure(args, size, batch, threads):
    command = [args.sagitta, "bench", "--arch", args.arch, "--size", str(size), "--batch", str(batch),
               "--dtype", args.dtype, "--repeats", str(args.repeats), "--threads", str(threads),
               "--profile", "--json"]
    case = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)["cases"][0]
    return {"size": size, "batch": batch, "threads": threads,
            "attention_seconds": case["profile"]["attention"]["seconds"],
            **{key: case[key] for key in ("seconds", "gflops", "percent_of_rate", "peak_rss_bytes")}}


def plot(rows, base, path):
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    sizes = [row for row in rows if row["batch"] == 1 and row["threads"] == base["threads"]]
    batches = [row for row in rows if row["size"] == base["size"] and row["threads"] == base["threads"]]
    figure, (by_size, by_batch) = pyplot.subplots(1, 2, figsize=(11, 4.2))
    for axes, some, key, label in ((by_size, sizes, "size", "side of the picture, pixels"),
                                   (by_batch, batches, "batch", "batch")):
        some.sort(key=lambda row: row[key])
        x = [row[key] for row in some]
        axes.plot(x, [row["seconds"] for row in some], "o-", label="UNet call")
        axes.plot(x, [row["attention_seconds"] for row in some], "s--", label="of it attention")
        axes.set_xlabel(label)
        axes.set_ylabel("seconds")
        memory = axes.twinx()
        memory.plot(x, [row["peak_rss_bytes"] / 2**30 for row in some], "^:", color="gray",
                    label="peak memory")
        memory.set_ylabel("GiB, weights included")
        memory.set_ylim(bottom=0)
        axes.set_ylim(bottom=0)
        lines = axes.get_lines() + memory.get_lines()
        axes.legend(lines, [line.get_label() for line in lines], loc="upper left")
    by_size.set_title("batch 1")
    by_batch.set_title(f"{base['size']} x {base['size']} pixels")
    figure.tight_layout()
    figure.savefig(path, dpi=110)


def numbers(text):
    return [int(part) for part in text.split(",")]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sagitta", help="the program")
    parser.add_argument("--arch", default="sd15")
    parser.add_argument("--dtype", default="auto")
    parser.add_argument("--sizes", type=numbers, default=[256, 512, 768, 1024, 1536])
    parser.add_argument("--batches", type=numbers, default=[1, 2, 4, 8])
    parser.add_argument("--threads", type=numbers, default=[2], help="all sizes with the first, 512 with each")
    parser.add_argument("--base", type=int, default=512, help="size at which batches and threads vary")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--plot", metavar="PNG")
    args = parser.parse_args()

    first = args.threads[0]
    wanted = {(size, 1, first) for size in args.sizes}
    wanted |= {(args.base, batch, first) for batch in args.batches}
    wanted |= {(args.base, 1, threads) for threads in args.threads}
    table = csv.DictWriter(sys.stdout, COLUMNS, lineterminator="\n")
    table.writeheader()
    rows = []
    for case in sorted(wanted):
        rows.append(measure(args, *case))
        table.writerow({key: f"{value:.4g}" if isinstance(value, float) else value
                        for key, value in rows[-1].items()})
        sys.stdout.flush()
    if args.plot:
        plot(rows, {"size": args.base, "threads": first}, args.plot)


if __name__ == "__main__":
    main()
