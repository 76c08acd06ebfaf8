"""What comes back where Stripe's answer should be: proxies, portals and half answers are none of Stripe's."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
import stripe

from storefront.outside.stripe_answers import StripeSilent, Unknown
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
