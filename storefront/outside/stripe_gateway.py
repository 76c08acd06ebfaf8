"""Stripe, in our words: the only module that imports its client.

Every answer is a frozen value. A call that moves money ends as `Done`, `Declined` (determined: the card's answer),
`Refused` (determined: Stripe will not do this) or `Unknown` (anything may have happened).
"""

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import stripe

API_VERSION = "2026-10-28.endive"
TIMEOUT = 20
RETRIES = 2
T = TypeVar("T")
TOLERANCE = timedelta(seconds=300)
HARD = frozenset(
    [
        "incorrect_number",
        "lost_card",
        "pickup_card",
        "stolen_card",
        "revocation_of_authorization",
        "revocation_of_all_authorizations",
        "highest_risk_level",
        "transaction_not_allowed",
        "expired_card",
    ]
)


@dataclass(frozen=True)
class Card:
    """A payment method as a buyer would name it, and whose it is at Stripe (None: nobody's, cannot be used again)."""

    id: str
    name: str
    customer: str | None


@dataclass(frozen=True)
class Intent:
    """A payment intent: `status` as Stripe says, amounts in minor units."""

    id: str
    status: str
    amount: int
    received: int
    capture_before: datetime | None
    card: Card | None
    key: str


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


@dataclass(frozen=True)
class Refund:
    """Money on its way back, in minor units."""

    id: str
    status: str
    amount: int
    key: str


@dataclass(frozen=True)
class Thing:
    """A customer or payment method of which only the id matters."""

    id: str
    key: str


Value = Intent | CheckoutSession | Refund | Thing


@dataclass(frozen=True)
class Done:
    """It happened, and this is how it stands."""

    value: Value


@dataclass(frozen=True)
class Declined:
    """The bank said no. `final`: the same card will not be tried again. `authentication`: it asks for its holder."""

    reason: str
    final: bool
    authentication: bool
    intent: str | None


@dataclass(frozen=True)
class Refused:
    """Stripe will not do this in the object's present state, or the object is unknown."""

    code: str
    sentence: str


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


class Pace:
    """At most `rate` calls a second for each endpoint; 0 is unpaced."""

    def __init__(self, rate: float) -> None:
        self._gap = 1 / rate if rate else 0.0
        self._lock = threading.Lock()
        self._next: dict[str, float] = {}

    def wait(self, endpoint: str) -> None:
        """Return when it is this call's turn."""
        if not self._gap:
            return
        with self._lock:
            turn = max(self._next.get(endpoint, 0.0), time.monotonic())
            self._next[endpoint] = turn + self._gap
        time.sleep(max(0.0, turn - time.monotonic()))


