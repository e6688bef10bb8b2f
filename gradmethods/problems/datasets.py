"""Points of the plane in two classes that no straight line separates: the article's data and moons.

All are about eight units wide and centred at 0: a 2-3-1 network that starts from standard normal
weights learns the article's two with learning rate 1 in 2,000 epochs, but for a start in fifty or
so from which descent comes to rest on a plateau of XOR.

Each function takes the number of points, n; the standard deviation of both coordinates, in the
units of the plane; and a seed or a `numpy.random.Generator`. It returns the points X, shape (n, 2),
and their classes t, shape (n,), 0 or 1, as float64. Classes take turns from row to row, so that
they are balanced. `InvalidOption` is raised where n is no positive whole number, the deviation not
positive, or the seed negative.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gradmethods.problems.options import generator, positive, whole

RADIUS = 3.0
"""Distance of the island's shore from its centre, and of the corners of XOR from both axes."""

Points = tuple[NDArray[np.float64], NDArray[np.float64]]


def island(n: int = 200, noise: float = 0.6, seed: int | np.random.Generator = 0) -> Points:
    """Draw an island of class 1 in a ring of class 0.

    Class 1 is a normal distribution around the centre, class 0 a circle of radius 3 whose points
    are moved at random.

    Examples
    --------
    >>> from gradmethods.problems.datasets import island
    >>> X, t = island(200)
    >>> X.shape, t[:4]
    ((200, 2), array([1., 0., 1., 0.]))
    """
    rng = generator(seed)
    t = (np.arange(whole("n", n, least=1)) % 2 == 0).astype(np.float64)
    angle = rng.uniform(0, 2 * np.pi, t.size)
    circle = RADIUS * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    scatter = positive("noise", noise) * rng.standard_normal((t.size, 2))
    return (1 - t[:, None]) * circle + scatter, t


def xor(n: int = 200, noise: float = 0.8, seed: int | np.random.Generator = 0) -> Points:
    """Draw the corners of a square, opposite ones of the same class.

    The corners are (±3, ±3); class 1 are those whose coordinates have different signs, as in
    exclusive or.

    Examples
    --------
    >>> from gradmethods.problems.datasets import xor
    >>> X, t = xor(200)
    >>> X.shape, t[:4]
    ((200, 2), array([0., 1., 0., 1.]))
    """
    rng = generator(seed)
    corners = RADIUS * np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]])
    corner = np.arange(whole("n", n, least=1)) % 4
    scatter = positive("noise", noise) * rng.standard_normal((corner.size, 2))
    return corners[corner] + scatter, (corner % 2).astype(np.float64)


def moons(n: int = 200, noise: float = 0.4, seed: int | np.random.Generator = 0) -> Points:
    """Draw two half circles that reach into each other.

    Class 0 is the upper half of a circle, class 1 the lower half of another that begins in the
    middle of the first; the points of both are moved at random.

    Examples
    --------
    >>> from gradmethods.problems.datasets import moons
    >>> X, t = moons(200)
    >>> X.shape, t[:4]
    ((200, 2), array([1., 0., 1., 0.]))
    """
    rng = generator(seed)
    t = (np.arange(whole("n", n, least=1)) % 2 == 0).astype(np.float64)
    angle = rng.uniform(0, np.pi, t.size)
    side = 1 - 2 * t  # Class 0 is the upper moon.
    centre = side[:, None] * np.array([-RADIUS / 2, -RADIUS / 4])
    arc = RADIUS * np.stack([np.cos(angle), side * np.sin(angle)], axis=1)
    scatter = positive("noise", noise) * rng.standard_normal((t.size, 2))
    return centre + arc + scatter, t
