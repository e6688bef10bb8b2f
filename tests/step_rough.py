"""Problems for the study of difference steps: kinks, jumps, noise, ripple."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable

import numpy as np

from tests.step_problems import Case, Spoil, Vector, draw, each

NAN = math.nan


def hashed(w: Vector) -> float:
    """Return a number from -1 to 1 that any change of the point changes."""
    digest = hashlib.blake2b(w.tobytes(), digest_size=8).digest()
    return int.from_bytes(digest, "little") / 2.0**63 - 1


def noise(level: float) -> Spoil:
    return lambda value, w: value * (1 + level * hashed(w))


def added(level: float) -> Spoil:
    return lambda value, w: value + level * hashed(w)


def grid(unit: float, to: Callable[[float], float] = round) -> Spoil:
    return lambda value, w: unit * to(value / unit)


def digits(count: int) -> Spoil:
    return lambda value, w: float(f"{value:.{count - 1}e}")


def single(value: float, w: Vector) -> float:
    return float(np.float32(value))


def kinks() -> list[Case]:
    """Kinks at known distances, and at the point."""
    sums = {"a": np.array([-0.7, 0.2, 0.45, 0.5, 0.53, 0.61, 1.4])}
    y = draw(41, seed=4)
    tie = 0.31
    return [
        Case("kink 1e-2 away", each(lambda w, xp: abs(w - 0.8) + xp.exp(w)), [0.79], gap=1e-2),
        Case("kink 1e-3 away", each(lambda w, xp: abs(w - 0.8) + xp.exp(w)), [0.801], gap=1e-3),
        Case("kink 1e-4 away", each(lambda w, xp: abs(w - 0.8) + w**3), [0.7999], gap=1e-4),
        Case("kink 2e-6 away", each(lambda w, xp: abs(w - 0.8) + w**3), [0.800002], gap=2e-6),
        Case(
            "kink 30 away at 1e5", each(lambda w, xp: abs(w - 1e5) + w**2 / 1e5), [1e5 + 30], gap=30
        ),
        Case(
            "sum of seven ReLUs",
            lambda w, xp, a: xp.sum(xp.maximum(w[:, None] - a, 0)),
            [0.49, 0.57],
            sums,
            gap=0.01,
        ),
        Case(
            "smooth + ReLU",
            each(lambda w, xp: xp.cos(w) + xp.maximum(w - 1, 0)),
            [0.97, 1.004],
            gap=4e-3,
        ),
        Case(
            "leaky ReLU",
            each(lambda w, xp: xp.where(w > 0, w, 0.01 * w) * 3),
            [2e-3, -0.3],
            gap=2e-3,
        ),
        Case(
            "maximum of two bowls",
            lambda w, xp: xp.maximum(xp.sum((w - 1) ** 2), xp.sum(w**2) * 1.1),
            [0.478, 0.51],
            gap=2e-3,
        ),
        Case(
            "maximum of waves",
            lambda w, xp, p: xp.max(xp.sin(w[0] * p) + w[1]),
            [1.3, 0.2],
            {"p": np.arange(1.0, 9)},
            gap=0.02,
        ),
        Case(
            "total variation",
            lambda w, xp: xp.sum(abs(w[1:] - w[:-1])) + xp.sum(w**2),
            [1, 1.013, 0.9, 0.95, 0.957],
            gap=7e-3,
        ),
        Case("absolute errors", lambda w, xp, y: xp.mean(abs(y - w[0])), [0.1], {"y": y}, gap=0.01),
        Case(
            "hinge loss",
            lambda w, xp, a: xp.mean(xp.maximum(0, 1 - a @ w)),
            draw(3, seed=5),
            {"a": draw(30, 3, seed=6)},
            gap=5e-3,
        ),
        Case(
            "Huber",
            each(lambda w, xp: xp.where(abs(w) < 1, w**2 / 2, abs(w) - 0.5)),
            [0.999, 1.004, -3],
            gap=1e-3,
        ),
        Case("clipped", each(lambda w, xp: xp.clip(w, -1, 1) * 2 + w**2), [0.995, -0.2], gap=5e-3),
        Case("triangle wave", each(lambda w, xp: xp.asin(xp.sin(40 * w))), [0.3], gap=0.02),
        Case("|sin| of period 0.01", each(lambda w, xp: abs(xp.sin(314 * w))), [0.4013], gap=1e-3),
        Case(
            "lasso",
            lambda w, xp, a: xp.mean((a @ w - 1) ** 2) + 0.1 * xp.sum(abs(w)),
            [0.3, 2e-3, -1e-4],
            {"a": draw(20, 3)},
            gap=1e-4,
        ),
        Case(
            "nearest of three centres",
            lambda w, xp, a: xp.min(xp.sum((w - a) ** 2, axis=1)),
            [0.02, 0.3],
            {"a": np.array([[1, 0.0], [-1, 0], [0, 2]])},
            gap=0.02,
        ),
        Case("tiny kink", each(lambda w, xp: xp.exp(w) + 1e-3 * abs(w - 0.5)), [0.505], gap=5e-3),
        Case(
            "|x| at 0 among others",
            lambda w, xp: xp.sum(abs(w)) + w[1] ** 2,
            [0, 1.3],
            gap=0,
            apart=2,
            truth=[NAN, 3.6],
        ),
        Case(
            "ReLU at 0",
            each(lambda w, xp: xp.maximum(w, 0) * 2 + w),
            [0, 0.7],
            gap=0,
            apart=2,
            truth=[NAN, 3],
        ),
        Case(
            "tie of a maximum",
            lambda w, xp: xp.max(w[:2]) + w[2] ** 2,
            [tie, tie, 2],
            gap=0,
            apart=1,
            truth=[NAN, NAN, 4],
        ),
        Case(
            "kink at 0.7 in a product",
            lambda w, xp: abs(w[0] - w[1]) * w[2],
            [0.7, 0.7, 1.2],
            gap=0,
            apart=2.4,
            truth=[NAN, NAN, 0],
        ),
        Case(
            "|x|^1.5 at 0",
            each(lambda w, xp: abs(w) ** 1.5 + 2 * w),
            [0, 0.4],
            gap=0,
            truth=[2, 2 + 1.5 * 0.4**0.5],
        ),
        Case("x|x| at 0", each(lambda w, xp: w * abs(w) + w), [0, 0.3], gap=0, truth=[1, 1.6]),
        Case(
            "|x| 1e-3 high at 0",
            each(lambda w, xp: 1e-3 * abs(w) + xp.exp(w)),
            [0, 0.5],
            gap=0,
            apart=0.002,
            truth=[NAN, math.exp(0.5) + 1e-3],
        ),
    ]


def jumps() -> list[Case]:
    """Jumps at known distances, tariffs, remainders, edges of domains."""
    bands = {"at": np.array([1e4, 2.5e4, 6e4]), "rate": np.array([0.1, 0.15, 0.2])}
    return [
        Case("x mod 7", each(lambda w, xp: (w - 7 * xp.floor(w / 7)) ** 2), [20.6, 22.5], gap=0.4),
        Case(
            "x mod 0.1", each(lambda w, xp: (w - 0.1 * xp.floor(w / 0.1)) * 3), [5.083], gap=0.017
        ),
        Case(
            "x mod 24 at 1e5",
            each(lambda w, xp: xp.sin(w - 24 * xp.floor(w / 24))),
            [1e5 + 3],
            gap=5,
        ),
        Case(
            "tariff in bands",
            lambda w, xp, at, rate: xp.sum(rate * xp.maximum(w[:, None] - at, 0)),
            [2.6e4, 1e4 - 90, 4e5],
            bands,
            gap=90,
        ),
        Case(
            "tariff with fees",
            lambda w, xp, at: xp.sum(0.2 * w) + 500 * xp.sum(w[:, None] > at),
            [2.6e4, 1.001e4],
            {"at": bands["at"]},
            gap=10,
        ),
        Case("staircase + slope", each(lambda w, xp: xp.floor(8 * w) + w), [0.43, 1.3], gap=0.05),
        Case(
            "fine staircase",
            each(lambda w, xp: 1e-4 * xp.floor(1e4 * w) + w**2),
            [0.54316],
            gap=4e-5,
        ),
        Case("jump 1e-3 away", each(lambda w, xp: xp.sign(w - 0.3) + xp.sin(w)), [0.301], gap=1e-3),
        Case(
            "jump 1e-5 away", each(lambda w, xp: xp.sign(w - 0.3) + xp.sin(w)), [0.30001], gap=1e-5
        ),
        Case("small jump", each(lambda w, xp: 1e-4 * xp.sign(w - 0.3) + w**2), [0.302], gap=2e-3),
        Case("branch", each(lambda w, xp: xp.where(w > 2, w**2, 3 * w)), [1.99, 2.03], gap=0.01),
        Case(
            "rounded index",
            each(lambda w, xp: xp.cos(w) + 0.1 * xp.round(w)),
            [2.48, 7.1],
            gap=0.02,
        ),
        Case(
            "jump at the point",
            each(lambda w, xp: xp.floor(w) + 0 * w),
            [3, 0.5],
            gap=0,
            truth=[NAN, 0],
        ),
        Case(
            "root 1e-6 from its edge",
            each(lambda w, xp: xp.sqrt(w - 2)),
            [2.000001],
            gap=1e-6,
            x32=[2.00003],
        ),
        Case(
            "log(1 - x) near 1",
            each(lambda w, xp: xp.log(1 - w)),
            [0.99998, 0.53],
            gap=2e-5,
        ),
        Case("acos near 1", each(lambda w, xp: xp.acos(w)), [0.99993, 0.2], gap=7e-5),
        Case("barrier", each(lambda w, xp: w - 1e-3 * xp.log(w)), [2e-5, 0.4], gap=2e-5),
        Case("x^1.5 near 0", each(lambda w, xp: w**1.5), [1e-8, 2.0], gap=1e-8),
        Case("entropy", each(lambda w, xp: w * xp.log(w)), [1e-9, 0.03, 0.6], gap=1e-9),
        Case(
            "gamma of relativity",
            each(lambda w, xp: 1 / xp.sqrt(1 - w**2)),
            [0.9999, 0.3],
            gap=1e-4,
        ),
        Case("atanh", each(lambda w, xp: xp.atanh(w)), [0.99993, -0.5], gap=7e-5),
    ]


def noises() -> list[Case]:
    """Losses that err by more than their rounding."""

    def bowl(w, xp):
        return 1.5 + xp.sum((w - 0.3) ** 2 + 0.2 * xp.sin(w))

    def wave(w, xp):
        return xp.sum(xp.sin(w / 1e3)) + 3

    x, y = draw(3, seed=7), np.array([700.0, -1500, 90])
    levels = [("1e-12", 1e-12), ("1e-9", 1e-9), ("1e-6", 1e-6), ("1e-4", 1e-4), ("1e-3", 1e-3)]
    return [
        *(Case(f"noise {name}", bowl, x, spoil=noise(level)) for name, level in levels),
        *(
            Case(f"noise {name} far out", wave, y, spoil=noise(level))
            for name, level in levels[1:4]
        ),
        Case("added noise 1e-7", bowl, x, spoil=added(1e-7)),
        Case(
            "noise at one entry",
            each(lambda w, xp: xp.exp(w)),
            x,
            spoil=lambda v, w: v + 1e-5 * hashed(w[1:2]),
        ),
        Case(
            "noise that is mostly absent",
            bowl,
            x,
            spoil=lambda v, w: v * (1 + 1e-6 * (hashed(w) > 0.7)),
        ),
        Case(
            "noise beside a kink",
            each(lambda w, xp: abs(w - 0.5) + w**2),
            [0.6],
            gap=0.1,
            spoil=noise(1e-8),
        ),
        Case(
            "noisy peak at 1e4",
            each(lambda w, xp: xp.exp(-((w - 1e4) ** 2)) + 1),
            [1e4 + 0.5],
            spoil=noise(1e-8),
        ),
        *(Case(f"values on a grid of {q:g}", bowl, x, spoil=grid(q)) for q in (1e-10, 1e-6, 1e-3)),
        Case("values cut to 1e-5", bowl, x, spoil=grid(1e-5, math.floor)),
        Case("float32 inside", bowl, x, spoil=single),
        Case("printed with 6 digits", bowl, x, spoil=digits(6)),
        Case("printed with 4 digits", wave, y, spoil=digits(4)),
        Case(
            "large values in cents", each(lambda w, xp: w**1.5), [1e4, 2.5e3, 90], spoil=grid(0.01)
        ),
    ]


def waves() -> list[Case]:
    """Periods tiny and huge, decays at 0, ripple, stiffness."""
    tau = 2 * math.pi
    return [
        Case("1/512 turns", each(lambda w, xp: xp.sin(tau * 512 * w)), [0.25, 0.3]),
        Case("period 1e-3 with a trend", each(lambda w, xp: w**2 + xp.cos(w / 1e-3)), [0.77]),
        Case("period 1e7", each(lambda w, xp: xp.sin(w / 1e7)), [3.0, 2e6]),
        Case("phase at 1e5", each(lambda w, xp: xp.cos(w)), [1e5, -3e4]),
        Case("chirp", each(lambda w, xp: xp.sin(w**2)), [30.0, 2.0]),
        Case("tan near its pole", each(lambda w, xp: xp.tan(w)), [1.57, 0.2], gap=8e-4),
        Case(
            "three octaves",
            each(lambda w, xp: xp.sin(w) + xp.sin(30 * w) / 30 + xp.sin(900 * w) / 900),
            [0.4, 1.9],
        ),
        Case("decay over 1e-7 at 0", each(lambda w, xp: xp.exp(-w / 1e-7)), [0]),
        Case("decay over 1e-12 at 0", each(lambda w, xp: xp.exp(-w / 1e-12)), [0]),
        Case("inhibition at 0", each(lambda w, xp: 1e-9 / (1e-9 + w)), [0], gap=1e-9),
        Case("saturation at 0 and 1", each(lambda w, xp: w / (w + 3e-6)), [0, 1], gap=3e-6),
        Case("sharp step at 0", each(lambda w, xp: xp.tanh(1e8 * w)), [0, 4e-9]),
        Case("log1p(1e9 x) at 0", each(lambda w, xp: xp.log1p(1e9 * w)), [0], gap=1e-9),
        Case(
            "decays at 0 of mixed scales",
            lambda w, xp, s: xp.sum(xp.exp(-w / s)),
            [0, 0, 0.5, 0],
            {"s": np.array([1e-6, 1, 0.3, 1e3])},
        ),
        Case("ripple 1e-6", each(lambda w, xp: w**2 + 1e-6 * xp.sin(1e4 * w)), [0.35]),
        Case("ripple of equal slope", each(lambda w, xp: w + 1e-4 * xp.sin(1e4 * w)), [0.35]),
        Case(
            "stiff valley",
            lambda w, xp: 1e6 * (w[1] - w[0] ** 2) ** 2 + (1 - w[0]) ** 2,
            [0.9, 0.83],
        ),
        Case("stiff exponential", lambda w, xp: xp.exp(60 * (w[0] - w[1])) + w[0], [0.52, 0.5]),
        Case(
            "condition 1e8", lambda w, xp: 1e8 * (w[0] - w[1]) ** 2 + w[0] * w[1], [0.3, 0.3 + 1e-5]
        ),
        Case(
            "logistic of slope 300",
            each(lambda w, xp: 1 / (1 + xp.exp(-300 * (w - 0.5)))),
            [0.505, 0.4],
        ),
    ]
