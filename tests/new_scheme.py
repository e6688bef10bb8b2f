"""What a scheme that was added as one entry takes part in: run in a copy of the package.

``python new_scheme.py FOLDER`` compares it, measures it and writes a report; it prints what it
found as JSON. Nothing here knows more of the scheme than its name.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

import gradmethods as gm
from gradmethods.app.runs.accuracy import ATLAS, GRADIENT, REFERENCE, Settings, carry_out, tasks
from gradmethods.core.distance import norm
from gradmethods.output import figures, items
from gradmethods.output.files import ACCURACY, RECORDS, append_record
from gradmethods.providers.registry import traits
from gradmethods.report import write_report
from gradmethods.studies.accuracy.tolerances import tolerance
from gradmethods.timing import trial
from gradmethods.timing.cases import Case
from gradmethods.timing.plan import Plan

NAME = "numerical:three-point"


def steps():
    """Compare what it finds, with steps of its own, with the truth; and reuse with both."""
    problem = gm.problems.get("network-1-1-1")
    truth = gm.certified_gradient(problem)
    join, check = problem.structure.join, problem.structure.check
    true = join(check(truth.gradient)).astype(float)
    found = {}
    for name in (NAME, f"{NAME}[reuse]"):
        prepared = gm.get_provider(name).prepare(problem)
        gradient = join(check(prepared(problem.params).gradient))
        estimate = join(check(prepared.error_estimate))
        found[name] = {
            "error": norm(gradient - true) / norm(true),
            "covered": bool((abs(gradient - true) <= estimate).all()),
            "passes": prepared.forward_passes,
            "n": problem.size,
        }
    x = np.array([0.7])
    smooth = gm.Problem(lambda w, *, xp=np: xp.sum(xp.exp(w)), x)
    errors = [
        abs(gm.Numerical("three-point", step=h).prepare(smooth)(x).gradient[0] - np.exp(0.7))
        for h in (0.01, 0.005)
    ]
    return {"ways": found, "order": float(np.log2(errors[0] / errors[1]))}


def main():
    """Do everything."""
    out = Path(sys.argv[1])
    module: Any
    for module in (figures, items):
        module.FORMATS = {"wide": ("svg",), "column": ("svg",)}
    problem = gm.problems.get("network-1-1-1")
    compared = gm.compare(problem, ["backprop", "numerical", NAME], seconds=0)
    todo = [
        task
        for task in tasks([problem], Settings(seconds=0.0, per_decade=1))
        if task.kind == REFERENCE
        or (task.kind in (ATLAS, GRADIENT) and NAME.partition(":")[2] in task.key)
    ]
    carry_out(todo, out / ACCURACY)
    plan = Plan(limit=100.0)
    for name in ("backprop", "numerical", NAME):
        for scale in (1, 2, 4):
            case = Case("width", name, scale)
            record = trial.run_case(case, plan, trial.Settings(seconds=0.0))
            append_record(out / RECORDS, record)
    write_report(out)
    told = traits(NAME)
    sys.stdout.write(
        json.dumps(
            steps()
            | {
                "verdict": compared.verdicts[NAME],
                "tolerance": tolerance(NAME, np.dtype(float)),
                "label": told.label,
                "passes": told.passes,
            }
        )
    )


if __name__ == "__main__":
    main()
