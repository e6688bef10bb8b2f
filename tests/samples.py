"""Parameters of tests: a frozen sample of them for `make test`, and many cases in one test."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Iterable
from typing import Any

import pytest


def sampled(values: Iterable[Any], kept: Collection[Any]) -> list[Any]:
    """Mark all values as slow but those that are kept for every run.

    Examples
    --------
    >>> [len(value.marks) for value in sampled(["a", "b", "c"], kept=["b"])]
    [1, 0, 1]
    """
    return [pytest.param(v, marks=() if v in kept else pytest.mark.slow) for v in values]


def run_all(
    check: Callable[[Any], None], cases: Iterable[Any], named: Callable[[Any], str]
) -> None:
    """Run a check on all cases, whatever fails; what fails says with which case it did."""
    failures = []
    for case in cases:
        try:
            check(case)
        except Exception as error:  # noqa: BLE001  # whatever it is, the other cases are run too
            error.add_note(f"The case is {named(case)}.")
            failures.append(error)
    if failures:
        raise failures[0] if len(failures) == 1 else ExceptionGroup("Cases failed.", failures)


def together(name: str, values: Iterable[Any]) -> Callable[[Callable[..., None]], Any]:
    """Give a test all values of one argument, one after the other, in one test.

    As ``pytest.mark.parametrize`` does in a test for each, which costs more to collect and to
    report, in every worker, than a short check takes.

    Examples
    --------
    >>> @together("x", [1, 2])
    ... def test(x, y):
    ...     print(x + y)
    >>> test(y=10)
    11
    12
    """
    values = list(values)

    def made(check: Callable[..., None]) -> Any:
        def test(**given: Any) -> None:
            run_all(lambda x: check(**given, **{name: x}), values, lambda x: f"{name} = {x!r}")

        signature = inspect.signature(check)
        others = [p for p in signature.parameters.values() if p.name != name]
        test.__name__, test.__qualname__ = check.__name__, check.__qualname__
        test.__doc__, test.__module__ = check.__doc__, check.__module__
        vars(test)["__signature__"] = signature.replace(parameters=others)
        return test

    return made
