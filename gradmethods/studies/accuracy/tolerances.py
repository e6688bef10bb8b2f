"""The one table of tolerances: per method and dtype, each with the bound that it comes from.

Each is relative to the norm of the gradient: a slack times a power of the unit round-off u. The
power is the bound's leading order; the slack stands for what it leaves out, the scale of the
problem and the length of the computation.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gradmethods.core.provider import Provider
from gradmethods.providers.registry import traits

EXACT = 1e3
"""Slack of methods that truncate nothing: round-off of the gradient's own arithmetic, ~ u."""

TRUNCATED = 1e2
"""Slack of a scheme of order p: at the step h ~ u^(1/(p+1)) truncation ~ h^p and round-off ~ u/h
are alike, ~ u^(p/(p+1))."""


def tolerance(provider: Provider | str, dtype: np.dtype[Any]) -> float:
    """Return how far, relative to the norm, a provider's gradient may be from the truth.

    Parameters
    ----------
    provider : Provider or str
        Or its name. One that tells of no truncation is held to the tolerance of exact methods.
    dtype : numpy.dtype
        float64 or float32.

    Examples
    --------
    >>> import numpy as np
    >>> f"{tolerance('backprop', np.dtype('float64')):.1e}"
    '1.1e-13'
    >>> f"{tolerance('numerical', np.dtype('float64')):.1e}"
    '2.3e-09'
    """
    unit_roundoff = float(np.finfo(dtype).eps) / 2
    slack = EXACT if traits(provider).order is None else TRUNCATED
    return float(slack * unit_roundoff ** power(provider))


def power(provider: Provider | str) -> float:
    """Return the power of the unit round-off in the tolerance of a provider."""
    order = traits(provider).order
    return 1.0 if order is None else order / (order + 1)
