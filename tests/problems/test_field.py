"""The problems of the field: losses against what their sources publish, gradients against truth."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gradmethods as gm
from gradmethods import problems
from gradmethods.errors import InvalidOption
from tests.problems.written_out import WRITTEN_OUT

PUBLISHED: dict[str, list[tuple[dict[str, Any], Any, float]]] = {
    "beale": [({}, None, 14.203125), ({}, [3, 0.5], 0)],
    "biggs-exp6": [({}, None, 0.77907007565597), ({}, [1, 10, 1, 5, 4, 3], 0)],
    "box-3d": [({}, None, 1031.153810609), ({}, [1, 10, 1], 0), ({}, [10, 1, -1], 0)],
    "brown-badly-scaled": [({}, None, 999998000003.0), ({}, [1e6, 2e-6], 0)],
    "brown-dennis": [
        ({}, None, 7926693.33699744),
        ({}, [-11.5944399, 13.2036300, -0.4034394, 0.2367787], 85822.2016263563),
    ],
    "chebyquad": [
        ({}, None, 0.0386176982859),
        (
            {},
            [0.0431528, 0.1930909, 0.2663287, 0.5, 0.5, 0.7336713, 0.8069091, 0.9568472],
            3.51687e-3,
        ),
    ],
    "extended-powell": [({"groups": 1}, None, 215.0), ({"groups": 1}, [0, 0, 0, 0], 0)],
    "extended-rosenbrock": [({"pairs": 1}, None, 24.2), ({"pairs": 1}, [1, 1], 0)],
    "gaussian-bell": [({}, None, 3.888107e-6), ({}, [0.3989561, 1.0000191, 0], 1.12793e-8)],
    "gulf": [({}, None, 12.1107058), ({}, [50, 25, 1.5], 0)],
    "helical-valley": [({}, None, 2500.0), ({}, [1, 0, 0], 0)],
    "penalty-1": [
        ({}, None, 885.06264),
        ({}, [0.2500075] * 4, 2.24997e-5),
        ({"n": 10}, [0.1581228] * 10, 7.08765e-5),
    ],
    "penalty-2": [
        ({}, None, 2.34000880),
        ({}, [0.1999993, 0.1913167, 0.4801015, 0.5188454], 9.37629e-6),
    ],
    "powell-badly-scaled": [({}, None, 1.13526171734838), ({}, [1.09815933e-5, 9.10614674], 0)],
    "trigonometric": [({}, None, 7.0757594e-3), ({}, [0.0] * 10, 0)],
    "variably-dimensioned": [({}, None, 2198551.1625), ({}, [1.0] * 10, 0)],
    "watson": [
        ({}, None, 30.0),
        (
            {},
            [-0.0157250864, 1.0124348693, -0.2329916259, 1.2604300878, -1.5137289227, 0.9929964324],
            2.28767005e-3,
        ),
    ],
    "wood": [({}, None, 19192.0), ({}, [1, 1, 1, 1], 0)],
    "arwhead": [({"n": 1000}, None, 2997.0), ({"n": 3}, [1, 1, 0], 0)],
    "dixmaan": [({}, [0.0] * 15, 1.0)],
    "cragglvy": [({"groups": 1}, None, 2.266182511), ({"groups": 1}, [0, 1, 1, 1], 0)],
    "genhumps": [({}, [0.0] * 6, 0)],
    "sparsine": [({}, [0.0] * 10, 0)],
    "speelpenning": [({}, None, 1 / 11)],
    "bennett5": [({}, [-2523.5058043, 46.736564644, 0.93218483193], 5.2404744073e-4)],
    "hahn1": [
        (
            {},
            [
                1.0776351733, -0.12269296921, 4.086375061e-3, -1.4262662514e-6, -5.7609940901e-3,
                2.4053735503e-4, -1.2314450199e-7,
            ],
            1.5324382854,
        )
    ],
    "lanczos": [
        (
            {},
            [0.086816415, 0.95498101505, 0.844007775, 2.9515951832, 1.5825685901, 4.9863565084],
            1.6117193594e-8,
        )
    ],
    "mgh09": [
        ({}, [0.19280693458, 0.19128232873, 0.12305650693, 0.13606233068], 3.0750560385e-4)
    ],
}  # fmt: skip
"""Options, a point (the standard start if None), and the value that is published there: a minimum,
a start, NIST's certified sum of squares; as many digits as are written."""

