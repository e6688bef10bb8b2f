"""The sweeps: what is measured, fitted, said and drawn of them."""

from __future__ import annotations

import pytest

from gradmethods.errors import UnknownName
from gradmethods.output.files import RECORDS
from gradmethods.report import cost_frames as frames
from gradmethods.report import exhibits
from gradmethods.report.exhibit import exhibits_of
from gradmethods.report.exhibits import fig_problems
from gradmethods.report.exhibits.fig_growth import GROWTHS, OPERATIONS, RATIO, TIME
from gradmethods.report.exhibits.tab_costs import costs_table
from gradmethods.report.exhibits.tab_gaps import gaps_table
from gradmethods.report.exhibits.tab_operations import operations_frame, operations_table
from gradmethods.report.exhibits.tab_slopes import slopes_table
from gradmethods.report.panel import plotted
from gradmethods.report.recorded import Recorded
from gradmethods.report.summary import case_line
from gradmethods.timing.cases import GRIDS, PROVIDERS, Case, grid
from gradmethods.timing.plan import Plan, first_reason
from gradmethods.timing.sweeps import CATALOGUE, NETWORKS, OTHERS, SWEEPS, get_sweep
from tests.report_records import gap, record


@pytest.mark.parametrize("name", GRIDS)
def test_a_grid_has_every_case_once(name):
    """If two cases had one key, the record of one would take the place of the other's."""
    cases = grid(name)
    assert len({case.key for case in cases}) == len(cases)
    assert {case.sweep for case in cases} <= set(SWEEPS)
    assert all(case.scale in SWEEPS[case.sweep].scales for case in cases)
    assert {case.provider for case in cases if case.sweep in NETWORKS} == set(PROVIDERS)


def test_an_unknown_sweep_is_refused():
    """If it were not, a typo in a record would surface as a missing attribute."""
    assert get_sweep("count-3").widths(2) == (2, 3, 3, 1)
    for name in ("wdith", "count-", "count-x"):
        with pytest.raises(UnknownName, match="sweep"):
            get_sweep(name)


def test_gaps_of_batches_are_counted_in_examples():
    """If they were in n, which stays, larger batches would be tried after the limit is met."""
    plan = Plan(limit=1.0)
    small, large, larger = (Case("batch", "numerical", scale) for scale in (10, 1000, 10_000))
    plan.finished(small, 0.0, 0.009)
    assert plan.forecast(large) == pytest.approx(0.9)  # linear in N, not quadratic
    refusal = plan.refusal(larger)
    assert refusal is not None
    plan.stopped(large, refusal)
    later = plan.refusal(larger)
    assert later is not None
    assert later.reason.startswith("Not tried, because N = 1,000 was not measured: ")
    assert first_reason(later.reason) == refusal.reason


def some_costs():
    """Every sweep, growing as theory says."""
    for sweep in SWEEPS.values():
        for scale in sweep.scales[:-1]:
            for provider in ("numerical", "backprop"):
                case = Case(sweep.name, provider, scale)
                ratio = 2.0 * case.n if provider == "numerical" else 3.0
                loss = 1e-7 * case.size**sweep.work
                times = dict.fromkeys(("median", "low", "high", "minimum"), loss)
                gradient = dict.fromkeys(times, ratio * loss)
                yield record(case, ratio, loss=times, gradient=gradient)
        yield gap(Case(sweep.name, "numerical", sweep.scales[-1]))


def test_exponents_are_those_of_theory():
    """If a sweep were fitted against what does not grow in it, its exponents would be noise."""
    slopes = frames.slopes_frame(frames.costs_frame(some_costs()))
    timed = slopes[slopes["quantity"].isin(["gradient_s", "ratio"]) & slopes["exponent"].notna()]
    assert set(timed["sweep"]) == set(SWEEPS)
    assert (timed["exponent"] - timed["theory"]).abs().max() < 0.01
    known = timed.set_index(["sweep", "provider", "quantity"])["theory"]
    assert known["batch", "numerical", "ratio"] == 0
    assert known["rosenbrock", "numerical", "ratio"] == 1
    assert known["helmholtz", "numerical", "gradient_s"] == 3
    assert known["recurrent-network", "numerical", "ratio"] == 0
    assert known["gaussian-likelihood", "backprop", "gradient_s"] == 1.5
    assert not ((slopes["sweep"] == "batch") & (slopes["quantity"] == "operations")).any()
    shown = slopes_table(slopes)
    assert "N = 1 – 10,000" in set(shown["Fitted sizes"])


