"""Problems of any size from CUTEst, the collection that optimisation software is tested on.

N. I. M. Gould, D. Orban and P. L. Toint, CUTEst: a constrained and unconstrained testing
environment with safe threads, Computational Optimization and Applications 60 (2015) 545-557.

Points are drawn near the standard start, and are that start itself where ``spread=0``.
"""
