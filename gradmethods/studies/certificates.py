"""Certified gradients as a data set: points and gradients that programs in any language can read.

A file holds one problem at one point: the formula, parameters and data as exact hexadecimal
floating-point numbers, and loss and gradient as decimal numbers, each with a bound on its error.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from gradmethods import problems
from gradmethods.core.pool import Inline
from gradmethods.core.problem import Problem
from gradmethods.core.workers import Workers
from gradmethods.engines.certified import certified_gradient
from gradmethods.engines.certified.precision import working
from gradmethods.errors import InvalidOption
from gradmethods.output.disk import content_of
from gradmethods.output.files import read_json, write_text
from gradmethods.problems import Family

FORMAT = 1
"""The version of the files' layout."""

SEEDS = (0, 1)
"""Points of each problem."""

TITLE = b"# Certified gradients"

README = """# Certified gradients

One file holds the gradient of one problem at one point, enclosed in ball arithmetic by gradmethods
{version}: every decimal number is nearer to the truth than the bound beside it, whatever the
rounding. Use the files to test a program that computes gradients.

A file is JSON:

- `format`: {format}, the version of this layout.
- `problem`, `title`, `formula` (LaTeX), `source`, `options`: what the loss is, and how its point
  and data were made: from the seeds {seeds}, at the size that tests use.
- `dtype`: of parameters and data, `float64` or `float32`.
- `params`, `data`: arrays by name, each with its `shape` and its entries in row-major order.
  Floating-point numbers are written exactly, in C's hexadecimal notation (`0x1.8p+1` is 3):
  `strtod` of C, `float.fromhex` of Python and Java's `Double.parseDouble` read it. Data that are
  integers are numbers. A parameter array without a name is called `x`.
- `loss`: `value` and `radius`. The loss of these exact numbers, without any rounding, is nearer to
  `value` than `radius`.
- `gradient`: arrays as under `params`, with `values` and `radii` in decimal notation.
- `digits`: the digits of the array that is known least well, relative to its norm.

`gradmethods certify --all --out FOLDER` writes these files anew; `gradmethods problems NAME`
describes a problem, and its file under `gradmethods/problems` is its definition.

This program for Node.js computes the gradient of the chained Rosenbrock function by hand, and
prints its largest relative error: `node check.mjs rosenbrock-0.json`.

```js
import {{ readFileSync }} from "node:fs";
const file = JSON.parse(readFileSync(process.argv[2], "utf8"));
const number = (text) => {{
  const [, sign, whole, rest, power] = /^(-?)0x(.)\\.(.*)p(.*)$/.exec(text);
  return (sign ? -1 : 1) * parseInt(whole + rest, 16) * 2 ** (Number(power) - 4 * rest.length);
}};
const x = file.params.x.values.map(number);
const bend = (i) => (i > 0 && i < x.length ? x[i] - x[i - 1] ** 2 : 0);
const last = x.length - 1;
const slope = (v, i) => 200 * bend(i) - 400 * v * bend(i + 1) - (i < last ? 2 * (1 - v) : 0);
const truth = file.gradient.x.values.map(Number);
console.log(Math.max(...x.map(slope).map((g, i) => Math.abs(g / truth[i] - 1))));
```
"""


def certificate(problem: Problem, family: Family | None = None, digits: int = 30) -> dict[str, Any]:
    """Enclose the gradient of a problem at its point, as what a file holds.

    Parameters
    ----------
    problem : Problem
    family : Family, optional
        What the catalogue says of it.
    digits : int
        How many are wanted.

    Raises
    ------
    NotDifferentiable
        If there is no certificate.

    Examples
    --------
    >>> import numpy as np
    >>> import gradmethods as gm
    >>> problem = gm.Problem(lambda w, *, xp=np: xp.sum(w * w), np.array([0.5, 3.0]), name="square")
    >>> found = certificate(problem)
    >>> found["params"]["x"]["values"], found["gradient"]["x"]["values"]
    (['0x1.0000000000000p-1', '0x1.8000000000000p+1'], ['1', '6'])
    """
    truth = certified_gradient(problem, digits=digits)
    arrays = problem.structure.check(problem.params)
    about = (
        {}
        if family is None
        else {"title": family.title, "formula": family.formula, "source": family.source}
    )
    with working(truth.bits):
        value, radius = _decimal(truth.loss, digits)
        gradient = {}
        for name, balls in truth.enclosure.items():
            pairs = [_decimal(ball, digits) for ball in balls.flat]
            gradient[name or "x"] = {
                "shape": list(balls.shape),
                "values": [middle for middle, _ in pairs],
                "radii": [bound for _, bound in pairs],
            }
    return {
        "format": FORMAT,
        "problem": problem.name,
        **about,
        "dtype": str(problem.dtype),
        "params": {name or "x": _exact(array) for name, array in arrays.items()},
        "data": {name: _exact(array) for name, array in problem.data.items()},
        "loss": {"value": value, "radius": radius},
        "gradient": gradient,
        "digits": truth.digits,
    }