class StripeGateway:
    """One Stripe account. Calls are paced, time out after 20 s and carry the key they are given.

    `http_client` is the client's way out; a test gives one that leads to a Stripe of its own.
    """

    def __init__(
        self,
        key: str,
        base: str,
        webhook_secret: str,
        rate: float,
        *,
        retries: int = RETRIES,
        http_client: stripe.HTTPClient | None = None,
    ) -> None:
        self.live = key.startswith(("sk_live_", "rk_live_"))
        self._secret = webhook_secret
        self._pace = Pace(rate)
        self._client = stripe.StripeClient(
            key,
            base_addresses={"api": base},
            stripe_version=API_VERSION,
            max_network_retries=retries,
            http_client=http_client or stripe.RequestsClient(timeout=TIMEOUT),
        )
        self._v1 = self._client.v1
        self._verbs: dict[str, Callable[[str, Any, Any], Value]] = {
            "customer": lambda _target, body, opts: _thing(self._v1.customers.create(body, opts)),
            "session": lambda _target, body, opts: _session(self._v1.checkout.sessions.create(body, opts)),
            "hold": lambda _target, body, opts: _intent(self._v1.payment_intents.create(body, opts)),
            "charge": lambda _target, body, opts: _intent(self._v1.payment_intents.create(body, opts)),
            "capture": lambda target, body, opts: _intent(self._v1.payment_intents.capture(target, body, opts)),
            "void": lambda target, body, opts: _intent(self._v1.payment_intents.cancel(target, body, opts)),
            "refund": lambda _target, body, opts: _refund(self._v1.refunds.create(body, opts)),
            "detach": lambda target, body, opts: _thing(self._v1.payment_methods.detach(target, body, opts)),
        }

    def perform(self, kind: str, target: str, body: dict[str, Any], key: str) -> Outcome:
        """Make the call an attempt stands for. `body` goes out as it is; `key` is the idempotency key."""
        self._pace.wait(kind)
        return _outcome(lambda: self._verbs[kind](target, body, {"idempotency_key": key}))

    def checkout(self, session_id: str) -> CheckoutSession:
        """A session as it stands now, with what it secured. Raises StripeSilent."""
        expand = ["payment_intent.latest_charge", "payment_intent.payment_method", "setup_intent.payment_method"]
        self._pace.wait("session.read")
        return _asked(lambda: _session(self._v1.checkout.sessions.retrieve(session_id, {"expand": expand})))

    def expire(self, session_id: str) -> None:
        """End a session if it is still open; one that ended by itself is left alone. Raises StripeSilent."""
        self._pace.wait("session.expire")
        try:
            self._v1.checkout.sessions.expire(session_id)
        except stripe.InvalidRequestError:
            return
        except stripe.StripeError as error:
            raise StripeSilent(str(error)) from error

    def intent(self, intent_id: str) -> Intent:
        """An intent as it stands now. Raises StripeSilent."""
        expand = ["latest_charge", "payment_method"]
        self._pace.wait("intent.read")
        return _asked(lambda: _intent(self._v1.payment_intents.retrieve(intent_id, {"expand": expand})))

    def card(self, card_id: str) -> Card | None:
        """A card as it stands now: whose it is. Raises StripeSilent."""
        self._pace.wait("card.read")
        return _asked(lambda: _card(_plain(self._v1.payment_methods.retrieve(card_id))))

    def find(self, kind: str, key: str, *, customer: str | None, intent: str | None) -> Value | None:
        """What a call with this key made, found without repeating it: by the key in its metadata.

        Raises StripeSilent.
        """
        lists: dict[str, Callable[[], list[Value]]] = {
            "hold": lambda: self._intents(customer),
            "charge": lambda: self._intents(customer),
            "session": lambda: self._sessions(customer),
            "refund": lambda: self._refunds(intent),
        }
        if kind not in lists:
            return None
        self._pace.wait(f"{kind}.list")
        return next((each for each in _asked(lists[kind]) if each.key == key), None)

    def _intents(self, customer: str | None) -> list[Value]:
        if customer is None:
            return []
        params: Any = {"customer": customer, "limit": 100, "expand": ["data.latest_charge", "data.payment_method"]}
        return [_intent(each) for each in self._v1.payment_intents.list(params).auto_paging_iter()]

    def _sessions(self, customer: str | None) -> list[Value]:
        if customer is None:
            return []
        listed = self._v1.checkout.sessions.list({"customer": customer, "limit": 100})
        return [_session(each) for each in listed.auto_paging_iter()]

    def _refunds(self, intent: str | None) -> list[Value]:
        if intent is None:
            return []
        listed = self._v1.refunds.list({"payment_intent": intent, "limit": 100})
        return [_refund(each) for each in listed.auto_paging_iter()]

    def event(self, raw: bytes, signature: str, wall: datetime) -> Event:
        """The event in a webhook's body. `wall` is wall time. Raises BadSignature, also for one from the future."""
        try:
            stripe.WebhookSignature.verify_header(
                raw.decode(), signature, self._secret, tolerance=int(TOLERANCE.total_seconds())
            )
            signed = datetime.fromtimestamp(int(dict(part.split("=", 1) for part in signature.split(","))["t"]), UTC)
            data = json.loads(raw)
            event = Event(
                data["id"],
                data["type"],
                data["data"]["object"].get("id", ""),
                bool(data["livemode"]),
                data.get("api_version") or "",
                data,
            )
        except (
            stripe.SignatureVerificationError,
            ValueError,
            KeyError,
            TypeError,
            AttributeError,
            OverflowError,
        ) as error:
            raise BadSignature(str(error)) from error
        if abs(signed - wall) > TOLERANCE:
            raise BadSignature("signed more than 300 seconds from now")
        return event


