"""Addresses that open something: derived from the keys, the same each time, never stored."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from storefront.rules import asking
from storefront.rules.access import fingerprint, rederive, token

# As long as a token, and none: stands where a letter is only looked at by somebody whose link it is not.
NOBODYS = "only-the-buyer-has-the-link-here"


@dataclass(frozen=True)
class Links:
    """BASE_URL, the host that takes answers, the keys (the current one first): nothing else makes addresses in letters.

    `dead`: what is made opens nothing, for letters that are only looked at.
    """

    base_url: str
    keys: Sequence[str] = field(repr=False)
    reply_host: str = ""
    dead: bool = False

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

    def reply_to(self, side: str, order_id: int, generation: int) -> str:
        """The address whose mail is put into the order's thread; "" where no mail comes in (MAIL_REPLY_HOST)."""
        made = asking.Reply(side, order_id, generation)
        return asking.reply_address(self.keys[0], self.reply_host, made) if self.reply_host and not self.dead else ""

    def watcher(self, watcher_id: int, kept: str) -> str:
        """The address of somebody who asked for the news of a launch."""
        return f"{self.base_url}/news/{self.token('watcher', watcher_id, 1, kept)}"

    def token(self, purpose: str, row_id: int, generation: int, kept: str) -> str:
        """A row's token. Raises LookupError when its key is neither SECRET_KEY nor one of the fallbacks."""
        found = rederive(self.keys, purpose, row_id, generation, kept)
        if found is None:
            raise LookupError(f"No key fits the {purpose} link {row_id}: put the old key into SECRET_KEY_FALLBACKS.")
        return NOBODYS if self.dead else found
