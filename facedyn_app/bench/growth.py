"""Growth of a cost with the size of a task: medians, and the exponent of the power law in them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from facedyn_app.records import FloatArray

NEAR_LINEAR = 0.15
"""How far an exponent may lie from 1 to be called linear."""


@dataclass(frozen=True, slots=True)
class Growth:
    """What a task of several sizes costs.

    The exponent p is that of the least-squares fit of fixed + slope * size^p, in relative errors:
    what a task costs before it begins does not hide how it grows.

    Attributes:
        task: What is done.
        size_name: What grows, with its unit.
        cost_name: What is measured, with its unit.
        sizes: The sizes, ascending.
        costs: Median cost of each.
        n_repeats: Repeats that each is the median of.
        exponent: p.
        fixed: The fixed part, in the unit of the cost.
        more_is_better: Whether the cost is a gain, such as frames a second.
    """

    task: str
    size_name: str
    cost_name: str
    sizes: tuple[float, ...]
    costs: tuple[float, ...]
    n_repeats: int
    exponent: float
    fixed: float
    more_is_better: bool = False

    @property
    def words(self) -> str:
        """How it grows, in a word or two."""
        if abs(self.exponent - 1.0) <= NEAR_LINEAR:
            return "linear"
        return "less than linear" if self.exponent < 1.0 else "more than linear"

    @property
    def ratio(self) -> float:
        """The largest size's cost, of the smallest one's."""
        return self.costs[-1] / max(self.costs[0], 1e-12)


def measured_growth(
    names: tuple[str, str, str],
    sizes: Sequence[float],
    cost: Callable[[float], float],
    n_repeats: int,
    *,
    more_is_better: bool = False,
) -> Growth:
    """Measure a task of several sizes.

    Args:
        names: What is done, what grows, what is measured.
        sizes: The sizes, ascending.
        cost: The cost of one size, measured once.
        n_repeats: How often each is measured.
        more_is_better: Whether the cost is a gain.
    """
    costs = [float(np.median([cost(size) for _ in range(n_repeats)])) for size in sizes]
    exponent, fixed = power_law(np.asarray(sizes, float), np.asarray(costs))
    return Growth(*names, tuple(sizes), tuple(costs), n_repeats, exponent, fixed, more_is_better)


def power_law(sizes: FloatArray, costs: FloatArray) -> tuple[float, float]:
    """Exponent p and fixed part a >= 0 of costs = a + b sizes^p, by least relative squares.

    With two sizes the fixed part is 0 and p the slope in logarithms.

    Args:
        sizes: (N,) above 0, two or more.
        costs: (N,) above 0.
    """
    found = []
    shares = np.linspace(0.0, 0.98, 50) if len(sizes) > 2 else np.zeros(1)
    for fixed in shares * float(costs.min()):
        slope, level = np.polyfit(np.log(sizes), np.log(costs - fixed), 1)
        told = fixed + np.exp(level) * sizes**slope
        found.append((float(((told / costs - 1.0) ** 2).sum()), float(slope), float(fixed)))
    _, exponent, fixed = min(found)
    return exponent, fixed
