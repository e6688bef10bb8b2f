"""Gradients enclosed, not estimated: the loss in ball arithmetic, with tangents.

Nothing here knows the tape, its rules or SymPy. python-flint loads with this package.
"""

from gradmethods.engines.certified.derivatives import certified_derivatives
from gradmethods.engines.certified.enclosure import CertifiedGradient
from gradmethods.engines.certified.gradient import certified_gradient
from gradmethods.engines.certified.kinds import Kind, Proven, certified_truth
from gradmethods.engines.certified.sample import CertifiedSample, certified_sample

__all__ = [
    "CertifiedGradient",
    "CertifiedSample",
    "Kind",
    "Proven",
    "certified_derivatives",
    "certified_gradient",
    "certified_sample",
    "certified_truth",
]
