"""Stripe, in our words: the only module that imports its client.

Every answer is one of the frozen values of `stripe_answers`.
"""

import json
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, TypeVar
from urllib.parse import quote

import requests
import stripe
from requests.adapters import HTTPAdapter
from requests.utils import get_environ_proxies

from storefront.outside.stripe_answers import (
    BadSignature,
    Card,
    CheckoutSession,
    Declined,
    Dispute,
    Done,
    Event,
    Intent,
    NotAtStripe,
    Outcome,
    Refund,
    Refused,
    StripeSilent,
    Thing,
    Unknown,
    Value,
)
from storefront.outside.stripe_pace import Pace
from storefront.outside.stripe_taxes import address_of, calculation, hooked, session_tax

log = logging.getLogger(__name__)
API_VERSION = "2026-10-28.endive"
TIMEOUT, BRISK = 20, 3
CONNECTIONS = 64  # kept open at most: more than there are threads
RETRIES = 2
UNREADABLE = (AttributeError, LookupError, TypeError, ValueError, OverflowError)
T = TypeVar("T")
TOLERANCE = timedelta(seconds=300)


class StripeGateway:
    """One Stripe account. Calls are paced, time out after 20 s and carry the key they are given; a question that somebody
    waits for at a browser is asked once, for 3 s.

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
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.live = key.startswith(("sk_live_", "rk_live_"))
        self._secret = webhook_secret
        self._pace = Pace(rate, sleep)
        connections = _connections(base)

        def client(timeout: float, tries: int) -> stripe.StripeClient:
            return stripe.StripeClient(
                key,
                base_addresses={"api": base},
                stripe_version=API_VERSION,
                max_network_retries=tries,
                http_client=http_client or stripe.RequestsClient(timeout=timeout, session=connections),
            )

        self._client, self._brisk = client(TIMEOUT, retries), client(BRISK, 0).v1
        self._v1 = self._client.v1
        self._verbs: dict[str, Callable[[str, Any, Any], Value]] = {
            "customer": lambda _target, body, opts: _thing(self._post("customers", body, opts), "customer"),
            "session": lambda _target, body, opts: _session(self._post("checkout/sessions", body, opts)),
            "hold": lambda _target, body, opts: _intent(self._v1.payment_intents.create(body, opts)),
            "charge": lambda _target, body, opts: _intent(self._v1.payment_intents.create(body, opts)),
            "capture": self._capture,
            "void": lambda target, body, opts: _intent(self._v1.payment_intents.cancel(target, body, opts)),
            "refund": lambda _target, body, opts: _refund(self._v1.refunds.create(body, opts)),
            "detach": self._detach,
            "evidence": lambda target, body, opts: _dispute(self._v1.disputes.update(target, body, opts)),
            "tax": lambda _target, body, opts: calculation(_plain(self._v1.tax.calculations.create(body, opts))),
        }

    def perform(self, kind: str, target: str, body: dict[str, Any], key: str) -> Outcome:
        """Make the call an attempt stands for. `body` goes out as it is; `key` is the idempotency key.

        A session whose customer is told instead of named is two calls, each with a key of its own: repeated, both answer
        what they did the first time.
        """
        if isinstance(body.get("customer"), dict):
            told = {**body["customer"], "metadata": body["metadata"]}
            made = self.perform("customer", "", told, f"customer:{key}")
            if not isinstance(made, Done):
                return made
            body = {**body, "customer": made.value.id}
        self._pace.wait(kind)
        try:
            with _readable():
                done = self._verbs[kind](target, body, {"idempotency_key": key})
        except stripe.StripeError as error:
            self._heed(kind, error)
            return _outcome(error)
        self._pace.ease(kind)
        return Done(done)

    def room(self, kind: str, within: timedelta, most: int) -> int:
        """How many calls of a kind there is time for at the pace of now: one at least, `most` at most."""
        gap = self._pace.gap(kind)
        return max(1, min(most, int(within.total_seconds() / gap))) if gap else most

    def _capture(self, target: str, body: dict[str, Any], opts: dict[str, Any]) -> Intent:
        return _intent(self._post(f"payment_intents/{quote(target, safe='')}/capture", body, opts))

    def _post(self, path: str, body: dict[str, Any], opts: dict[str, Any]) -> object:
        """A launch makes thousands of some calls: their answer is read as it came, without the client's objects."""
        return self._client.raw_request("post", f"/v1/{path}", **body, **opts).data

    def _detach(self, target: str, body: Any, opts: Any) -> Thing:  # noqa: ANN401 (the client's own types)
        return _thing(self._v1.payment_methods.detach(target, body, opts), "payment_method")

    def _heed(self, endpoint: str, error: stripe.StripeError) -> None:
        """Too many calls: fewer from now on. Two writers on one object are no reason to slow down."""
        if not isinstance(error, stripe.RateLimitError) or _code(error) == "lock_timeout":
            return
        reason = (error.headers or {}).get("Stripe-Rate-Limited-Reason", "")
        self._pace.slow("" if reason.startswith("global") else endpoint)

    def _asked(self, endpoint: str, question: Callable[[], T]) -> T:
        """An answer that moves nothing. Raises StripeSilent."""
        self._pace.wait(endpoint)
        try:
            with _readable():
                answer = question()
        except stripe.StripeError as error:
            self._heed(endpoint, error)
            silent = NotAtStripe if _code(error) == "resource_missing" else StripeSilent
            raise silent(str(error)) from error
        self._pace.ease(endpoint)
        return answer

    def checkout(self, session_id: str, *, brisk: bool = False) -> CheckoutSession:
        """A session as it stands now, with what it secured. `brisk`: somebody waits. Raises StripeSilent."""
        sessions = (self._brisk if brisk else self._v1).checkout.sessions
        expand = ["payment_intent.latest_charge", "payment_intent.payment_method", "setup_intent.payment_method"]
        expand.append("line_items.data.taxes")
        return self._asked("session.read", lambda: _session(sessions.retrieve(session_id, {"expand": expand})))

    def expire(self, session_id: str) -> None:
        """End a session if it is still open; one that ended by itself is left alone. Raises StripeSilent."""

        def end() -> None:
            with suppress(stripe.InvalidRequestError):
                self._v1.checkout.sessions.expire(session_id)

        self._asked("session.expire", end)

    def intent(self, intent_id: str) -> Intent:
        """An intent as it stands now. Raises StripeSilent."""
        expand = ["latest_charge", "payment_method"]
        return self._asked(
            "intent.read", lambda: _intent(self._v1.payment_intents.retrieve(intent_id, {"expand": expand}))
        )

    def refund(self, refund_id: str) -> Refund:
        """A refund as it stands now. Raises StripeSilent."""
        return self._asked("refund.read", lambda: _refund(self._v1.refunds.retrieve(refund_id)))

    def refunds(self, intent_id: str) -> list[Refund]:
        """Every refund of a payment. Raises StripeSilent."""
        return self._asked("refund.list", lambda: self._refunds(intent_id))

    def balance(self) -> dict[str, int]:
        """What can be paid out of the account now, in minor units by currency. Raises StripeSilent."""
        return self._asked("balance.read", lambda: _balance(self._v1.balance.retrieve()))

    def card(self, payment_method_id: str) -> Card:
        """A saved card as it stands now. Raises StripeSilent."""
        return self._asked("card.read", lambda: _saved(self._v1.payment_methods.retrieve(payment_method_id)))

    def dispute(self, dispute_id: str) -> Dispute:
        """A dispute as it stands now. Raises StripeSilent."""
        return self._asked("dispute.read", lambda: _dispute(self._v1.disputes.retrieve(dispute_id)))

    def intents_since(self, at: datetime) -> Iterator[Intent]:
        """Every payment made since an instant, newest first, a page at a time. Raises StripeSilent."""
        params: Any = {"created": {"gte": int(at.timestamp())}, "limit": 100}
        params["expand"] = ["data.latest_charge", "data.payment_method"]
        return self._walk("intent.list", lambda: self._v1.payment_intents.list(params), _intent)

    def refunds_since(self, at: datetime) -> Iterator[Refund]:
        """Every refund made since an instant. Raises StripeSilent."""
        params: Any = {"created": {"gte": int(at.timestamp())}, "limit": 100}
        return self._walk("refund.list", lambda: self._v1.refunds.list(params), _refund)

    def disputes_since(self, at: datetime) -> Iterator[Dispute]:
        """Every dispute opened since an instant. Raises StripeSilent."""
        params: Any = {"created": {"gte": int(at.timestamp())}, "limit": 100}
        return self._walk("dispute.list", lambda: self._v1.disputes.list(params), _dispute)

    def events_since(self, at: datetime, types: Sequence[str]) -> Iterator[Event]:
        """Every event of some types since an instant (Stripe keeps 30 days), newest first. Raises StripeSilent."""
        params: Any = {"created": {"gte": int(at.timestamp())}, "types": list(types), "limit": 100}
        return self._walk("event.list", lambda: self._v1.events.list(params), lambda each: _event(_plain(each)))

    def _walk(self, endpoint: str, first: Callable[[], Any], read: Callable[[Any], T]) -> Iterator[T]:
        turn: Callable[[], Any] | None = first
        while turn is not None:
            things, turn = self._asked(endpoint, partial(_page, turn, read))
            yield from things

    def find(self, kind: str, key: str, body: dict[str, Any]) -> Value | None:
        """What a call with this key and body made, found without repeating it: by the key in its metadata.

        Raises StripeSilent.
        """
        lists: dict[str, Callable[[], list[Value]]] = {
            "hold": lambda: self._intents(body["customer"]),
            "charge": lambda: self._intents(body["customer"]),
            "session": lambda: [each for name in self._customers(key, body) for each in self._sessions(name)],
            "refund": lambda: list(self._refunds(body["payment_intent"])),
        }
        if kind not in lists:
            return None
        return next((each for each in self._asked(f"{kind}.list", lists[kind]) if each.key == key), None)

    def _customers(self, key: str, body: dict[str, Any]) -> list[str]:
        """Whom the body names; or whom a call with this key made of what the body tells of them."""
        told = body["customer"]
        if isinstance(told, str):
            return [told]
        listed = self._v1.customers.list({"email": told["email"], "limit": 100}).auto_paging_iter()
        return [made.id for made in (_thing(each, "customer") for each in listed) if made.key == key]

    def _intents(self, customer: str) -> list[Value]:
        params: Any = {"customer": customer, "limit": 100, "expand": ["data.latest_charge", "data.payment_method"]}
        return [_intent(each) for each in self._v1.payment_intents.list(params).auto_paging_iter()]

    def _sessions(self, customer: str) -> list[Value]:
        listed = self._v1.checkout.sessions.list({"customer": customer, "limit": 100})
        return [_session(each) for each in listed.auto_paging_iter()]

    def _refunds(self, intent: str) -> list[Refund]:
        listed = self._v1.refunds.list({"payment_intent": intent, "limit": 100})
        return [_refund(each) for each in listed.auto_paging_iter()]

    def event(self, raw: bytes, signature: str, wall: datetime) -> Event:
        """The event in a webhook's body. `wall` is wall time. Raises BadSignature, also for one from the future."""
        try:
            stripe.WebhookSignature.verify_header(
                raw.decode(), signature, self._secret, tolerance=int(TOLERANCE.total_seconds())
            )
            signed = datetime.fromtimestamp(int(dict(part.split("=", 1) for part in signature.split(","))["t"]), UTC)
            event = _event(json.loads(raw))
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


