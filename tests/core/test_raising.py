"""What a user's own function raises at a point that the suite chose is a finding of the suite's."""

import numpy as np
import pytest

import gradmethods as gm

W = np.array([0.5, 1.5])


def raising(error, *, at=lambda w: (w != W).any()):
    """Make a loss that raises where it is not asked for by the user."""

    def loss(w, *, xp=np):
        if xp is np and at(w):
            raise error
        return xp.sum(xp.sin(w))

    return gm.Problem(loss, W)


ERRORS = [RuntimeError("beside"), ZeroDivisionError("a\nb"), ValueError()]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_a_loss_that_raises_beside_its_point_is_checked_at_its_point(error):
    """The traceback of a simulator at a point that nobody asked for hid the answer."""
    check = gm.check_gradient(np.cos, raising(error))
    assert check.ok
    assert len(check.unchecked) == 2
    assert f"Not checked: point 1 beside it, where the loss raises {type(error).__name__}" in (
        " ".join(str(check).split())
    )
    assert gm.check_gradient(lambda w: -np.cos(w), raising(error)).mistake == "the sign is wrong"
    gm.assert_gradient(np.cos, raising(error))


def test_the_nearest_point_where_the_loss_works_is_taken():
    """To give up at the first point that raises would leave functions unchecked."""
    problem = raising(RuntimeError("far"), at=lambda w: (abs(w - W) > 0.02).any())
    check = gm.check_gradient(np.cos, problem)
    assert (check.ok, check.unchecked, len(check.points)) == (True, (), 3)
    assert gm.check_gradient(lambda w: np.cos(W), problem).ok is False


def test_a_gradient_that_raises_beside_its_point_is_wrong():
    """A gradient that exists at one point alone is none; its traceback did not tell."""

    def gradient(w):
        if (w != W).any():
            raise RuntimeError("not here")
        return np.cos(w)

    problem = gm.Problem(lambda w, *, xp=np: xp.sum(xp.sin(w)), W)
    check = gm.check_gradient(gradient, problem)
    assert check.ok is False
    assert check.mistake == (
        "at point 1 beside it, where the loss has a gradient, it raises RuntimeError: not here"
    )
    assert "WRONG: at point 1" in str(check)
    with pytest.raises(gm.GradientMismatch, match="not here"):
        gm.assert_gradient(gradient, problem)


def test_what_a_gradient_raises_at_the_users_own_point_is_the_users():
    """An exception at the point that the user gave says more as it is, with its traceback."""

    def gradient(w):
        raise RuntimeError("mine")

    problem = gm.Problem(lambda w, *, xp=np: xp.sum(xp.sin(w)), W)
    with pytest.raises(RuntimeError, match="mine"):
        gm.check_gradient(gradient, problem)


@pytest.mark.medium
def test_comparisons_and_advice_survive_a_loss_that_raises_beside_its_point():
    """One method that cannot leave the point must not take the others' rows along."""
    problem = raising(RuntimeError("beside"))
    comparison = gm.compare(problem, seconds=0)
    assert comparison.verdicts["backprop"] == "right"
    assert comparison.verdicts["numerical"] == "wrong"
    assert comparison.table.loc["numerical", "unresolved"] == 2
    assert "backprop" in str(gm.advise(problem))


def test_examples_are_checked_where_the_loss_works():
    """The check of examples draws points of its own: a mean may raise there."""

    def loss(w, x, *, xp=np):
        if xp is np and w != 1.0:
            raise RuntimeError("beside")
        return xp.mean(w * x)

    assert gm.Problem(loss, np.array(1.0), {"x": np.ones(4)}, examples="x").examples == ("x",)

    def whole(w, x, *, xp=np):
        if len(x) != 4:
            raise RuntimeError("four examples")
        return xp.mean(w * x)

    with pytest.raises(gm.GradientError, match=r"2 of its examples .*four examples"):
        gm.Problem(whole, np.array(1.0), {"x": np.ones(4)}, examples="x")
