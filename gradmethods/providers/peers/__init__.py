"""Other packages that differentiate, as providers like ours, all of them optional.

No measurement is here: `benchmarks/peers` holds them beside ours. Read `peer` first, then one of
them; those that are alike share a file. ``pip install ".[peers]"`` in a clone brings the packages;
without them each still tells its name and what is missing.
"""

from __future__ import annotations

from gradmethods.providers.peers.autograd import Autograd
from gradmethods.providers.peers.casadi import Casadi
from gradmethods.providers.peers.differences import Numdifftools, Scipy, Statsmodels
from gradmethods.providers.peers.jax import Jax
from gradmethods.providers.peers.peer import NotInstalled, Peer, PreparedPeer
from gradmethods.providers.peers.symbolic_peers import Lambdify, Symengine
from gradmethods.providers.peers.torch import Torch

__all__ = [
    "PEERS",
    "Autograd",
    "Casadi",
    "Jax",
    "Lambdify",
    "NotInstalled",
    "Numdifftools",
    "Peer",
    "PreparedPeer",
    "Scipy",
    "Statsmodels",
    "Symengine",
    "Torch",
]

PEERS: dict[str, Peer] = {
    peer.name: peer
    for peer in (
        Jax(),
        Torch(),
        Autograd(),
        Scipy(),
        Statsmodels(),
        Numdifftools(),
        Lambdify(),
        Lambdify(cse=False),
        Symengine(),
        Casadi(),
    )
}
"""Every peer by its name."""
