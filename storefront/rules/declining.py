"""What a decline means and when the card may be asked again (design.md 3, policies.md 3, stripe.md 1.3).

Classes, and our own tries after the first decline:

expired         the card is of no use any more           none: its owner repairs it
authentication  the bank wants its holder                none: its owner confirms
stop            the bank or network forbids another try  none: another card
funds           not enough money, or over a limit        after 1, 3 and 5 days
processing      the bank could not be asked              after 1 hour, 6 hours, 1 day and 3 days
bank            refused without a reason                 after 1 and 3 days

The networks' limits come on top: Visa allows 15 tries in 30 days, Mastercard 10 in 24 hours and 35 in 30 days, and its
advice codes 03 and 21 forbid every other; its codes 24 to 30 say how long to wait at least.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum


class Class(StrEnum):
    """What kind of no it is."""

    EXPIRED = "expired"
    AUTHENTICATION = "authentication"
    STOP = "stop"
    FUNDS = "funds"
    PROCESSING = "processing"
    BANK = "bank"


HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LONG_AGO = datetime.min.replace(tzinfo=UTC)
LADDER: dict[Class, tuple[timedelta, ...]] = {
    Class.FUNDS: (DAY, 3 * DAY, 5 * DAY),
    Class.PROCESSING: (HOUR, 6 * HOUR, DAY, 3 * DAY),
    Class.BANK: (DAY, 3 * DAY),
}
EXPIRED = frozenset({"expired_card", "invalid_expiry_year", "invalid_expiry_month"})
FUNDS = frozenset({"insufficient_funds", "card_velocity_exceeded", "withdrawal_count_limit_exceeded"})
PROCESSING = frozenset({"processing_error", "issuer_not_available", "reenter_transaction", "try_again_later"})
STOP = frozenset(
    [
        "incorrect_number",
        "invalid_number",
        "invalid_account",
        "lost_card",
        "stolen_card",
        "pickup_card",
        "restricted_card",
        "revocation_of_authorization",
        "revocation_of_all_authorizations",
        "stop_payment_order",
        "highest_risk_level",
        "fraudulent",
        "transaction_not_allowed",
        "service_not_allowed",
        "card_not_supported",
        "currency_not_supported",
        "incorrect_cvc",
        "invalid_cvc",
        "hold_lapsed",
        "hold_voided",
        "no_address",
        "card_replaced",
    ]
)
FORBIDDEN = frozenset({"03", "21"})
LEAST_WAIT = {
    "24": HOUR,
    "25": DAY,
    "26": 2 * DAY,
    "27": 4 * DAY,
    "28": 6 * DAY,
    "29": 8 * DAY,
    "30": 10 * DAY,
}
# Tries of one card, whoever asked: (span, most). The network not named allows what Visa does.
LIMITS: dict[str, tuple[tuple[timedelta, int], ...]] = {
    "mastercard": ((DAY, 10), (30 * DAY, 35)),
    "visa": ((30 * DAY, 15),),
}


@dataclass(frozen=True)
class Answer:
    """A decline as the rules see it: Stripe's reason and advice, and the network's advice code."""

    reason: str
    advice: str = ""
    network_advice: str = ""


def classify(answer: Answer) -> Class:
    """What kind of no it is; advice against another try outweighs the reason."""
    if answer.reason == "authentication_required":
        return Class.AUTHENTICATION
    if answer.reason in EXPIRED:
        return Class.EXPIRED
    if answer.reason in STOP or answer.advice in {"do_not_try_again", "confirm_card_data"}:
        return Class.STOP
    if answer.network_advice in FORBIDDEN:
        return Class.STOP
    if answer.reason in FUNDS:
        return Class.FUNDS
    return Class.PROCESSING if answer.reason in PROCESSING else Class.BANK


def next_try(
    answer: Answer, brand: str, tried: list[datetime], first: datetime, now: datetime, ends: datetime
) -> datetime | None:
    """When the card is asked again off-session; None: only its owner can help.

    `tried` are the instants at which this card was asked in the last 30 days, for whatever order, the one just
    declined included; `first` is the first decline of this order, `ends` the end of its grace. The n-th try of the
    ladder comes its wait after `first`; a network's limit or a longer advised wait puts it off.
    """
    waits = LADDER.get(classify(answer), ())
    at = next((first + wait for wait in waits if first + wait > now), None)
    if at is None:
        return None
    at = max(at, now + LEAST_WAIT.get(answer.network_advice, timedelta()))
    for span, most in LIMITS.get(brand, LIMITS["visa"]):
        at = max(at, _allowed_from(tried, span, most))
    return at if at < ends else None


def after_move(again: datetime, before: datetime, now_at: datetime) -> datetime:
    """When the card is asked again once the day has moved; `before` and `now_at`: the pre-flights of the old and the new day.

    A try that waited for the old pre-flight goes with the new one, and none comes before it.
    """
    return now_at if again == before else max(again, now_at)


def _allowed_from(tried: list[datetime], span: timedelta, most: int) -> datetime:
    """The instant from which one more try stays within `most` in any `span`."""
    recent = sorted(tried)[-most:]
    return recent[0] + span if len(recent) == most else LONG_AGO
