"""Other engines for gradients, measured beside ours on the same loss. All of them are optional.

``pip install gradmethods[peers]`` brings them; without them each still tells its name and what is
missing. ``make bench-peers`` measures (`python -m gradmethods.peers`).
"""

from __future__ import annotations

from gradmethods.peers.autograd import Autograd
from gradmethods.peers.casadi import Casadi
from gradmethods.peers.differences import Numdifftools, Scipy, Statsmodels
from gradmethods.peers.formulas import Lambdify, Symengine
from gradmethods.peers.handwritten import HandWritten
from gradmethods.peers.jax import Jax
from gradmethods.peers.peer import NotInstalled, Peer, PreparedPeer
from gradmethods.peers.torch import Torch

__all__ = ["FAMILIES", "PEERS", "NotInstalled", "Peer", "PreparedPeer"]

FAMILIES: dict[str, tuple[Peer, ...]] = {
    "backprop": (HandWritten(), Jax(), Torch(), Autograd()),
    "numerical": (Scipy(), Statsmodels(), Numdifftools()),
    "analytical": (Lambdify(cse=True), Lambdify(cse=False), Symengine(), Casadi()),
}
"""The peers of each of the three methods."""

PEERS: dict[str, Peer] = {peer.name: peer for family in FAMILIES.values() for peer in family}
"""Every peer by its name."""
