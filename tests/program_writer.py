"""Writes random programs, each around one function of `xp`, from one seed.

Every statement is tried in NumPy as soon as it is written: what NumPy does not take is dropped.
"""

from __future__ import annotations

import contextlib
import random
import re
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from gradmethods import special
from tests import program_arrays, program_later, program_matrices
from tests.program_ways import FITS, MAPS
from tests.programs import Program, names

LARGEST = 36
"""Entries of an array."""
ATTEMPTS = 60
LONG = re.compile(r"(?<![\w.])(0\.1|0\.7|1\.1)(?![\w.])")
"""Literals that float32 rounds."""
DTYPES = ("float64", "float32")
_SECOND = program_arrays.WAYS | program_later.WAYS | program_matrices.WAYS
GENERATIONS = (program_arrays.WAYS, _SECOND, _SECOND | program_later.LATEST)
"""The functions that programs can call, those of later seeds more than those of earlier ones: what
a seed means never changes."""
GENERATION = 1_000_000
"""Seeds of a generation."""
TARGETS = tuple(sorted(GENERATIONS[0]))
SHAPES: tuple[tuple[int, ...], ...] = (
    (), (), (1,), (3,), (3,), (2, 3), (3, 3), (3, 3), (2, 2), (2, 2), (2, 1), (1, 3), (4,),
    (2, 2, 2), (3, 1), (0,), (0, 3), (1, 1),
)  # fmt: skip


class Dead(Exception):
    """A statement that NumPy does not take, or that is of no use."""


PROFILES: dict[str, float] = {
    "plain": 12, "positive": 3, "unit": 3, "above one": 1, "ties": 3, "tiny": 1, "huge": 0.7,
    "saturating": 1, "zeros": 1,
}  # fmt: skip
HOLES = ("d3", "k3")
"""Data with NaN in them, for programs that take care of it."""
INTEGERS = ("int8", "int16", "int32", "int64", "uint8", "bool")


