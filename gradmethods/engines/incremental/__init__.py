"""Losses at many perturbed points, recomputing only what each perturbation touches."""

from gradmethods.engines.incremental.evaluate import Perturbed
from gradmethods.engines.incremental.perturbations import Plan, Work, compile_plan

__all__ = ["Perturbed", "Plan", "Work", "compile_plan"]
