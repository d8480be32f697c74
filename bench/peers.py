#!/usr/bin/env python3
"""Runs the UNet of SD 1.5 in sagitta and in whatever peer is installed, one after the other.

All do the work of one step of classifier-free guidance: two evaluations at --size, random weights.
Seconds are the least of the repetitions, since other work on the machine only makes a run slower.

    sagitta                 `sagitta bench`, f32 and (where the processor has it) bf16
    PyTorch                 python3-torch; the same UNet as models/embedded/unet.py builds it; on a GPU with channels
                            last and also compiled, with a graph
    stable-diffusion.cpp    `sd` on the PATH, with a checkpoint that make_checkpoint writes

    bench/peers.py build/release/bin --threads 2
    bench/peers.py build/cuda/bin --device cuda
"""
import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

EMBEDDED = Path(__file__).resolve().parent.parent / "models" / "embedded"
GFLOP_512 = 1606.5  # of one step at 512x512


def sagitta(args, dtype):
    command = [args.programs / "sagitta", "bench", "--arch", "sd15", "--size", str(args.size), "--batch", "2",
               "--device", args.device, "--dtype", dtype, "--threads", str(args.threads),
               "--repeats", str(args.repeats), "--json"]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise RuntimeError((done.stderr or done.stdout).strip())
    return json.loads(done.stdout)["cases"][0]["seconds"]


def torch_unet(args, dtype, compiled=False):
    import torch

    sys.path.insert(0, str(EMBEDDED))
    import unet

    unet.CHANNELS, unet.MULTIPLIERS, unet.BLOCKS = 320, (1, 2, 4, 4), (2, 2, 2, 2)
    unet.ATTENTION, unet.CONTEXT = (True, True, True, False), 768
    torch.set_num_threads(args.threads)
    torch.backends.cudnn.allow_tf32 = False  # f32 is f32
    torch.backends.cudnn.benchmark = True
    kind = {"f32": torch.float32, "bf16": torch.bfloat16}[dtype]
    to = {"device": args.device, "dtype": kind}
    network = unet.UNet().to(**to).eval()
    side = args.size // 8
    x, context = torch.randn(2, 4, side, side).to(**to), torch.randn(2, 77, 768).to(**to)
    timesteps = torch.full((2,), 500.0, device=args.device)
    if args.device != "cpu":
        network, x = (value.to(memory_format=torch.channels_last) for value in (network, x))
    if compiled:
        network = torch.compile(network, mode="reduce-overhead")  # which replays a graph

    def step():
        start = time.perf_counter()
        with torch.no_grad():
            network(x, timesteps, context)
        if args.device != "cpu":
            torch.cuda.synchronize()
        return time.perf_counter() - start

    step()
    return min(step() for _ in range(args.repeats))


def stable_diffusion_cpp(args):
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / "sd15.safetensors"
        subprocess.run([args.programs / "make_checkpoint", "sd15", model], check=True)
        command = [shutil.which("sd"), "-m", model, "-p", "a cat", "--cfg-scale", "7", "-W", str(args.size),
                   "-H", str(args.size), "--steps", str(args.repeats + 1), "-t", str(args.threads),
                   "-o", Path(folder) / "out.png"]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    rates = [float(number) if unit == "s/it" else 1 / float(number)
             for number, unit in re.findall(r"([\d.]+) ?(s/it|it/s)", done.stdout)]
    if not rates:
        raise RuntimeError("its output has no time per step")
    return min(rates)


def peers(args):
    """(name, measure) of everything that can run here."""
    found = [(f"sagitta {dtype}", lambda dtype=dtype: sagitta(args, dtype)) for dtype in ("f32", "bf16")]
    try:
        import torch

        for dtype in ("f32", "bf16"):
            found.append((f"PyTorch {torch.__version__} {dtype}", lambda dtype=dtype: torch_unet(args, dtype)))
        if args.device != "cpu":
            found.append((f"PyTorch {torch.__version__} bf16, compiled", lambda: torch_unet(args, "bf16", True)))
    except ImportError:
        print("PyTorch: not installed", file=sys.stderr)
    if shutil.which("sd"):
        found.append(("stable-diffusion.cpp f16", lambda: stable_diffusion_cpp(args)))
    else:
        print("stable-diffusion.cpp: no `sd` on the PATH", file=sys.stderr)
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("programs", type=Path, help="folder of sagitta and make_checkpoint")
    parser.add_argument("--size", type=int, default=512, help="side of the picture in pixels (512)")
    parser.add_argument("--device", default="cpu", help="cpu or cuda (cpu)")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="(all)")
    parser.add_argument("--repeats", type=int, default=3)
    args = parser.parse_args()
    print(f"{'peer':<34} {'s / step':>9} {'GFLOP/s' if args.size == 512 else '':>9}")
    for name, measure in peers(args):
        try:
            seconds = measure()
        except Exception as error:  # a peer that fails must not hide the others
            print(f"{name:<34} failed: {error}")
            continue
        rate = f"{GFLOP_512 / seconds:9.0f}" if args.size == 512 else ""
        print(f"{name:<34} {seconds:9.{2 if seconds >= 1 else 4}f} {rate}")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
