"""The proof that a loss over names is the mean, or the sum, over its examples.

The loss of two examples and those of the two single ones share the names of all stages that they
have in common. Only what lies above is written out, over common names as if they were independent,
and compared: what is equal then is equal whatever they stand for.
"""

from __future__ import annotations

from typing import Any

from gradmethods.errors import BudgetExceeded
from gradmethods.symbolic.chain.formulas import Symbols, total
from gradmethods.symbolic.chain.names import Atom
from gradmethods.symbolic.examples import MOST_TERMS, equal_by_terms


def prove(symbols: Symbols, together: Atom, singles: tuple[Atom, Atom]) -> set[str]:
    """Return the rules, of mean and sum, that can be proven over common names."""
    names = symbols.names
    common = names.cone([together]) & names.cone(singles)
    try:
        exprs = [_above(symbols, atom, common) for atom in (together, *singles)]
    except BudgetExceeded:
        return set()
    return equal_by_terms(exprs[0], (exprs[1], exprs[2]))


def _above(symbols: Symbols, atom: Atom, common: set[int]) -> Any:
    """Write out the stages above the common ones."""
    if type(atom) is not int:
        return atom
    names = symbols.names
    above, stack = set(), [atom]
    while stack:
        name = stack.pop()
        if name not in above and name not in common and names.stages[name]:
            above.add(name)
            stack.extend(n for _, used in names.stages[name] for n in used)
    if sum(len(names.stages[name]) for name in above) > MOST_TERMS:
        raise BudgetExceeded("More lies above the common names than can be compared.")
    values: dict[int, Any] = {}
    for name in sorted(above):
        used = {n for _, operands in names.stages[name] for n in operands}
        values |= {n: symbols[n] for n in used if n not in values}
        values[name] = total(names.stages[name], values)
    return values.get(atom, symbols[atom])
