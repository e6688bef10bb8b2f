"""Gradients that a user wrote, as providers beside ours, and providers named by their file."""

from __future__ import annotations

import textwrap

import numpy as np
import pytest

import gradmethods as gm
from gradmethods.providers import get_provider
from gradmethods.providers.registry import traits


def loss(params, x, *, xp=np):
    return xp.sum(xp.sin(params["w"] * x)) + params["b"] ** 2


def gradient(params, x):
    return {"w": x * np.cos(params["w"] * x), "b": 2 * params["b"]}


def both(params, x):
    value = np.sum(np.sin(params["w"] * x)) + params["b"] ** 2
    return value, gradient(params, x)


@pytest.fixture
def problem():
    params = {"w": np.array([0.3, -0.7]), "b": 1.25}
    return gm.Problem(loss, params, {"x": np.array([1.1, 0.4])})


@pytest.mark.parametrize("function", [gradient, both])
def test_a_function_is_a_provider(problem, function):
    """Otherwise a user's gradient would have no errors and times beside ours."""
    prepared = gm.Handwritten(function).prepare(problem)
    other = {"w": np.array([0.1, 0.2]), "b": 0.5}
    value, found = prepared(other)
    assert value == problem.value(other)
    assert found["w"].tolist() == gradient(other, problem.data["x"])["w"].tolist()
    value, found = prepared(other, x=np.array([2.0, 3.0]))
    assert value == problem.value(other, x=np.array([2.0, 3.0]))


def test_it_is_called_what_its_function_is():
    """Otherwise two gradients of one table could not be told apart."""
    assert gm.Handwritten(gradient).name == "gradient"
    assert gm.Handwritten(gradient, name="mine").name == "mine"
    assert gm.Handwritten(lambda w: w).name == "gradient"
    with pytest.raises(gm.InvalidOption, match=r"gm\.check_gradient"):
        gm.Handwritten(np.ones(3))  # type: ignore[arg-type]


def test_comparison_holds_it_to_rounding(problem):
    """Otherwise a wrong gradient of the user's would not be called wrong beside ours."""
    wrong = gm.Handwritten(lambda p, x: {"w": p["w"], "b": p["b"]}, name="wrong")
    rough = gm.Handwritten(lambda p, x: {"w": 1.01 * gradient(p, x)["w"], "b": 2 * p["b"]},
                           name="rough", exact=False)  # fmt: skip
    found = gm.compare(problem, ["backprop", gm.Handwritten(gradient), wrong, rough], seconds=0)
    verdicts = found.verdicts
    assert verdicts.pop("rough") == "not decided"  # it tells no bound of its error
    assert verdicts == {"backprop": "right", "gradient": "right", "wrong": "wrong"}


def test_a_function_with_other_arguments_is_an_obstacle(problem):
    """Otherwise a comparison would end where one of its gradients cannot be called."""
    refusal = gm.Handwritten(lambda p, y: p).obstacle(problem)
    assert refusal is not None
    assert "cannot be called as gradient(params, x)" in refusal
    assert gm.Handwritten(gradient).obstacle(problem) is None


def test_at_home_the_loss_is_evaluated_once(problem):
    """Otherwise the time of a gradient would hold that of a loss as well."""
    calls = []

    def counted(*args, **kwargs):
        calls.append(1)
        return loss(*args, **kwargs)

    prepared = gm.Handwritten(gradient).prepare(problem.replace(loss=counted))
    for _ in range(3):
        prepared(problem.params)
    assert len(calls) == 1


@pytest.fixture
def own(tmp_path):
    file = tmp_path / "own_provider.py"
    file.write_text(
        textwrap.dedent(
            """
            import gradmethods as gm

            class Mine:
                name, family, exact = "mine", "backprop", True
                def obstacle(self, problem):
                    return None
                def prepare(self, problem):
                    return gm.Backprop().prepare(problem)

            class Needs:
                def __init__(self, option):
                    pass

            made = Mine()
            number = 3

            def gradient(w):
                return 2 * w
            """
        )
    )
    return file


def test_a_file_names_a_provider(own):
    """Otherwise a provider of the user's own would take part in Python alone."""
    for variable in ("Mine", "made"):
        provider = get_provider(f"{own}:{variable}")
        assert (provider.name, traits(provider).family) == ("mine", "backprop")
    assert get_provider(f"{own}:gradient").name == "gradient"
    assert traits(f"{own}:Mine").exact is True


@pytest.mark.parametrize(
    ("variable", "said"),
    [("number", "expected a provider"), ("Needs", "without arguments"), ("mad", "made")],
)
def test_what_is_no_provider_is_refused_in_words(own, variable, said):
    """Otherwise a slip in a name would end in an error of Python's."""
    with pytest.raises(gm.GradientError, match=said):
        get_provider(f"{own}:{variable}")


def test_an_own_provider_takes_part_in_the_benchmark(own):
    """Otherwise a user's provider could not be measured beside ours, in the same rounds."""
    from gradmethods.timing.cases import grid
    from gradmethods.timing.plan import Plan
    from gradmethods.timing.trial import Settings, run_case

    name = f"{own}:Mine"
    cases = [case for case in grid("small", [name]) if case.provider == name]
    assert {case.sweep for case in cases} == {case.sweep for case in grid("small")}
    record = run_case(cases[0], Plan(60.0), Settings(seconds=0.0))
    assert (record["outcome"], record["provider"]) == ("measured", name)


def test_the_accuracy_report_takes_the_providers_that_are_named(own):
    """Otherwise the digits of peers and of a user's provider would stand in no report."""
    from gradmethods.app.runs.accuracy import GRADIENT, Settings, tasks

    names = ("backprop", f"{own}:Mine")
    every = tasks([gm.problems.get("network-1-1-1")], Settings(0.0, providers=names))
    records = [task.record() for task in every if task.kind == GRADIENT]
    assert [record["provider"] for record in records] == ["backprop", "mine"]
    assert {record["verdict"] for record in records} == {"right"}
