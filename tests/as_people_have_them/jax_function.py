"""A JAX function, its gradient by `jax.grad`."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

import gradmethods as gm

jax.config.update("jax_enable_x64", val=True)
rng = np.random.default_rng(0)
X, labels = rng.standard_normal((40, 5)), rng.integers(0, 3, 40)


@jax.jit
def loss(params):
    logits = X @ params["W"].T + params["b"]
    return -jnp.mean(jax.nn.log_softmax(logits)[jnp.arange(40), labels])


gradient = jax.grad(loss)


def wrong(params):
    found = gradient(params)
    return {"W": found["W"], "b": 40 * found["b"]}


start = {"W": rng.standard_normal((3, 5)), "b": np.full(3, 0.1)}
problem = gm.Problem(loss, start, black_box=True)
