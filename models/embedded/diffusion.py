"""Noise schedule, samplers and guidance, with the numbers of Stable Diffusion 1.x.

Sampling works in "sigma" form: x = clean + sigma * noise; a prediction is the clean latent.
"""

import torch


STEPS = 1000


class Schedule:
    """The scaled-linear betas and what follows from them."""

    def __init__(self, device="cpu"):
        betas = torch.linspace(0.00085**0.5, 0.012**0.5, STEPS, dtype=torch.float64) ** 2
        kept = torch.cumprod(1 - betas, dim=0)
        self.signal = kept.sqrt().float().to(device)
        self.noise = (1 - kept).sqrt().float().to(device)
        self.sigmas = ((1 - kept) / kept).sqrt().float().to(device)

    def sigma(self, timestep):
        """Sigma at fractional timesteps, log-linear between the table's entries."""
        logs = self.sigmas.log()
        low = timestep.floor().long().clamp(0, STEPS - 1)
        high = timestep.ceil().long().clamp(0, STEPS - 1)
        part = timestep - low
        return ((1 - part) * logs[low] + part * logs[high]).exp()

    def timestep(self, sigma):
        return (self.sigmas.log() - sigma.log()).abs().argmin()

    def normal(self, steps):
        """Evenly spaced timesteps, then zero."""
        spaced = torch.linspace(STEPS - 1, 0, steps, device=self.sigmas.device)
        return torch.cat([self.sigma(spaced), spaced.new_zeros(1)])

    def karras(self, steps):
        """Evenly spaced seventh roots of sigma, then zero."""
        ramp = torch.linspace(0, 1, steps, device=self.sigmas.device)
        high, low = self.sigmas[-1] ** (1 / 7), self.sigmas[0] ** (1 / 7)
        return torch.cat([(high + ramp * (low - high)) ** 7, ramp.new_zeros(1)])


class Denoiser:
    """Predicts clean latents under classifier-free guidance and one further guidance method."""

    def __init__(self, unet, schedule, positive, negative, cfg, method=None):
        self.unet, self.schedule = unet, schedule
        self.positive, self.negative, self.cfg, self.method = positive, negative, cfg, method

    def predict(self, x, sigma, context):
        timestep = self.schedule.timestep(sigma).float().expand(len(x))
        return x - sigma * self.unet(x / (sigma**2 + 1).sqrt(), timestep, context)

    def both(self, x, sigma):
        """The negative and the positive prediction, from one pass."""
        context = torch.cat([self.negative, self.positive])
        return self.predict(torch.cat([x, x]), sigma, context).chunk(2)

    def __call__(self, x, sigma):
        if self.method is not None:
            return self.method(self, x, sigma)
        return self.guided(*self.both(x, sigma))

    def guided(self, negative, positive):
        return negative + self.cfg * (positive - negative)


def euler(denoiser, x, sigmas):
    for sigma, following in zip(sigmas, sigmas[1:]):
        slope = (x - denoiser(x, sigma)) / sigma
        x = x + slope * (following - sigma)
    return x


def dpmpp_2m(denoiser, x, sigmas):
    previous, last_step = None, None
    for sigma, following in zip(sigmas, sigmas[1:]):
        clean = denoiser(x, sigma)
        if following == 0:
            return clean
        step = (sigma / following).log()
        direction = clean
        if previous is not None:
            ratio = last_step / step
            direction = (1 + 1 / (2 * ratio)) * clean - 1 / (2 * ratio) * previous
        x = following / sigma * x - torch.expm1(-step) * direction
        previous, last_step = clean, step
    return x


SAMPLERS = {"euler": euler, "dpmpp_2m": dpmpp_2m}


@torch.no_grad()
def sample(denoiser, noise, steps=20, sampler="dpmpp_2m", scheduler="karras"):
    """Latents from unit noise."""
    sigmas = getattr(denoiser.schedule, scheduler)(steps)
    return SAMPLERS[sampler](denoiser, noise * (1 + sigmas[0] ** 2).sqrt(), sigmas)
