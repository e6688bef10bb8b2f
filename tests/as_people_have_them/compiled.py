"""A C function called through ctypes, with a gradient in Python."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np

import gradmethods as gm

SOURCE = """
#include <math.h>
double energy(const double *x, int n) {
    double e = 0;
    for (int i = 0; i < n; i++) {
        double d = x[(i + 1) % n] - x[i];
        e += 0.5 * d * d + 1 - cos(x[i]);
    }
    return e;
}
"""


def _compiled():
    folder = Path(tempfile.mkdtemp())
    (folder / "energy.c").write_text(SOURCE)
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        raise ImportError("there is no C compiler", name="cc")
    library = folder / "energy.so"
    command = [compiler, "-O2", "-shared", "-fPIC", "-o", str(library), str(folder / "energy.c")]
    subprocess.run([*command, "-lm"], check=True)
    function = ctypes.CDLL(str(library)).energy
    function.restype = ctypes.c_double
    function.argtypes = [np.ctypeslib.ndpointer(float, flags="C_CONTIGUOUS"), ctypes.c_int]
    return function


energy = _compiled()


def loss(x):
    return energy(x, x.size)


def gradient(x):
    return 2 * x - np.roll(x, 1) - np.roll(x, -1) + np.sin(x)


def wrong(x):
    found = gradient(x)
    found[-1] = 0  # the loop ended one too early
    return found


problem = gm.Problem(loss, np.sin(np.arange(12.0)), black_box=True)
