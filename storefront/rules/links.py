"""Addresses that open something: derived from the keys, the same each time, never stored."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from storefront.rules.access import fingerprint, rederive, token


@dataclass(frozen=True)
class Links:
    """BASE_URL and the keys (the current one first); nothing else makes an address in a letter."""

    base_url: str
    keys: Sequence[str] = field(repr=False)

    def fresh(self, purpose: str, row_id: int, generation: int) -> str:
        """The fingerprint a row keeps for its link, under the current key."""
        return fingerprint(token(self.keys[0], purpose, row_id, generation))

    def order(self, order_id: int, generation: int, kept: str) -> str:
        """The address of an order's page."""
        return f"{self.base_url}/orders/{self.token('order', order_id, generation, kept)}"

    def access(self, grant_id: int, generation: int, kept: str) -> str:
        """The address that opens a grant."""
        return f"{self.base_url}/access/{self.token('access', grant_id, generation, kept)}"

    def ticket(self, ticket_id: int, kept: str) -> str:
        """The address of a place on a waiting list."""
        return f"{self.base_url}/waiting/{self.token('ticket', ticket_id, 1, kept)}"

    def token(self, purpose: str, row_id: int, generation: int, kept: str) -> str:
        """A row's token. Raises LookupError when its key is neither SECRET_KEY nor one of the fallbacks."""
        found = rederive(self.keys, purpose, row_id, generation, kept)
        if found is None:
            raise LookupError(f"No key fits the {purpose} link {row_id}: put the old key into SECRET_KEY_FALLBACKS.")
        return found
