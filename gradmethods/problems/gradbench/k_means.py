"""The cost of k-means clustering: the squared distance of each point to its nearest centre.

f(c) = Σᵢ minⱼ ‖cⱼ − pᵢ‖². The gradient by a centre is 2 Σ (cⱼ − pᵢ) over the points of its cluster,
and the Hessian is diagonal, 2 × the cluster's size; a point as near to two centres is a kink.

Source: S. P. Lloyd, Least squares quantization in PCM, IEEE Transactions on Information Theory 28
(1982) 129-137; the eval `kmeans` of GradBench.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gradmethods.core.problem import Problem
from gradmethods.problems.family import Family


def loss(centroids: Any, points: Any, *, xp: Any = np) -> Any:
    """Return the cost of `centroids` (k, d) for `points` (n, d)."""
    apart = xp.sum((centroids[None, :, :] - points[:, None, :]) ** 2, axis=2)
    return xp.sum(xp.min(apart, axis=1))


def draw(own: Any, of_data: Any, *, k: int = 3, points: int = 20, d: int = 2) -> Problem:
    """Draw points uniform in [0, 1), and as centres points that are moved a little.

    Examples
    --------
    >>> from gradmethods import problems
    >>> problem = problems.get("k-means", k=2, points=2)
    >>> problem.value(problem.data["points"])
    np.float64(0.0)
    """
    cloud = of_data.random((points, d))
    centres = cloud[np.arange(k) % points] + 0.1 * own.standard_normal((k, d))
    return Problem(loss, centres, {"points": cloud})


FAMILY = Family(
    name="k-means",
    title="Cost of k-means clustering",
    formula=r"\sum_{i=1}^{n} \min_j \lVert c_j - p_i \rVert^2",
    domain="All real centres; points uniform in the unit cube.",
    hard="A minimum per point: kinks where a point is as near to two centres.",
    source="Lloyd, IEEE Trans. Inf. Theory 28 (1982) 129-137; GradBench, eval kmeans.",
    draw=draw,
)
