"""The energy of a cluster of atoms after Lennard-Jones: a sum over all pairs."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradmethods.core.problem import Problem
from gradmethods.problems.family import Family


def loss(x: Any, *, xp: Any = np) -> Any:
    """Return 4 Σ (r⁻¹² − r⁻⁶) over pairs of atoms `x` (n, 3)."""
    first, second = np.triu_indices(x.shape[0], 1)
    inverse = 1 / xp.sum((x[first] - x[second]) ** 2, axis=1) ** 3
    return 4 * xp.sum(inverse**2 - inverse)


def gradient(x: Any) -> Any:
    """Return the gradient by hand."""
    first, second = np.triu_indices(len(x), 1)
    apart = x[first] - x[second]
    square = np.sum(apart**2, axis=1)
    force = (24 * (square**-4 - 2 * square**-7))[:, None] * apart
    found = np.zeros_like(x)
    np.add.at(found, first, force)
    np.add.at(found, second, -force)
    return found


def draw(own: Any, _data: Any, *, atoms: int = 5) -> Problem:
    """Draw atoms near the corners of a cubic lattice, at about the distance of rest."""
    side = math.ceil(atoms ** (1 / 3))
    corners = np.stack(np.unravel_index(np.arange(atoms), (side,) * 3), axis=1)
    return Problem(loss, 1.12 * corners + 0.05 * own.standard_normal((atoms, 3)))


FAMILY = Family(
    name="lennard-jones",
    title="Lennard-Jones cluster",
    formula=(
        r"4 \sum_{i < j} \left(r_{ij}^{-12} - r_{ij}^{-6}\right), \quad r_{ij} = \lVert x_i - x_j"
        r" \rVert"
    ),
    domain="No two atoms in one place; atoms near a cubic lattice of spacing 1.12.",
    hard="Powers of −14: near atoms dwarf all others; the entries sum to 0.",
    source="Lennard-Jones, Proc. Phys. Soc. 43 (1931) 461-482; Hoare and Pal (1971).",
    draw=draw,
    gradient=gradient,
)