def test_tables_tell_batches_apart():
    """If rows differed in nothing but their times, nobody could read the table of costs."""
    costs = frames.costs_frame(some_costs())
    shown = costs_table(costs)
    assert not shown.duplicated(["Sweep", "Method", "Problem", "n", "N"]).any()
    gaps = gaps_table(frames.gaps_frame(costs)).set_index("Sweep")
    assert gaps.loc["batch", "Size"] == "N = 100,000"
    assert gaps.loc["rosenbrock", "Size"] == "n = 1,048,576"
    assert gaps.loc["recurrent-network", "Size"] == "T = 512"
    counted = operations_table(operations_frame(costs))
    assert "batch" not in set(counted["Sweep"])
    for table in (shown, counted):
        assert "recurrent-network, T = 8" in set(table["Problem"])
    assert not counted.duplicated(["Sweep", "Problem", "n"]).any()


@pytest.mark.parametrize("sweep", SWEEPS)
def test_captions_fit_their_sweep(sweep):
    """If all spoke of networks and n, an alternative text would describe another figure."""
    costs = frames.costs_frame(some_costs())
    for figures in GROWTHS.values():
        caption = figures.caption(sweep, costs)
        assert SWEEPS[sweep].against in caption.title
        assert f"{SWEEPS[sweep].axis} of " in caption.text
        assert f"after {SWEEPS[sweep].grows} = " in caption.text
        assert "{" not in caption.text
    assert f"{SWEEPS[sweep].scales[0]}, " in GROWTHS["time"].caption(sweep, costs).text


@pytest.mark.medium
def test_problems_stand_side_by_side():
    """If panels had axes of their own, their heights could not be compared."""
    costs = frames.costs_frame(some_costs())
    functions = [name for name in OTHERS if name not in CATALOGUE]
    for sweeps, quantities in ((functions, (RATIO, TIME)), (CATALOGUE, (RATIO, TIME, OPERATIONS))):
        axes, columns = fig_problems.side_by_side(costs, sweeps, quantities).axes, len(sweeps)
        assert [each.get_title() for each in axes[:columns]] == [SWEEPS[s].title for s in sweeps]
        for number, quantity in enumerate(quantities):
            row = axes[columns * number : columns * (number + 1)]
            assert len({each.get_ylim() for each in row}) == 1
            for each, sweep in zip(row, sweeps, strict=True):
                bottom, top = each.get_ylim()
                assert plotted(costs, sweep, quantity)[quantity.column].between(bottom, top).all()
    words = fig_problems.caption(functions, costs).text
    assert "Stopped in Rosenbrock after n = 262,144 (time limit): numerical, central." in words
    words = fig_problems.caption(CATALOGUE, costs, counts=True).text
    assert "Against the number of steps T or the number of parameters n: " in words


@pytest.mark.medium
def test_a_report_draws_what_pays():
    """If it drew everything, a run of five minutes would spend one of them on figures."""
    run = Recorded(list(some_costs()))
    costs = [exhibit for exhibit in exhibits_of(exhibits) if exhibit.needs == RECORDS]
    drawn = [thing.id for exhibit in costs for thing in exhibit.make(run)]
    assert {"fig-problems", "fig-catalogue", "fig-ratio-batch", "fig-error-depth"} <= set(drawn)
    assert len(set(drawn)) == len(drawn)
    assert not {"fig-ratio-helmholtz", "fig-operations-batch"} & set(drawn)


def test_a_line_says_what_grows():
    """If it did not, ten lines of one network would look alike in the terminal."""
    assert case_line(record(Case("batch", "backprop", 100), 3.0)).startswith(
        "batch  2-3-1          N = 100 "
    )
    assert case_line(gap(Case("helmholtz", "numerical", 16))).startswith(
        "size   helmholtz      n = 16 "
    )
