"""How far the default step is from the best one: smooth problems of every scale, and sweeps.

The error is that of the gradient (of `MOST` of its components), relative to the norm. The best
reachable one is sought over `SWEEP` times one common absolute step, times max(1, |x|), or times
|x|. Of so many steps, some hit it by luck, with errors that cancel: so it is told twice, as the
least error of all, ``raw``, and as the least median of a decade of steps, ``fair``. Every component
of harder problems is looked at in `step_study`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

import gradmethods as gm
from gradmethods.errors import InvalidOption, NotDifferentiable
from gradmethods.providers import schemes
from gradmethods.providers.extrapolation import richardson
from gradmethods.providers.moved_loss import over_reals
from gradmethods.providers.numerical import Numerical
from gradmethods.providers.steps import FixedStep

SCHEMES = (*schemes.SCHEMES, schemes.RICHARDSON)
SWEEP = 10.0 ** -np.arange(1, 16.01, 0.5)
DECADE = 3
MOST = 20

Vector = NDArray[Any]


class Ratio(NamedTuple):
    """The error at the default step over the best one, and the passes that choosing it took."""

    raw: float
    fair: float
    passes: int


def changed(name: str, factor: float = 1.0, plus: float = 0.0) -> gm.Problem:
    """Multiply a loss of the catalogue by a factor, and add a constant."""
    twin = gm.problems.get(name)

    def loss(params, *, xp=np, **data):
        return factor * twin.loss(params, **data, xp=xp) + plus

    return gm.Problem(loss, twin.params, twin.data)


def units() -> gm.Problem:
    """Make a problem of two arrays, in millionths and in millions."""
    rng = np.random.default_rng(3)

    def loss(params, a, b, *, xp=np):
        u, v = 1e6 * params["small"], 1e-6 * params["large"]
        return xp.mean(xp.tanh(a @ u + xp.exp(b @ v)) ** 2) + xp.sum(u * v**3)

    params = {"small": 1e-6 * rng.normal(size=4), "large": 1e6 * rng.normal(size=4)}
    return gm.Problem(loss, params, {"a": rng.normal(size=(9, 4)), "b": rng.normal(size=(9, 4))})


def mixed(n: int) -> gm.Problem:
    """Make a problem of one array whose entries have units from 1e-6 to 1e6."""
    rng = np.random.default_rng(4)

    def loss(w, a, unit, *, xp=np):
        u = w / unit
        return xp.mean(xp.tanh(a @ u) ** 2) + xp.sum(xp.exp(0.3 * u))

    unit = 10.0 ** rng.uniform(-6, 6, n)
    unit[:2] = 1e-6, 1e6
    data = {"a": rng.normal(size=(9, n)) / n**0.5, "unit": unit}
    return gm.Problem(loss, rng.normal(size=n) * unit, data)


def shrunk(factor: float) -> gm.Problem:
    """Make a problem whose parameters are far smaller than the scale on which its loss varies."""
    twin = gm.problems.get("logistic-regression")
    params = {name: factor * x for name, x in twin.structure.check(twin.params).items()}
    return gm.Problem(twin.loss, twin.structure.restore(params), twin.data)


def logarithms(scale: float) -> gm.Problem:
    """Make a problem whose loss varies on the scale of its parameters, whatever that is."""
    x = np.random.default_rng(5).uniform(0.5, 2, 6) * scale
    return gm.Problem(lambda w, *, xp=np: xp.sum(xp.log(w) * xp.sqrt(w)) / xp.sum(w), x)


NETWORKS: dict[str, dict[str, Any]] = {
    "sigmoid": {},
    "logits": {"loss": "logits"},
    "tanh": {"activation": "tanh"},
    "tanh, logits": {"activation": "tanh", "loss": "logits"},
    "sigmoid, float32": {"dtype": "float32"},
    "tanh, logits, float32": {"activation": "tanh", "loss": "logits", "dtype": "float32"},
}
CATALOGUE: dict[str, Callable[[], gm.Problem]] = {
    **{name: partial(gm.problems.get, name) for name in gm.problems.names()},
    **{
        f"{name}, float32": partial(gm.problems.get, name, dtype="float32")
        for name in gm.problems.names()
    },
    **{
        f"2-32-32-1 {name}": partial(gm.problems.get, "mlp", widths=(2, 32, 32, 1), **options)
        for name, options in NETWORKS.items()
    },
}
BADLY_SCALED: dict[str, Callable[[], gm.Problem]] = {
    "island × 1e-8": partial(changed, "island", 1e-8),
    "island × 1e8": partial(changed, "island", 1e8),
    "island + 1e6": partial(changed, "island", plus=1e6),
    "helmholtz + 1e6": partial(changed, "helmholtz", plus=1e6),
    "arrays of 1e-6 and 1e6": units,
    "4 entries of 1e-6 to 1e6": partial(mixed, 4),
    "40 entries of 1e-6 to 1e6": partial(mixed, 40),
    "parameters of 1e-6": partial(shrunk, 1e-6),
    "parameters of 0": partial(shrunk, 0.0),
    "logarithms at 1e-6": partial(logarithms, 1e-6),
    "logarithms at 1e6": partial(logarithms, 1e6),
}


def flat_point(problem: gm.Problem) -> Vector:
    return problem.structure.join(problem.structure.check(problem.params))


def truth(problem: gm.Problem) -> Vector:
    """Return the gradient at the very numbers of the problem, in float64 (certified if small)."""
    if problem.size <= MOST:
        try:
            gradient = gm.certified_gradient(problem).gradient
            named = {"": gradient} if problem.structure.bare else gradient
            return problem.structure.join(named)
        except NotDifferentiable:  # not decided: |z| in a smooth function, at 0
            pass

    def wide(arrays):
        return {k: a.astype(float) if a.dtype.kind == "f" else a for k, a in arrays.items()}

    params = problem.structure.restore(wide(problem.structure.check(problem.params)))
    twin = gm.Problem(problem.loss, params, wide(problem.data))
    return flat(twin, gm.Backprop().prepare(twin)(twin.params).gradient)


def flat(problem: gm.Problem, gradient: Any) -> Vector:
    return problem.structure.join(problem.structure.check(gradient))


def some(problem: gm.Problem) -> NDArray[np.intp]:
    """Return the components that are looked at."""
    if problem.size <= MOST:
        return np.arange(problem.size)
    return np.sort(np.random.default_rng(0).choice(problem.size, MOST, replace=False))


def error(found: Vector, exact: Vector) -> float:
    """Return the error relative to the norm; infinite if it is none."""
    unit = abs(exact).max()
    found = found.astype(float)
    with np.errstate(over="ignore"):
        size = np.linalg.norm((found - exact) / unit) / np.linalg.norm(exact / unit)
    return float(size) if np.isfinite(size) else np.inf


def at_steps(problem: gm.Problem, scheme: str, which: Any, steps: Vector) -> Vector:
    """Return some components at steps of one's own; NaN if a step is lost."""
    point = flat_point(problem)
    evaluate = over_reals(problem, point, problem.data)
    found = np.full(len(which), np.nan)
    with np.errstate(all="ignore"):
        value = evaluate()
        for k, (i, h) in enumerate(zip(which.tolist(), steps.tolist(), strict=True)):
            entry = point[i : i + 1].copy()  # the loss as a function of one entry
            one = partial(_with_entry, point, i, entry, evaluate)
            try:
                if scheme == schemes.RICHARDSON:
                    estimate = richardson(one, value, entry, FixedStep(h))
                else:
                    losses = schemes.one_by_one(one, value, entry)
                    estimate = schemes.differences(scheme, losses, entry, FixedStep(h), 0.0)
                found[k] = estimate.gradient[0]
            except InvalidOption:
                pass
    return found


