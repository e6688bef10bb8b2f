"""Whether a loss is the mean, or the sum, over its examples: two recordings, compared."""

from __future__ import annotations

from collections.abc import Collection

from gradmethods.core.problem import Problem
from gradmethods.engines.examples.axes import Mixed
from gradmethods.engines.examples.follow import Follower
from gradmethods.engines.examples.values import NEAR, Keys, Value
from gradmethods.engines.graph.graph import Graph, Node
from gradmethods.engines.graph.names import written
from gradmethods.engines.graph.place import Place
from gradmethods.engines.graph.record import Placed, Recorder, trace
from gradmethods.errors import InvalidProblem

WAY_OUT = (
    "Leave `examples` out, or write the loss as xp.mean or xp.sum of one value per example, "
    "computed alike for each."
)


def prove(problem: Problem) -> str:
    """Return how the loss is made of those of its single examples: ``"mean"`` or ``"sum"``.

    It holds for all parameters, and for all data of the problem's shapes. A loss of a single
    example is its own mean.

    Parameters
    ----------
    problem : Problem
        With `examples`.

    Raises
    ------
    InvalidProblem
        If it is not shown, with the operation and the line where examples meet.
    """
    count = len(problem.data[problem.examples[0]])
    if count == 1:
        return "mean"
    recorder, keys = Placed(), Keys()
    together = trace(problem, recorder)
    values, refused = _follow(Follower(keys, count), together, problem.examples)
    if refused:
        node, reason = refused
        raise _refusal(problem, f"{written(node)} {reason}", recorder.places[node])
    if _loss(keys, together, values).rows:
        raise _refusal(problem, "it is of some examples only")
    single = trace(problem.on_examples([0]), Recorder())
    alone, _ = _follow(Follower(keys, 1), single, ())
    one, whole = _loss(keys, single, alone), _loss(keys, together, values)
    if one.key != whole.key:
        known = {value.key for value in alone.values()}
        others = [node for node in together.nodes() if values[node].key not in known]
        what, place = "what it is", None
        if others:
            what = f"what {written(others[0])} computes"
            place = recorder.places.get(others[0])
        raise _refusal(problem, f"{what} of an example depends on how many there are", place)
    share = whole.factor / one.factor / (1 if whole.total else count)
    for rule, expected in (("mean", 1 / count), ("sum", 1.0)):
        if abs(share - expected) <= NEAR * expected:
            return rule
    raise _refusal(problem, f"it is {share:.8g} times their sum")


def _follow(
    follower: Follower, graph: Graph, examples: Collection[str]
) -> tuple[dict[Node, Value], tuple[Node, str] | None]:
    """Follow all values of a graph up to the first that lets examples meet; return it, and why."""
    values: dict[Node, Value] = {}
    for kind, inputs in (("parameter", graph.params), ("data", graph.data)):
        for name, node in inputs.items():
            in_examples = kind == "data" and name in examples
            values[node] = follower.input(kind, name, node.shape, in_examples=in_examples)
    for node in graph.nodes():
        if node.primitive is None:
            continue
        operands = [
            values[x] if isinstance(x, Node) else follower.constant(x) for x in node.operands
        ]
        try:
            values[node] = follower.follow(node, operands)
        except Mixed as mixed:
            return values, (node, str(mixed))
    return values, None


def _loss(keys: Keys, graph: Graph, values: dict[Node, Value]) -> Value:
    output = graph.outputs[0]
    return values[output] if isinstance(output, Node) else keys.constant(output)


def _refusal(problem: Problem, reason: str, place: Place | None = None) -> InvalidProblem:
    at = f" [{place}]" if place else ""
    return InvalidProblem(
        f"It could not be proven that the loss {problem.name!r} is the mean or the sum over its "
        f"examples: {reason}{at}. {WAY_OUT}"
    )