def write_certificates(
    folder: Path, names: Iterable[str] = (), digits: int = 30, executor: Any = None
) -> Iterator[tuple[Path, int]]:
    """Write a file per problem and point into a folder; yield each with its digits.

    Parameters
    ----------
    folder : pathlib.Path
    names : iterable of str
        Of the catalogue; all that need no download if there are none.
    digits : int
        How many are wanted.
    executor : concurrent.futures.Executor or callable, optional
        Who certifies, if it is not to be done here: the files are the same.
    """
    chosen = list(names) or problems.names(field=True)
    _check_ours(folder, chosen)
    workers = Workers(Inline() if executor is None else executor)
    every = [(name, seed) for name in chosen for seed in SEEDS]
    parts = [
        (f"The certificate of {name}, seed {seed}".__str__, (name, seed, digits))
        for name, seed in every
    ]
    try:
        for (name, seed), found in zip(every, workers.map(_drawn, (), parts), strict=True):
            path = folder / f"{name}-{seed}.json"
            write_text(path, json.dumps(found, indent=1) + "\n")
            yield path, found["digits"]
    finally:
        workers.close()
    write_text(
        folder / "README.md",
        README.format(
            version=version("gradmethods"), format=FORMAT, seeds=" and ".join(map(str, SEEDS))
        ),
    )


def _drawn(name: str, seed: int, digits: int) -> dict[str, Any]:
    """Draw a problem of the catalogue, and certify its gradient: what a worker does."""
    family = problems.describe(name)
    options = {**family.options, **family.small, "seed": seed}
    found = certificate(family.build(**options), family, digits)
    return {"problem": name, "options": _plain(options)} | found


def _check_ours(folder: Path, names: Iterable[str]) -> None:
    """Refuse a folder in which a file would be replaced that is no certificate."""
    readme = folder / "README.md"
    foreign = [] if (content_of(readme) or TITLE).startswith(TITLE) else [readme]
    for path in (folder / f"{name}-{seed}.json" for name in names for seed in SEEDS):
        found = read_json(path)
        ours = found is None or (isinstance(found, dict) and {"format", "gradient"} <= found.keys())
        foreign += [] if ours else [path]
    if foreign:
        raise InvalidOption(
            f"{foreign[0]} holds something else than a certificate, and would be replaced. Choose "
            "another folder, or move it away."
        )


def _exact(array: Any) -> dict[str, Any]:
    """Write an array so that every reader gets the same numbers."""
    entries = np.asarray(array).ravel().tolist()
    values = [x.hex() if isinstance(x, float) else x for x in entries]
    return {"shape": list(np.shape(array)), "values": values}


def _decimal(ball: Any, digits: int) -> tuple[str, str]:
    """Write the middle of a ball in decimal, and a bound on the distance of the truth from that.

    Arb rounds both so that the decimal ball holds the binary one.
    """
    text = ball.str(digits + 2, more=True)
    middle, sign, radius = text.strip("[]").partition(" +/- ")
    if sign:
        return middle, radius
    mantissa, exponent, power = middle.partition("e")  # An exact number is padded with zeros.
    if "." in mantissa:
        mantissa = mantissa.rstrip("0").removesuffix(".")
    return mantissa + exponent + power, "0"


def _plain(options: Mapping[str, Any]) -> dict[str, Any]:
    return {name: list(x) if isinstance(x, tuple) else x for name, x in options.items()}
