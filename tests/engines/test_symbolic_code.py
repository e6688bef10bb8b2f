"""Printed code, and the estimates that keep formulas within a budget."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys

import numpy as np
import pytest
import sympy

import gradmethods as gm
from gradmethods.engines.symbolic import runtime
from gradmethods.engines.symbolic.codegen import Writer
from gradmethods.engines.symbolic.program import deep_recursion

FORMS = ["cse", "expanded"]


def gradient(loss, at, form="cse"):
    """Prepare at one point, evaluate at another."""
    point = np.asarray(at, float)
    return gm.Analytical(form).prepare(gm.Problem(loss, point / 2 + 1))(point).gradient


# -- sizes


def mlp(*widths):
    return gm.problems.get("mlp", widths=widths, batch=5)


@pytest.mark.medium
@pytest.mark.parametrize("form", FORMS)
def test_long_sums_and_deep_formulas(form):
    """Formulas that are long or deep must give the right numbers, cut into lines or not."""
    at = np.linspace(0.1, 0.9, 60)
    np.testing.assert_allclose(gradient(lambda w, xp=np: xp.sum(w**2), at, form), 2 * at)

    def nested(w, *, xp=np):
        h = w
        for _ in range(25):
            h = xp.sin(1 / (1 + h))
        return h

    problem = gm.Problem(nested, np.array(0.3))
    expected = gm.Backprop().prepare(problem)(0.7).gradient
    result = gm.Analytical(form).prepare(problem)(np.array(0.7)).gradient
    np.testing.assert_allclose(result, expected, rtol=1e-13)


@pytest.mark.medium
def test_a_long_row_is_cut():
    """Python's compiler gives up on a few thousand operands in a row."""
    symbols = sympy.symbols("a:5000", real=True)
    for expr, expected in ((sympy.Add(*symbols), 5000), (sympy.Mul(*symbols), 1)):
        text = Writer(symbols, shares=True).piece(expr).text
        assert eval(text, dict.fromkeys(map(str, symbols), 1.0)) == expected  # noqa: S307  # ours


@pytest.mark.parametrize("shares", [True, False])
def test_a_deep_formula_is_cut(shares):
    """Python's parser gives up on 200 nested parentheses; parts of one formula stay its own."""
    x = sympy.Symbol("x", real=True)
    expr, expected = x, 0.3
    for _ in range(250):
        expr, expected = sympy.cos(expr), np.cos(expected)
    writer = Writer([x], shares=shares)
    with deep_recursion():
        writer.write("first", expr)
        writer.write("second", expr + sympy.sin(expr))
    scope = {"cos": np.cos, "sin": np.sin, "x": 0.3}
    exec("\n".join(writer.lines), scope)  # noqa: S102  # our own text
    assert scope["second"] == expected + np.sin(expected)
    assert (writer.operations == 250 + 502) is not shares


# -- code

OPERATORS = (ast.BinOp, ast.UnaryOp, ast.Call, ast.Compare)


@pytest.mark.medium
@pytest.mark.parametrize("form", FORMS)
def test_operations_are_those_of_the_code(form):
    """The claims on operation counts are made with this number: another counter must agree."""
    prepared = gm.Analytical(form).prepare(mlp(2, 3, 1))
    nodes = [node for node in ast.walk(ast.parse(prepared.source())) if isinstance(node, OPERATORS)]
    means = 1 + prepared.problem.size
    assert prepared.operations == len(nodes) - means


def test_one_line_for_each_formula_of_the_expanded_form():
    """The form that shares nothing must not share through a line of its own either."""
    prepared = gm.Analytical("expanded").prepare(mlp(2, 3, 1))
    (program,) = ast.parse(prepared.source()).body
    assert isinstance(program, ast.FunctionDef)
    lines = [ast.unparse(line) for line in program.body]
    parts = [line.partition(" = ")[0] for line in lines if line.startswith("part")]
    assert len(lines) - len(parts) == 2 + (1 + prepared.problem.size) + 1
    for part in parts:  # what one formula divides by several times
        assert sum(re.search(rf"\b{part}\b", line) is not None for line in lines) == 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a - b - (c - a)", "2*a - b - c"),
        ("-(a*b)**2/c", "-a**2*b**2/c"),
        ("a/(b*c)", "a/(b*c)"),
        ("a**-2", "1/a/a"),
        ("b/(c*a**2)", "b/c/a/a"),
        ("2*a/3", "2*a/3"),
        ("a/3 - 1", "a/3 - 1"),
        ("sqrt(a)/sqrt(b)", "sqrt(a)/sqrt(b)"),
        ("(a + b)**3", "(a + b)**3"),
        ("a**Rational(3, 2)", "power(a, 1.5)"),
        ("E*a", "exp(real(1))*a"),
        ("Piecewise", ""),
    ],
)
def test_formulas_print_as_python(text, expected):
    """A sign or a pair of parentheses that is lost in printing is a wrong gradient."""
    a, b, c = sympy.symbols("a b c", positive=True)
    writer = Writer([a, b, c], shares=True)
    if not expected:
        with pytest.raises(gm.UnsupportedOperation, match="Piecewise"):
            writer.piece(sympy.Piecewise((a, b > c), (b, True)))
        return
    expr = sympy.sympify(text, locals={"a": a, "b": b, "c": c})
    assert writer.piece(expr).text == expected
    point = {a: 1.3, b: 0.7, c: 2.9}
    scope = runtime.SCALAR | {symbol.name: value for symbol, value in point.items()}
    assert eval(expected, scope) == pytest.approx(  # noqa: S307  # a text of this table
        float(expr.subs(point)), rel=1e-14
    )


PRINT_TEXTS = """
import numpy as np
import gradmethods as gm

def kinks(w, *, xp=np):
    smooth = xp.hypot(w[0], w[1]) + xp.atan2(w[1], w[2]) ** 0.3 * 0.7
    return xp.max(w * smooth) + xp.where((w[0] > 1) | (w[1] < 0.3), w[2] ** 1.7, xp.sum(w / 0.9))

problems = [gm.problems.get("mlp", widths=(2, 3, 2, 1), batch=3), gm.problems.get("log-sum-exp"),
            gm.Problem(kinks, np.array([0.3, 0.5, 0.7]), name="kinks")]
for problem in problems:
    for form in ("cse", "expanded", "chain-rule"):
        prepared = gm.Analytical(form).prepare(problem)
        print(prepared.source(), prepared.loss_formula, prepared.operations)
        for name, shape in problem.structure.shapes.items():
            index = (0,) * len(shape)
            print(prepared.formula(name, index), prepared.latex(name, index))
        for symbol, expr in prepared.definitions.items():
            print(symbol, expr)
"""


@pytest.mark.slow
def test_texts_are_the_same_in_every_process():
    """Committed results must not change with the seed of Python's hashes."""
    texts = {
        subprocess.run(
            [sys.executable, "-c", PRINT_TEXTS],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(texts) == 1
