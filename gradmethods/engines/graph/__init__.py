"""Record a loss as a graph, evaluate the graph and count it."""

from gradmethods.engines.graph.graph import Graph, Node
from gradmethods.engines.graph.record import Recorder, record

__all__ = ["Graph", "Node", "Recorder", "record"]
