"""Names are data: whatever a user calls a parameter or a problem, nothing runs or breaks."""

import builtins
import csv
import enum
import io
import xml.dom.minidom
from typing import Any

import numpy as np
import pandas as pd
import pytest

import gradmethods as gm
from gradmethods.app.runs.accuracy import Settings, assess, tasks
from gradmethods.core.naming import file_part
from gradmethods.core.structure import compile_check
from gradmethods.engines.graph import record
from gradmethods.engines.graph.names import Names
from gradmethods.output.caption import Caption
from gradmethods.output.files import csv_text, read_json, write_json, write_text
from gradmethods.output.typeset import write_table
from gradmethods.report.show import graph

HOSTILE = [
    "a b", "1", "lambda", "params", "params_0", "xp", 'a"b', "a'b", "a\\", "a\nb", "{0}", "%s",
    "w\u200b", "A" * 5000, "<script>alert(1)</script>", "--><x>", "=SUM(A1)", "../../x", r"$\frac$",
    "|", "pi", "exp", "nan", "None", "value", "\x00", "\x1b[31m", "\ud800", "\u2028", "\uffff",
]  # fmt: skip


class Running(str):
    """A name that runs code wherever it is written by its own methods."""

    __slots__ = ()

    def __repr__(self):
        return "__import__('builtins').ran.append(1) or 'w'"

    __str__ = __repr__

    def __format__(self, spec):
        return repr(self)


class Member(str, enum.Enum):  # noqa: UP042  # StrEnum writes itself as what it is
    """NumPy's and Python's enumerations are strings, too."""

    W = "W"


def doubled(name):
    """Make a problem with one parameter of this name."""
    return gm.Problem(
        lambda p, *, xp=np, **data: xp.sum(xp.sin(p[name]) * 2 * data["x"]),
        {name: np.array([0.3, 0.7])},
        {"x": np.ones(2)},
        name=name,
    )


PROVIDERS: list[Any] = [
    gm.Backprop(),
    gm.Analytical(),
    gm.Analytical(form="chain-rule"),
    gm.Numerical(),
    gm.Numerical(evaluation="reuse"),
]


@pytest.mark.medium
@pytest.mark.parametrize("name", [*HOSTILE, np.str_("W"), Running("w"), Member.W], ids=ascii)
def test_every_provider_takes_every_name(name, monkeypatch):
    """A name that reached a program as text was run as code, or broke the program."""
    monkeypatch.setattr(builtins, "ran", [], raising=False)
    problem = doubled(name)
    for provider in PROVIDERS:
        prepared = provider.prepare(problem)
        ((key, gradient),) = prepared(problem.params).gradient.items()
        assert gradient == pytest.approx(2 * np.cos([0.3, 0.7]), rel=1e-6), provider.name
        assert type(key) is str
        assert key == str.__str__(name)
        if provider.name == "backprop" or provider.name.startswith("analytical"):
            source = prepared.source()
            assert len(source) < 3000, "a name is as long as it likes, a program is read"
            assert source.replace("\n", "").isprintable()
    assert gm.certified_gradient(problem).gradient.keys() == {str.__str__(name)}
    assert type(problem.name) is str
    assert not vars(builtins)["ran"]


def test_names_of_data_and_examples_become_plain_strings():
    """A subclass of str among the data went the same way as one among the parameters."""
    x = Running("x")
    problem = gm.Problem(
        lambda w, x, *, xp=np: xp.mean(w * x), 1.0, {x: np.ones(3)}, examples=[Running("x")]
    )
    assert [*map(type, (*problem.data, *problem.examples))] == [str, str]


def test_two_names_that_are_one_string_are_refused():
    """If two parameters had one name, one of them would silently be lost."""

    class Odd(str):
        __slots__ = ()
        __hash__ = object.__hash__

        def __eq__(self, other):
            return self is other

    with pytest.raises(gm.GradientError, match="same name"):
        gm.Problem(lambda p, xp=np: 0.0, {"w": np.ones(2), Odd("w"): np.ones(2)})


def test_the_check_of_parameters_holds_no_name_as_text():
    """Names are keys of the check that backprop runs before each call, and no text in it."""
    check = compile_check(doubled("w'] or boom() or params['w").structure)
    assert not any("boom" in str(constant) for constant in check.__code__.co_consts)