def _with_entry(point: Vector, i: int, entry: Vector, evaluate: Callable[[], float]) -> float:
    home = point[i]
    point[i] = entry[0]
    loss = evaluate()
    point[i] = home
    return loss


def best(problem: gm.Problem, scheme: str, which: Any, exact: Vector) -> tuple[float, float]:
    """Return the best reachable error, raw and fair."""
    x = flat_point(problem)[which].astype(float)
    sizes = abs(x)
    typical = float(np.median(sizes[sizes > 0])) if sizes.any() else 1.0
    families: tuple[Vector, ...]
    families = (np.ones_like(x), np.maximum(1, sizes), np.where(sizes > 0, sizes, typical))
    if scheme == schemes.RICHARDSON:  # which goes on from any step to one of its own
        families = families[-1:]
    raw = fair = np.inf
    for unit in families:
        errors = np.array([error(at_steps(problem, scheme, which, h * unit), exact) for h in SWEEP])
        windows = np.lib.stride_tricks.sliding_window_view(errors, DECADE)
        raw = min(raw, float(errors.min()))
        fair = min(fair, float(np.median(windows, axis=1).min()))
    return raw, fair


@cache
def ratios(name: str) -> dict[str, Ratio]:
    """Compare the default step with the best one, scheme by scheme."""
    problem = (CATALOGUE | BADLY_SCALED)[name]()
    which = some(problem)
    exact = truth(problem)[which]
    found = {}
    for scheme in SCHEMES:
        prepared = Numerical(scheme).prepare(problem)
        mine = error(flat(problem, prepared(problem.params).gradient)[which], exact)
        raw, fair = best(problem, scheme, which, exact)
        found[scheme] = Ratio(mine / raw, mine / fair, prepared.preparation_passes)
    return found
