"""Records of a run that never took place, for tests of what is made of records."""

from __future__ import annotations

from dataclasses import asdict, replace

from matplotlib.figure import Figure

from gradmethods.output import items
from gradmethods.output.files import (
    ACCURACY,
    DERIVATIONS,
    PROVENANCE,
    RECORDS,
    append_record,
    write_json,
    write_text,
)
from gradmethods.studies.derivations import Derivation, Row
from gradmethods.timing.cases import Case
from tests.accuracy_records import gradient, refusal

REASON = "Estimated 40 s <&> 50 % of $n_1$; the limit is 15 s a case."


def draw_svg_alone(patch):
    """Write figures as SVG, which the page needs; the other formats take twice as long again."""
    from gradmethods.output.figures import FORMATS

    patch.setitem(FORMATS, "wide", ("svg",))
    patch.setitem(FORMATS, "column", ())


def draw_nothing(patch):
    """Write all of a report but its figures, which are empty: they take most of its time."""
    draw_svg_alone(patch)

    def blank(figure, path, **words):
        return write_text(path, '<svg viewBox="0 0 1 1"></svg>')

    def undrawn(writer, drawing):
        return figure(writer, replace(drawing, draw=lambda size: Figure()))

    figure = items.Writer.figure
    patch.setattr(items, "save", blank)
    patch.setattr(items.Writer, "figure", undrawn)


def estimate(median):
    return {"median": median, "low": 0.95 * median, "high": 1.1 * median, "minimum": 0.9 * median}


def record(case, ratio, **more):
    loss = 1e-5 * (1 + case.n / 100)
    return {
        "key": case.key,
        "sweep": case.sweep,
        "provider": case.provider,
        "network": case.network,
        "scale": case.scale,
        "batch": case.kind.batch(case.scale),
        "n": case.n,
        "outcome": "measured",
        "gradient": estimate(loss * ratio),
        "loss": estimate(loss),
        "ratio": estimate(ratio),
        "rounds": 7,
        "dropped": 2,
        "contended": False,
        "gradient_calls": 1,
        "loss_calls": 3,
        "preparation": 1e-3,
        "error": 1e-10 if case.provider == "numerical" else 0.0,
        "reference": "backprop",
        "components": case.n,
        "operations": 8 * case.n if case.provider == "backprop" else None,
        "loss_calls_per_gradient": 2 * case.n,
    } | more


def gap(case, reason=REASON):
    names = ("key", "sweep", "provider", "network", "scale", "batch", "n")
    described = {name: record(case, 1.0)[name] for name in names}
    return described | {"outcome": "gap", "kind": "limit", "reason": reason}


def some_records():
    """One sweep, in which finite differences stop and the formulas never start."""
    for scale in (1, 4, 16, 64, 256):
        yield record(Case("width", "backprop", scale), 3.0)
        numerical = Case("width", "numerical", scale)
        yield record(numerical, 2.0 * numerical.n) if scale < 100 else gap(numerical)
        yield gap(Case("width", "analytical:expanded", scale), "A formula that is too large.")
    for moment, ratio in (("start", 1.0), ("end", 1.02)):
        noise = record(Case("width", "backprop", 2), ratio)
        mine = {"key": f"noise-2-{moment}", "sweep": "noise", "provider": "loss", "moment": moment}
        yield noise | mine


FEW = (
    gradient("xor", "numerical", 1e-9, cost=None),
    refusal("xor", "analytical"),
)
"""Records of accuracy: enough for its tables, and no figure, which would take long to draw."""


def write_run(out, accuracy=FEW, **more):
    """Write the records to a folder, with `more` in their provenance."""
    out.mkdir(parents=True, exist_ok=True)
    for entry in some_records():
        append_record(out / RECORDS, entry)
    machine = {"processor": "P", "cores": 2, "system": "S", "architecture": "A", "memory_gib": 1}
    write_json(
        out / PROVENANCE,
        {
            "command": "gradmethods bench", "date": "2026-01-02T03:04:05+00:00", "seed": 0,
            "machine": machine, "python": "CPython 3", "blas": [],
            "packages": {"gradmethods": "0.1.0", "numpy": "2", "sympy": "1"},
            "git": {"commit": "0123456789abcdef", "dirty": True}, "finished": True, **more,
        },
    )  # fmt: skip
    row = Row((r"\frac{\partial L}{\partial w} = 2 w",), "= 2 w", 1, 1)
    shown = Derivation("square", "A square", ("L = w^2",), ("by hand", "SymPy"), (row,), ("So.",))
    write_json(out / DERIVATIONS, [asdict(shown)])
    for entry in accuracy:
        append_record(out / ACCURACY, entry)
