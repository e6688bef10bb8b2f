"""What providers can do and how they are shown: ours, a user's, and names from records."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gradmethods as gm
from gradmethods.output.style import Style
from gradmethods.providers.forms import FORMS
from gradmethods.providers.registry import BASELINE, Traits, style_of, traits
from gradmethods.providers.schemes import NAMES
from gradmethods.studies.accuracy.tolerances import tolerance
from gradmethods.timing.cases import Case, effort
from gradmethods.timing.plan import Plan
from gradmethods.timing.trial import Settings, run_case

SCHEMES = [gm.Numerical(scheme) for scheme in NAMES]
OURS: list[gm.Provider] = [*map(gm.Analytical, FORMS), *SCHEMES, gm.Backprop()]


@dataclass(frozen=True)
class Stranger:
    """A user's provider with nothing but the interface."""

    name: str = "mine"
    inner: Any = field(default_factory=gm.Backprop)

    def obstacle(self, problem):
        return self.inner.obstacle(problem)

    def prepare(self, problem):
        return self.inner.prepare(problem)


BLUISH = Style("adjoint, by hand", "#123456", "x", "-")


@dataclass(frozen=True)
class Told(Stranger):
    """A user's provider that says what it can do."""

    name: str = "told"
    family: str = "adjoint"
    exact: bool = True
    label: str = "adjoint, by hand"
    style: Style = BLUISH


@dataclass(frozen=True)
class Confusing(Stranger):
    """A user's provider whose attributes of these names mean something else."""

    name: str = "confusing"
    exact: str = "yes"
    order: str = "C"
    style: str = "fast"
    family: int = 3

    def passes(self):
        return 1


def test_ours_tell_what_they_can_do():
    """If one did not, the benchmark and the judge would take it for something else."""
    told = {provider.name: traits(provider) for provider in OURS}
    assert {t.family for t in told.values()} == set(gm.PROVIDERS)
    subtracting = {p.name for p in SCHEMES} - {"numerical:complex-step"}
    for name, method in told.items():
        assert method.exact is (name not in subtracting)
        assert (method.order is not None) is (name in subtracting)
        assert method.black_box is (name in subtracting)
        assert method.label == gm.get_provider(name).label  # type: ignore[attr-defined]  # ours has one
    assert told["numerical"].passes == (2, 0)
    assert told["numerical:forward"].passes == (1, 1)
    assert told["numerical:richardson"].passes is None
    assert told[BASELINE].growth == 0.0
    assert {n for n, t in told.items() if t.repeats} == {"analytical:expanded"}


def test_names_of_records_are_read_back():
    """If a name meant something else on disk, a report of old records would change."""
    for provider in OURS:
        assert traits(provider.name) == traits(provider)
    reuse = gm.Numerical(evaluation="reuse")
    assert traits("numerical:reuse") == traits(reuse)  # as records of earlier versions have it
    assert traits(reuse).black_box is False
    assert traits("numerical:forward[step=0.1]").label == "numerical, forward, step 0.1"
    assert traits("numerical:five-point").short == "five-point"
    stranger = traits("gone since:1[x")
    assert stranger.style == style_of("gone since:1[x")
    assert stranger.label == "gone since:1[x"


def test_a_user_provider_has_defaults():
    """If an attribute were needed, an object with the interface would not take part."""
    assert traits(Stranger()) == Traits("mine", "mine", style_of("mine"))
    assert traits(Stranger()).exact is None
    confusing = traits(Confusing())
    assert confusing == Traits("confusing", "confusing", style_of("confusing"))
    told = traits(Told())
    assert (told.family, told.exact, told.label) == ("adjoint", True, "adjoint, by hand")
    assert traits("told") == told  # by its name, too, once it was met


@pytest.mark.medium
def test_a_user_provider_takes_part_as_ours_do():
    """If anything asked for names, a user's method would be missing or misjudged there."""
    problem = gm.problems.get("network-1-1-1")
    comparison = gm.compare(problem, [Stranger(), Told(), "backprop"], seconds=0.01)
    assert comparison.agree
    labels = {text.get_text() for text in comparison.plot().texts}
    assert {"mine", "adjoint, by hand", "backprop"} <= labels
    case = Case("width", "mine", 1)
    assert effort(case) == effort(Case("width", "backprop", 1))
    record = run_case(case, Plan(limit=100.0), Settings(seconds=0.0), provider=Stranger())
    assert record["outcome"] == "measured"
    assert record["reference"].startswith("the certified gradient")
    assert record["error"] < 1e-12
    assert tolerance("mine", np.dtype(float)) == tolerance(BASELINE, np.dtype(float))


ROOMS = Path(gm.__file__).parent
WORDS = {p.name for p in OURS} | {*NAMES, *FORMS, *gm.PROVIDERS}


def compared(tree):
    """Yield the names of methods that code compares with something."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            parts = [node.left, *node.comparators]
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") in ("startswith", "get"):
            parts = node.args[:1]
        elif isinstance(node, ast.MatchValue):
            parts = [node.value]
        else:
            continue
        for part in parts:
            for each in ast.walk(part):
                if isinstance(each, ast.Constant) and each.value in WORDS:
                    yield each.lineno, each.value


@pytest.mark.medium
def test_no_code_compares_names_of_methods():
    """If it did, a new scheme, a peer or a user's method would be treated as another kind."""
    assert list(compared(ast.parse("x == 'backprop' or x in ('central',)")))
    other = {"report/graph_figure.py", "report/show.py"}  # "auto" is a layout of graphs there
    found = {
        f"{path.relative_to(ROOMS).as_posix()}:{line} {word}"
        for path in ROOMS.rglob("*.py")
        # `form` is an option of the symbolic engine itself.
        if not {"providers", "symbolic"} & set(path.relative_to(ROOMS).parts)
        and path.relative_to(ROOMS).as_posix() not in other
        for line, word in compared(ast.parse(path.read_text()))
    }
    assert not found


@pytest.mark.parametrize("provider", [Stranger("numerical:mine"), Stranger("backprop:mine")])
def test_a_name_that_looks_like_ours_is_a_stranger(provider):
    """If the beginning of a name decided, a user's method could not be called what it is."""
    assert traits(provider).family == provider.name
    assert traits(provider).exact is None
