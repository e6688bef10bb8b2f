"""The chain rule, from the loss backwards: ∂L/∂name is the sum over the stages that use the name.

Each use contributes the adjoint of the stage times the partial derivative of its formula by the
name, which SymPy took. Adjoints are stages themselves, so that every factor is shared by its name.
"""

from __future__ import annotations

from collections.abc import Iterable

from sympy import S

from gradmethods.symbolic.chain.names import Atom, Names, Term
from gradmethods.symbolic.program import NOWHERE_FINITE


def differentiate(names: Names, loss: Atom, params: Iterable[int]) -> list[list[Term]]:
    """Return the partial derivatives of the loss as sums of terms.

    Parameters
    ----------
    names : Names
        The table, which receives the adjoints.
    loss : Atom
        The loss.
    params : iterable of int
        The names to differentiate by.

    Returns
    -------
    list of list of Term
        One for each parameter; empty if the loss does not depend on it.
    """
    params = list(params)
    if loss in NOWHERE_FINITE:
        return [[names.term_of(S.NaN)] for _ in params]
    uses: dict[int, list[Term]] = {name: [] for name in params}
    if type(loss) is int:
        uses[loss] = [names.term_of(S.One)]
    for name in sorted(names.cone([loss]), reverse=True):
        if names.active[name] and names.stages[name] and name in uses:
            adjoint = names.total(uses.pop(name), f"d_{names.labels[name]}")
            if adjoint is not S.Zero:
                _pass_on(names, name, adjoint, uses)
    return [uses[name] for name in params]


def _pass_on(names: Names, name: int, adjoint: Atom, uses: dict[int, list[Term]]) -> None:
    """Give every operand of a stage its share of the adjoint."""
    kind = names.kind(adjoint)
    active, partial = names.active, names.templates.partial
    for template, operands in names.stages[name]:
        for position, operand in enumerate(operands):
            if active[operand]:
                recipe = partial(template, position, kind)
                if recipe.number is not S.Zero:
                    term = names.term(recipe, (*operands, name, adjoint))
                    uses.setdefault(operand, []).append(term)
