"""Distances between sets of judge features, and bootstrap intervals over pictures."""

import torch


def moments(features, counts=None):
    """Mean and covariance; `counts` says how often each row was drawn."""
    if counts is None:
        counts = torch.ones(len(features), dtype=features.dtype)
    total = counts.sum()
    mean = counts @ features / total
    centred = features - mean
    return mean, (centred * counts[:, None]).T @ centred / (total - 1)


def root(matrix):
    """The symmetric square root of a covariance."""
    values, vectors = torch.linalg.eigh(matrix)
    return (vectors * values.clamp(min=0).sqrt()) @ vectors.T


def frechet(mean, covariance, other_mean, other_covariance, other_root):
    """Frechet distance of two Gaussians; the root of the second covariance is given."""
    product = other_root @ covariance @ other_root
    cross = torch.linalg.eigvalsh(product).clamp(min=0).sqrt().sum()
    shift = ((mean - other_mean) ** 2).sum()
    return (shift + covariance.trace() + other_covariance.trace() - 2 * cross).item()


class KernelDistance:
    """KID: squared maximum mean discrepancy with the kernel (x.y / d + 1)^3, unbiased."""

    def __init__(self, reference):
        self.reference = reference
        other = self.kernel(reference, reference)
        count = len(reference)
        self.other = (other.sum() - other.trace()) / (count * (count - 1))

    @staticmethod
    def kernel(a, b):
        return (a @ b.T / a.shape[1] + 1) ** 3

    def distances(self, features, draws):
        """One value for each row of `draws`, the bootstrap counts."""
        own = self.kernel(features, features)
        own.fill_diagonal_(0)
        cross = self.kernel(features, self.reference).mean(dim=1)
        totals = draws.sum(dim=1)
        pairs = totals**2 - (draws**2).sum(dim=1)
        inside = ((draws @ own) * draws).sum(dim=1) / pairs
        return (inside + self.other - 2 * (draws @ cross) / totals).tolist()


def covered(points, manifold, neighbours=1):
    """Which points lie within the k-nearest-neighbour balls of a manifold's points."""
    radii = torch.cdist(manifold, manifold).kthvalue(neighbours + 1, dim=1).values
    return (torch.cdist(points, manifold) <= radii).any(dim=1).double()


def draws(count, repeats, seed=0):
    """Bootstrap counts [repeats, count]: how often each picture is drawn."""
    generator = torch.Generator().manual_seed(seed)
    index = torch.randint(count, (repeats, count), generator=generator)
    counts = torch.zeros(repeats, count, dtype=torch.float64)
    return counts.scatter_add_(1, index, torch.ones_like(index, dtype=torch.float64))


def interval(value, resampled):
    """95 % interval. Resampling biases distances upwards, so only its spread is used."""
    spread = torch.as_tensor(resampled, dtype=torch.float64)
    spread = spread - spread.mean()
    low, high = torch.quantile(spread, torch.tensor([0.025, 0.975], dtype=torch.float64))
    return value + low.item(), value + high.item()
