"""Bundle adjustment: cameras and points so that each point is seen where a photograph shows it."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradmethods.core.problem import Problem
from gradmethods.problems.family import Family


def rotated(turn: Any, points: Any, *, xp: Any) -> Any:
    """Turn `points` (p, 3) round the axes `turn` (p, 3), by their lengths (Rodrigues)."""
    angle = xp.sqrt(xp.sum(turn**2, axis=1, keepdims=True))
    axis = turn / angle
    along = xp.sum(axis * points, axis=1, keepdims=True) * (1 - xp.cos(angle))
    a, b = ([each[:, k] for k in range(3)] for each in (axis, points))
    cross = [a[k - 2] * b[k - 1] - a[k - 1] * b[k - 2] for k in range(3)]
    return points * xp.cos(angle) + xp.stack(cross, axis=1) * xp.sin(angle) + axis * along


def loss(params: Any, seen: Any, camera: Any, point: Any, *, xp: Any = np) -> Any:
    """Return the weighted squared errors of the p points `seen` (p, 2), and of the weights.

    `params` holds cameras (n, 11), rotation, centre, focal length, centre of the image and two
    coefficients of distortion; points (m, 3); and weights (p,). `camera` and `point` say which of
    them are seen, by number.
    """
    each = params["cameras"][camera]
    inside = rotated(each[:, :3], params["points"][point] - each[:, 3:6], xp=xp)
    flat = inside[:, :2] / inside[:, 2:]
    square = xp.sum(flat**2, axis=1, keepdims=True)
    bent = flat * (1 + each[:, 9:10] * square + each[:, 10:11] * square**2)
    weights = params["weights"]
    errors = weights[:, None] * (bent * each[:, 6:7] + each[:, 7:9] - seen)
    return xp.sum(errors**2) + xp.sum((1 - weights**2) ** 2)


def draw(own: Any, of_data: Any, *, cameras: int = 2, points: int = 4) -> Problem:
    """Draw cameras that look at a cloud of points, each of which all of them see."""
    pairs = np.indices((cameras, points)).reshape(2, -1)
    each = own.standard_normal((cameras, 11)) * ([0.1] * 3 + [0.3] * 3 + [0.1] * 3 + [0.01] * 2)
    each += [0.0] * 5 + [-5.0, 1.0] + [0.0] * 4
    params = {
        "cameras": each,
        "points": own.standard_normal((points, 3)),
        "weights": own.uniform(0.5, 1, pairs.shape[1]),
    }
    seen = of_data.uniform(-0.3, 0.3, (pairs.shape[1], 2))
    return Problem(loss, params, {"seen": seen, "camera": pairs[0], "point": pairs[1]})


FAMILY = Family(
    name="bundle-adjustment",
    title="Bundle adjustment as a sum of squares",
    formula=(
        r"\sum_{i=1}^{p} \left[w_i^2 \lVert \pi(c_{a_i}, x_{b_i}) - m_i \rVert^2 + (1 -"
        r" w_i^2)^2\right]"
    ),
    domain="Rotations other than 0, points before the camera; small turns, normal points.",
    hard="Rodrigues's formula has a removable 0/0 at rotation 0; entries are gathered by index.",
    source="Srajer, Kukelova and Fitzgibbon, Optim. Methods Softw. 33 (2018) 889-906, BA.",
    draw=draw,
    small={"cameras": 1, "points": 1},
)
