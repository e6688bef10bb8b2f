"""C5: numerical differentiation is less precise, and its best step follows the unit round-off.

Errors are those against the certified gradient. The unit round-off u is varied by rounding the
losses to fewer bits, beside the two dtypes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradmethods import problems
from gradmethods.core.distance import gradient_error
from gradmethods.core.problem import Problem
from gradmethods.providers import Numerical, get_provider
from gradmethods.providers.schemes import SCHEMES
from gradmethods.studies.claims.claim import (
    Claim,
    Criterion,
    Decision,
    Evidence,
    Finding,
    Panel,
    Series,
    exactly,
    inside,
)
from gradmethods.timing.fits import fit_power_law

Vector = NDArray[np.float64]

BITS = tuple(range(16, 49, 4))
"""Bits of the significand that losses are rounded to."""

STEPS = 10.0 ** (-np.arange(4, 105) / 8)
"""Eight a decade: from 0.3 to 1e-13."""

EXPONENTS = {"forward": 1 / 2, "central": 1 / 3}
"""The power of u that the best step goes with: from balancing h |f''| / 2 with 2 u |f| / h, and
h² |f'''| / 6 with u |f| / h (Gill, Murray & Wright 1981, section 8.6)."""
ROOTS = {1 / 2: "∝ √u", 1 / 3: "∝ ∛u"}

NEAR = 0.05

POINTS = 5
"""Networks over whose parameters errors are averaged."""

SUBTRACTING = ("numerical:forward", "numerical")
PROVIDERS = (*SUBTRACTING, "numerical:complex-step", "backprop")

CATALOGUE: Mapping[str, Mapping[str, Any]] = {
    "network-1-1-1": {},
    "island": {"batch": 20},
    "xor": {"batch": 20},
    "mlp": {"batch": 10},
    "logistic-regression": {},
    "rosenbrock": {},
    "helmholtz": {},
    "log-sum-exp": {},
}


@dataclass(frozen=True)
class Best:
    """The step with the smallest error, for a scheme and a unit round-off."""

    scheme: str
    u: float
    step: float
    error: float


def best_steps(seed: int = 0) -> list[Best]:
    """Find the best step of both schemes for every unit round-off."""
    doubles = [_Differences(_network(seed + k, "float64")) for k in range(POINTS)]
    singles = [_Differences(_network(seed + k, "float32")) for k in range(POINTS)]
    found = []
    for scheme in EXPONENTS:
        found += [
            _best(scheme, 2.0**-bits, [d.errors(scheme, bits) for d in doubles]) for bits in BITS
        ]
        found.append(_best(scheme, 2.0**-53, [d.errors(scheme) for d in doubles]))
        found.append(_best(scheme, 2.0**-24, [d.errors(scheme) for d in singles]))
    return found


def digits(seed: int = 0) -> dict[str, dict[str, float]]:
    """Return the correct digits of every provider on every problem, in the norm."""
    from gradmethods.engines.certified import certified_gradient

    found: dict[str, dict[str, float]] = {}
    for name, options in CATALOGUE.items():
        problem = problems.get(name, seed=seed, **options)
        truth = problem.structure.check(certified_gradient(problem).gradient)
        for provider in PROVIDERS:
            gradient = get_provider(provider).prepare(problem)(problem.params).gradient
            error = gradient_error(problem.structure.check(gradient), truth).norm
            # The truth is given in float64: no error below its unit round-off can be seen.
            found.setdefault(provider, {})[name] = -math.log10(max(error, 2.0**-53))
    return found


def judge(best: Sequence[Best], found: Mapping[str, Mapping[str, float]]) -> Finding:
    """Decide the exponents by their intervals, the digits by certified errors."""
    decisions = {}
    for scheme, theory in EXPONENTS.items():
        own = [b for b in best if b.scheme == scheme]
        law = fit_power_law([b.u for b in own], [b.step for b in own])
        decisions[scheme] = Decision(
            inside(law.exponent, law.low, law.high, theory - NEAR, theory + NEAR),
            law.exponent, law.low, law.high, f"over {len(own)} unit round-offs from "
            f"{min(b.u for b in own):.0e} to {max(b.u for b in own):.0e}; theory {theory:.3g}",
        )  # fmt: skip
    reference = found["backprop"]
    lost = {p: [reference[n] - found[p][n] for n in reference] for p in SUBTRACTING}
    every = [loss for losses in lost.values() for loss in losses]
    decisions["digits"] = Decision(
        exactly([loss >= 1 for loss in every], fewest=10),
        float(np.median(every)), min(every), max(every),
        f"median {np.median(lost['numerical']):.1f} with central, "
        f"{np.median(lost['numerical:forward']):.1f} with forward differences; the complex step "
        "subtracts nothing, and loses "
        f"{np.median([reference[n] - found['numerical:complex-step'][n] for n in reference]):.1f}",
    )  # fmt: skip
    return Finding(decisions, (_steps(best), _digits(found)))


def examine(evidence: Evidence) -> Finding:
    """Difference and certify."""
    return judge(best_steps(evidence.seed), digits(evidence.seed))


def _network(seed: int, dtype: str) -> Problem:
    return problems.get("mlp", widths=(2, 3, 1), batch=5, seed=seed, dtype=dtype)


class _Differences:
    """Losses of one problem beside its point, at every step along every parameter."""

    def __init__(self, problem: Problem) -> None:
        from gradmethods.engines.certified import certified_gradient

        structure = problem.structure
        truth = certified_gradient(problem).gradient
        self.truth = np.concatenate([np.ravel(truth[name]) for name in structure.shapes])
        point = structure.join(structure.check(problem.params))

        def loss(i: int, place: Any) -> float:
            moved = point.copy()
            moved[i] = place
            return float(problem.value(structure.restore(structure.split(moved))))

        steps = STEPS.astype(problem.dtype)[:, None]
        self.places = point + steps, point - steps
        self.losses = tuple(
            np.array([[loss(i, place) for i, place in enumerate(row)] for row in places])
            for places in self.places
        )
        self.point, self.value = point.astype(float), loss(0, point[0])

    def errors(self, scheme: str, bits: int | None = None) -> Vector:
        """Return the error of the gradient ÷ its norm, at every step."""
        above, below = (rounded(losses, bits) for losses in self.losses)
        x, y = (places.astype(float) for places in self.places)
        if SCHEMES[scheme].one_sided:
            below, y = rounded(np.full_like(above, self.value), bits), self.point[None, :]
        with np.errstate(all="ignore"):  # A step lost in rounding is an infinite error.
            error = (above - below) / (x - y) - self.truth
        error = np.where(np.isfinite(error), error, np.inf)
        return np.asarray(np.linalg.norm(error, axis=1) / np.linalg.norm(self.truth))


def rounded(values: Vector, bits: int | None) -> Vector:
    """Round to so many bits of significand, to nearest: unit round-off 2**-bits.

    Examples
    --------
    >>> rounded(np.array([1.1, 0.3]), 3)
    array([1.   , 0.3125])
    """
    if bits is None:
        return values
    significand, exponent = np.frexp(values)
    return np.asarray(np.ldexp(np.rint(np.ldexp(significand, bits)), exponent - bits))


def _best(scheme: str, u: float, errors: Sequence[Vector]) -> Best:
    mean = np.sqrt(np.mean(np.square(errors), axis=0))
    # Beside the best step the error is a sum of many roundings: three steps together are steadier.
    with np.errstate(all="ignore"):
        smooth = np.log(mean)
    smooth[1:-1] = (smooth[:-2] + smooth[1:-1] + smooth[2:]) / 3
    smooth[[0, -1]] = np.inf
    place = int(np.argmin(smooth))
    return Best(scheme, u, float(STEPS[place]), float(mean[place]))


def _steps(best: Sequence[Best]) -> Panel:
    series = []
    for scheme, theory in EXPONENTS.items():
        own = sorted((b for b in best if b.scheme == scheme), key=lambda b: b.u)
        u, steps = [b.u for b in own], [b.step for b in own]
        middle = math.exp(float(np.mean(np.log(steps) - theory * np.log(u))))
        provider = Numerical(scheme).name
        series += [
            Series(f"{scheme}", u, steps, provider=provider),
            Series(ROOTS[theory], [u[0], u[-1]],
                   [middle * u[0] ** theory, middle * u[-1] ** theory], theory=True),
        ]  # fmt: skip
    return Panel("unit round-off u", "best step h", tuple(series), "best step")


def _digits(found: Mapping[str, Mapping[str, float]]) -> Panel:
    names = tuple(found["backprop"])
    series = tuple(
        Series("", list(range(len(names))), [found[p][name] for name in names], provider=p)
        for p in PROVIDERS
    )
    title = "default steps"
    return Panel("", "correct digits", series, title, log_x=False, log_y=False, ticks=names)


_RULE = (
    "Supported if the interval of the exponent of the best step in u lies within 0.05 of {}, over "
    "losses rounded to 16, 20, … 48 bits, float32 and float64; refuted if it lies outside."
)

CLAIM = Claim(
    id="C5",
    title="Numerical differentiation is less precise",
    text="Numerical differentiation is less precise than exact methods: it balances truncation and "
    "round-off, and its best step follows √u with forward, ∛u with central differences.",
    source="the article; Gill, Murray & Wright 1981, section 8.6",
    method=f"Errors against the certified gradient. Steps: of {POINTS} networks 2-3-1, eight a "
    "decade, the one with the least root mean square error over all parameters; losses rounded to "
    "fewer bits, and of both dtypes. Digits: −log₁₀ of the error relative to the norm.",
    criteria=(
        Criterion("forward", _RULE.format("1/2"), "exponent of the best step in u"),
        Criterion("central", _RULE.format("1/3"), "exponent of the best step in u"),
        Criterion(
            "digits",
            "Supported if forward and central differences have at least one correct digit less "
            "than backprop on every problem of the catalogue; refuted if not on one.",
            "digits lost: median, least and most",
            exact=True,
        ),
    ),
    examine=examine,
)
