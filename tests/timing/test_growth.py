"""Laws of growth of exact counts: what is fitted, counted, and said of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gradmethods as gm
from gradmethods.errors import InvalidOption
from gradmethods.output.files import RECORDS, append_record, read_json
from gradmethods.report import report_files
from gradmethods.report.count_frames import counts_frame, laws_frame
from gradmethods.report.exhibits.tab_laws import laws_table
from gradmethods.timing.cases import COUNTED, COUNTS, Case, counts
from gradmethods.timing.laws import fit_count
from gradmethods.timing.plan import Plan
from gradmethods.timing.trial import Settings, count_case

DEPTHS = np.arange(1, 7)


def counted(provider, width, depth, operations):
    case = Case(f"count-{width}", provider, depth)
    return {
        "key": case.key, "sweep": case.sweep, "provider": provider, "scale": depth,
        "network": case.network, "n": case.n, "outcome": "measured", "operations": operations,
    }  # fmt: skip


def some_counts():
    """Backprop linear in depth, chain rule as well, CSE quadratic, expanded exponential."""
    for d in range(1, 7):
        yield counted("backprop", 2, d, 30 * d + 4)
        yield counted("analytical:chain-rule", 2, d, 45 * d + 1)
        yield counted("analytical:cse", 2, d, 60 * d * d + 7 * d + (-1) ** d)
        yield counted("analytical:expanded", 2, d, 100 * 5**d)


@pytest.mark.parametrize("degree", [0, 1, 2, 3])
def test_a_polynomial_is_known_to_the_last_digit(degree):
    """If it were fitted as noise is, what is exact would be said with an interval."""
    scales = np.array([2, 3, 4, 6, 8, 12])
    law = fit_count(scales[::-1], (7 * scales**degree + 3 * scales + 1)[::-1])
    assert law.exact
    assert law.degree == max(degree, 1)
    assert law.leading == law.low == law.high == {0: 3, 1: 10}.get(degree, 7)
    assert (law.start, law.end, law.points, law.deviation) == (2, 12, 6, 0.0)


def test_nearly_a_polynomial_has_an_interval():
    """If what SymPy finds at odd depths only were called exact, the next depth would refute it."""
    c = 20 * DEPTHS**2 + 40 * DEPTHS + 18 + (-1) ** DEPTHS
    law = fit_count(DEPTHS, c)
    assert not law.exact
    assert law.degree == 2
    assert law.low < 20 < law.high
    assert law.high - law.low < 5


def test_what_outgrows_polynomials_is_exponential():
    """If expression swell were fitted by a cubic, its next term would be far off."""
    law = fit_count(DEPTHS, [round(50 * 2.7**d * (1 + d / 100)) for d in DEPTHS])
    assert law.degree is None
    assert law.low < 2.7 * 1.01 < law.high


def test_no_law_is_better_than_a_wrong_one():
    """If a law were always found, nobody could rely on any."""
    law = fit_count([2, 3, 4, 8], [6114, 19006, 44860, 416976])  # degree 4, and four sizes
    assert law.degree is None
    assert np.isnan(law.leading)
    assert np.isnan([law.low, law.high]).all()


@pytest.mark.parametrize(
    ("scales", "values"),
    [
        ([1, 2, 3], [1, 2, 3]),
        ([1, 2, 3, 3], [1, 2, 3, 4]),
        ([1, 2, 3, 4], [1, 2, 3, 0]),
        ([1, 2, 3, 4], [1, 2, 3, np.nan]),
        ([1, 2, 3, 4], [1, 2, 3]),
    ],
)
def test_fits_refuse_what_is_no_count(scales, values):
    """If these were fitted, a table would state a law of nothing."""
    with pytest.raises(InvalidOption):
        fit_count(scales, values)


def test_cases_to_count_come_small_first_and_once():
    """If time ran out among large networks, there would be one point in place of a law."""
    cases = counts()
    assert len({case.key for case in cases}) == len(cases) == 4 * sum(COUNTS["all"].values())
    assert {case.provider for case in cases} == set(COUNTED)
    assert [case.n for case in cases] == sorted(case.n for case in cases)
    assert set(counts("small")) < set(cases)


@pytest.mark.medium
def test_counts_are_those_of_the_programs():
    """If the instrument counted something else, the ratios would be of something else."""
    plan = Plan(limit=60.0)
    for provider in COUNTED:
        case = Case("count-2", provider, 1)
        record = count_case(case, plan, Settings())
        assert case.network == record["network"] == "2-2-1"
        problem = gm.problems.get("mlp", widths=(2, 2, 1), batch=3, seed=5)
        prepared: Any = gm.get_provider(provider).prepare(problem)
        assert record["operations"] == prepared.operations
    refused = count_case(Case("count-2", "numerical", 1), plan, Settings())
    assert refused["outcome"] == "gap"  # it has no program
    assert (
        count_case(Case("count-2", "backprop", 2), Plan(1.0, 0.0), Settings())["kind"] == "budget"
    )


def test_laws_of_multiples_are_quotients():
    """If degrees or leading coefficients were mixed up, the claim about CSE would be empty."""
    laws = laws_frame(counts_frame(some_counts()))
    laws = laws[laws["growing"] == "depth"].set_index("provider")
    chain, cse = laws.loc["analytical:chain-rule"], laws.loc["analytical:cse"]
    assert (chain["multiple_degree"], chain["multiple_leading"]) == (0, 1.5)
    assert chain["multiple_low"] == chain["multiple_high"] == 1.5
    assert cse["multiple_degree"] == 1
    assert cse["multiple_low"] < 2.0 < cse["multiple_high"]
    expanded = laws.loc["analytical:expanded"]
    assert expanded["multiple_leading"] == pytest.approx(5.0)
    words = laws_table(laws.reset_index()).set_index("Method")["and grows"]
    assert words["analytical, chain rule"] == "to 1.50"
    assert words["analytical, shared (CSE)"].endswith("] d")
    assert words["analytical, expanded"].startswith("exponentially, × 5.00")


def test_timed_cases_count_too():
    """If their programs were counted twice, or not, networks would be missing or disagree."""
    timed = counted("analytical:cse", 1, 1, 500) | {"sweep": "width", "scale": 8}
    frame = counts_frame([*some_counts(), timed])
    assert frame.loc[frame["width"] == 8, "depth"].tolist() == [2]
    assert frame.groupby(["provider", "width", "depth"]).size().max() == 1


def test_a_single_width_has_no_law_of_width():
    """If a run that was stopped early had no report, its first cases would be lost."""
    laws = laws_frame(counts_frame([counted("backprop", 1, 1, 39)]))
    assert laws["leading"].isna().all()
    assert set(laws["growing"]) == {"depth"}
    assert len(laws_frame(counts_frame([]))) == 0


@pytest.mark.medium
def test_the_report_holds_the_laws(tmp_path, svg_alone):
    """If figure and table were left out, the claim would have no evidence to cite."""
    gap = counted("analytical:cse", 2, 7, None) | {
        "outcome": "gap",
        "kind": "limit",
        "reason": "Slow.",
    }
    for record in [*some_counts(), gap]:
        append_record(tmp_path / RECORDS, record)
    report_files.write(tmp_path)
    index = read_json(tmp_path / "index.json")
    items = {item["id"]: item for item in index["items"]}
    assert {"tab-laws", "fig-multiple-depth"} <= set(items)
    assert "fig-multiple-width" in items  # one width is a point
    assert "exactly" in (tmp_path / "tables" / "tab-laws.md").read_text()
    assert "2-(2×7)-1" in (tmp_path / "tables" / "tab-gaps.md").read_text()
