"""What to write instead of an operation that overflows, loses digits, or has no finite slope.

A remedy is looked up by the primitive, and told by what the loss does around it. Sources: N. J.
Higham, Accuracy and Stability of Numerical Algorithms, SIAM 2002, chapters 1 and 4; P. Blanchard,
D. J. Higham and N. J. Higham, Accurately computing the log-sum-exp and softmax functions, IMA
Journal of Numerical Analysis 41 (2021) 2311-2330; M. Mächler, Accurately computing log(1 - exp(-a))
assessed by the Rmpfr package, 2012.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from gradmethods.comparison.finding import Fault
from gradmethods.comparison.replay import Replay
from gradmethods.engines.graph.graph import Node


class Case(NamedTuple):
    """The operation for which a remedy is sought.

    Attributes
    ----------
    replay : Replay
    node : Node
        An operation of the loss.
    fault : Fault
    backward : bool
        Whether it showed in the backward pass.
    """

    replay: Replay
    node: Node
    fault: Fault
    backward: bool

    def used_by(self, *names: str) -> Node | None:
        """Return an operation of some name that uses the value."""
        return _used_by(self.replay, self.node, *names)


Remedy = Callable[[Case], str]
"""Returns a sentence, empty where nothing is known."""

MOVES = ("reshape", "broadcast_to", "permute_dims", "getitem", "astype")

LOG_SUM_EXP = (
    "Subtract the largest: m = xp.max(z), then m + xp.log(xp.sum(xp.exp(z - m))) for "
    "xp.log(xp.sum(xp.exp(z)))."
)
SOFTPLUS = "Write xp.logaddexp(0, z) for xp.log(1 + xp.exp(z))."
LOGISTIC = (
    "Work with the logits z, not with probabilities: log σ(z) is -xp.logaddexp(0, -z), and "
    "log(1 - σ(z)) is -xp.logaddexp(0, z)."
)
SOFTMAX = (
    "Work with the logits: log softmax(z) is z - m - xp.log(xp.sum(xp.exp(z - m))) with "
    "m = xp.max(z), without the quotient."
)
SIGMOID = "Write 1 / (1 + xp.exp(-z)) for xp.exp(z) / (1 + xp.exp(z))."
SHIFTED = "Subtract the largest exponent before xp.exp: the quotient stays the same."
HYPOT = (
    "Divide by the largest entry before squaring: m = xp.max(xp.abs(x)), then "
    "m * xp.sqrt(xp.sum((x / m)**2)); of two numbers xp.hypot(x, y)."
)
LOGARITHMS = "Work with logarithms: add them up where the loss multiplies, xp.exp at the end."
SCALED = "It is beyond the range of its numbers: divide before multiplying, or scale them first."
SUBTRACTED = (
    "Two numbers that nearly agree are subtracted. Rewrite the difference so that what they share "
    "cancels on paper, or subtract before the function is applied."
)


def double_where(inside: str, safe: str) -> str:
    """Say how to keep a function from where its slope is infinite."""
    return (
        f"Its slope is infinite at the end of its domain, and 0 × ∞ is NaN. Select twice: "
        f"s = xp.where({inside}, x, {safe}), and xp.where({inside}, f(s), value) for f(x); "
        "gm.Backprop() does so itself where a selection is written."
    )


def remedy(case: Case) -> str:
    """Return what to write instead; empty where nothing better is known."""
    name = case.node.primitive.name if case.node.primitive else ""
    return REMEDIES[name](case) if name in REMEDIES else ""


def _is(x: Any, *names: str) -> bool:
    return isinstance(x, Node) and x.primitive is not None and x.primitive.name in names


def _behind(x: Any) -> Any:
    """Return the value behind moves and repetitions."""
    while _is(x, *MOVES):
        x = x.operands[0]
    return x


def _users(replay: Replay, node: Node) -> Iterator[Node]:
    """Yield the operations that use a value, also one that was moved or repeated before."""
    for user in replay.uses(node):
        if _is(user, *MOVES):
            yield from _users(replay, user)
        else:
            yield user


def _used_by(replay: Replay, node: Node, *names: str) -> Node | None:
    return next((x for x in _users(replay, node) if _is(x, *names)), None)


def _is_one(x: Any) -> bool:
    return isinstance(x, (int, float)) and x == 1


def _one_plus(x: Any, *signs: str) -> Any:
    """Return y of 1 + y, or of 1 - y and y - 1 as `signs` allow; None of anything else."""
    x = _behind(x)
    if _is(x, *signs):
        a, b = x.operands
        return b if _is_one(a) else a if _is_one(b) else None
    return None


def _is_logistic(x: Any) -> bool:
    """Say whether a value is 1/(1 + exp(z)), or one less that, or exp(z)/(1 + exp(z))."""
    x = _behind(x)
    below = x.operands[-1] if _is(x, "divide", "reciprocal") else None
    if below is not None and _is(_behind(_one_plus(below, "add")), "exp"):
        return True
    return _is(x, "subtract") and any(_is_logistic(y) for y in x.operands)


def _is_softmax(x: Any) -> bool:
    x = _behind(x)
    if not _is(x, "divide"):
        return False
    total = _behind(x.operands[1])
    return _is(total, "sum") and _is(_behind(total.operands[0]), "exp")


def _exponential(case: Case) -> str:
    total = case.used_by("sum")
    plus = case.used_by("add")
    if total is not None:
        if _used_by(case.replay, total, "log"):
            return LOG_SUM_EXP
        quotient = _used_by(case.replay, total, "divide")
        if quotient is not None:
            return SOFTMAX if _used_by(case.replay, quotient, "log") else SHIFTED
    if plus is not None and _one_plus(plus, "add") is not None:
        if _used_by(case.replay, plus, "log"):
            return SOFTPLUS
        if _used_by(case.replay, plus, "divide", "reciprocal"):
            return LOGISTIC
    over = case.used_by("divide")
    if over is not None and _is(_behind(_one_plus(over.operands[1], "add")), "exp"):
        return SIGMOID
    if case.fault is Fault.DIGITS and case.used_by("log"):
        return "The logarithm of an exponential is its argument: leave both out."
    return LOGARITHMS


def _logarithm(case: Case) -> str:
    if case.backward or case.used_by("where"):
        return double_where("x > 0", "1")
    x = _behind(case.node.operands[0])
    for is_such, text in LOGARITHMS_OF:
        if is_such(x):
            return text
    if case.fault is Fault.DIGITS:
        if _one_plus(x, "add", "subtract") is None:
            return "Its argument is near 1: compute what is beyond 1, and write xp.log1p of that."
        sign = "" if _is(x, "add") else "-"
        return f"Write xp.log1p({sign}x) for xp.log(1 {sign or '+'} x)."
    if case.used_by("multiply"):
        return (
            "For x log x, which is 0 at 0, write s = xp.where(x > 0, x, 1), and "
            "xp.where(x > 0, x * xp.log(s), 0)."
        )
    return "Keep its argument above 0: compute its logarithm itself, or clip with xp.maximum."


LOGARITHMS_OF: tuple[tuple[Callable[[Any], bool], str], ...] = (
    (_is_softmax, SOFTMAX),
    (_is_logistic, LOGISTIC),
    (lambda x: _is(x, "sum") and _is(_behind(x.operands[0]), "exp"), LOG_SUM_EXP),
    (lambda x: _is(_behind(_one_plus(x, "add")), "exp"), SOFTPLUS),
    (
        lambda x: _is(_behind(_one_plus(x, "subtract")), "exp"),
        "For log(1 - exp(a)) write xp.log(-xp.expm1(a)), below a = -0.7 xp.log1p(-xp.exp(a)).",
    ),
    (
        lambda x: _is(x, "multiply", "divide") and any(_is(_behind(y), "exp") for y in x.operands),
        "Write a + xp.log(b) for xp.log(xp.exp(a) * b), a - xp.log(b) for xp.log(xp.exp(a) / b).",
    ),
    (
        lambda x: _is(x, "multiply", "prod"),
        "Write xp.log(a) + xp.log(b) for xp.log(a * b), xp.sum(xp.log(x)) for xp.prod(x).",
    ),
)
"""What a logarithm is taken of, by how it is computed."""


def _difference(case: Case) -> str:
    if case.fault is not Fault.DIGITS:
        return ""
    rest = _behind(_one_plus(case.node, "subtract"))
    if _is_logistic(rest):
        return LOGISTIC if case.used_by("log") else "1 - σ(z) is σ(-z): write that."
    if rest is not None:
        for is_such, text in BESIDE_ONE:
            if is_such(rest):
                return text
    a, b = map(_behind, case.node.operands)
    for is_such, text in DIFFERENCES:
        if is_such(a) and is_such(b):
            return text
    return SUBTRACTED


def _is_square(x: Any) -> bool:
    if _is(x, "square") or (_is(x, "multiply") and x.operands[0] is x.operands[1]):
        return True
    return bool(_is(x, "pow") and x.operands[1] == 2)


def _is_mean_of_squares(x: Any) -> bool:
    x = _behind(x)
    if _is(x, "divide", "multiply"):
        x = next((y for y in map(_behind, x.operands) if _is(y, "sum")), None)
    return _is(x, "sum") and _is_square(_behind(x.operands[0]))


BESIDE_ONE: tuple[tuple[Callable[[Any], bool], str], ...] = (
    (lambda x: _is(x, "exp"), "Write xp.expm1(x) for xp.exp(x) - 1."),
    (lambda x: _is(x, "cos"), "Write 2 * xp.sin(x / 2)**2 for 1 - xp.cos(x)."),
    (
        lambda x: _is_square(x) and _is(_behind(x.operands[0]), "tanh"),
        "Write 1 / xp.cosh(x)**2 for 1 - xp.tanh(x)**2.",
    ),
)
"""What is subtracted from 1, or 1 from it."""

DIFFERENCES: tuple[tuple[Callable[[Any], bool], str], ...] = (
    (
        lambda x: _is(x, "sqrt"),
        "Write (a - b) / (xp.sqrt(a) + xp.sqrt(b)) for xp.sqrt(a) - xp.sqrt(b).",
    ),
    (lambda x: _is(x, "log"), "Write xp.log1p((a - b) / b) for xp.log(a) - xp.log(b)."),
    (
        lambda x: _is_mean_of_squares(x) or _is_square(x),
        "Write (a - b) * (a + b) for a**2 - b**2, and for a variance xp.mean((x - xp.mean(x))**2).",
    ),
)
"""What both operands of a difference are."""


def _sum(case: Case) -> str:
    if case.fault is not Fault.DIGITS:
        return ""
    return (
        "Its terms cancel: their sum is much smaller than they are. Pair the terms that cancel "
        "and subtract them in closed form, or subtract a common part first."
    )


def _addition(case: Case) -> str:
    return SUBTRACTED if case.fault is Fault.DIGITS else ""


def _root(case: Case) -> str:
    x = _behind(case.node.operands[0])
    squares = _is_square(x) or (_is(x, "sum") and _is_square(_behind(x.operands[0])))
    if _is(x, "add"):
        squares = all(_is_square(_behind(y)) for y in x.operands)
    if case.backward or case.used_by("where"):
        return double_where("x > 0", "1")
    if case.fault is Fault.NAN:
        return "Its argument is negative: clip it with xp.maximum(x, 0), or write another function."
    return HYPOT if squares else ""


def _square(case: Case) -> str:
    if case.used_by("sqrt") or (
        (total := case.used_by("sum", "add")) and _used_by(case.replay, total, "sqrt")
    ):
        return HYPOT
    return _difference_of_squares(case)


def _difference_of_squares(case: Case) -> str:
    if case.fault is Fault.DIGITS and case.used_by("subtract"):
        return "Write (a - b) * (a + b) for a**2 - b**2."
    return ""


def _power(case: Case) -> str:
    if _is_square(case.node):
        return _square(case)
    if _is(_behind(case.node.operands[0]), "prod", "multiply"):
        return LOGARITHMS
    if case.backward:
        return double_where("x > 0", "1")
    if case.fault is Fault.NAN:
        return (
            "A negative number has no real power but whole ones: take xp.abs, or a whole exponent."
        )
    return LOGARITHMS


def _quotient(case: Case) -> str:
    if _is_softmax(case.node):
        return SHIFTED
    if case.fault is Fault.DIGITS:
        return SCALED
    if case.used_by("log") and _one_plus(case.node.operands[-1], "subtract") is not None:
        return "Work with the logit z, not with p = σ(z): xp.log(p / (1 - p)) is z."
    if case.used_by("where"):
        return double_where("x != 0", "1")
    return (
        "Its denominator is 0. Say what the loss shall be there: s = xp.where(d != 0, d, 1), and "
        "xp.where(d != 0, n / s, value) for n / d."
    )


def _product(case: Case) -> str:
    if case.fault is Fault.NAN:
        return "0 × ∞ is NaN: select with xp.where in place of multiplying by a mask."
    if _is_square(case.node):
        return _square(case)
    return LOGARITHMS if case.fault is Fault.INFINITY else SCALED


def _arc(name: str) -> Remedy:
    def of(case: Case) -> str:
        if case.fault is Fault.NAN and not case.backward:
            return f"xp.{name} ends at ±1, and rounding leads beyond: clip with xp.clip(x, -1, 1)."
        return (
            "Its slope is infinite at ±1. For the angle between vectors write "
            "xp.atan2(length of their cross product, their dot product)."
        )

    return of


def _always(text: str) -> Remedy:
    return lambda _case: text


def _tanh(case: Case) -> str:
    lost = "Where it rounds to ±1, its slope 1 - tanh(x)**2 is lost: take 1 / xp.cosh(x)**2."
    return lost if case.fault is Fault.DIGITS else ""


def _turned(case: Case) -> str:
    if case.fault is Fault.DIGITS:
        return (
            "Its argument is large or near a zero of the function: reduce the angle before it is "
            "rounded, or keep it small."
        )
    return ""


REMEDIES: dict[str, Remedy] = {
    "exp": _exponential,
    "log": _logarithm,
    "log2": _logarithm,
    "log10": _logarithm,
    "subtract": _difference,
    "add": _addition,
    "sum": _sum,
    "sqrt": _root,
    "square": _square,
    "pow": _power,
    "divide": _quotient,
    "reciprocal": _quotient,
    "multiply": _product,
    "acos": _arc("acos"),
    "asin": _arc("asin"),
    "atan2": _always("At (0, 0) is no angle: replace both there by a double xp.where."),
    "atanh": _always("Infinite at ±1: keep what it was the xp.tanh of, or clip inside (-1, 1)."),
    "log1p": _always("Keep its argument above -1: compute the logarithm itself, or clip it."),
    "tanh": _tanh,
    "sin": _turned,
    "cos": _turned,
    "tan": _turned,
}
"""By primitive, what is looked for."""
