"""How often backpropagation uses a factor again: a count over the graph, exact.

By the chain rule a partial derivative is a sum over the paths from the loss to the parameter of
products over their edges; the factor of an edge is the local derivative of the node by the operand.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gradmethods.engines.graph import Graph, Node
from gradmethods.engines.graph.graph import topological
from gradmethods.engines.tape.reverse import Reverse
from gradmethods.engines.tape.sweep import cotangents, pull_back
from gradmethods.xp.array import Array

Factor = tuple[Node, int]
"""A local derivative: of a node, by the operand at this position."""

_TRIVIAL = {
    "negative", "sum", "scatter_add", "reshape", "permute_dims", "broadcast_to", "getitem",
    "astype",
}  # fmt: skip


@dataclass(frozen=True)
class Factors:
    """The factors of each partial derivative.

    Attributes
    ----------
    chains : dict of str to set of (Node, int)
        By parameter array: the factors on all paths from the loss to it, each once.
    """

    chains: Mapping[str, frozenset[Factor]]

    @property
    def distinct(self) -> int:
        """Factors that all partial derivatives together need: backpropagation uses each once."""
        return len(frozenset().union(*self.chains.values()))

    @property
    def written(self) -> int:
        """Factors if every partial derivative were written out on its own."""
        return sum(map(len, self.chains.values()))

    def shared(self, *names: str) -> frozenset[Factor]:
        """Return the factors that the partial derivatives by all these parameters have."""
        first, *others = (self.chains[name] for name in names)
        return first.intersection(*others)


def count_factors(graph: Graph, *, trivial: bool = False) -> Factors:
    """Find the factors of every partial derivative.

    Parameters
    ----------
    graph : Graph
        Of a loss.
    trivial : bool
        Whether to count factors too that nobody writes down: those of sums, differences and moved
        data, which are 1 or −1 whatever the values are.

    Examples
    --------
    In the article's smallest network ∂L/∂w_h has five factors, and shares four with ∂L/∂b_h:

    >>> from gradmethods import problems
    >>> from gradmethods.engines.graph import record
    >>> from gradmethods.engines.program import recognise
    >>> factors = count_factors(recognise(record(problems.get("network-1-1-1"))))
    >>> {name: len(chain) for name, chain in factors.chains.items()}
    {'w_h': 5, 'b_h': 4, 'w_y': 3, 'b_y': 2}
    >>> len(factors.shared("w_h", "b_h")), factors.written, factors.distinct
    (4, 14, 6)
    """
    active = set(cotangents(graph))
    users: dict[Node, list[Factor]] = {node: [] for node in active}
    for node in graph.nodes():
        if node in active:
            for position, operand in enumerate(node.operands):
                if isinstance(operand, Node) and operand in active:
                    users[operand].append((node, position))
    kept = {
        factor: trivial or not _is_trivial(*factor) for found in users.values() for factor in found
    }
    chains = {}
    for name, parameter in graph.params.items():
        chain, waiting = set(), [parameter] if parameter in active else []
        seen = set(waiting)
        while waiting:
            for node, position in users[waiting.pop()]:
                chain.add((node, position))
                if node not in seen:
                    seen.add(node)
                    waiting.append(node)
        chains[name] = frozenset(factor for factor in chain if kept[factor])
    return Factors(chains)


def _is_trivial(node: Node, position: int) -> bool:
    """Say whether a rule only moves a cotangent, adds up its entries or turns its sign."""
    xp = Reverse()
    cotangent = Node(node.shape, node.dtype, name="cotangent")
    contribution = pull_back(xp, Array(xp, cotangent), node, position)
    if contribution is None or not isinstance(contribution.payload, Node):
        return False
    steps = topological([contribution.payload])
    names = {step.primitive.name for step in steps if step.primitive is not None}
    inputs = [step for step in steps if step.primitive is None]
    return names <= _TRIVIAL and inputs == [cotangent]
