"""Likelihoods, posteriors and fits."""