class StripeSilent(Exception):
    """Stripe did not say; nothing was changed."""


def _asked(question: Callable[[], T]) -> T:
    try:
        return question()
    except stripe.StripeError as error:
        raise StripeSilent(str(error)) from error


def _outcome(call: Callable[[], Value]) -> Outcome:
    try:
        return Done(call())
    except stripe.CardError as error:
        return _declined(error)
    except stripe.IdempotencyError as error:
        return Unknown(str(error))
    except stripe.InvalidRequestError as error:
        return Refused(error.code or "", str(error))
    except (stripe.AuthenticationError, stripe.PermissionError) as error:
        return Unknown(f"Stripe does not accept our key: {error}")
    except stripe.StripeError as error:
        return Unknown(str(error) or type(error).__name__)


def _declined(error: stripe.CardError) -> Declined:
    body: Any = error.error
    code = getattr(body, "decline_code", None) or error.code or "card_declined"
    advice = getattr(body, "advice_code", None)
    intent = getattr(body, "payment_intent", None)
    asks = "authentication_required" in {code, error.code}
    final = code in HARD or advice == "do_not_try_again"
    return Declined(str(code), final, asks, intent["id"] if intent else None)


def _plain(value: Any) -> dict[str, Any]:  # noqa: ANN401 (the client's own types end here)
    return value.to_dict() if hasattr(value, "to_dict") else dict(value)


def _key(data: dict[str, Any]) -> str:
    return str((data.get("metadata") or {}).get("attempt", ""))


def _thing(value: Any) -> Thing:  # noqa: ANN401
    data = _plain(value)
    return Thing(data["id"], _key(data))


def _refund(value: Any) -> Refund:  # noqa: ANN401
    data = _plain(value)
    return Refund(data["id"], data["status"], data["amount"], _key(data))


def _intent(value: Any) -> Intent:  # noqa: ANN401
    data = _plain(value)
    charge = data.get("latest_charge")
    card = charge["payment_method_details"].get("card") or {} if isinstance(charge, dict) else {}
    until = card.get("capture_before")
    return Intent(
        id=data["id"],
        status=data["status"],
        amount=data["amount"],
        received=data.get("amount_received") or 0,
        capture_before=datetime.fromtimestamp(until, UTC) if until else None,
        card=_card(data.get("payment_method")),
        key=_key(data),
    )


def _session(value: Any) -> CheckoutSession:  # noqa: ANN401
    data = _plain(value)
    intent, setup = data.get("payment_intent"), data.get("setup_intent")
    made = _intent(intent) if isinstance(intent, dict) else None
    setup = setup if isinstance(setup, dict) else {}
    return CheckoutSession(
        id=data["id"],
        status=data["status"],
        url=data.get("url") or "",
        expires_at=datetime.fromtimestamp(data["expires_at"], UTC),
        intent=made,
        setup_status=setup.get("status", ""),
        card=made.card if made else _card(setup.get("payment_method")),
        key=_key(data),
    )


def _card(data: Any) -> Card | None:  # noqa: ANN401
    if not isinstance(data, dict):
        return None
    card = data.get("card") or {}
    name = f"{str(card.get('brand', 'card')).title()} ending {card.get('last4', '····')}"
    customer = data.get("customer")
    return Card(data["id"], name, customer["id"] if isinstance(customer, dict) else customer)
