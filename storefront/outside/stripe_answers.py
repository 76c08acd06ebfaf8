"""What Stripe says, in our words: frozen values.

A call that moves money ends as `Done`, `Declined` (determined: the card's answer), `Refused` (determined: Stripe will
not do this) or `Unknown` (anything may have happened).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Card:
    """A payment method as a buyer would name it, and whose it is at Stripe (None: nobody's, cannot be used again).

    `print` is the same for the same card, whoever brings it; from `until` on it is no longer valid. `address`: country,
    state and postal code of its bill as far as they are known, else the country of its bank.
    """

    id: str
    name: str
    customer: str | None
    brand: str = ""
    print: str = ""
    until: datetime | None = None
    address: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Tax:
    """The tax inside an amount, in minor units: its rate as a percentage in text ("19"), its name, the country."""

    amount: int
    rate: str
    name: str
    place: str


@dataclass(frozen=True)
class Calculation:
    """Tax as Stripe has reckoned it for an amount that includes it; `total` is what a buyer would pay."""

    id: str
    key: str
    total: int
    tax: Tax
    expires_at: datetime


@dataclass(frozen=True)
class Intent:
    """A payment intent: `status` as Stripe says, amounts in minor units, `order` the mark that ours carry, `declined` what
    the bank said last where it said no, `cancelled` why it was cancelled, "" where nobody said.
    """

    id: str
    status: str
    amount: int
    received: int
    capture_before: datetime | None
    card: Card | None
    key: str
    order: str = ""
    refunded: int = 0
    disputed: bool = False
    calculation: str = ""
    declined: "Declined | None" = None
    cancelled: str = ""

    @property
    def lapsed(self) -> bool:
        """Whether its hold ended at the bank; any other end is somebody's doing (stripe.md 1.1)."""
        return self.status == "canceled" and self.cancelled in {"automatic", "expired"}


@dataclass(frozen=True)
class CheckoutSession:
    """A visit to Stripe's page: `status` is open, complete or expired."""

    id: str
    status: str
    url: str
    expires_at: datetime
    intent: Intent | None
    setup_status: str
    card: Card | None
    key: str
    customer: str | None = None
    tax: Tax | None = None


@dataclass(frozen=True)
class Refund:
    """Money on its way back, in minor units; `failure` says why it did not arrive."""

    id: str
    status: str
    amount: int
    key: str
    intent: str = ""
    failure: str = ""
    at: datetime | None = None


@dataclass(frozen=True)
class Dispute:
    """A charge that its holder's bank asks back; `status` as Stripe says, the amount in minor units."""

    id: str
    key: str
    intent: str
    amount: int
    currency: str
    reason: str
    status: str
    opened_at: datetime
    due_by: datetime | None
    submitted: bool


@dataclass(frozen=True)
class Thing:
    """A customer or payment method of which only the id matters."""

    id: str
    key: str


Value = Intent | CheckoutSession | Refund | Dispute | Calculation | Thing


@dataclass(frozen=True)
class Done:
    """It happened, and this is how it stands."""

    value: Value


@dataclass(frozen=True)
class Declined:
    """The bank said no: its reason, Stripe's advice and the network's (a two-digit code), where they gave one."""

    reason: str
    intent: str | None = None
    advice: str = ""
    network_advice: str = ""


@dataclass(frozen=True)
class Refused:
    """Stripe will not do this in the object's present state (a payment's, where it was asked), or it is unknown."""

    code: str
    sentence: str
    intent: Intent | None = None


@dataclass(frozen=True)
class Unknown:
    """No answer, or one that settles nothing. Ask again with the same key."""

    sentence: str


Outcome = Done | Declined | Refused | Unknown


@dataclass(frozen=True)
class Event:
    """A webhook's event, its signature verified."""

    id: str
    type: str
    object_id: str
    livemode: bool
    api_version: str
    payload: dict[str, Any]


class BadSignature(Exception):
    """A webhook that Stripe did not sign, or not now."""


class StripeSilent(Exception):
    """Stripe did not say; nothing was changed."""


class NotAtStripe(StripeSilent):
    """It answers, and knows nothing by that name."""
