"""Losses at many perturbed points, recomputing only what each perturbation touches."""

from gradmethods.perturbation.evaluate import Perturbed
from gradmethods.perturbation.program import Plan, Work, compile_plan

__all__ = ["Perturbed", "Plan", "Work", "compile_plan"]
