"""A recurrent network with gates (LSTM) that predicts the next letter of a text.

All products are element-wise: each unit has weights of its own. The prediction's normalisation is
log(2 + Σ exp(prediction)), as in the benchmark's code.

Source: F. Srajer, Z. Kukelova and A. Fitzgibbon, A benchmark of selected algorithmic
differentiation tools on some problems in computer vision and machine learning, Optimization
Methods and Software 33 (2018) 889-906; S. Hochreiter and J. Schmidhuber, Long short-term memory,
Neural Computation 9 (1997) 1735-1780; the eval `lstm` of GradBench.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gradmethods.core.problem import Problem
from gradmethods.problems.family import Family
from gradmethods.problems.options import whole


def loss(params: Any, state: Any, sequence: Any, *, xp: Any = np) -> Any:
    """Return the mean cross entropy of predicting each row of `sequence` (c, b) from those before.

    `params` holds main (2 l, 4 b) and extra (3, b); `state` (2 l, b) has the first hidden and cell
    values of each of l layers.
    """
    main, extra = params["main"], params["extra"]
    count, b = sequence.shape
    layers = main.shape[0] // 2
    hidden = [state[2 * i] for i in range(layers)]
    cells = [state[2 * i + 1] for i in range(layers)]
    parts = [slice(k * b, (k + 1) * b) for k in range(4)]
    gates = [[(main[2 * i, part], main[2 * i + 1, part]) for part in parts] for i in range(layers)]

    def sigmoid(z: Any) -> Any:
        return 1 / (1 + xp.exp(-z))

    total = 0.0
    for t in range(count - 1):
        x = sequence[t] * extra[0]
        for i, (forget, ingate, outgate, change) in enumerate(gates):
            kept = cells[i] * sigmoid(x * forget[0] + forget[1])
            let_in = sigmoid(hidden[i] * ingate[0] + ingate[1])
            cells[i] = kept + let_in * xp.tanh(hidden[i] * change[0] + change[1])
            hidden[i] = sigmoid(x * outgate[0] + outgate[1]) * xp.tanh(cells[i])
            x = hidden[i]
        prediction = x * extra[1] + extra[2]
        logs = prediction - xp.log(2 + xp.sum(xp.exp(prediction)))
        total = total + xp.sum(sequence[t + 1] * logs)
    return -total / ((count - 1) * b)


def draw(own: Any, of_data: Any, *, layers: int = 1, letters: int = 5, bits: int = 3) -> Problem:
    """Draw parameters and a first state, uniform in [0, 1), and a text of random bits."""
    letters = whole("letters", letters, least=2)
    params = {"main": own.random((2 * layers, 4 * bits)), "extra": own.random((3, bits))}
    data = {
        "state": of_data.random((2 * layers, bits)),
        "sequence": of_data.integers(0, 2, (letters, bits)).astype(float),
    }
    return Problem(loss, params, data)


FAMILY = Family(
    name="lstm",
    title="Recurrent network with gates (LSTM)",
    formula=r"-\frac{1}{(c-1) b} \sum_t s_{t+1} \cdot \log \text{softmax}(h_t \cdot v + w)",
    domain="All real parameters; weights uniform in [0, 1), a text of random bits.",
    hard="A long loop of small operations: what counts is the overhead of each.",
    source="Srajer, Kukelova and Fitzgibbon, Optim. Methods Softw. 33 (2018) 889-906.",
    draw=draw,
    small={"letters": 3, "bits": 2},
)
