"""What comes back where Stripe's answer should be: proxies, portals and half answers are none of Stripe's."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
import stripe

from storefront.outside.stripe_answers import Declined, StripeSilent, Unknown
from storefront.outside.stripe_gateway import StripeGateway

NOBODYS = [
    b"",
    b"null",
    b"[]",
    b"{}",
    b'"ok"',
    b"17",
    b'{"id": "pi_1"}',
    b'{"id": "pi_1", "object": "other"}',
    b'{"id": "pi_1", "object": "payment_intent", "sta',
    b'{"error": "no"}',
    b'{"object": "list", "data": [{}], "has_more": false}',
    b"<html><body>Sign in to this network</body></html>",
    b"\x00\xff\xfe",
]
Question = Callable[[StripeGateway], object]
YESTERDAY = datetime(2027, 4, 1, tzinfo=UTC)


class Portal(stripe.HTTPClient):
    """Answers every call in Stripe's place."""

    name = "portal"

    def __init__(self, body: bytes, status: int) -> None:
        super().__init__()
        self.answer = (body.decode(errors="replace"), status, {"Request-Id": "none"})

    def request_with_retries(self, *_: Any, **__: Any) -> tuple[str, int, Mapping[str, str]]:
        return self.answer


def behind(body: bytes, status: int = 200) -> StripeGateway:
    return StripeGateway(
        "sk_test_1", "http://127.0.0.1:1", "whsec_1", 0, http_client=Portal(body, status), sleep=lambda _: None
    )


@pytest.mark.parametrize(
    "kind", ["customer", "session", "hold", "charge", "capture", "void", "refund", "detach", "evidence", "tax"]
)
@pytest.mark.parametrize("body", NOBODYS)
def test_an_answer_that_is_not_stripes_leaves_a_call_unknown(kind: str, body: bytes) -> None:
    assert isinstance(behind(body).perform(kind, "pi_1", {}, "key"), Unknown)


@pytest.mark.parametrize("status", [200, 204, 302, 400, 402, 403, 404, 409, 429, 500, 502, 503])
@pytest.mark.parametrize("body", [b"", b"{}", b'{"error": "no"}', b"<html>502</html>"])
def test_whatever_its_number_says(status: int, body: bytes) -> None:
    assert isinstance(behind(body, status).perform("capture", "pi_1", {}, "key"), Unknown)


@pytest.mark.parametrize(
    "question",
    [
        lambda here: here.checkout("cs_1"),
        lambda here: here.intent("pi_1"),
        lambda here: here.refund("re_1"),
        lambda here: here.refunds("pi_1"),
        lambda here: here.balance(),
        lambda here: here.card("pm_1"),
        lambda here: here.dispute("dp_1"),
        lambda here: list(here.intents_since(YESTERDAY)),
        lambda here: list(here.refunds_since(YESTERDAY)),
        lambda here: list(here.disputes_since(YESTERDAY)),
        lambda here: list(here.events_since(YESTERDAY, ["charge.expired"])),
        lambda here: here.find("charge", "key", {"customer": "cus_1"}),
        lambda here: here.find("refund", "key", {"payment_intent": "pi_1"}),
        lambda here: here.find("session", "key", {"customer": {"email": "m@posteo.de"}}),
    ],
)
@pytest.mark.parametrize("body", NOBODYS)
def test_a_question_that_somebody_else_answered_is_not_answered(question: Question, body: bytes) -> None:
    with pytest.raises(StripeSilent):
        question(behind(body))


@pytest.mark.parametrize(
    ("said", "means"),
    [
        ({"code": "authentication_required", "decline_code": "authentication_required"}, ("authentication_required",)),
        ({"code": "authentication_required", "decline_code": "generic_decline"}, ("authentication_required",)),
        ({"code": "card_declined", "decline_code": "stolen_card"}, ("stolen_card",)),
        ({"code": "expired_card", "advice_code": "confirm_card_data"}, ("expired_card", "confirm_card_data")),
        (
            {
                "code": "card_declined",
                "decline_code": "insufficient_funds",
                "advice_code": "do_not_try_again",
                "network_advice_code": "03",
            },
            ("insufficient_funds", "do_not_try_again", "03"),
        ),
        ({"code": "card_declined", "decline_code": None, "advice_code": None}, ("card_declined",)),
    ],
)
def test_a_no_is_the_same_as_it_is_said_and_as_it_is_found_later(said: dict[str, Any], means: tuple[str, ...]) -> None:
    """The networks forbid another try, whichever way their word came (policies.md 3)."""
    error = {"type": "card_error", "message": "No.", **said}
    intent = {"id": "pi_1", "object": "payment_intent", "status": "requires_payment_method", "amount": 1900}
    found = {"object": "list", "data": [{**intent, "metadata": {"attempt": "key"}, "last_payment_error": error}]}
    at_once = behind(json.dumps({"error": {**error, "payment_intent": intent}}).encode(), 402)
    later = behind(json.dumps({**found, "has_more": False, "url": "/v1/payment_intents"}).encode())
    reason, advice, network_advice = (*means, "", "")[:3]
    no = Declined(reason, "pi_1", advice, network_advice)
    assert at_once.perform("charge", "", {}, "key") == no
    assert getattr(later.find("charge", "key", {"customer": "cus_1"}), "declined", None) == no
