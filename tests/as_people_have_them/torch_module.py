"""A PyTorch module, its parameters as arrays, its gradient by autograd."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

import gradmethods as gm

torch.manual_seed(0)
model = nn.Sequential(nn.Linear(3, 8), nn.GELU(), nn.Linear(8, 1)).double()
X = torch.randn(32, 3, dtype=torch.float64)
y = torch.sin(X[:, :1])


def loss(params):
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(torch.from_numpy(params[name]))
    return nn.functional.mse_loss(model(X), y)


def gradient(params):
    model.zero_grad()
    value = loss(params)
    value.backward()
    return value.item(), {name: p.grad.numpy() for name, p in model.named_parameters()}


def wrong(params):
    _, found = gradient(params)
    return {name: 32 * array for name, array in found.items()}


start = {name: p.detach().numpy().copy() for name, p in model.named_parameters()}
problem = gm.Problem(loss, start, black_box=True)
assert all(isinstance(array, np.ndarray) for array in start.values())
