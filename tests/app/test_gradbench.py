"""The GradBench tool: every eval against formulas written anew, and messages of every kind."""

from __future__ import annotations

import io
import itertools
import json
import math
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

import gradmethods as gm
from gradmethods.app.commands.gradbench import METHODS
from gradmethods.app.gradbench import EVALS, Tool, serve

# -- the evals' losses, written with loops from their descriptions; they take complex numbers


def llsq(p):
    x, n = p["x"], p["n"]
    total = 0
    for i in range(n):
        t = -1 + 2 * i / (n - 1)
        total = total + (np.sign(t) - sum(x[j] * t**j for j in range(len(x)))) ** 2
    return total / 2


def lse(p):
    return np.log(sum(np.exp(x) for x in p["x"]))


def det(p):
    n = p["ell"]
    A, total = np.reshape(p["A"], (n, n)), 0
    for order in itertools.permutations(range(n)):
        swaps = sum(a > b for a, b in itertools.combinations(order, 2))
        total = total + (-1) ** swaps * math.prod(A[i, j] for i, j in enumerate(order))
    return total


def ode_values(p):
    x, s = np.asarray(p["x"]), p["s"]
    y, h = [0 * x[0]] * len(x), 2 / s

    def f(y):
        return [x[i] * (y[i - 1] if i else 1) for i in range(len(x))]

    for _ in range(s):
        k1 = f(y)
        k2 = f([a + h / 2 * b for a, b in zip(y, k1, strict=True)])
        k3 = f([a + h / 2 * b for a, b in zip(y, k2, strict=True)])
        k4 = f([a + h * b for a, b in zip(y, k3, strict=True)])
        y = [
            a + h / 6 * (b + 2 * c + 2 * d + e)
            for a, b, c, d, e in zip(y, k1, k2, k3, k4, strict=True)
        ]
    return y


def gmm(p):
    d, K, m, gamma = p["d"], p["k"], p["m"], p["gamma"]
    Q = []
    for k in range(K):
        matrix, entries = np.zeros((d, d), complex), iter(p["l"][k])
        for column in range(d):
            matrix[column, column] = np.exp(p["q"][k][column])
            for row in range(column + 1, d):
                matrix[row, column] = next(entries)
        Q.append(matrix)
    total = -len(p["x"]) * (
        np.log(sum(np.exp(a) for a in p["alpha"])) + d / 2 * math.log(2 * math.pi)
    )
    for point in p["x"]:
        terms = 0
        for k in range(K):
            z = Q[k] @ (np.asarray(point) - np.asarray(p["mu"][k]))
            terms = terms + np.exp(p["alpha"][k] + sum(p["q"][k]) - sum(z**2) / 2)
        total = total + np.log(terms)
    nu = d + m + 1
    gamma_d = d * (d - 1) / 4 * math.log(math.pi) + sum(
        math.lgamma(nu / 2 + (1 - j) / 2) for j in range(1, d + 1)
    )
    for k in range(K):
        total = total + m * sum(p["q"][k]) - gamma**2 / 2 * (Q[k] ** 2).sum()
    return total + K * (nu * d * math.log(gamma / math.sqrt(2)) - gamma_d)


