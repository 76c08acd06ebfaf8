"""The states of an order and the ways between them.

placed ─┬─ session expired at Stripe ─► expired               (units back)
        ├─ save_card ─► reserved ── pre-flight ─► held
        ├─ hold ────────────────────────────────► held
        └─ pay_now ─────────────────────────────► paid
held ─ hold no longer fits the date (voided first) ─► reserved
held ─ due: capture ─► paid        reserved ─ due, no live hold: one off-session charge ─► paid
reserved/held ─ declined, or needs authentication ─► past_due ─ repaired ─► reserved/held (before T) | paid
placed*/reserved/held/past_due ─ buyer, creator, end of grace ─► cancelled   *once its session is expired
paid ─ money given back in full ─► refunded
"""

from enum import StrEnum
from random import Random


class State(StrEnum):
    """Where an order stands."""

    PLACED = "placed"
    RESERVED = "reserved"
    HELD = "held"
    PAID = "paid"
    PAST_DUE = "past_due"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    REFUNDED = "refunded"


S = State
TRANSITIONS: dict[State, frozenset[State]] = {
    S.PLACED: frozenset({S.RESERVED, S.HELD, S.PAID, S.EXPIRED, S.CANCELLED}),
    S.RESERVED: frozenset({S.HELD, S.PAID, S.PAST_DUE, S.CANCELLED}),
    S.HELD: frozenset({S.RESERVED, S.PAID, S.PAST_DUE, S.CANCELLED}),
    S.PAST_DUE: frozenset({S.RESERVED, S.HELD, S.PAID, S.CANCELLED}),
    S.PAID: frozenset({S.REFUNDED}),
    S.EXPIRED: frozenset(),
    S.CANCELLED: frozenset(),
    S.REFUNDED: frozenset(),
}
ENDED = frozenset({S.EXPIRED, S.CANCELLED, S.REFUNDED})
LIVE = frozenset(S) - ENDED
SETTLED = LIVE - {S.PLACED}

# No letters or digits that are read for one another.
ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


def number(prefix: str, chance: Random) -> str:
    """The order's public number, such as FC-7K2M-94: for people, never a secret."""
    letters = "".join(chance.choices(ALPHABET, k=6))
    return f"{prefix}-{letters[:4]}-{letters[4:]}"
