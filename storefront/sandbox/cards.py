"""The test cards, and what the bank behind each of them says."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

DAY = 24 * 60 * 60
HOLD = 7 * DAY
# Visa gives a merchant-initiated payment less: exactly 4 days and 18 hours.
VISA_OFF_SESSION_HOLD = 4 * DAY + 18 * 60 * 60
# Extended authorisation, for the networks that give it to a shop like ours.
EXTENDED_HOLDS = {"visa": 29 * DAY + 18 * 60 * 60, "mastercard": 30 * DAY}


@dataclass(frozen=True)
class Decline:
    """Why a bank said no."""

    code: str
    message: str
    reason: str | None = None
    advice: str | None = None
    network_code: str | None = None

    def facts(self) -> dict[str, Any]:
        """Give the fields that an error answer shows."""
        facts = {
            "type": "card_error",
            "code": self.code,
            "decline_code": self.reason,
            "advice_code": self.advice,
            "network_decline_code": self.network_code,
            "message": self.message,
        }
        return {name: value for name, value in facts.items() if value is not None}


@dataclass(frozen=True)
class TestCard:
    """One number.

    `challenge` says when the bank wants its holder to authenticate: "never"; "always";
    "until set up" (off-session payments pass once it was); "set up" (they pass as if it had been).
    `dispute` is the reason for which its bank takes every charge back, or with `inquiry` asks about
    it; `refund` how its refunds go: "pending", then succeeded; "fails" after they had succeeded.
    """

    number: str
    brand: str
    aliases: tuple[str, ...]
    effect: str
    decline: Decline | None = None
    attachable: bool = True
    challenge: str = "never"
    dispute: str = ""
    inquiry: bool = False
    refund: str = ""

    @property
    def last4(self) -> str:
        """The last four digits."""
        return self.number[-4:]

    @property
    def fingerprint(self) -> str:
        """The same for the same number, always."""
        return hashlib.sha256(self.number.encode()).hexdigest()[:16]

    @property
    def spaced(self) -> str:
        """The number in groups, as a person types it."""
        if self.brand == "amex":
            return f"{self.number[:4]} {self.number[4:10]} {self.number[10:]}"
        return " ".join(self.number[start : start + 4] for start in range(0, 16, 4))


NO = "Your card was declined."
GENERIC = Decline("card_declined", NO, "generic_decline", "try_again_later", "05")
FUNDS = Decline(
    "card_declined",
    "Your card has insufficient funds.",
    "insufficient_funds",
    "try_again_later",
    "51",
)
LOST = Decline("card_declined", NO, "lost_card", "do_not_try_again", "41")
STOLEN = Decline("card_declined", NO, "stolen_card", "do_not_try_again", "43")
VELOCITY = Decline(
    "card_declined",
    "Your card was declined for making repeated attempts too often.",
    "card_velocity_exceeded",
    "try_again_later",
    "65",
)
EXPIRED = Decline("expired_card", "Your card has expired.", advice="confirm_card_data", network_code="54")
WRONG_CVC = Decline(
    "incorrect_cvc",
    "Your card's security code is incorrect.",
    advice="confirm_card_data",
    network_code="82",
)
PROCESSING = Decline(
    "processing_error",
    "An error occurred while processing your card. Try again in a little while.",
    advice="try_again_later",
    network_code="06",
)
UNAUTHENTICATED = Decline(
    "authentication_required",
    "Your card was declined. This transaction requires authentication.",
    "authentication_required",
)

CARDS = (
    TestCard("4242424242424242", "visa", ("pm_card_visa",), "pays"),
    TestCard("5555555555554444", "mastercard", ("pm_card_mastercard",), "pays"),
    TestCard("378282246310005", "amex", ("pm_card_amex",), "pays"),
    TestCard(
        "4000000000000002",
        "visa",
        ("pm_card_visa_chargeDeclined", "pm_card_chargeDeclined"),
        "declined",
        GENERIC,
        attachable=False,
    ),
    TestCard(
        "4000000000009995",
        "visa",
        (
            "pm_card_visa_chargeDeclinedInsufficientFunds",
            "pm_card_chargeDeclinedInsufficientFunds",
        ),
        "declined: insufficient funds",
        FUNDS,
        attachable=False,
    ),
    TestCard(
        "4000000000009987",
        "visa",
        ("pm_card_visa_chargeDeclinedLostCard", "pm_card_chargeDeclinedLostCard"),
        "declined: lost card",
        LOST,
        attachable=False,
    ),
    TestCard(
        "4000000000009979",
        "visa",
        ("pm_card_visa_chargeDeclinedStolenCard", "pm_card_chargeDeclinedStolenCard"),
        "declined: stolen card",
        STOLEN,
        attachable=False,
    ),
    TestCard(
        "4000000000006975",
        "visa",
        (
            "pm_card_visa_chargeDeclinedVelocityLimitExceeded",
            "pm_card_chargeDeclinedVelocityLimitExceeded",
        ),
        "declined: used too often",
        VELOCITY,
        attachable=False,
    ),
    TestCard(
        "4000000000000069",
        "visa",
        ("pm_card_chargeDeclinedExpiredCard",),
        "declined: expired",
        EXPIRED,
        attachable=False,
    ),
    TestCard(
        "4000000000000127",
        "visa",
        ("pm_card_chargeDeclinedIncorrectCvc",),
        "declined: wrong security code",
        WRONG_CVC,
        attachable=False,
    ),
    TestCard(
        "4000000000000119",
        "visa",
        ("pm_card_chargeDeclinedProcessingError",),
        "declined: processing error",
        PROCESSING,
        attachable=False,
    ),
    TestCard(
        "4000000000000341",
        "visa",
        ("pm_card_chargeCustomerFail",),
        "can be saved, then every charge is declined",
        GENERIC,
    ),
    TestCard(
        "4000002760003184",
        "visa",
        ("pm_card_authenticationRequired",),
        "asks for 3-D Secure every time, so it fails while its holder is away",
        challenge="always",
    ),
    TestCard(
        "4000002500003155",
        "visa",
        ("pm_card_authenticationRequiredOnSetup",),
        "asks for 3-D Secure; once saved it pays while its holder is away",
        challenge="until set up",
    ),
    TestCard(
        "4000003800000446",
        "visa",
        ("pm_card_authenticationRequiredSetupForOffSession",),
        "asks for 3-D Secure; pays while its holder is away",
        challenge="set up",
    ),
    TestCard(
        "4000008260003178",
        "visa",
        ("pm_card_authenticationRequiredChargeDeclinedInsufficientFunds",),
        "asks for 3-D Secure, then every charge is declined: insufficient funds",
        FUNDS,
        challenge="until set up",
    ),
    TestCard(
        "4000000000007726",
        "visa",
        ("pm_card_pendingRefund",),
        "pays; its refunds are pending first, and succeed later",
        refund="pending",
    ),
    TestCard(
        "4000000000005126",
        "visa",
        ("pm_card_refundFail",),
        "pays; its refunds succeed first, and fail later",
        refund="fails",
    ),
    TestCard(
        "4000000000000259",
        "visa",
        ("pm_card_createDispute",),
        "pays; its holder says it was fraud",
        dispute="fraudulent",
    ),
    TestCard(
        "4000000000002685",
        "visa",
        ("pm_card_createDisputeProductNotReceived",),
        "pays; its holder says that nothing arrived",
        dispute="product_not_received",
    ),
    TestCard(
        "4000000000001976",
        "visa",
        ("pm_card_createDisputeInquiry",),
        "pays; its bank asks what it was for",
        dispute="fraudulent",
        inquiry=True,
    ),
    TestCard(
        "4000000000000077",
        "visa",
        ("pm_card_bypassPending",),
        "pays; the money is in the balance at once",
    ),
)
BY_NUMBER = {card.number: card for card in CARDS}
BY_ALIAS = {alias: card for card in CARDS for alias in card.aliases}


@dataclass(frozen=True)
class Visit:
    """How a bank is asked: who is there, and what for."""

    off_session: bool = False
    saving: bool = False
    authenticated: bool = False
    set_up: bool = False
    challenge_wanted: bool = False


def ask_bank(card: TestCard, visit: Visit) -> Decline | str:
    """Give "approved", "challenge" (its holder has to authenticate), or the decline."""
    if not visit.authenticated and _challenges(card, visit):
        return UNAUTHENTICATED if visit.off_session else "challenge"
    if visit.saving and card.attachable:
        return "approved"
    return card.decline or "approved"


def _challenges(card: TestCard, visit: Visit) -> bool:
    if card.challenge == "always":
        return True
    if visit.off_session:
        return card.challenge == "until set up" and not visit.set_up
    return card.challenge != "never" or visit.challenge_wanted


def hold_seconds(brand: str, *, off_session: bool) -> int:
    """Give how long a hold on a card of this network lives."""
    return VISA_OFF_SESSION_HOLD if off_session and brand == "visa" else HOLD


def extended_hold(brand: str, *, off_session: bool) -> int | None:
    """Give how long an extended hold lives, or None: Visa wants its customer there, Amex a hotel."""
    return None if off_session and brand == "visa" else EXTENDED_HOLDS.get(brand)
