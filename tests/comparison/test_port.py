"""port: all places of a NumPy loss that xp does not take are found in one run, and rewritten."""

from __future__ import annotations

import importlib.util
import re
import textwrap

import numpy as np
import pytest

import gradmethods as gm
from gradmethods.app.cli import main
from gradmethods.comparison.port import port
from gradmethods.errors import InvalidProblem, UnknownName

HEADER = """
import math
import numpy as np
from numpy import tanh
"""

POINT = np.linspace(0.2, 0.9, 6)

MECHANICAL = {
    "a network": """
        def act(z):
            return 1 / (1 + np.exp(-z))

        def loss(w):
            W = np.reshape(w[:4], (2, 2))
            h = act(np.arange(6.0).reshape(3, 2) @ W.T)
            y = tanh(h @ w[4:])
            return -np.mean(np.log(y), 0)
    """,
    "methods": """
        def loss(w):
            z = (w - w.mean()) / w.std()
            return np.sum(z.cumsum()) + z.max() - w.min() * w.swapaxes(0, 0).prod()
    """,
    "other names": """
        def loss(w):
            a = np.concatenate([np.arcsin(w), np.absolute(w)], 0)
            return np.amax(a) + np.sum(np.power(a, 2.0)) + math.sqrt(w[0])
    """,
    "second arguments": """
        def loss(w):
            a = np.roll(w, -1) * np.take(w, [1, 0, 2, 3, 4, 5], 0) - np.average(w)
            return np.sum(np.roll(a, 2, 0) * w) + np.average(a, axis=0)
    """,
    "logic": """
        def loss(w):
            inside = np.logical_and(w > 0.3, w < 0.8)
            return np.sum(np.where(inside, np.sqrt(w), np.square(w)))
    """,
    "constants stay NumPy's": """
        SCALE = np.log(3.0)

        def loss(w):
            grid = np.linspace(0, 1, w.shape[0])
            return np.sum(SCALE * np.cos(grid * w)) + np.pi
    """,
    "a loop": """
        def step(x, dt=0.1):
            return x + dt * np.sin(x)

        def loss(w):
            x = w
            for _ in range(4):
                x = step(x, dt=0.2)
            return x.sum()
    """,
}


def written(tmp_path, body):
    file = tmp_path / "mine.py"
    file.write_text(HEADER + textwrap.dedent(body))
    return file


