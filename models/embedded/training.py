"""What both training scripts share: schedule, moving average, log, precision."""

import contextlib
import csv
import math
import pathlib
import time

import torch

MEASURED = slice(60, 160)  # the steps whose speed decides how many fit into the planned time


def device():
    if not torch.cuda.is_available():
        return torch.device("cpu")
    torch.backends.cuda.matmul.allow_tf32 = True
    torch.backends.cudnn.allow_tf32 = True
    torch.backends.cudnn.benchmark = True
    return torch.device("cuda")


def precision(target):
    """bfloat16 autocast on CUDA; plain float32 elsewhere."""
    if target.type != "cuda":
        return contextlib.nullcontext()
    return torch.autocast("cuda", dtype=torch.bfloat16)


def compiled(function, target):
    if target.type != "cuda":
        return function
    import torch._dynamo

    torch._dynamo.config.suppress_errors = True
    return torch.compile(function, dynamic=False)


def synchronize(target):
    if target.type == "cuda":
        torch.cuda.synchronize()


class Clock:
    """Counts steps and training seconds over all runs; settles the number of steps.

    With `steps` given the schedule is fixed. Otherwise the speed of the first steps decides how many
    fit into `seconds`, and the figure is kept in the saved state.
    """

    def __init__(self, target, steps, seconds):
        self.target, self.steps, self.seconds = target, steps, seconds
        self.step, self.spent, self.started = 0, 0.0, time.time()
        self.mark = None

    def tick(self):
        self.step += 1
        if self.steps:
            return
        if self.step in (MEASURED.start, MEASURED.stop):
            synchronize(self.target)
            now = time.time()
            if self.step == MEASURED.start:
                self.mark = now
            else:
                rate = (MEASURED.stop - MEASURED.start) / (now - self.mark)
                left = self.seconds - self.elapsed()
                self.steps = self.step + max(1, int(rate * left))
                print(f"{rate:.2f} steps/s: {self.steps} steps in all", flush=True)

    def elapsed(self):
        return self.spent + time.time() - self.started

    def done(self):
        return bool(self.steps) and self.step >= self.steps

    def rate(self, peak, warmup):
        """Linear warm-up, then a cosine down to one hundredth of the peak."""
        if self.step < warmup or not self.steps:
            return peak * min(1.0, (self.step + 1) / warmup)
        progress = min(1.0, (self.step - warmup) / max(1, self.steps - warmup))
        return peak * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * progress)))

    def state(self):
        return {"step": self.step, "steps": self.steps, "spent": self.elapsed()}

    def resume(self, state):
        self.step, self.steps, self.spent = state["step"], state["steps"], state["spent"]
        self.started = time.time()


class Average:
    """An exponential moving average of a list of parameters."""

    def __init__(self, parameters, decay):
        self.parameters, self.decay, self.updates = list(parameters), decay, 0
        self.values = [p.detach().clone() for p in self.parameters]

    def update(self):
        self.updates += 1
        decay = min(self.decay, (1 + self.updates) / (10 + self.updates))
        with torch.no_grad():
            torch._foreach_mul_(self.values, decay)
            torch._foreach_add_(self.values, self.parameters, alpha=1 - decay)

    @contextlib.contextmanager
    def applied(self):
        """The model holds the averaged weights inside this context."""
        kept = [p.detach().clone() for p in self.parameters]
        self._set(self.values)
        yield
        self._set(kept)

    @torch.no_grad()
    def _set(self, values):
        for parameter, value in zip(self.parameters, values):
            parameter.copy_(value)


class Log:
    """A small CSV that is appended to; its rows are printed as well."""

    def __init__(self, path, columns):
        self.path, self.columns = pathlib.Path(path), columns
        if not self.path.exists():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._write(columns)

    def _write(self, row):
        with open(self.path, "a", newline="", encoding="utf-8") as file:
            csv.writer(file, lineterminator="\n").writerow(row)

    def add(self, *values):
        row = [f"{v:.5g}" if isinstance(v, float) else str(v) for v in values]
        self._write(row)
        print(" ".join(f"{c}={v}" for c, v in zip(self.columns, row)), flush=True)
