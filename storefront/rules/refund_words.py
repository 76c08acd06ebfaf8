"""What is said of money on its way back: to the buyer, and in the studio."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from storefront.rules import words
from storefront.rules.money import exact

BANKS = "Banks show it within 5 to 10 working days."
# Ten working days and their weekends: after that nobody waits for it any more.
SHOWN_AFTER = timedelta(days=16)
FAILED = frozenset({"failed", "canceled"})
# Whom the shop asked, and what came of it: the studio's words for Stripe's.
OUTCOMES = {
    "pending": ("", "On its way"),
    "requires_action": ("", "On its way"),
    "succeeded": ("done", "Sent to the card"),
    "failed": ("needs", "Did not arrive"),
    "canceled": ("needs", "Did not arrive"),
    "by_hand": ("done", "Paid by other means"),
}
FAILURES = {
    "lost_or_stolen_card": "the card was lost or stolen",
    "expired_or_canceled_card": "the card is not in use any more",
    "charge_for_pending_refund_disputed": "the payment was disputed meanwhile",
    "insufficient_funds": "the account at Stripe did not have enough",
    "declined": "the bank did not take it",
    "merchant_request": "it was called back",
}


@dataclass(frozen=True)
class Back:
    """Money that went back, or was to; `status` is Stripe's, or by_hand."""

    amount: int
    currency: str
    status: str
    made_at: datetime
    settled_at: datetime | None = None

    @property
    def failed(self) -> bool:
        """Whether it did not arrive."""
        return self.status in FAILED


def to_buyer(back: Back, zone: str, now: datetime) -> str:
    """How a refund stands, for whom it is."""
    amount, begun = exact(back.amount, back.currency), words.day_month(back.made_at, zone)
    if back.failed:
        return f"{amount} did not reach your card. We find another way and write to you."
    if back.status == "by_hand":
        return f"{amount}, paid back by other means on {begun}."
    if back.status == "succeeded":
        sent = words.day_month(back.settled_at or back.made_at, zone)
        late = now - (back.settled_at or back.made_at) > SHOWN_AFTER
        return f"{amount}, sent to your card on {sent}." + ("" if late else f" {BANKS}")
    return f"{amount}, on the way to your card since {begun}. {BANKS}"


def failure(code: str) -> str:
    """Why a refund did not arrive, in words; "" where nobody said."""
    return FAILURES.get(code, code.replace("_", " ") if code != "unknown" else "")
