"""The ledger of claims: verdicts on exact counts are tests, and every criterion can fail."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import gradmethods as gm
from gradmethods.engines.graph import record
from gradmethods.engines.tape import sweep
from gradmethods.errors import InvalidOption
from gradmethods.studies.claims import (
    LEDGER,
    bounded,
    constant,
    depth,
    directions,
    elimination,
    factors,
    million_passes,
    operations,
    passes,
    precision,
    preparation,
    saturation,
    sharing,
)
from gradmethods.studies.claims.claim import (
    REFUTED,
    SUPPORTED,
    UNDECIDED,
    Decision,
    Evidence,
    Finding,
)
from gradmethods.studies.claims.claim import inside as decide
from gradmethods.studies.claims.operations import ELIMINATED, EXPANDED, PROGRAM, SHARED
from gradmethods.studies.claims.timings import Timing

pytestmark = pytest.mark.medium


def verdicts(finding):
    return {name: decision.verdict for name, decision in finding.decisions.items()}


@pytest.fixture(scope="module")
def counts():
    """Both sweeps, as far as a second takes them."""
    return {
        "width": [operations._count(h, (2, h, 1)) for h in (1, 2, 4, 8)],
        "depth": [operations._count(d, (2, *[2] * d, 1)) for d in (1, 2, 3, 4)],
    }


def test_c1_passes_are_counted():
    """If differences took another number of passes, the article's cost model would be wrong."""
    assert set(verdicts(passes.examine(Evidence())).values()) == {SUPPORTED}


def test_c1_one_pass_too_many_refutes():
    """If it did not, the counter would be decoration."""
    good = [passes.Count(s, n, p * n + 1) for s, p in (("forward", 1), ("central", 2))
            for n in (4, 7, 9)]  # fmt: skip
    assert set(verdicts(passes.judge(good, 0.1)).values()) == {SUPPORTED}
    bad = [replace(c, calls=c.calls + (c.n == 7 and c.scheme == "central")) for c in good]
    assert verdicts(passes.judge(bad, 0.1)) == {"forward": SUPPORTED, "central": REFUTED}
    assert verdicts(passes.judge(good[:1], 0.1)) == {"forward": UNDECIDED}


def test_c1_sees_hidden_calls(monkeypatch):
    """If a scheme called the loss behind its announcement, only an independent counter sees it."""
    evaluate = gm.providers.numerical.PreparedNumerical._evaluate

    def twice(self, params, data):
        self.problem.loss(self.problem.structure.restore(params), **data, xp=np)
        return evaluate(self, params, data)

    monkeypatch.setattr(gm.providers.numerical.PreparedNumerical, "_evaluate", twice)
    problem = gm.problems.get("rosenbrock")
    assert passes.count(problem, "forward").calls == problem.size + 2


def test_c2_needs_a_million_and_every_pass():
    """If a smaller or a shorter run decided it, an extrapolation would pass for a measurement."""
    run = {"n": 1_000_003, "calls": 1_000_004, "loss": {"seconds": 1e-3},
           "backprop": {"ratio": {"median": 3.0}, "seconds": 3e-3}, "reuse": None,
           "differences": {"seconds": 1e3, "ratio": {"median": 1e6, "low": 9.9e5, "high": 1.1e6}},
           }  # fmt: skip
    assert verdicts(million_passes.judge(run)) == {"passes": SUPPORTED, "ratio": SUPPORTED}
    assert verdicts(million_passes.judge(run | {"calls": 1_000_003}))["passes"] == REFUTED
    assert verdicts(million_passes.judge(run | {"n": 10_000, "calls": 10_001})) == {
        "passes": UNDECIDED
    }
    for low, high, expected in ((1e3, 2e3, REFUTED), (1e3, 1e6, UNDECIDED),
                                (float("nan"), float("nan"), UNDECIDED)):  # fmt: skip
        ratio = {"median": high, "low": low, "high": high}
        other = run | {"differences": {"seconds": 1.0, "ratio": ratio}}
        assert verdicts(million_passes.judge(other))["ratio"] == expected
    assert set(verdicts(million_passes.examine(Evidence())).values()) == {UNDECIDED}


