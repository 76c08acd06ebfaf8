"""Secrets that are derived, not stored: link tokens (design.md 7)."""

import hashlib
import hmac
from base64 import urlsafe_b64encode
from collections.abc import Sequence

TOKEN_BYTES = 24


def token(key: str, purpose: str, row_id: int, generation: int) -> str:
    """A link's token: HMAC-SHA256 over purpose, row and generation; 192 bits, 32 characters of base64url."""
    digest = hmac.new(key.encode(), f"link·{purpose}·{row_id}·{generation}".encode(), hashlib.sha256).digest()
    return urlsafe_b64encode(digest[:TOKEN_BYTES]).decode()


def fingerprint(secret: str) -> str:
    """What a row keeps of a token: its SHA-256 in hex."""
    return hashlib.sha256(secret.encode()).hexdigest()


def rederive(keys: Sequence[str], purpose: str, row_id: int, generation: int, kept: str) -> str | None:
    """The token whose fingerprint a row keeps, under the current key or one of the fallbacks; None when none fits."""
    tokens = (token(key, purpose, row_id, generation) for key in keys)
    return next((t for t in tokens if hmac.compare_digest(fingerprint(t), kept)), None)
