"""Forward mode over a recorded graph: blocks of tangents, pushed by jvp rules.

No vjp rule is run here, and no other engine is known. Read `differentiate.py` first.
"""

from gradmethods.engines.forward.blocks import Block, divide
from gradmethods.engines.forward.differentiate import check_rules, differentiate
from gradmethods.engines.forward.programs import Programs, compile_blocks

__all__ = [
    "Block",
    "Programs",
    "check_rules",
    "compile_blocks",
    "differentiate",
    "divide",
]
