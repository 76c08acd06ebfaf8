"""What must hold: one function for each invariant, named after it (reliability.md 2, design.md 8)."""

from tests.simulation.laws import access, audit, delays, ends, letters, lists, money, papers, queues, rest, stock, watch

__all__ = [
    "access",
    "audit",
    "delays",
    "ends",
    "letters",
    "lists",
    "money",
    "papers",
    "queues",
    "rest",
    "stock",
    "watch",
]