def test_c3_formulas_swell(counts):
    """If formulas written out shared their parts after all, the article would be wrong."""
    found = sharing.judge(counts)
    assert verdicts(found) == dict.fromkeys(("shared", "width", "depth"), SUPPORTED)
    assert found.decisions["shared"].low == 419 / 44  # operations of the smallest network


def test_c3_and_c9_can_fall(counts):
    """If other counts gave the same verdicts, nothing would have been decided by them."""

    def with_operations(form, change):
        return {
            name: [replace(s, operations=s.operations | {form: change(s)}) for s in sizes]
            for name, sizes in counts.items()
        }

    same = with_operations(EXPANDED, lambda s: s.operations[SHARED])
    assert verdicts(sharing.judge(same)) == dict.fromkeys(("shared", "width", "depth"), REFUTED)
    assert sharing.judge({"width": [], "depth": []}).decisions == {}
    equal = with_operations(ELIMINATED, lambda s: s.operations[PROGRAM])
    assert set(verdicts(elimination.judge(equal)).values()) == {SUPPORTED}
    larger = with_operations(SHARED, lambda s: 2 * s.operations[PROGRAM])
    assert verdicts(elimination.judge(larger))["stages"] == REFUTED
    nothing = elimination.judge({"width": [], "depth": []})
    assert set(verdicts(nothing).values()) == {UNDECIDED}


def test_c9_is_refuted_with_depth(counts):
    """If SymPy's elimination found reverse mode, the ledger would have to say so."""
    expected = {"width": SUPPORTED, "depth": REFUTED, "stages": SUPPORTED}
    assert verdicts(elimination.judge(counts)) == expected


def test_counts_reach_where_sympy_does_not():
    """If the counts ended where SymPy's do, the growth of formulas would be a guess."""
    found = operations.sweeps(0)
    assert [size.n for size in found["width"]] == [4 * h + 1 for h in operations.WIDTHS]
    assert all(operations.MERGED not in size.operations for size in found["depth"])
    assert found["depth"][-1].operations[EXPANDED] > 10**9
    verdict = dict.fromkeys(("shared", "width", "depth"), SUPPORTED)
    assert verdicts(sharing.judge(found)) == verdict
    assert verdicts(elimination.judge(found))["depth"] == UNDECIDED


def test_counts_are_those_of_the_programs(counts):
    """If they were others, C3 and C9 would be about formulas that nobody evaluates."""
    for size, widths in ((counts["width"][2], (2, 4, 1)), (counts["depth"][1], (2, 2, 2, 1))):
        problem = gm.problems.get("mlp", widths=widths, batch=2)
        for name, form in ((EXPANDED, "expanded"), (SHARED, "cse")):
            assert size.operations[name] == gm.Analytical(form).prepare(problem).operations


def test_c4_operations_stay_under_the_bound():
    """If they did not, backprop's program would break the theorem that it rests on."""
    counted = bounded.PRICE.counted()
    assert bounded.judge(counted, {}).decisions["operations"].verdict == SUPPORTED
    assert constant.judge(counted, {}).decisions["counts"].verdict == SUPPORTED
    dear = {"width": [(n, 6.0 if n == 9 else 2.0) for n in (3, 9, 27, 81)]}
    assert bounded.judge(dear, {}).decisions["operations"].verdict == REFUTED
    growing = {"width": [(n, 2.0 * n**0.1) for n in (3, 9, 27, 81)]}
    assert constant.judge(growing, {}).decisions["counts"].verdict == REFUTED


def timings(ratios, spread=0.01, **more):
    sizes = [10 * 4**k for k in range(len(ratios))]
    return [
        replace(
            Timing(n, r, r * (1 - spread), r * (1 + spread), 1.0, r, r * (1 - spread),
                   r * (1 + spread)), **more,
        )
        for n, r in zip(sizes, ratios, strict=True)
    ]  # fmt: skip


