"""The one table of tolerances: per method and dtype, each with the bound that it comes from.

Each is relative to the norm of the gradient: a slack times a power of the unit round-off u. The
power is the bound's leading order; the slack stands for what it leaves out, the scale of the
problem and the length of the computation.
"""

from __future__ import annotations

from typing import Any

import numpy as np

TABLE = {
    "exact": (1e3, 1.0),  # round-off of the gradient's own arithmetic
    "numerical:forward": (1e2, 1 / 2),  # h ~ u^(1/2): truncation ~ h, round-off ~ u/h
    "numerical:backward": (1e2, 1 / 2),
    "numerical": (1e2, 2 / 3),  # central by default
    "numerical:central": (1e2, 2 / 3),  # h ~ u^(1/3): truncation ~ h^2, round-off ~ u/h
    "numerical:five-point": (1e2, 4 / 5),  # h ~ u^(1/5): truncation ~ h^4, round-off ~ u/h
    "numerical:richardson": (1e2, 4 / 5),  # central differences, extrapolated at least once
}
"""Slack and power of u. Methods that are not named have no truncation error: they are exact."""


def tolerance(provider: str, dtype: np.dtype[Any]) -> float:
    """Return how far, relative to the norm, a provider's gradient may be from the truth.

    Parameters
    ----------
    provider : str
        Its name. A name outside the table is held to the tolerance of the exact methods.
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
    slack, power = TABLE.get(provider.partition("[")[0], TABLE["exact"])
    return float(slack * unit_roundoff**power)