def _connections(base: str) -> requests.Session:
    """Connections that all threads share. The way out (HTTPS_PROXY, NO_PROXY) is read once and not at every call, and no
    ~/.netrc takes the place of our key.
    """
    made = requests.Session()
    made.trust_env, made.proxies = False, get_environ_proxies(base)
    for scheme in ("https://", "http://"):
        made.mount(scheme, HTTPAdapter(pool_maxsize=CONNECTIONS))
    return made


@contextmanager
def _readable() -> Iterator[None]:
    """Whatever stands between us and Stripe may answer in its place; what does not read as Stripe's own answer is none."""
    try:
        yield
    except UNREADABLE as error:
        log.warning("Not an answer of Stripe.", exc_info=True)
        raise stripe.APIError(f"What came back is not Stripe's answer ({type(error).__name__}: {error}).") from error


def _page(turn: Callable[[], Any], read: Callable[[Any], T]) -> tuple[list[T], Callable[[], Any] | None]:
    """The things on a page of a list, and how to turn to the next one."""
    page = turn()
    return [read(each) for each in page.data], page.next_page if page.has_more else None


def _event(data: dict[str, Any]) -> Event:
    about = data["data"]["object"].get("id", "")
    return Event(data["id"], data["type"], about, bool(data["livemode"]), data.get("api_version") or "", data)


