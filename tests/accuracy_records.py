"""Records of an accuracy run that never took place, for tests of what is made of records."""

from __future__ import annotations

import numpy as np

from gradmethods.providers.schemes import NAMES
from gradmethods.studies.accuracy.survey import VARIANTS, WHOLE

REASON = "Too large <&> 50 % of $n_1$."


def head(kind, **about):
    key = "/".join([kind, *map(str, about.values())])
    return {"key": key, "kind": kind, **about, "outcome": "measured"}


def reference(problem):
    return head("reference", problem=problem) | {
        "dtype": "float64", "n": 3, "components": 3, "value": 0.5, "digits": 31,
        "component_digits": 30.7, "bits": 132, "seconds": 0.01,
        "arrays": [
            {"array": name, "n": n, "norm": 1.0, "condition": 20.0, "amplification": 50.0}
            for name, n in (("w", 2), ("b", 1), (WHOLE, 3))
        ],
    }  # fmt: skip


def gradient(problem, provider, error=1e-16, **more):
    measures = {
        "error": error, "worst": 3 * error, "ulps_median": 0.5, "ulps_99": 2.0, "ulps_worst": 2.5,
        "digits": 15.9, "cosine": 1.0, "wrong_signs": 0, "not_finite": 0, "bound": 1e-13,
        "excess": error / 1e-13, "verdict": "within bound",
    }  # fmt: skip
    seconds = {"median": 1e-4, "low": 0.9e-4, "high": 1.2e-4, "minimum": 0.9e-4}
    arrays = [{"array": name, "n": n, **measures} for name, n in (("w", 2), ("b", 1), (WHOLE, 3))]
    return head("gradient", problem=problem, provider=provider) | {
        "dtype": "float64", "n": 3, "components": 3, "verdict": "within bound", "reason": "",
        "arrays": arrays, "forward_passes": 6, "preparation": 1e-3, "value": 0.5,
        "cost": {"gradient": seconds, "ratio": seconds, "contended": False},
    } | more  # fmt: skip


def refusal(problem, provider):
    return gradient(problem, provider) | {
        "verdict": "obstacle", "reason": REASON, "arrays": [], "cost": None,
    }  # fmt: skip


def gap(record):
    kept = {name: record[name] for name in record if name in ("key", "kind", "problem", "provider")}
    return kept | {"outcome": "gap", "gap": "budget", "reason": REASON}


def point(step, error, **more):
    return {
        "step": step, "error": error, "worst": error, "median": error, "predicted": error,
        "passes": 7, "lost": "" if error is not None else "The step is lost in rounding: 1e-16.",
    } | more  # fmt: skip


def curve(problem, scheme, dtype="float64"):
    steps = 10.0 ** np.arange(-1, -16, -1)
    flat = scheme == "complex-step"
    errors = [max(h**2, 1e-16 if flat else 1e-16 / h) for h in steps]
    points = [point(h, e) for h, e in zip(steps.tolist(), errors, strict=True)]
    best = min(points, key=lambda p: p["error"])
    points.append(point(1e-16, None, passes=None))
    if flat:
        points += [point(10.0**-k, 1e-16) for k in (100, 200)]
    return head("atlas", problem=problem, dtype=dtype, scheme=scheme) | {
        "provider": "numerical" if scheme == "central" else f"numerical:{scheme}",
        "n": 3, "components": 3, "seed": 0, "points": points, "best": best,
        "least": best["error"], "noise": 1e-17, "bend": 1.0, "slope": 1.0,
        "default": best | {"step_low": best["step"], "step_high": 2 * best["step"]},
        "theory": None if scheme == "richardson" else best | {"step": 2 * best["step"]},
    }  # fmt: skip


def hard_case():
    row = {
        "case": "kink", "provider": "backprop", "n": 1, "dtype": "float64", "value": 0.0,
        "outcome": "right", "digits": 16.0, "error": 0.0, "gives": "1", "truth": "1",
        "certified_digits": 39, "refusal": "", "why": "Because.", "expected": True,
    }  # fmt: skip
    return head("gallery", problem="kink") | {"rows": [row]}


def plants(problem):
    names = ["problem", "mistake", "where", "change", "amount", "checker", "outcome", "reason"]
    rows = [
        (problem, "zero", "w", 1.0, None, "gradmethods", "caught", ""),
        (problem, "twice", "w", 1.0, None, "gradmethods", "passed", ""),
        (problem, "one entry off", "w[0]", 1e-12, 1e-12, "gradmethods", "caught", ""),
        (problem, "", "backprop", 0.0, None, "gradmethods", "passed", ""),
    ]
    return head("planted", problem=problem) | {
        "rows": [dict(zip(names, row, strict=True)) for row in rows]
    }


def accuracy_records(problems=("xor", "mine & more")):
    """Yield two problems, with a refusal, a broken bound, a gap, hard cases and plants."""
    for problem in problems:
        yield reference(problem)
        for provider in VARIANTS[:-1]:
            yield gradient(problem, provider, 1e-9 if "numerical" in provider else 1e-16)
        yield plants(problem)
        for dtype in ("float64", "float32"):
            for scheme in NAMES:
                yield curve(problem, scheme, dtype)
    yield refusal(problems[0], "backprop")
    yield gap(gradient(problems[-1], "backprop"))
    yield hard_case()