BY_HAND = [name for name in problems.FIELD if problems.describe(name).gradient]


def small(name):
    family = problems.describe(name)
    return family.build(**family.small)


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_values(name):
    """A wrong sign or constant makes another problem, on which every method would agree."""
    for options, point, value in PUBLISHED[name]:
        start = {"spread": 0.0} if point is None else {}
        problem = problems.get(name, **options, **start)
        found = float(problem.value(None if point is None else np.array(point, float)))
        if value == 0:
            assert found < 1e-10, (name, point)
        else:
            digits = len(f"{value:.12g}".split("e")[0].replace(".", "").strip("0"))
            assert found == pytest.approx(value, rel=10.0 ** (1 - min(digits, 9))), (name, point)


@pytest.mark.parametrize("name", WRITTEN_OUT)
def test_formulas(name):
    """A loss of arrays must be the formula of its source, written out entry by entry."""
    for seed in (0, 1):
        problem = problems.get(name, seed=seed)
        assert float(problem.value()) == pytest.approx(
            WRITTEN_OUT[name](problem.params, **problem.data), rel=1e-12
        )


def test_every_loss_is_held_by_something():
    """A problem whose value nobody knows may be any function."""
    assert set(problems.FIELD) - set(PUBLISHED) - set(WRITTEN_OUT) == set()


@pytest.mark.parametrize("name", BY_HAND)
def test_gradients_by_hand(name):
    """What is derived by hand, independently of every method, must be what is certified."""
    problem = small(name)
    truth = gm.certified_gradient(problem)
    by_hand = problems.describe(name).gradient
    assert by_hand is not None
    sizes = problem.structure.leaves(truth.gradient)
    for leaf, error in truth.error(by_hand(problem.params, **problem.data)).items():
        assert np.abs(error).max() <= 1e-11 * np.abs(sizes[leaf]).max(), leaf


@pytest.mark.parametrize("name", problems.FIELD)
def test_seeds_and_dtypes(name):
    """A seed must give the same point again, another one another, in both precisions."""
    options = problems.describe(name).small
    first, again, other = (problems.get(name, seed=seed, **options) for seed in (0, 0, 1))
    assert first.value() == again.value()
    assert first.value() != other.value()
    assert problems.get(name, dtype="float32", **options).dtype == np.float32


def test_they_are_listed_where_asked_for():
    """Runs over the catalogue take none of them; whoever asks sees all, forty and more."""
    assert not set(problems.FIELD) & set(problems.names())
    assert set(problems.FIELD) <= set(problems.names(field=True))
    assert len(problems.names(field=True)) >= 60


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("determinant", {"n": 17}, "at most 16"),  # the number of minors doubles with each row
        ("lstm", {"letters": 1}, "letters must be a whole number, at least 2"),
        ("wood", {"n": 3}, "has no option 'n'"),
        ("wood", {"spread": -1.0}, "spread must be"),
        ("chebyquad", {"n": 0}, "n must be a whole number, at least 1"),
        ("dixmaan", {"variant": "Z"}, "Unknown variant"),
        ("dixmaan", {"spread": -1.0}, "spread must be a finite number from 0 on, got -1.0"),
        ("beale", {"spread": "a"}, "spread must be a finite number from 0 on, got 'a'"),
        ("wood", {"spread": None}, "spread must be"),
        ("arwhead", {"n": 10**30}, "n must be at most"),
        ("extended-powell", {"groups": 10**12}, "too large: Unable to allocate"),
    ],
)
def test_bad_options_are_refused(name, options, words):
    """A size that cannot be must be said, not taken for another one."""
    with pytest.raises((InvalidOption, gm.errors.UnknownName), match=words):
        problems.get(name, **options)
