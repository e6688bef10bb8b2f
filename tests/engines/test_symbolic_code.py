"""Printed code, and the estimates that keep formulas within a budget."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections import Counter

import numpy as np
import pytest
import sympy

import gradmethods as gm
from gradmethods.engines.symbolic import runtime
from gradmethods.engines.symbolic.codegen import Writer

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
        text = Writer().piece(expr).text
        assert eval(text, dict.fromkeys(map(str, symbols), 1.0)) == expected  # noqa: S307  # ours


def nested(w, *, xp=np):
    for _ in range(100):
        w = xp.cos(w)
    return xp.exp(w) * xp.sin(w)


@pytest.mark.medium
@pytest.mark.parametrize("form", FORMS)
def test_a_deep_formula_is_cut(form):
    """Python's parser gives up on 200 nested parentheses."""
    problem = gm.Problem(nested, np.array(0.3))
    expected = gm.Backprop().prepare(problem)(problem.params).gradient
    prepared = gm.Analytical(form).prepare(problem)
    assert prepared(problem.params).gradient == pytest.approx(expected, rel=1e-13)


# -- code

OPERATORS = (ast.BinOp, ast.UnaryOp, ast.Call, ast.Compare)


def root_mean_square(w, *, xp=np):
    return xp.sum((w / xp.sqrt(xp.mean(w**2) + 1e-6)) ** 3) - w[0] / (w[1] ** 2 + 1) ** 2


COUNTED = {
    "mlp": gm.Problem(mlp(2, 2, 1).loss, mlp(2, 2, 1).params, mlp(2, 2, 1).data),
    "norm": gm.Problem(root_mean_square, np.linspace(0.3, 0.9, 5)),
    "deep": gm.Problem(nested, np.array(0.3)),
}


@pytest.mark.medium
@pytest.mark.parametrize("form", [*FORMS, "chain-rule"])
@pytest.mark.parametrize("name", COUNTED)
def test_operations_are_those_of_the_code(name, form):
    """The claims on operation counts are made with this number: another counter must agree."""
    problem, provider = COUNTED[name], gm.Analytical(form)
    prepared = provider.prepare(problem)
    code = ast.parse(prepared.source())
    nodes = [node for node in ast.walk(code) if isinstance(node, OPERATORS)]
    assert prepared.operations == len(nodes) == provider.count_operations(problem)


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


def test_shared_formulas_name_what_is_used_again():
    """A line for what is used once would be a stage; one less, and something is computed twice."""
    prepared = gm.Analytical("cse").prepare(mlp(2, 3, 1))
    (program,) = ast.parse(prepared.source()).body
    assert isinstance(program, ast.FunctionDef)
    lines = [line for line in program.body if isinstance(line, ast.Assign)]
    names = [line.targets[0].id for line in lines if isinstance(line.targets[0], ast.Name)]
    used = Counter(x.id for x in ast.walk(program) if isinstance(x, ast.Name))
    results = {x.id for x in ast.walk(program.body[-1]) if isinstance(x, ast.Name)}
    shared = set(names) - results
    assert shared
    assert all(used[name] >= 3 for name in shared)
    assert prepared.operations == gm.Analytical("chain-rule").prepare(mlp(2, 3, 1)).operations


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a - b - (c - a)", "2*a - b - c"),
        ("-(a*b)**2/c", "-a/c*a*b*b"),
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
    writer = Writer()
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