def _code(error: stripe.StripeError) -> str:
    return str(error.code or getattr(error.error, "code", None) or "")


def _outcome(error: stripe.StripeError) -> Declined | Refused | Unknown:
    if isinstance(error, stripe.CardError):
        return _declined(error)
    if isinstance(error, stripe.IdempotencyError):
        return Unknown(str(error))
    if isinstance(error, stripe.InvalidRequestError):
        return Refused(_code(error), str(error))
    if isinstance(error, stripe.AuthenticationError | stripe.PermissionError):
        return Unknown(f"Stripe does not accept our key: {error}")
    return Unknown(str(error) or type(error).__name__)


def _declined(error: stripe.CardError) -> Declined:
    body = _plain(error.error) if error.error else {}
    intent = body.get("payment_intent")
    return _no({**body, "code": error.code}, intent["id"] if intent else None)


def _no(said: dict[str, Any], intent: str | None) -> Declined:
    """The bank's no, as a call that failed says it and its payment keeps it."""
    code, closer = said.get("code") or "card_declined", said.get("decline_code")
    reason = code if code == "authentication_required" else closer or code
    advice, network_advice = said.get("advice_code") or "", said.get("network_advice_code") or ""
    return Declined(str(reason), intent, str(advice), str(network_advice))


def _plain(value: Any) -> dict[str, Any]:  # noqa: ANN401 (the client's own types end here)
    return value.to_dict() if hasattr(value, "to_dict") else dict(value)