@pytest.mark.medium
@pytest.mark.parametrize(
    "name", ["\x00", "\x1b[31m", "\ud800", "a\nb", "--><x>", "]]>", r"$\frac$"]
)
def test_drawings_are_well_formed_whatever_the_names(name, tmp_path):
    """A control character makes an SVG malformed, a dollar sign a formula that is none."""
    out = tmp_path / "graph.svg"
    found = graph(doubled(name), values=True)
    found.save(out)
    xml.dom.minidom.parse(str(out))  # noqa: S318  # our own file
    for text in (found.dot, csv_text(found.frame()), str(found)):
        assert text.replace("\n", "").isprintable()


def test_names_of_nodes_are_short_and_distinct():
    """Two long names that begin alike, or a parameter and data of one name, became one node."""
    problem = gm.Problem(
        lambda p, x, *, xp=np: p["w" * 500] * p["w" * 501] * p["x"] * x,
        {"w" * 500: 1.0, "w" * 501: 2.0, "x": 3.0},
        {"x": 4.0},
    )
    graph = record(problem)
    names = [Names(graph).of(node) for node in (*graph.params.values(), *graph.data.values())]
    assert len(set(names)) == 4
    assert max(map(len, names)) <= 62


def test_no_cell_of_a_csv_is_a_formula():
    """Spreadsheets run what begins with an equals sign; numbers stay numbers."""
    words = [
        "=1+1",
        "+cmd",
        "-x",
        "@SUM(A1)",
        "\t=1",
        "\uff1d1",
        "-1.5",
        "+2",
        "-inf",
        "a\r\nb",
        "–",
        "",
    ]
    frame = pd.DataFrame({"=head": words, "x": np.linspace(-1, 1, 12)})
    (head, *rows) = csv.reader(io.StringIO(csv_text(frame)))
    assert head == ["'=head", "x"]
    assert [row[0] for row in rows] == [
        "'=1+1", "'+cmd", "'-x", "'@SUM(A1)", " =1", "'\uff1d1", "-1.5", "+2", "-inf", "a  b", "–",
        "",
    ]  # fmt: skip
    assert [float(row[1]) for row in rows] == frame["x"].to_list()
    indexed = csv_text(pd.DataFrame({"x": [1]}, index=["=w"]), index=True)
    assert indexed == ",x\n'=w,1\n"


def test_tables_keep_every_cell_in_its_row(tmp_path):
    """A line break in a name broke the table; a tag in it was a tag of the page."""
    frame = pd.DataFrame({"a|b": ["x\ny|z<b>", "\x00_%"]})
    write_table(tmp_path, "tab", frame, frame, Caption("T", "t"), "source")
    markdown = (tmp_path / "tab.md").read_text()
    assert r"| x y\|z&lt;b>" in markdown
    assert r"a\|b" in markdown
    latex = (tmp_path / "tab.tex").read_text()
    assert "x y$|$z$<$b$>$" in latex
    assert r"?\_\%" in latex
    assert len((tmp_path / "tab.csv").read_text().splitlines()) == 3


def test_files_of_text_hold_no_control_characters(tmp_path):
    """HTML and XML cannot express them: a page with one is malformed."""
    path = write_text(tmp_path / "page.html", "a\x00b\tc\n\ud800")
    assert path.read_bytes() == "a\N{REPLACEMENT CHARACTER}b\tc\n?".encode()
    assert read_json(write_json(tmp_path / "x.json", {"\ud800": "\x00"})) == {"\ud800": "\x00"}


def test_names_make_files_of_their_own():
    """A name with slashes, or too long for a file, failed after all the work was done."""
    names = ["island", "../../x", "a b", "é\ud800", "A" * 5000, "A" * 5001]
    parts = [file_part(name) for name in names]
    assert parts[:4] == ["island", "------x", "a-b", "--"]
    assert len(set(parts)) == len(names)
    assert max(map(len, parts)) == 60


def test_problems_whose_files_would_be_one_are_refused_before_the_work(tmp_path):
    """To find that at the end would lose what was measured in between."""
    both = [doubled("a b"), doubled("a-b")]
    with pytest.raises(gm.GradientError, match="'a-b'"):
        assess(tasks(both, Settings(0.0, 1), hard=False), tmp_path)
    assert not list(tmp_path.iterdir())


def test_texts_for_the_terminal_hold_no_control_characters():
    """A terminal obeys escape sequences: a name must not give it orders."""
    problem = doubled("\x1b[31m")
    check = gm.check_gradient(lambda params, x: {"\x1b[31m": 0 * params["\x1b[31m"]}, problem)
    assert check.ok is False
    for text in (str(check), str(gm.compare(problem, ["backprop", "numerical"], seconds=0))):
        assert text.replace("\n", "").isprintable()
