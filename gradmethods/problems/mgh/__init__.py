"""The 18 functions for unconstrained minimisation of Moré, Garbow and Hillstrom (1981).

J. J. Moré, B. S. Garbow and K. E. Hillstrom, Testing unconstrained optimization software, ACM TOMS
7 (1981) 17-41; a problem's `source` names its number there.

Points are drawn near the standard start, and are that start itself where ``spread=0``.
"""