def lstm(p):
    main, extra = np.asarray(p["main_params"]), np.asarray(p["extra_params"])
    state = np.array(p["state"], complex)
    sequence = np.asarray(p["sequence"])
    b, total = sequence.shape[1], 0

    def sigma(z):
        return 1 / (1 + np.exp(-z))

    for t in range(len(sequence) - 1):
        x = sequence[t] * extra[0]
        for i in range(len(main) // 2):
            w, bias = np.split(main[2 * i], 4), np.split(main[2 * i + 1], 4)
            hidden, cell = state[2 * i].copy(), state[2 * i + 1].copy()
            cell = cell * sigma(x * w[0] + bias[0]) + sigma(hidden * w[1] + bias[1]) * np.tanh(
                hidden * w[3] + bias[3]
            )
            hidden = sigma(x * w[2] + bias[2]) * np.tanh(cell)
            state[2 * i], state[2 * i + 1] = hidden, cell
            x = hidden
        y = x * extra[1] + extra[2]
        total = total + sum(sequence[t + 1] * (y - np.log(2 + sum(np.exp(y)))))
    return -total / ((len(sequence) - 1) * b)


def kmeans(p):
    total = 0
    for point in p["points"]:
        costs = [sum((np.asarray(c) - np.asarray(point)) ** 2) for c in p["centroids"]]
        total = total + min(costs, key=np.real)
    return total


def slopes(loss, p, *names):
    """Differentiate by complex steps, entry by entry: shares nothing with any method."""
    found = []
    for name in names:
        array = np.asarray(p[name], float)
        slope = np.zeros(array.shape)
        for index in np.ndindex(array.shape):
            moved = array.astype(complex)
            moved[index] += 1e-30j
            slope[index] = np.imag(loss(p | {name: moved})) / 1e-30
        found.append(slope)
    return found


def an_input(module, size):
    rng = np.random.default_rng(size)

    def draw(*shape: int) -> Any:
        return rng.random(shape).tolist()

    if module == "llsq":
        return {"x": draw(size), "n": 3 * size}
    if module == "lse":
        return {"x": draw(10 * size)}
    if module == "det":
        return {"A": draw(size * size), "ell": size}
    if module == "ode":
        return {"x": draw(size), "s": size}
    if module == "gmm":
        d = size - 1
        return {
            "d": d, "k": 2, "n": 5, "m": 1, "gamma": 1.5, "x": draw(5, d), "alpha": draw(2),
            "mu": draw(2, d), "q": draw(2, d), "l": draw(2, d * (d - 1) // 2),
        }  # fmt: skip
    if module == "lstm":
        return {
            "main_params": draw(4, 4 * size), "extra_params": draw(3, size),
            "state": draw(4, size), "sequence": (rng.random((4, size)) < 0.5).astype(int).tolist(),
        }  # fmt: skip
    points = draw(8 * size, 2)
    return {"points": points, "centroids": points[-size:]}


WANTED: dict[str, Any] = {
    "llsq": (llsq, lambda p: slopes(llsq, p, "x")[0]),
    "lse": (lse, lambda p: slopes(lse, p, "x")[0]),
    "det": (det, lambda p: slopes(det, p, "A")[0]),
    "ode": (ode_values, lambda p: slopes(lambda q: ode_values(q)[-1], p, "x")[0]),
    "gmm": (
        gmm,
        lambda p: dict(
            zip(("alpha", "mu", "q", "l"), slopes(gmm, p, "alpha", "mu", "q", "l"), strict=True)
        ),
    ),
    "lstm": (
        lstm,
        lambda p: np.concatenate(
            [x.ravel() for x in slopes(lstm, p, "main_params", "extra_params")]
        ),
    ),
    "kmeans": (kmeans, None),
}


def evaluated(tool, module, function, given, **more):
    message = {"id": 7, "kind": "evaluate", "module": module, "function": function, "input": given}
    return tool.answer(message | more)


@pytest.mark.parametrize("size", [2, 3, 5])
@pytest.mark.parametrize("module", WANTED)
def test_every_eval(module, size):
    """Values and gradients are those of the eval's description, in its shapes."""
    tool, of = Tool(gm.Backprop()), EVALS[module]
    given = an_input(module, size)
    value, gradient = WANTED[module]
    answer = evaluated(tool, module, of.primal, given | {"min_runs": 1, "min_seconds": 0})
    np.testing.assert_allclose(answer["output"], np.real(value(given)), rtol=1e-12)
    answer = evaluated(tool, module, of.gradient, given | {"min_runs": 3, "min_seconds": 0})
    assert [x["name"] for x in answer["timings"]] == ["prepare", "evaluate", "evaluate", "evaluate"]
    assert all(type(x["nanoseconds"]) is int for x in answer["timings"])
    if module == "kmeans":
        points, centres = np.array(given["points"]), np.array(given["centroids"])
        near = np.argmin(((points[:, None] - centres) ** 2).sum(axis=2), axis=1)
        wanted = [c - points[near == k].mean(axis=0) for k, c in enumerate(centres)]
    else:
        wanted = gradient(given)
    if isinstance(wanted, dict):
        assert list(answer["output"]) == list(wanted)
        for name, array in wanted.items():
            np.testing.assert_allclose(answer["output"][name], array, rtol=1e-11, atol=1e-13)
            assert np.shape(answer["output"][name]) == array.shape
    else:
        np.testing.assert_allclose(answer["output"], wanted, rtol=1e-11, atol=1e-13)
        assert np.shape(answer["output"]) == np.shape(wanted)


@pytest.mark.parametrize("method", METHODS)
def test_every_method(method):
    """A method that cannot be had would make an eval undefined for the wrong reason."""
    tool = Tool(gm.get_provider(method))
    answer = evaluated(tool, "lse", "gradient", {"x": [0.1, 0.2]})
    np.testing.assert_allclose(answer["output"], slopes(lse, {"x": [0.1, 0.2]}, "x")[0], rtol=1e-8)


BAD: dict[str, tuple[str, str, Any]] = {
    "unknown module": ("nothing", "gradient", {}),
    "unknown function": ("lse", "hessian", {"x": [1.0]}),
    "no input": ("lse", "gradient", None),
    "missing array": ("lse", "gradient", {}),
    "null entry": ("lse", "gradient", {"x": [1.0, None]}),
    "words": ("lse", "gradient", {"x": ["a"]}),
    "ragged": ("kmeans", "cost", {"points": [[1.0], [1.0, 2.0]], "centroids": [[1.0]]}),
    "wrong size": ("det", "gradient", {"A": [1.0, 2.0, 3.0], "ell": 2}),
    "too large": ("det", "gradient", {"A": [1.0], "ell": 40}),
    "not whole": ("ode", "gradient", {"x": [1.0], "s": 1.5}),
    "empty": ("lse", "primal", {"x": []}),
    "overflow": ("hello", "square", 1e200),
    "a condition": ("hello", "double", True),
    "empty cluster": ("kmeans", "dir", {"points": [[0.0]], "centroids": [[0.0], [9.0]]}),
    "runs": ("lse", "gradient", {"x": [1.0], "min_runs": "many"}),
    "endless": ("lse", "gradient", {"x": [1.0], "min_seconds": math.inf}),
    "numbers as words": ("lse", "gradient", {"x": ["1.5"]}),
    "conditions": ("lse", "gradient", {"x": [True, False]}),
    "too many axes": ("lse", "gradient", {"x": [[1.0]]}),
    "too large an integer": ("ode", "gradient", {"x": [10**400], "s": 1}),
    "a list for a name": (["lse"], "gradient", {"x": [1.0]}),  # type: ignore[dict-item]
    "half a pair": ("\ud800", "gradient", {}),
    "one letter": ("lstm", "objective", {
        "main_params": [[1.0] * 4] * 2, "extra_params": [[1.0]] * 3, "state": [[1.0]] * 2,
        "sequence": [[1]],
    }),
    "half a layer": ("lstm", "jacobian", {
        "main_params": [[1.0] * 4], "extra_params": [[1.0]] * 3, "state": [[1.0]],
        "sequence": [[0], [1]],
    }),
    "letters of other width": ("lstm", "objective", {
        "main_params": [[1.0] * 8] * 2, "extra_params": [[1.0] * 2] * 3, "state": [[1.0] * 2] * 2,
        "sequence": [[0], [1]],
    }),
    "other dimensions": ("kmeans", "cost", {"points": [[0.0, 1.0]], "centroids": [[1.0]]}),
    "no scale": ("gmm", "objective", {
        "d": 1, "k": 1, "n": 1, "m": 0, "gamma": 0, "x": [[1.0]], "alpha": [0.0], "mu": [[0.0]],
        "q": [[0.0]], "l": [[]],
    }),
    "more than the memory": ("llsq", "gradient", {"x": [1.0], "n": 10**13}),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_done_is_a_failure_with_a_reason(name):
    """Anything else ends the run, or passes something that is not finite as an answer."""
    answer = evaluated(Tool(gm.Backprop()), *BAD[name])
    assert answer["id"] == 7
    assert answer["success"] is False
    assert answer["error"]
    assert "output" not in answer


def strictly(line):
    """Read a line as the suite's intermediary does: nothing that is not JSON, no half text."""

    def refuse(name):
        raise AssertionError(f"{name} is no JSON")

    answer = json.loads(line, parse_constant=refuse)
    json.dumps(answer, ensure_ascii=False).encode("utf-8")
    if "success" in answer:
        assert ("error" in answer) != answer["success"]
        assert ("output" in answer) <= answer["success"]
    return answer


def answers_to(lines):
    out = io.StringIO()
    serve(gm.Backprop(), io.BytesIO(b"\n".join(lines) + b"\n"), out)
    return [strictly(line) for line in out.getvalue().splitlines()]


MALFORMED = {
    b"not JSON": None,
    b"[1, 2]": None,
    b'{"id": NaN, "kind": "start"}': None,
    b'{"id": 1e400, "kind": "start"}': None,
    b'{"id": [1e400], "kind": "define", "module": "lse"}': None,
    b"[" * 100_000: None,
    b"\xff\xfe{": None,
    b'{"id": ' + b"9" * 5000 + b"}": None,
    b'{"id": 4, "kind": ["evaluate"]}': 4,
    b'{"id": 5, "kind": "evaluate", "module": "lse", "function": "gradient", "input": 3}': 5,
    b'{"id": 6, "kind": "define", "module": "\\ud800"}': 6,
    b'{"kind": "dance"}': None,
    b'{"id": true, "kind": "start"}': None,
}


def test_malformed_messages_end_nothing():
    """One line that the tool dies of loses the whole run: each has one answer, the next too."""
    asked = b'{"id": 9, "kind": "evaluate", "module": "hello", "function": "square", "input": 3}'
    found = answers_to([line for bad in MALFORMED for line in (bad, asked)])
    assert [answer["id"] for answer in found[::2]] == list(MALFORMED.values())
    assert [answer["output"] for answer in found[1::2]] == [9.0] * len(MALFORMED)


@pytest.mark.parametrize("size", [2, 4])
@pytest.mark.parametrize("module", ["hello", *WANTED])
def test_a_whole_run(module, size):
    """A driver defines, evaluates both functions, and judges, in this order."""
    of, given = EVALS[module], float(size) if module == "hello" else an_input(module, size)
    asked = {"kind": "evaluate", "module": module, "input": given}
    messages: list[dict[str, Any]] = [
        {"kind": "start", "eval": module, "config": {"a": 1}},
        {"kind": "define", "module": module},
        asked | {"function": of.primal, "description": "n"},
        {"kind": "analysis", "of": 2, "valid": True},
        asked | {"function": of.gradient},
        {"kind": "analysis", "of": 4, "valid": True},
    ]
    found = answers_to([json.dumps({"id": i} | m).encode() for i, m in enumerate(messages)])
    assert [answer["id"] for answer in found] == [0, 1, 2, 3, 4, 5]
    assert [answer.get("success") for answer in found] == [None, True, True, None, True, None]


def test_a_reader_that_leaves_ends_the_run():
    """A driver that stops early must not see a tool that fails."""
    code = "from gradmethods.app.cli import main; raise SystemExit(main(['gradbench']))"
    tool = subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert tool.stdin is not None
    assert tool.stdout is not None
    assert tool.stderr is not None
    tool.stdin.write(b'{"id": 0, "kind": "start"}\n')
    tool.stdin.flush()
    assert strictly(tool.stdout.readline())["id"] == 0
    tool.stdout.close()
    tool.stdin.write(b'{"id": 1, "kind": "start"}\n')
    tool.stdin.close()
    assert b"Traceback" not in tool.stderr.read()
    assert tool.wait() == 0
    tool.stderr.close()


def test_a_conversation():
    """Each line is answered by one line with its id; what is no message does not end the run."""
    lines = [
        '{"id": 0, "kind": "start", "eval": "hello", "config": {"a": 1}}',
        '{"id": 1, "kind": "define", "module": "hello"}',
        '{"id": 2, "kind": "evaluate", "module": "hello", "function": "square", "input": 3}',
        '{"id": 3, "kind": "analysis", "of": 2, "valid": true}',
        '{"id": 4, "kind": "define", "module": "ba"}',
        '{"id": 5, "kind": "dance"}',
        "not JSON",
        "[1, 2]",
    ]
    answers = answers_to([line.encode() for line in lines])
    assert [answer["id"] for answer in answers] == [0, 1, 2, 3, 4, 5, None, None]
    assert answers[0]["tool"] == "gradmethods backprop"
    assert answers[1] == {"id": 1, "success": True}
    assert (answers[2]["success"], answers[2]["output"]) == (True, 9.0)
    assert answers[3] == {"id": 3}
    assert answers[4]["success"] is False
    assert answers[5] == {"id": 5}