def loaded(file):
    spec = importlib.util.spec_from_file_location("ported", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.loss


@pytest.mark.parametrize("name", MECHANICAL)
def test_what_can_be_rewritten_is(name, tmp_path):
    """The ported loss must be one over xp, of the same values, after a single run."""
    file = written(tmp_path, MECHANICAL[name])
    before = loaded(file)
    found = port(file, "loss")
    assert found.places
    assert not found.by_hand, str(found)
    file.write_text(found.ported)
    after = loaded(file)
    assert after(POINT) == before(POINT)
    gradient = gm.gradient(after, POINT)
    steps = [(before(POINT + e) - before(POINT - e)) / 2e-6 for e in 1e-6 * np.eye(6)]
    np.testing.assert_allclose(gradient, steps, atol=1e-7)
    assert port(file, "loss").places == ()


BY_HAND = """
    def loss(params, X, t):
        z = X @ params["w"]
        if z[0] > 0:                                  # A
            z = 2 * z
        out = np.zeros(3)
        for i in range(3):
            out[i] = math.tanh(z[i])                  # B C
        z[0] = 0.0                                    # D
        low = 0 if t.sum() > 1 else 1                 # E
        inside = 0 < z[1] < 1                         # F
        noise = np.random.default_rng(0).normal()     # G
        while np.linalg.norm(z) > 1:                  # H I
            z = z / 2
        s = float(np.median(z))                       # J K
        n = int(params["n"])                          # L
        same = not z[0] == t[0] and z is not None     # M N
        assert t[0] > 0                               # O
        z = z + np.mean(t[(t > 0) & ~(t > 2)])        # R S
        return -np.sum([max(x, low) for x in z])      # P Q
"""


FIELDS = {
    "a simulation": """
        from scipy.special import expit

        def rhs(state, k):
            out = np.zeros_like(state)                    # A
            out[0] = -k * state[0]                        # B
            return out

        def scaled(x):
            return 2 * x                                  #

        def loss(k, obs):
            s, path, kept = np.array([0.9, 0.1]), [], {}
            for i in range(len(obs)):
                s = s + 0.1 * rhs(scaled(s), expit(k))    # A B
                path.append(s.copy())                     #
                kept[i] = s                               #
            return np.sum(np.vstack(path) - obs)          # A B
    """,
    "a class with a cache": """
        class Filter:
            def step(self, m, a):
                return a * m                              #

            def loss(self, theta, y):
                m, total = 0.0, 0.0
                for obs in y:
                    m = self.step(m, np.tanh(theta[0]))   # A
                    total += (obs - m) ** 2
                self.cache["last"] = total                #
                print(f"{total:.3f}", "%g" % total)       # A B
                return total.item() if hasattr(total, "item") else total  # A
    """,
    "compiled loops": """
        from numba import njit

        @njit                                             # A
        def loss(x):
            forces = np.zeros(3)
            np.add.at(forces, 0, x[1])                    # A
            return math.pow(x[0], 3) + max(x[1], 0)       # A B
    """,
    "statistics": """
        from scipy import stats, linalg
        from scipy.spatial.distance import cdist

        def loss(h, table):
            x = table["x"].values                         # A
            K = h[0] * cdist(x, x)                        # A
            c, low = linalg.cho_factor(K)                 # A
            p = stats.norm.cdf(x, h[1])                   # A
            return np.var(p, ddof=1) + np.maximum.reduce(p)  # A B
    """,
    "learning": """
        X, y = np.eye(3), np.ones(3)

        def loss(w):
            p = np.clip(1 / (1 + np.exp(-X.dot(w))), 1e-12, 1)  # A B C
            return -(y * np.log(p)).mean()                # A
    """,
    "signals": """
        low = lambda s, k: np.convolve(s, np.ones(k) / k)  # A B

        def loss(p, t):
            s = low(p[0] * np.sin(t), 5)                  # A B
            np.clip(s, -1, 1, out=s)                      # A
            z = 1j * s                                    # A
            return np.r_[s, t].sum() + max(s.tolist())    # A B C
    """,
}
"""Losses as people of other fields write them; letters count the places of a line."""


def test_a_helper_that_needs_no_xp_is_left_alone(tmp_path):
    """Handed xp all the same, it would refuse to be called at all."""
    file = written(tmp_path, FIELDS["a simulation"])
    after = port(file, "loss").ported
    assert "scaled(s), expit(k), xp=xp)" in after
    assert "def scaled(x):" in after


@pytest.mark.parametrize("name", FIELDS)
def test_places_of_other_fields_are_found(name, tmp_path):
    """Each place that is missed costs a user one more run, and one more error."""
    file = written(tmp_path, FIELDS[name])
    lines = file.read_text().splitlines()
    wanted = {
        k: len(line.rpartition("#")[2].split()) for k, line in enumerate(lines, 1) if "#" in line
    }
    found = [p for p in port(file, "loss").places if not p.instead.endswith("among the arguments")]
    counts = {k: sum(place.line == k for place in found) for k in wanted}
    assert counts == wanted
    assert sum(counts.values()) == len(found)


def test_all_places_are_found_in_one_run(tmp_path):
    """One error per run made a user start the loss a dozen times."""
    file = written(tmp_path, BY_HAND)
    lines = file.read_text().splitlines()
    wanted = {k: len(line.partition("# ")[2].split()) for k, line in enumerate(lines, 1)}
    found = port(file, "loss")
    signature, *rest = found.places
    assert signature.instead.endswith("xp=np among the arguments")
    counts = {k: sum(place.line == k for place in rest) for k in wanted}
    assert counts == wanted


@pytest.mark.parametrize("name", [*MECHANICAL, "by hand"])
def test_whatever_recording_refuses_is_among_the_places(name, tmp_path):
    """The recorder is the judge of what xp takes: its complaint must have been foretold."""
    file = written(tmp_path, MECHANICAL.get(name, BY_HAND))
    lines = file.read_text()
    loss = loaded(file)
    params = {"w": np.ones(3), "n": np.asarray(2.0)} if name == "by hand" else POINT
    data = {"X": np.eye(3), "t": np.ones(3)} if name == "by hand" else {}

    def over_xp(params, *, xp=np, **data):
        return loss(params, **data)

    with pytest.raises(gm.GradientError) as caught:
        gm.Backprop().prepare(gm.Problem(over_xp, params, data))
    line = re.search(r"mine\.py:(\d+)", str(caught.value))
    assert line is not None, f"{caught.value}\n{lines}"
    assert int(line[1]) in {place.line for place in port(file, "loss").places}


def test_the_command(tmp_path, capsys):
    """The diff must apply to the file, and a loss over xp must pass."""
    file = written(tmp_path, MECHANICAL["a network"])
    assert main(["port", f"{file}:loss"]) == 1
    listed = capsys.readouterr().out
    assert re.search(r"mine\.py:7:\d+:\s+np\.exp\(-z\)\s+→\s+xp\.exp", listed)
    assert main(["port", f"{file}:loss", "--diff"]) == 1
    diff = capsys.readouterr().out
    assert "+    return 1 / (1 + xp.exp(-z))\n" in diff
    file.write_text(port(file, "loss").ported)
    assert main(["port", f"{file}:loss"]) == 0


def test_a_problem_names_its_loss(tmp_path):
    """People name what the other commands take; the file need not run for it."""
    body = "def loss(w):\n    return np.sum(w)\n\nproblem = gm.Problem(loss, 1.0)\n"
    assert port(written(tmp_path, body), "problem").name == "loss"


def test_what_cannot_be_read(tmp_path):
    """A wrong name or a broken file is said in a sentence."""
    file = written(tmp_path, "def loss(w):\n    return w\n")
    with pytest.raises(UnknownName):
        port(file, "lost")
    with pytest.raises(UnknownName):
        port(tmp_path / "none.py", "loss")
    file.write_text("def loss(w:\n")
    with pytest.raises(InvalidProblem, match="line 1"):
        port(file, "loss")
    assert main(["port", "loss"]) == 2
