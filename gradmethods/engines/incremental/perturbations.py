"""Compile a graph for perturbations: a base, a head for every parameter array, and one tail.

Heads carry the changes of one parameter array each to the first node that all of them reach with
all its entries, and through which everything goes; the tail goes from there to the loss, for
perturbations of any parameters together. All work in the same memory.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradmethods.engines.graph import Graph, Node
from gradmethods.engines.incremental.base import BaseProgram
from gradmethods.engines.incremental.changes import Change, Planner
from gradmethods.engines.incremental.registers import Assembly, Base, Program
from gradmethods.engines.incremental.rules import apply
from gradmethods.engines.program import share

Constants = dict[Node, NDArray[Any]]


def shared(graph: Graph) -> tuple[list[Node], Graph, Constants]:
    """Return the same graph with nodes for its constant arrays, and no two nodes alike.

    Returns
    -------
    nodes : list of Node
        All that the loss depends on, operands before their uses.
    graph : Graph
        The inputs and outputs.
    constants : dict of Node to numpy.ndarray
        Values of the nodes that are neither parameters nor data.
    """
    graph = share(graph)
    constants: dict[int, tuple[Node, NDArray[Any]]] = {}
    new: dict[Node, Node] = {}
    order: dict[Node, None] = {}

    def operand(x: Any) -> Any:
        if isinstance(x, Node):
            return new[x]
        if not isinstance(x, np.ndarray):
            return x
        if id(x) not in constants:
            node = Node(x.shape, x.dtype, name="constant")
            constants[id(x)] = node, x
            order[node] = None
        return constants[id(x)][0]

    for node in graph.nodes():
        operands = tuple(map(operand, node.operands))
        same = all(x is y for x, y in zip(operands, node.operands, strict=True))
        new[node] = (
            node if same else Node(node.shape, node.dtype, node.primitive, operands, node.static)
        )
        order[new[node]] = None
    outputs = tuple(map(operand, graph.outputs))
    return list(order), Graph(graph.params, graph.data, outputs), dict(constants.values())


BUDGET = 1 << 20
"""Bytes that a block works in: about what the cache of one core holds."""


class Work(NamedTuple):
    """Scalar operations of one gradient: what was done, and what as many passes would take."""

    done: int
    plain: int


@dataclass
class Plan:
    """A graph compiled for perturbations.

    Attributes
    ----------
    base : BaseProgram
        The unperturbed values.
    heads : dict of str to Program
        By parameter array; arrays on which the loss does not depend have none. Their inputs are
        the steps taken, the parameters' new values, their flat indices, and the numbers of the
        perturbations in their block.
    tail : Program
        Its input are the values of the node where all heads meet.
    meeting : Node
        That node.
    differenced : set of Node
        Those whose base values must be finite for differences from them to mean anything.
    operations : int
        Scalar operations of one gradient.
    plain : callable
        Counts the scalar operations that as many forward passes would take.
    workspace : int
        Bytes of the memory that heads and tail share.
    """

    base: BaseProgram
    heads: dict[str, Program]
    tail: Program
    meeting: Node
    differenced: set[Node]
    operations: int
    plain: Callable[[], int]
    workspace: int = 0

    @property
    def at_meeting(self) -> Base:
        """The base value of the meeting node."""
        return Base(self.meeting)

    @property
    def work(self) -> Work:
        """What a gradient takes, and what it would take without reuse."""
        return Work(self.operations, self.plain())


def compile_plan(graph: Graph, offsets: int) -> Plan:
    """Compile a graph whose loss is evaluated at so many places for each parameter.

    Parameters
    ----------
    graph : Graph
        With the loss as its output.
    offsets : int
        Evaluations of the loss for each parameter.
    """
    passes = offsets * sum(map(_size, graph.params.values())) + 1
    recorded = graph
    nodes, graph, constants = shared(recorded)
    (loss,) = graph.outputs
    depends = _dependent(nodes, graph.params.values())
    planners = {name: _planner(node) for name, node in graph.params.items() if node in depends}
    meeting = _carry_to_meeting(nodes, depends, list(planners.values())) if planners else loss
    heads = {
        name: Program(planner.assembly, planner.full(planner.changes[meeting]))
        for name, planner in planners.items()
    }
    tail_planner, tail = _tail(nodes, depends, meeting)
    differenced = tail_planner.differenced.union(*(p.differenced for p in planners.values()))
    needed = {Base(meeting)}.union(*(p.bases() for p in (*heads.values(), tail)))
    base = BaseProgram(nodes, graph, constants, depends, needed)
    counts = {name: offsets * _size(graph.params[name]) for name in heads}
    done = base.operations + tail.operations  # the base goes through the tail with the others
    done += sum(
        count * (heads[name].operations + tail.operations) for name, count in counts.items()
    )
    plan = Plan(
        base,
        heads,
        tail,
        meeting,
        differenced,
        done,
        lambda: passes * recorded.operations().total(),
    )
    _place(plan, counts)
    return plan


def _size(node: Node) -> int:
    return math.prod(node.shape)


def _dependent(nodes: list[Node], params: Any) -> set[Node]:
    """Return the nodes whose values depend on parameters."""
    depends = set(params).intersection(nodes)
    for node in nodes:
        if not depends.isdisjoint(node.parents):
            depends.add(node)
    return depends


def _planner(param: Node) -> Planner:
    assembly = Assembly()
    step, place = (assembly.input((), param.dtype) for _ in range(2))
    flat, rows = (assembly.input((), np.intp) for _ in range(2))
    planner = Planner(assembly, {}, rows)
    long = [axis for axis, length in enumerate(param.shape) if length > 1]
    lengths = tuple(param.shape[axis] for axis in long)
    pins = dict(zip(long, planner.unravel(flat, lengths), strict=True))
    ones = (1,) * len(param.shape)
    planner.changes[param] = Change(param, pins, place.reshaped(ones), (step.reshaped(ones),))
    return planner


def _carry_to_meeting(nodes: list[Node], depends: set[Node], planners: list[Planner]) -> Node:
    """Write the heads up to the first node that lies on all ways, and is reached without pins."""
    cuts = set(_cuts(nodes, depends))
    for node in nodes:
        if node in depends and node.primitive is not None:
            parents = node.parents
            for planner in planners:
                if not planner.changes.keys().isdisjoint(parents):
                    planner.changes[node] = apply(planner, node)
        if node in cuts and not any(planner.changes[node].pins for planner in planners):
            return node
    raise AssertionError("the loss itself lies on all ways, and has no axis to pin")


def _cuts(nodes: list[Node], depends: set[Node]) -> list[Node]:
    """Return the nodes over which no edge of a changing value leads, in order."""
    number = {node: i for i, node in enumerate(nodes)}
    reach = max(number[node] for node in depends if node.primitive is None)
    cuts = []
    furthest = {}
    for node in nodes:
        for parent in node.parents:
            if parent in depends:
                furthest[parent] = number[node]
    for i, node in enumerate(nodes):
        if node not in depends:
            continue
        if reach <= i:
            cuts.append(node)
        reach = max(reach, furthest.get(node, i))
    return cuts


def _tail(nodes: list[Node], depends: set[Node], meeting: Node) -> tuple[Planner, Program]:
    assembly = Assembly()
    value = assembly.input(meeting.shape, meeting.dtype)
    planner = Planner(assembly, {meeting: Change(meeting, {}, value)}, value)
    for node in nodes[nodes.index(meeting) + 1 :]:
        if node in depends:
            planner.changes[node] = apply(planner, node)
    return planner, Program(assembly, planner.full(planner.changes[nodes[-1]]))


def _place(plan: Plan, counts: Mapping[str, int]) -> None:
    """Choose how many perturbations make a block, and lay out the memory."""
    most = _fitting(plan.tail.width, 1 + sum(counts.values()))
    sizes = [(plan.tail, most)]
    sizes += [(head, _fitting(head.width, min(most, counts[n]))) for n, head in plan.heads.items()]
    plan.workspace = max(program.bytes_of(size) for program, size in sizes)
    workspace = np.empty(plan.workspace, np.uint8)
    for program, size in sizes:
        program.place(size, workspace, plan.base.array)


def _fitting(width: int, most: int) -> int:
    return max(1, min(most, BUDGET // max(width, 1)))
