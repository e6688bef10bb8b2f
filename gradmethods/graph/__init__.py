"""Record a loss as a graph, evaluate the graph and count it."""

from gradmethods.graph.graph import Graph, Node
from gradmethods.graph.record import Recorder, record

__all__ = ["Graph", "Node", "Recorder", "record"]