def _key(data: dict[str, Any]) -> str:
    return str((data.get("metadata") or {}).get("attempt", ""))


def _balance(value: Any) -> dict[str, int]:  # noqa: ANN401
    return {each["currency"].upper(): int(each["amount"]) for each in _plain(value)["available"]}


def _saved(value: Any) -> Card:  # noqa: ANN401
    card = _card(_told(value, "payment_method"))
    if card is None:
        raise ValueError("no card")
    return card


def _told(value: Any, kind: str) -> dict[str, Any]:  # noqa: ANN401
    """A thing of the kind that was asked for. Raises ValueError for another one."""
    data = _plain(value)
    if data["object"] != kind:
        raise ValueError(f"a {data['object']} for a {kind}")
    return data


def _thing(value: Any, kind: str) -> Thing:  # noqa: ANN401
    data = _told(value, kind)
    return Thing(data["id"], _key(data))


def _refund(value: Any) -> Refund:  # noqa: ANN401
    data = _plain(value)
    failure, made = data.get("failure_reason") or "", datetime.fromtimestamp(data["created"], UTC)
    intent = data.get("payment_intent") or ""
    return Refund(data["id"], data["status"], data["amount"], _key(data), str(intent), failure, made)


def _dispute(value: Any) -> Dispute:  # noqa: ANN401
    data = _plain(value)
    details = data.get("evidence_details") or {}
    due = details.get("due_by")
    return Dispute(
        id=data["id"],
        key=_key(data),
        intent=data.get("payment_intent") or "",
        amount=data["amount"],
        currency=data["currency"].upper(),
        reason=data["reason"],
        status=data["status"],
        opened_at=datetime.fromtimestamp(data["created"], UTC),
        due_by=datetime.fromtimestamp(due, UTC) if due else None,
        submitted=bool(details.get("submission_count")),
    )


def _intent(value: Any) -> Intent:  # noqa: ANN401
    data = _plain(value)
    charge = data.get("latest_charge")
    charge = charge if isinstance(charge, dict) else {}
    card = (charge.get("payment_method_details") or {}).get("card") or {}
    until, order = card.get("capture_before"), str((data.get("metadata") or {}).get("order", ""))
    said = data.get("last_payment_error")
    return Intent(
        id=data["id"],
        status=data["status"],
        amount=data["amount"],
        received=data.get("amount_received") or 0,
        capture_before=datetime.fromtimestamp(until, UTC) if until else None,
        card=_card(data.get("payment_method")),
        key=_key(data),
        order=order,
        refunded=charge.get("amount_refunded") or 0,
        disputed=bool(charge.get("disputed")),
        calculation=hooked(data.get("hooks") or {}),
        declined=_no(said, data["id"]) if said else None,
        cancelled=data.get("cancellation_reason") or "",
    )


def _session(value: Any) -> CheckoutSession:  # noqa: ANN401
    data = _plain(value)
    intent, setup = data.get("payment_intent"), data.get("setup_intent")
    made = _intent(intent) if isinstance(intent, dict) else None
    setup, customer = setup if isinstance(setup, dict) else {}, data.get("customer")
    return CheckoutSession(
        id=data["id"],
        status=data["status"],
        url=data.get("url") or "",
        expires_at=datetime.fromtimestamp(data["expires_at"], UTC),
        intent=made,
        setup_status=setup.get("status", ""),
        card=made.card if made else _card(setup.get("payment_method")),
        key=_key(data),
        customer=customer["id"] if isinstance(customer, dict) else customer,
        tax=session_tax(data),
    )


def _card(data: Any) -> Card | None:  # noqa: ANN401
    if not isinstance(data, dict):
        return None
    card = data.get("card") or {}
    brand = str(card.get("brand", "card"))
    customer = data.get("customer")
    return Card(
        id=data["id"],
        name=f"{brand.title()} ending {card.get('last4', '····')}",
        customer=customer["id"] if isinstance(customer, dict) else customer,
        brand=brand,
        print=card.get("fingerprint") or "",
        until=_after(card.get("exp_year"), card.get("exp_month")),
        address=address_of((data.get("billing_details") or {}).get("address") or {}, card.get("country") or ""),
    )


def _after(year: int | None, month: int | None) -> datetime | None:
    """A card is valid to the end of the month that is printed on it."""
    if not year or not month:
        return None
    return datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)
