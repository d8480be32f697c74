"""The settings that are compared: one row each of method, CFG scale and sampler."""

from dataclasses import dataclass

from guidance import PerturbedAttentionGuidance, SelfAttentionGuidance, SmoothedEnergyGuidance

CFG = 4.0


@dataclass(frozen=True)
class Setting:
    """`method` is none, sag, everywhere, random (masks of the same kind of blur), pag or seg."""

    method: str = "none"
    scale: float = 0.0
    blur: float = 0.0
    cfg: float = CFG
    sampler: str = "dpmpp_2m"
    scheduler: str = "karras"
    steps: int = 20

    def guidance(self):
        if self.method == "none":
            return None
        if self.method == "pag":
            return PerturbedAttentionGuidance(self.scale)
        if self.method == "seg":
            return SmoothedEnergyGuidance(self.scale)
        mask = "attention" if self.method == "sag" else self.method
        return SelfAttentionGuidance(self.scale, self.blur, mask)

    @property
    def name(self):
        text = f"{self.method}-s{self.scale:g}-b{self.blur:g}-cfg{self.cfg:g}"
        return f"{text}-{self.sampler}-{self.scheduler}-{self.steps}"


def all_settings():
    """The plain sampler first, then the grid, the controls and the variations."""
    rows = [Setting()]
    rows += [Setting(cfg=cfg) for cfg in (1.0, 1.5, 2.0, 3.0, 5.0, 7.0)]
    rows += [Setting("sag", s, b) for b in (2.0, 1.0, 4.0) for s in (0.1, 0.25, 0.5, 0.75, 1.0)]
    rows += [Setting(m, s, 2.0) for m in ("everywhere", "random") for s in (0.25, 0.5, 1.0)]
    rows += [Setting(m, s) for m in ("pag", "seg") for s in (0.5, 1.0, 2.0)]
    rows += [Setting("sag", s, 2.0, cfg=1.0) for s in (0.25, 0.5, 1.0)]
    rows += [Setting(m, 0.5, 2.0, cfg=1.0) for m in ("everywhere", "random")]
    rows += [Setting(m, 1.0, cfg=1.0) for m in ("pag", "seg")]
    rows += [Setting(sampler="euler", scheduler=s) for s in ("normal", "karras")]
    return rows + [Setting(scheduler="normal")]