class Writer:
    """Writes one program: chance decides, NumPy says what can be."""

    def __init__(
        self, chance: random.Random, ways: dict[str, Any], target: str, dtype: str, seed: int = 0
    ) -> None:
        self.random, self.ways = chance, ways
        self.seed, self.target, self.dtype = seed, target, dtype
        self.values: dict[str, Any] = {}
        self.statements: list[tuple[str, str]] = []
        self.unit = float(np.finfo(dtype).eps) / 2
        self.params: dict[str, Any] = {}
        for name in "abc"[: self.random.choice((1, 1, 2, 2, 3))]:
            self.params[f"{name}0"] = self._numbers(self.pick(SHAPES), dtype, self._profile())
        if not any(x.size for x in self.params.values()):
            self.params["a0"] = self._numbers((3,), dtype, "plain")
        self.data = {f"d{i}": self._constant(dtype) for i in range(2)}
        self.constants = {f"k{i}": self._constant() for i in range(2)}
        self.varies = set(self.params)
        for name, group in (("d", self.data), ("k", self.constants)):
            group[f"{name}2"] = self._places()
            group[f"{name}3"] = self._with_holes(dtype)
        self.values |= self.params | self.data | self.constants

    # -- chance

    def pick(self, choices):
        return self.random.choice(choices)

    def chance(self, p: float) -> bool:
        return self.random.random() < p

    def _profile(self) -> str:
        return self.random.choices(list(PROFILES), list(PROFILES.values()))[0]

    def _numbers(self, shape: tuple[int, ...], dtype: str, profile: str = "plain") -> Any:
        r = self.random
        single = dtype == "float32"
        tiny = (-25, -12, -5) if single else (-200, -160, -20, -9)
        huge = (4, 8, 20) if single else (6, 16, 100)
        draw: dict[str, Callable[[], float]] = {
            "plain": lambda: r.uniform(0.2, 2) * r.choice((-1, 1)),
            "positive": lambda: r.uniform(0.3, 2.5),
            "unit": lambda: r.uniform(-0.9, 0.9),
            "above one": lambda: r.uniform(1.1, 3),
            "ties": lambda: r.choice((-1.0, 0.0, 0.5, 0.5, 1.0, 2.0)),
            "tiny": lambda: r.uniform(1, 9) * 10.0 ** r.choice(tiny),
            "huge": lambda: r.uniform(1, 9) * 10.0 ** r.choice(huge),
            "saturating": lambda: r.uniform(8, 40) * r.choice((-1, 1)),
            "zeros": lambda: r.choice((0.0, -0.0, 1.25, -0.75)),
        }  # fmt: skip
        size = int(np.prod(shape))
        return np.array([draw[profile]() for _ in range(size)]).astype(dtype).reshape(shape)

    def _constant(self, dtype: str = "") -> Any:
        like = self.pick([x.shape for x in self.params.values()] + [(), (3,), (2, 3)])
        shape = like[self.random.randint(0, len(like)) :] if self.chance(0.3) else like
        kind = self.pick((*INTEGERS, "float", "float", "float", "float"))
        if kind == "float":
            floats = dtype or self.pick(("float64", "float32"))
            return self._numbers(shape, floats, self.pick(("plain", "plain", "positive", "ties")))
        size = int(np.prod(shape))
        low = -3 if kind.startswith("int") else 0
        found = [self.random.randint(low, 9) for _ in range(size)]
        return np.array(found).reshape(shape).astype(kind)

    def _places(self) -> Any:
        """Return integers that are indices of every axis with entries."""
        kind = self.pick(INTEGERS[:-1])
        shape = self.pick(((), (3,), (4,), (2, 2)))
        found = [0 if kind[0] == "u" else self.pick((0, -1)) for _ in range(int(np.prod(shape)))]
        return np.array(found).reshape(shape).astype(kind)

    def _with_holes(self, dtype: str) -> Any:
        """Return data of which some are missing."""
        x = self._numbers(self.pick([x.shape for x in self.params.values()]), dtype)
        holes = [self.chance(0.4) for _ in range(x.size)]
        return np.where(np.reshape(holes, x.shape), np.asarray(np.nan, dtype), x)

    # -- statements

    def emit(self, text: str) -> str:
        """Write a statement, if NumPy takes it and the result is small; return its name."""
        try:
            value = self._evaluated(text)
            short = LONG.sub(lambda x: repr(float(np.float32(x[0]))), text)
            if short != text and np.array_equal(self._evaluated(short), value, equal_nan=True):
                text = short  # NumPy rounds a number beside float32: so it is written
        except (ValueError, TypeError, IndexError, ArithmeticError, RuntimeWarning) as error:
            raise Dead(f"{text}: {error}") from error
        if isinstance(value, (tuple, list)) or np.size(value) > LARGEST or np.ndim(value) > 4:
            raise Dead(text)
        array = np.asarray(value)
        if array.dtype.kind not in "fiub":
            raise Dead(text)
        if array.dtype.kind == "f":
            self.unit = max(self.unit, float(np.finfo(array.dtype).eps) / 2)
        name = f"v{len(self.statements)}"
        self.statements.append((name, text))
        self.values[name] = value
        if self.varies & set(names(text)):
            self.varies.add(name)
        return name

    def _evaluated(self, text: str) -> Any:
        scope = {"np": np, "xp": np, "special": special, **self.values}
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("error")  # of a mean of nothing
            return eval(compile(text, "<statement>", "eval"), scope)  # noqa: S307  # our own text

    def value(self, name: str) -> Any:
        return self.values[name]

    def shape(self, name: str) -> tuple[int, ...]:
        return np.shape(self.values[name])

    def ndim(self, name: str) -> int:
        return len(self.shape(name))

    def length(self, name: str) -> int:
        return self.shape(name)[0]

    def axis(self, name: str) -> str:
        return str(self.pick(range(-self.ndim(name), self.ndim(name))))

    # -- operands

    def operand(self, domain: str = "real", *, axes: int = 0, empty: bool = False) -> str:
        """Return the name of an array, mostly one that varies."""
        if domain in ("real", "any", "positive") and axes == 0 and self.chance(0.08):
            name = self.known_in(domain)
            if name:
                return str(name)
        return self.real(domain, axes=axes, empty=empty)

    def real(
        self, domain: str = "real", *, axes: int = 0, least: int = 1, empty: bool = False
    ) -> str:
        least = 0 if empty and self.chance(0.5) else least
        found = [
            n for n in self._recent() if np.asarray(self.values[n]).dtype.kind == "f"
            and n in self.varies and np.size(self.values[n]) >= least
        ]  # fmt: skip
        if not found:
            raise Dead("nothing varies")
        name = found[int(min(self.random.expovariate(0.7), len(found) - 1))]
        if self.ndim(name) < axes:
            short = "xp.reshape({x}, (-1,))[:3]" if axes == 1 else "xp.stack([{x}, {x} * 0.5])"
            name = self.emit(self.pick((short, "{x}[None, ...]")).format(x=name))
            if self.ndim(name) < axes:
                name = self.emit(f"xp.outer({name}, {name})")
        return self.fitted(name, domain)

    def fitted(self, name: str, domain: str) -> str:
        """Return a value of the domain, made of the one named if it is not."""
        if self._fits(name, domain) or self.chance(0.04):
            return name
        if not self._fits(name, "real"):
            name = self.emit(self.pick(MAPS["real"]).format(x=name))
        return (
            name if self._fits(name, domain) else self.emit(self.pick(MAPS[domain]).format(x=name))
        )

    def _fits(self, name: str, domain: str) -> bool:
        with np.errstate(all="ignore"):
            return FITS[domain](np.asarray(self.values[name], float))

    def _recent(self) -> list[str]:
        names = [n for n in self.values if n not in self.data and n not in self.constants]
        return names[::-1]

    def known(self):
        return self.pick(self._known())

    def known_in(self, domain: str):
        found = [n for n in self._known() if self._fits(n, domain)]
        return self.pick(found) if found else ""

    def _whole(self) -> list[str]:
        return [name for name in self.values if name not in HOLES]

    def _known(self) -> list[str]:
        return [n for n in (*self.data, *self.constants) if n not in HOLES]

    def mate(self, name: str, domain: str = "real"):
        """Return an operand that broadcasts with another, often one of the same shape."""
        found = []
        for other in self._whole():
            shapes = self.shape(name), self.shape(other)
            try:
                together = int(np.prod(np.broadcast_shapes(*shapes)))
            except ValueError:
                continue
            if together <= LARGEST and (domain in ("real", "any") or self._fits(other, domain)):
                found += [other] * (1 + 2 * (other in self.varies) + 2 * (shapes[0] == shapes[1]))
        return self.pick(found) if found else self.number()

    def like(self, name):
        return self.pick((self.mate(name), f"{name} * {name}"))

    def same(self, name: str) -> str:
        """Return an operand of the same shape."""
        found = [n for n in self._whole() if self.shape(n) == self.shape(name) and n != name]
        return self.pick(found) if found else self.emit(f"xp.cos({name})")

    def small(self) -> str:
        found = [n for n in self._recent() if np.size(self.values[n]) <= 4 and n in self.varies]
        return (
            self.fitted(self.pick(found), "real")
            if found
            else self.emit(f"{self.real(axes=1)}[:1]")
        )

    def entry(self, name: str):
        """Write one entry of an array."""
        shape = self.shape(name)
        if 0 in shape:
            raise Dead("no entry")
        return (
            name
            if not shape
            else f"{name}[{', '.join(str(self.random.randrange(n)) for n in shape)}]"
        )

    def number(self) -> str:
        choices = [
            "2", "0.5", "-1.25", "3", "1", "0.75", "True", "-0.5", "np.float64(1.5)",
            "np.float32(0.5)", "np.int8(2)",
        ]  # fmt: skip
        if self.dtype == "float64":
            choices += ["0.1", "0.7", "1.1"]
        return str(self.pick(choices))

    def constant(self, domain: str = "real"):
        name = self.known_in(domain) if self.chance(0.6) else ""
        if name:
            return name
        return (
            self.number()
            if domain == "real"
            else self.pick(("2", "0.5", "1.25", "np.int8(3)", "3"))
        )

    def pi(self) -> str:
        return f"xp.asarray(xp.{self.pick(('pi', 'e'))}, dtype=xp.{self.dtype})"

    def scale(self, name):
        return self.pick((name, f"(2 * {name})", f"({name} / 0.375)", f"({name} + {name})"))

    def matrices(self) -> tuple[str, str]:
        """Return two operands that multiply as matrices or vectors."""
        a = self.operand(axes=1, empty=True)
        n = self.shape(a)[-1]
        found = [x for x in self._whole() if self.ndim(x) and self.shape(x)[-2:][0] == n]
        b = self.pick(found) if found and self.chance(0.75) else self.emit(f"{a}.T")
        return a, b

    def reshapes(self, name: str) -> list[str]:
        size, shape = int(np.size(self.values[name])), self.shape(name)
        found = ["(-1,)", f"({size}, 1)", f"(1, {size})", str(shape[::-1])]
        found += [f"({k}, {size // k})" for k in (2, 3) if size and size % k == 0]
        return [*found, "(-1, 1)" if size else "(0, 2)"]

    def spread(self, name: str):
        shape = self.shape(name)
        wide = tuple(self.pick((2, 3)) if n == 1 else n for n in shape)
        same = [self.shape(p) for p in self.params if self._spreads(shape, self.shape(p))]
        return str(self.pick([wide, (2, *wide), *same]))

    @staticmethod
    def _spreads(shape, target):
        try:
            return np.broadcast_shapes(shape, target) == target
        except ValueError:
            return False

    def choose(self, mask: str):
        """Write a value that a condition decides."""
        x = self.real()
        y = self.mate(mask)
        texts = [
            f"xp.where({mask}, {x}, {y})", f"xp.where({mask}, {y}, {x} * 0.5)",
            f"{mask} * {x}", f"{x} * {mask} + {y}",
        ]  # fmt: skip
        known = not (self.varies | set(self.data)) & self._read(mask)
        if known and self.shape(mask) and self.shape(mask) == self.shape(x):
            texts.append(f"{x}[{mask}]")
        return self.emit(self.pick(texts))

    def _read(self, name: str) -> set[str]:
        """Return all that a value is made of."""
        found, texts = {name}, dict(self.statements)
        for other in names(texts.get(name, "")):
            found |= self._read(other)
        return found

    # -- the whole

    def write(self) -> Program:
        for _ in range(self.random.choice((0, 0, 1, 2))):
            self._aside()
        made = self.ways[self.target](self)
        for _ in range(self.random.choice((0, 1, 1, 2))):
            self._aside()
        terms = [self._term(made)]
        last = self.statements[-1][0] if self.statements else made
        if last != made:
            terms.append(self._term(last))
        if self.chance(0.6) or not self.varies & set(names(" ".join(terms))):
            terms.append(self._term(self.pick(sorted(self.params))))
        program = Program(
            self.seed, self.target, self.dtype, self.params, self.data, self.constants,
            tuple(self.statements), tuple(terms), self.unit,
        ).needed()  # fmt: skip
        if program.value().dtype.kind != "f" or not any(x.size for x in program.params.values()):
            raise Dead("no real number")
        return program

    def _aside(self) -> None:
        with contextlib.suppress(Dead):
            self.ways[self.pick(sorted(self.ways))](self)

    def _term(self, name: str) -> str:
        """Write a number that depends on a value."""
        by = self.mate(name)
        texts = ["{x}", "{x} * {y}", "{x} * {x}", "xp.sin({x})", "xp.tanh({x} * 0.5)", "{x} * 0.75"]
        if self.ndim(name) and self.length(name):
            texts.append("xp.mean({x} * {y}, axis=0)")
        return f"xp.sum({self.emit(self.pick(texts).format(x=name, y=by))})"


def written(seed: int) -> Program:
    """Write the program of a seed; targets and dtypes go round."""
    ways = GENERATIONS[min(seed // GENERATION, len(GENERATIONS) - 1)]
    targets = sorted(ways)
    target, dtype = targets[seed % len(targets)], DTYPES[seed // len(targets) % 2]
    for attempt in range(ATTEMPTS):
        chance = random.Random(f"{seed}/{attempt}")
        try:
            program = Writer(chance, ways, target, dtype, seed).write()
        except Dead:
            continue
        if np.isfinite(program.value()) or attempt % 8 == 7:
            return program
    raise AssertionError(f"No program of seed {seed} ({target}, {dtype})")