def test_c4_and_c12_are_decided_by_intervals():
    """If a growing or a dear gradient passed, the headline would be a foregone conclusion."""
    counted = {"width": [(n, 2.0) for n in (1, 2, 3, 4)]}
    flat, steep = timings([2.0, 2.01, 1.99, 2.0, 2.0]), timings([1.0, 1.3, 1.7, 2.2, 2.9])

    def judged(points):
        timed = {"width": points}
        both = (module.judge(counted, timed) for module in (bounded, constant))
        return {name: verdict for found in both for name, verdict in verdicts(found).items()}

    assert judged(flat) | {"depth": ""} == {
        "operations": SUPPORTED, "bound": SUPPORTED, "counts": SUPPORTED, "width": SUPPORTED,
        "depth": "",
    }  # fmt: skip
    assert judged(steep)["width"] == REFUTED
    assert judged(timings([2.0, 2.0, 2.0, 6.0]))["bound"] == REFUTED
    assert judged(timings([2.0, 2.0, 2.0, 5.0], spread=0.2))["bound"] == UNDECIDED
    assert judged(flat[:2])["width"] == UNDECIDED


def test_c11_directions():
    """If a direction that takes more than the theorem allows passed, it would be no claim."""
    assert verdicts(directions.examine(Evidence())) == {
        "operations": SUPPORTED, "bound": UNDECIDED
    }  # fmt: skip
    counted = {"width": [(n, 1.0) for n in (1, 2, 3, 4)]}

    def judged(each, counted=counted):
        sizes = [10 * 4**k for k in range(4)]
        points = timings([1 + each * n for n in sizes])
        return verdicts(directions.judge(counted, {"width": points}))

    assert judged(0.5) == {"operations": SUPPORTED, "bound": SUPPORTED}
    assert judged(3.0)["bound"] == REFUTED
    dear = {"width": [(n, 1.6 if n == 3 else 1.0) for n in (1, 2, 3, 4)]}
    assert judged(0.5, dear)["operations"] == REFUTED


def test_c5_precision():
    """If differences were as precise as exact methods, or steps another law, it must say so."""
    found = precision.examine(Evidence())
    assert verdicts(found) == dict.fromkeys(("forward", "central", "digits"), SUPPORTED)


def test_c5_can_fall():
    """If other exponents or better differences passed, the law would not be tested."""
    us = 2.0 ** -np.arange(16, 53, 4)
    best = [
        precision.Best(scheme, u, u**power, u) for scheme in precision.EXPONENTS for u in us
        for power in [0.5]
    ]  # fmt: skip
    names = list(precision.CATALOGUE)
    digits = {p: dict.fromkeys(names, 8.0) for p in precision.PROVIDERS}
    digits["backprop"] = dict.fromkeys(names, 15.0)
    expected = {"forward": SUPPORTED, "central": REFUTED, "digits": SUPPORTED}
    assert verdicts(precision.judge(best, digits)) == expected
    digits["numerical"] = digits["numerical"] | {names[0]: 14.5}
    assert verdicts(precision.judge(best, digits))["digits"] == REFUTED
    digits["numerical"] = digits["numerical"] | {names[0]: float("nan")}
    assert verdicts(precision.judge(best, digits))["digits"] == REFUTED


def test_c6_factors_are_reused():
    """If the paths shared nothing, backprop would have nothing to reuse."""
    found = factors.examine(Evidence())
    assert verdicts(found) == dict.fromkeys(("article", "width", "depth"), SUPPORTED)


def test_c6_counts_are_those_of_a_graph_drawn_by_hand():
    """If products or edges were counted wrongly, so would the reuse be."""

    def loss(params, *, xp=np):
        shared = params["a"] * params["b"]
        return shared * shared

    graph = record(gm.Problem(loss, {"a": np.array(2.0), "b": np.array(3.0)}))
    # Two edges from the square, two from the product; two paths of two factors to each parameter.
    assert factors.count(graph) == factors.Factors(0, 2, apart=8, once=4)
    one, other = (sweep, 0), (sweep, 1)
    size = factors.Factors(1, 2, apart=8, once=4)
    found = factors.judge([one], [other], [size] * 3, [size] * 3)  # type: ignore[list-item]
    assert set(verdicts(found).values()) == {REFUTED}


