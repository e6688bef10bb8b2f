"""Other packages that differentiate, as providers like ours, one a file. All of them are optional.

No measurement is here: `benchmarks/peers` holds them beside ours. Read `peer` first, then one of
them. ``pip install ".[peers]"`` in a clone brings the packages; without them each still tells its
name and what is missing.
"""

from __future__ import annotations

from gradmethods.providers.peers.autograd import Autograd
from gradmethods.providers.peers.casadi import Casadi
from gradmethods.providers.peers.jax import Jax
from gradmethods.providers.peers.lambdify import Lambdify
from gradmethods.providers.peers.numdifftools import Numdifftools
from gradmethods.providers.peers.peer import NotInstalled, Peer, PreparedPeer
from gradmethods.providers.peers.scipy import Scipy
from gradmethods.providers.peers.statsmodels import Statsmodels
from gradmethods.providers.peers.symengine import Symengine
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
