"""Licence keys: XXXX-XXXX-XXXX-XXXX, the last character a check on the others.

The shipped programs check the form by the same rule: from an alphabet of 32 characters (A has index 0, 9 has 31),
the sixteenth has the index Σ index · position over the first fifteen, positions from 1, modulo 32.
"""

import hashlib
import hmac

ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
FREE = 15


def key(secret: str, grant_id: int) -> str:
    """A grant's licence key, derived once and then kept with the grant."""
    digest = hmac.new(secret.encode(), f"licence·{grant_id}".encode(), hashlib.sha256).digest()
    free = "".join(ALPHABET[byte % len(ALPHABET)] for byte in digest[:FREE])
    whole = free + check_character(free)
    return "-".join(whole[i : i + 4] for i in range(0, len(whole), 4))


def check_character(free: str) -> str:
    """The sixteenth character for fifteen free ones."""
    total = sum(ALPHABET.index(c) * place for place, c in enumerate(free, start=1))
    return ALPHABET[total % len(ALPHABET)]
