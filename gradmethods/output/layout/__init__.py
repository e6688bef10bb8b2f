"""Where the nodes and edges of a graph stand on paper: numbers only, nothing is drawn here.

The steps are those of K. Sugiyama, S. Tagawa and M. Toda, Methods for visual understanding of
hierarchical system structures, IEEE Trans. SMC 11 (1981) 109-125: layers, order, coordinates.
"""

from gradmethods.output.layout.graphviz import graphviz
from gradmethods.output.layout.layered import layered
from gradmethods.output.layout.layers import Layout, Point

__all__ = ["Layout", "Point", "graphviz", "layered"]