def test_c6_backprop_evaluates_each_edge_once(monkeypatch):
    """If the sweep asked a rule twice for one use, the count of edges would not be its cost."""
    graph = record(factors.scalar_network((1, 2, 2, 1)))
    asked = []
    pull_back = sweep.pull_back

    def counted(xp, g, node, position, *more, **options):
        asked.append((node, position))
        return pull_back(xp, g, node, position, *more, **options)

    monkeypatch.setattr(sweep, "pull_back", counted)
    sweep.differentiate(graph)
    assert len(asked) == len(set(asked)) == factors.count(graph).once


def test_c7_squared_error_saturates():
    """If it did not, there would be no reason for cross entropy in classification."""
    found = saturation.examine(Evidence())
    assert verdicts(found) == dict.fromkeys(("squares", "entropy", "ratio"), SUPPORTED)
    swapped = saturation.slopes()
    swapped["squared error"], swapped["cross entropy"] = (
        swapped["cross entropy"], swapped["squared error"],
    )  # fmt: skip
    found = saturation.judge(saturation.PLACES, swapped)
    assert verdicts(found) == dict.fromkeys(("squares", "entropy", "ratio"), REFUTED)


def test_c8_depth():
    """If gradients kept their size at any scale of the weights, initialisation would not matter."""
    found = depth.examine(Evidence())
    names = ("vanish", "explode", "die", "stay")
    assert verdicts(found) == dict.fromkeys(names, SUPPORTED)


def test_c8_can_fall():
    """If steady gradients and moving dead units passed, nothing would be tested."""
    falling = 2.0 ** -np.tile(np.array(depth.LAYERS, float), (6, 1))
    rates = [depth.Deaths(0.1, [0.0] * 6, 0), depth.Deaths(10.0, [0.5] * 6, 0)]
    found = depth.judge(falling, 1 / falling, rates)
    assert set(verdicts(found).values()) == {SUPPORTED}
    moving = [replace(rates[1], moved=1), rates[0]]
    found = depth.judge(1 / falling, falling, moving)
    assert set(verdicts(found).values()) == {REFUTED}
    nothing = [replace(rates[0], rate=rate) for rate in (0.1, 1.0)]
    assert verdicts(depth.judge(falling, falling, nothing))["stay"] == UNDECIDED


def test_c10_is_decided_by_times():
    """If symbolic gradients that never pay passed, the break-even count would be decoration."""
    names = preparation.METHODS
    symbolic = timings([1.0, 1.0, 1.0, 1.0], preparation=100.0)
    central = timings([10.0, 10.0, 10.0, 10.0], preparation=0.01)
    quick = timings([0.5, 0.5, 0.5, 0.5])
    good = {"width": dict(zip(names, (symbolic, central, quick), strict=True))}
    found = preparation.judge(good)
    assert set(verdicts(found).values()) == {SUPPORTED}
    assert found.decisions["pays"].value == 12  # 100 / 9, rounded up
    bad = {"width": dict(zip(names, (central, symbolic, central), strict=True))}
    assert set(verdicts(preparation.judge(bad)).values()) == {REFUTED}
    assert set(verdicts(preparation.judge({})).values()) == {UNDECIDED}


def test_a_verdict_is_one_of_three_and_nan_decides_nothing():
    """If a NaN could support a claim, a failed measurement would prove it."""
    nan = float("nan")
    assert decide(nan, nan, nan, 0, 1) == decide(0.5, nan, 0.6, 0, 1) == UNDECIDED
    with pytest.raises(InvalidOption, match="verdict"):
        Decision("true")
    with pytest.raises(InvalidOption, match="no criteria"):
        LEDGER[0].record(Finding({"typo": Decision(SUPPORTED)}))


def test_every_claim_says_what_would_refute_it():
    """If a criterion did not, it would not be fixed in advance."""
    assert [claim.id for claim in LEDGER] == [f"C{k}" for k in range(1, 13)]
    for claim in LEDGER:
        assert claim.source
        assert claim.criteria
        for criterion in claim.criteria:
            assert criterion.rule.startswith("Supported if")
            assert "refuted" in criterion.rule
