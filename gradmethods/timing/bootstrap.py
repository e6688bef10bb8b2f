"""A quantity measured several times: its median, an interval and the minimum."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from gradmethods.errors import InvalidOption

FEWEST_FOR_BOOTSTRAP = 5
"""Number of values below which the range replaces the bootstrap interval."""

RESAMPLES = 2000


@dataclass(frozen=True)
class Estimate:
    """A quantity measured in several rounds.

    Attributes
    ----------
    median : float
        Over the rounds.
    low, high : float
        Ends of the 95 % interval of the median: the percentile bootstrap from five rounds on, the
        range of the values with two to four, NaN with one.
    minimum : float
        The smallest round.
    """

    median: float
    low: float
    high: float
    minimum: float

    @classmethod
    def of(cls, values: ArrayLike, *, seed: int = 0) -> Estimate:
        """Summarise the values of the rounds.

        Parameters
        ----------
        values : array_like
            One per round.
        seed : int, default 0
            Of the resampling.

        Examples
        --------
        >>> Estimate.of([3.0, 1.0, 2.0])
        Estimate(median=2.0, low=1.0, high=3.0, minimum=1.0)
        """
        sample = np.asarray(values, dtype=float)
        if sample.ndim != 1 or sample.size == 0:
            raise InvalidOption(f"Expected the values of at least one round, got {sample.shape}.")
        if sample.size == 1:
            low = high = np.nan
        elif sample.size < FEWEST_FOR_BOOTSTRAP:
            low, high = sample.min(), sample.max()
        else:
            rng = np.random.default_rng(seed)
            resampled = sample[rng.integers(sample.size, size=(RESAMPLES, sample.size))]
            low, high = np.quantile(np.median(resampled, axis=1), (0.025, 0.975))
        return cls(float(np.median(sample)), float(low), float(high), float(sample.min()))

    @property
    def spread(self) -> float:
        """Width of the interval ÷ median."""
        return (self.high - self.low) / self.median
