"""Problems for the study of difference steps: what losses do at and near the point.

Each has a loss that the certificate can differentiate, or the derivative in closed form. `gap` is
the distance to the nearest kink, jump or edge in any entry, as far as it is known.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

import gradmethods as gm

INF = math.inf

Vector = NDArray[Any]
Spoil = Callable[[float, Vector], float]


@dataclass(frozen=True)
class Case:
    """A loss ``f(w, xp, **data)`` at a point.

    Attributes
    ----------
    gap : float or array
        The distance to the nearest kink, jump or edge, of each entry; 0 if that is at the point.
    spoil : callable, optional
        Makes the value that is seen of the exact one and the point: noise, rounding.
    truth : sequence of float, optional
        The gradient where the certificate cannot give it; NaN where none exists.
    apart : float
        How far apart the slopes of both sides are where there is no derivative.
    x32 : sequence of float, optional
        The point for float32, if it is another one.
    look : tuple of int
        Entries of a large array that are looked at first.
    """

    name: str
    f: Callable[..., Any]
    x: Any
    data: dict[str, Any] | None = None
    gap: Any = INF
    spoil: Spoil | None = None
    truth: Any = None
    apart: float = INF
    x32: Any = None
    look: tuple[int, ...] = ()

    def problem(self, dtype: str) -> gm.Problem:
        """Make the problem that differences see."""
        f, spoil, kind = self.f, self.spoil, np.dtype(dtype).type
        if spoil is None:
            return self.exact(dtype)

        def seen(w, *, xp=np, **data):
            return kind(spoil(float(f(w, xp, **data)), w))

        return gm.Problem(seen, self.point(dtype), self.data, name=self.name)

    def exact(self, dtype: str) -> gm.Problem:
        """Make the problem without noise."""
        f = self.f

        def loss(w, *, xp=np, **data):
            return f(w, xp, **data)

        return gm.Problem(loss, self.point(dtype), self.data, name=self.name)

    def point(self, dtype: str) -> Any:
        """Return the point in a dtype: an array, or arrays by name."""
        x = self.x if dtype == "float64" or self.x32 is None else self.x32
        if isinstance(x, dict):
            return {name: np.asarray(array, dtype) for name, array in x.items()}
        return np.asarray(x, dtype)


def each(g: Callable[..., Any]) -> Callable[..., Any]:
    """Make the sum of a function over all entries."""
    return lambda w, xp, **data: xp.sum(g(w, xp, **data))


def draw(*shape: int, seed: int = 0) -> Vector:
    return np.random.default_rng(seed).normal(size=shape)


def spread(low: float, high: float, n: int, seed: int = 1) -> Vector:
    """Draw sizes between powers of ten, both ends included."""
    exponents = np.random.default_rng(seed).uniform(low, high, n)
    exponents[:2] = low, high
    sizes: Vector = 10.0**exponents
    return sizes


def peaks() -> list[Case]:
    """Structure that is narrow beside the size of the parameter."""

    def gauss(c, s):
        return each(lambda w, xp: xp.exp(-(((w - c) / s) ** 2)))

    def lorentz(c, s):
        return each(lambda w, xp: 1 / (1 + ((w - c) / s) ** 2))

    return [
        Case("peak 0.5 wide at 3e5", gauss(3e5, 0.5), [3e5 + 0.25]),
        Case("peak 3 wide at -4e6", gauss(-4e6, 3), [-4e6 + 1]),
        Case("peak 100 wide at 1e9", gauss(1e9, 100), [1e9 + 64]),
        Case("foot of a peak at 2e4", gauss(2e4, 1), [2e4 + 3]),
        Case("line 2e-3 wide at 50", lorentz(50, 2e-3), [50.0013]),
        Case("line 0.05 wide at 7e3", lorentz(7e3, 0.05), [7000.03]),
        Case("centre of a peak at 7e5", gauss(7e5, 1), [7e5], truth=[0.0]),
        Case(
            "peaks at 10, 1e3, 1e5, -1e6",
            gauss(np.array([10, 1e3, 1e5, -1e6]), 1.0),
            np.array([10, 1e3, 1e5, -1e6]) + 0.5,
        ),
        Case(
            "soliton 0.25 wide at -2e4",
            each(lambda w, xp: 1 / xp.cosh((w + 2e4) / 0.25) ** 2),
            [-2e4 + 0.125],
        ),
        Case(
            "peak on a parabola",
            each(lambda w, xp: w**2 + xp.exp(-(((w - 1.3) / 1e-4) ** 2))),
            [1.3 + 6e-5],
        ),
        Case(
            "resonance at 1e4 rad/s",
            each(lambda w, xp: 1 / ((w**2 / 1e8 - 1) ** 2 + 1e-6)),
            [1.0003e4],
        ),
        Case(
            "absorption line",
            each(lambda w, xp: xp.exp(-3 / (1 + ((w - 6563) / 0.2) ** 2))),
            [6563.15],
        ),
        Case(
            "two widths",
            lambda w, xp: xp.exp(-((w[0] - 800) ** 2)) + xp.exp(-((w[1] / 800) ** 2)),
            [800.5, 800.5],
        ),
        Case("threshold at 1e6", each(lambda w, xp: xp.tanh(w - 1e6)), [1e6 + 0.5]),
    ]


def scales() -> list[Case]:
    """Units from tiny to huge within one array, offsets, extreme magnitudes."""
    units = spread(-6, 6, 8)
    x = draw(8, seed=2)
    return [
        Case("logarithms at 1e-6 to 1e6", each(lambda w, xp: xp.log(w) ** 2), units),
        Case(
            "exponentials of eight units",
            each(lambda w, xp, s: xp.exp(0.3 * w / s)),
            x * units,
            {"s": units},
        ),
        Case(
            "quadratic form of eight units",
            lambda w, xp, s, a: xp.sum((a @ (w / s)) ** 2),
            x * units,
            {"s": units, "a": draw(9, 8)},
        ),
        Case(
            "network of eight units",
            lambda w, xp, s, a: xp.mean(xp.tanh(a @ (w / s)) ** 2),
            x * units,
            {"s": units, "a": draw(9, 8)},
        ),
        Case("reciprocals", each(lambda w, xp: 1 / w), [1e-5, 3e-3, -0.7, 40, 9e4]),
        Case("product of powers", lambda w, xp: w[0] ** 2 * w[1] ** 0.5 / w[2], [3e4, 2e-7, 5e3]),
        Case(
            "rates 1e-3 to 1e3",
            lambda w, xp, t: xp.sum(xp.exp(-w[:, None] * t)),
            spread(-3, 3, 5),
            {"t": np.linspace(0.01, 3, 7)},
        ),
        Case("norm of mixed entries", lambda w, xp: xp.sqrt(xp.sum(w**2)), [3e3, -0.2, 1e-3, 40]),
        Case(
            "ratio of sums",
            lambda w, xp: xp.sum(w[:3]) / xp.sum(w[3:]),
            [1e-4, 2, 3e2, 7, 1e-3, 55],
        ),
        Case(
            "entries at 0 beside 1e4",
            lambda w, xp: xp.sum(xp.sin(w / 1e4) + w**3 + 2 * w),
            [0, 1.1e4, 0, -2.3],
        ),
        Case("1e5 + small", lambda w, xp: 1e5 + xp.sum(xp.sin(w)), [0.3, 1.2]),
        Case("1e3 + small", lambda w, xp: 1e3 + 1e-2 * xp.sum(xp.exp(w)), [0.3, -1.2]),
        Case("-1e9 + large", lambda w, xp: 1e5 * xp.sum(w**3) - 1e9, [5.3, 2.2]),
        Case(
            "difference of energies",
            lambda w, xp: 76.0 + 1e-3 * xp.sum(xp.cos(3 * w)),
            [0.4, 1.1, 2.9],
        ),
        Case(
            "sums of squares + 1e6",
            lambda w, xp, a: 1e6 + xp.sum((a @ w - 1) ** 2),
            draw(4),
            {"a": draw(7, 4, seed=3)},
        ),
        Case("times 1e-30", lambda w, xp: 1e-30 * xp.sum(xp.exp(w) * w), [0.7, -1.3]),
        Case("times 1e30", lambda w, xp: 1e30 * xp.sum(xp.exp(w) * w), [0.7, -1.3]),
        Case("points of 1e-20", each(lambda w, xp: xp.exp(w / 1e-20)), [1.3e-20, -7e-21]),
        Case("points of 1e20", each(lambda w, xp: xp.sin(w / 1e20)), [1.3e20, -7e19]),
        Case("overflow ahead", each(lambda w, xp: xp.exp(w)), [709.7, 1.0], x32=[88.7, 1.0]),
        Case("powers near overflow", each(lambda w, xp: w**4), [1.1e77, 3.0], x32=[4.2e9, 3.0]),
        Case("underflow ahead", each(lambda w, xp: xp.exp(-w)), [700.0, 650.0], x32=[84.0, 80.0]),
        Case("squares that underflow", each(lambda w, xp: w * w), [1e-170, 0.3], x32=[1e-25, 0.3]),
        Case("eightth powers", each(lambda w, xp: w**8), [1.7, 30.0, -0.02]),
        Case("far minimum", each(lambda w, xp: (w - 1e4) ** 2), [1e4 - 3, 0.0, 9e3]),
    ]


def models() -> list[Case]:
    """Losses that people fit, and large arrays in which a few entries differ."""

    def bundle(w, xp, p, q):  # rotation by Cayley's formula at 0, focal length in pixels
        a, b, c = 0.5 * w[0], 0.5 * w[1], 0.5 * w[2]
        x, y, z = p[:, 0], p[:, 1], p[:, 2]
        s = 2 / (1 + a * a + b * b + c * c)
        u, v, t = b * z - c * y, c * x - a * z, a * y - b * x
        x2 = x + s * (u + b * t - c * v) + w[3]
        y2 = y + s * (v + c * u - a * t) + w[4]
        z2 = z + s * (t + a * v - b * u) + w[5]
        return xp.mean((w[6] * x2 / z2 - q[:, 0]) ** 2 + (w[6] * y2 / z2 - q[:, 1]) ** 2)

    def pendulum(w, xp):
        a, v = w[0], w[1]
        for _ in range(60):
            v = v - 0.05 * w[2] * xp.sin(a)
            a = a + 0.05 * v
        return a**2 + v

    def stiff(w, xp):
        y = w[0]
        for k in range(40):
            y = (y + 0.05 * w[1] * math.cos(0.05 * k)) / (1 + 0.05 * w[1])
        return y**2

    def clusters(w, xp, a):
        away = xp.sum((a[:, None] - xp.reshape(w, (3, 2))) ** 2, axis=2)
        return xp.mean(xp.min(away, axis=1))

    def entropy(w, xp, a):
        return xp.mean(xp.log(xp.sum(xp.exp(a @ xp.reshape(w, (3, 3))), axis=1)) - a @ w[:3])

    def mixture(w, xp, y):
        near, far = xp.exp(-((y - w[0]) ** 2)), xp.exp(-((y - w[1]) ** 2) / w[2])
        return -xp.mean(xp.log(near + 0.3 * far))

    def enzyme(w, xp, s):
        return xp.sum((w[0] * s / (w[1] + s) - 2e-9) ** 2) * 1e18

    def arrhenius(w, xp, t):
        return xp.sum((xp.log(w[0]) - w[1] / (8.314 * t) + 9) ** 2)

    def orbit(w, xp):
        return xp.sum(w[2:] ** 2) / 2 - 3.986e14 / xp.sqrt(xp.sum(w[:2] ** 2))

    def gas(w, xp):
        return 8.314 * w[0] / (w[1] - 4.3e-5) - 0.364 / w[1] ** 2

    def planted(w, xp, c, s):
        return xp.sum(xp.exp(-(((w - c - 0.5) / s) ** 2) / 9) + abs(w - 0.5))

    def network(w, xp, a):
        return xp.mean((xp.tanh(a @ w["W"] + w["b"]) @ w["V"] + w["c"] - 1) ** 2)

    rng = np.random.default_rng(8)
    points = rng.uniform(-1, 1, (12, 3))
    points[:, 2] += 5
    lse = rng.uniform(-60, 60, 40)
    big = rng.normal(size=300)
    odd = big.copy()
    odd[[7, 150, 299]] = 0.5 + 1e-4, 1e4 + 0.5, 0.0
    width = np.ones(300)
    width[150], width[299] = 1.0, 1e-7
    centre = np.where(abs(odd) > 100, 1e4, 0.0)
    sizes = spread(-4, 4, 300)
    cloud = rng.normal(size=(30, 2)) + 3 * rng.integers(0, 3, (30, 1))
    return [
        Case(
            "log-sum-exp within ±60",
            lambda w, xp: xp.log(xp.sum(xp.exp(w - 60))) + 60,
            lse,
            look=tuple(np.argsort(lse)[-4:].tolist()),
        ),
        Case(
            "log-sum-exp, all inactive but one",
            lambda w, xp: xp.log(xp.sum(xp.exp(w))),
            [0, 30, 2, -5, 8, 11],
        ),
        Case(
            "bundle adjustment at rotation 0",
            bundle,
            [0, 0, 0, 0.1, -0.2, 0, 820],
            {"p": points, "q": 800 * points[:, :2] / points[:, 2:] + rng.normal(size=(12, 2))},
        ),
        Case("k-means", clusters, [0.1, 0.3, 2.7, 3.2, 6.1, 5.8], {"a": cloud}, gap=2e-2),
        Case("cross-entropy of a softmax", entropy, draw(9, seed=9), {"a": draw(11, 3)}),
        Case("pendulum, 60 steps", pendulum, [0.7, 0.1, 9.81]),
        Case("stiff relaxation", stiff, [3, 1e5]),
        Case("Arrhenius", arrhenius, [1e13, 8e4], {"t": np.linspace(290, 400, 6)}),
        Case("Michaelis-Menten in mol/l", enzyme, [4e-9, 2e-7], {"s": spread(-8, -5, 6)}),
        Case("orbit", orbit, [6.9e6, 1e5, 30.0, 7.6e3]),
        Case("Gaussian mixture", mixture, [0.2, 3, 0.7], {"y": cloud[:, 0]}),
        Case("van der Waals", gas, [310, 9e-5], gap=4e-5),
        Case(
            "Rayleigh quotient",
            lambda w, xp, a: w @ (a @ w) / (w @ w),
            draw(5, seed=3),
            {"a": draw(5, 5)},
        ),
        Case(
            "network of four arrays",
            network,
            {"W": draw(2, 4), "b": np.zeros(4), "V": 30 * draw(4), "c": np.float64(1e-3)},
            {"a": draw(9, 2)},
        ),
        Case(
            "arrays of 1e-6 and 1e6",
            lambda w, xp: xp.sum(xp.exp(1e6 * w["s"])) * xp.mean(xp.sin(w["l"] / 1e6)),
            {"s": 1e-6 * draw(3), "l": 1e6 * draw(2, 2)},
        ),
        Case("300 entries", each(lambda w, xp: xp.sin(w) * xp.exp(w)), big),
        Case(
            "300 entries of mixed units",
            lambda w, xp, s: xp.sum(xp.tanh(w / s) + (w / s) ** 2),
            big * sizes,
            {"s": sizes},
        ),
        Case(
            "300, three planted",
            planted,
            odd,
            {"c": centre, "s": width},
            gap=abs(odd - 0.5),
            look=(7, 150, 299),
        ),
        Case(
            "300, one stiff",
            lambda w, xp, s: xp.sum(xp.sin(s * w)),
            big,
            {"s": np.where(np.arange(300) == 211, 3e4, 1)},
            look=(211,),
        ),
        Case(
            "300, one jump",
            lambda w, xp: xp.sum(w**2) + xp.floor((w[77] - 0.3) * 1e3),
            big,
            gap=np.where(np.arange(300) == 77, 1e-5, INF),
            look=(77,),
        ),
        Case(
            "300 ReLUs",
            each(lambda w, xp: xp.maximum(w, 0)),
            big,
            gap=abs(big),
            look=tuple(np.argsort(abs(big))[:3].tolist()),
        ),
    ]
