"""The chain rule over names: every stage of a loss has a name, and formulas refer to names.

The loss runs over names instead of expressions; a stage is a short formula in the names of earlier
stages. SymPy differentiates the formula of each kind of stage once, and the gradient is put
together from the loss backwards, one formula a name. Nothing here knows a derivative.
"""

from gradmethods.engines.symbolic.chain.method import ChainRule

__all__ = ["ChainRule"]
