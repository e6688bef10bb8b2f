"""The proof that a loss is the mean, or the sum, over its examples, from recorded graphs.

Every value of the graph that was recorded of all examples is followed with the axis on which it
holds them, and named by what it computes of one. An operation that lets examples meet before they
are added up is refused, and so is a loss that computes something else of one example alone. Nothing
here looks at the values of data. Begin with `proof`; `follow` has a rule for each primitive.
"""

from gradmethods.engines.examples.proof import prove

__all__ = ["prove"]
