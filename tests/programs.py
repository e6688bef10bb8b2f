"""Random programs as text, so that anything can run them, print them and make them smaller."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np

import gradmethods as gm
from gradmethods import special

NAME = re.compile(r"\b[a-z]\d\b|\b[vdk]\d+\b")


@dataclass(frozen=True)
class Program:
    """A loss as text: statements that name values, and terms to add; with all that it reads."""

    seed: int
    target: str
    dtype: str
    params: dict[str, Any]
    data: dict[str, Any]
    constants: dict[str, Any]
    statements: tuple[tuple[str, str], ...]
    terms: tuple[str, ...]
    unit: float = field(default=0.0, compare=False)
    """Unit round-off of the coarsest floating-point dtype on the way."""

    def needed(self) -> Program:
        """Leave out what is not read; a parameter stays."""
        read = set(names(" ".join(self.terms)))
        kept = []
        for name, text in reversed(self.statements):
            if name in read:
                kept.append((name, text))
                read |= set(names(text))
        return replace(
            self,
            statements=tuple(reversed(kept)),
            params={n: x for n, x in self.params.items() if n in read} or self.params,
            data={n: x for n, x in self.data.items() if n in read},
            constants={n: x for n, x in self.constants.items() if n in read},
        )

    def source(self) -> str:
        arguments = "".join(f", {name}" for name in self.data)
        lines = [f"def loss(params{arguments}, *, xp=np):"]
        lines += [f'    {name} = params["{name}"]' for name in self.params]
        lines += [f"    {name} = {text}" for name, text in self.statements]
        return "\n".join([*lines, f"    return {' + '.join(self.terms)}"])

    def loss(self) -> Callable[..., Any]:
        scope = {"np": np, "special": special, **self.constants}
        exec(compile(self.source(), "<program>", "exec"), scope)  # noqa: S102  # our own text
        loss: Callable[..., Any] = scope["loss"]
        return loss

    def value(self) -> Any:
        """Return the loss in NumPy, which alone decides what a program is."""
        with np.errstate(all="ignore"):
            return np.asarray(self.loss()(self.params, **self.data, xp=np))

    def problem(self) -> gm.Problem:
        return gm.Problem(self.loss(), self.params, self.data or None, name="program")

    def __repr__(self) -> str:
        """Write what gives the program back."""
        values = ", ".join(f"{f.name}={_written(getattr(self, f.name))}" for f in fields(self))
        return f"Program({values})"

    def __str__(self) -> str:
        """Write all that it takes to run the program elsewhere."""
        arrays = {**self.constants, "params": self.params, "data": self.data}
        with np.printoptions(precision=17, floatmode="maxprec"):
            lines = [f"{name} = {_written(value)}" for name, value in arrays.items()]
        return "\n".join(
            [f"# seed {self.seed}, {self.target}, {self.dtype}", *lines, self.source()]
        )


def names(text: str) -> list[str]:
    return NAME.findall(text)


def _written(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f'"{n}": {_written(x)}' for n, x in value.items()) + "}"
    if isinstance(value, (tuple, str, float, int)):
        return repr(value)
    array = np.asarray(value)
    return f"np.array({array.tolist()}, np.{array.dtype.name}).reshape({array.shape})"


def smaller(program: Program, fails: Callable[[Program], bool]) -> Program:
    """Make a program smaller for as long as it still fails."""
    changed = True
    while changed:
        changed = False
        for candidate in _candidates(program):
            if _size(candidate) < _size(program) and fails(candidate):
                program, changed = candidate, True
                break
    return program


def _size(program: Program) -> tuple[Any, ...]:
    source = program.source()
    return len(program.statements), len(program.terms), len(names(source)), len(source), source


def _candidates(program: Program) -> Iterable[Program]:
    for i in range(len(program.terms)):
        if len(program.terms) > 1:
            terms = program.terms[:i] + program.terms[i + 1 :]
            yield replace(program, terms=terms).needed()
    for i, term in enumerate(program.terms):
        for name in dict.fromkeys(names(term)):
            if term != f"xp.sum({name})":
                terms = (*program.terms[:i], f"xp.sum({name})", *program.terms[i + 1 :])
                yield replace(program, terms=terms).needed()
    leaves = [*program.params, *program.constants, *program.data]
    for i, (name, text) in enumerate(program.statements):
        pattern = re.compile(rf"\b{name}\b")
        earlier = [n for n, _ in program.statements[:i]]
        for other in (*leaves, *earlier):
            later = [(n, pattern.sub(other, t)) for n, t in program.statements[i + 1 :]]
            terms = tuple(pattern.sub(other, t) for t in program.terms)
            yield replace(
                program, statements=(*program.statements[:i], *later), terms=terms
            ).needed()
        for old in dict.fromkeys(names(text)):
            for other in (*leaves, *earlier, "2", "0.5"):
                new = re.sub(rf"\b{old}\b", other, text)
                if new != text:
                    statements = list(program.statements)
                    statements[i] = (name, new)
                    yield replace(program, statements=tuple(statements)).needed()
