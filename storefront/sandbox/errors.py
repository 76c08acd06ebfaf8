"""What the sandbox answers when it says no, in Stripe's shape."""

from __future__ import annotations

from typing import Any

DOCS = "https://stripe.com/docs/error-codes/"


LONGEST_MESSAGE = 2000
LONGEST_PARAM = 500


class StripeError(Exception):
    """An error answer.

    `began` says whether the call had begun to run: only then is its answer
    kept under the idempotency key. `keeps` says that what the call wrote so
    far stays written (a declined card leaves its marks on the intent).
    """

    def __init__(
        self,
        status: int,
        kind: str,
        message: str,
        **facts: Any,  # noqa: ANN401 - JSON values
    ) -> None:
        """Hold the HTTP status, the error's type, its sentence and further fields."""
        super().__init__(message)
        self.status = status
        self.kind = kind
        self.facts = {name: value for name, value in facts.items() if value is not None}
        self.headers: dict[str, str] = {}
        self.began = False
        self.keeps = False

    def body(self) -> dict[str, Any]:
        """Give the JSON answer; what it quotes of a request is no longer than the request deserved."""
        error = {"type": self.kind, "message": str(self)[:LONGEST_MESSAGE], **self.facts}
        if "param" in error:
            error["param"] = error["param"][:LONGEST_PARAM]
        if "code" in self.facts:
            error["doc_url"] = DOCS + str(self.facts["code"]).replace("_", "-")
        return {"error": dict(sorted(error.items()))}


class AnswerLostError(Exception):
    """No answer leaves (a fault switch). The call may be committed, or never have begun: who knows."""

    def __init__(self, hang: float) -> None:
        """Say how many seconds the connection stays open without an answer."""
        super().__init__("the sandbox was told to lose this answer")
        self.hang = hang


def invalid(message: str, *, param: str | None = None, code: str | None = None) -> StripeError:
    """Refuse a request that is wrong in itself; nothing is kept of it."""
    return StripeError(400, "invalid_request_error", message, param=param, code=code)


def refused(message: str, *, code: str | None = None, **facts: Any) -> StripeError:  # noqa: ANN401 - JSON values
    """Refuse a request that does not fit the state of things; the answer is kept."""
    error = StripeError(400, "invalid_request_error", message, code=code, **facts)
    error.began = True
    return error


def declined(facts: dict[str, Any]) -> StripeError:
    """Answer 402 for a card that was declined; what was written stays."""
    rest = {name: value for name, value in facts.items() if name not in ("type", "message")}
    error = StripeError(402, "card_error", facts["message"], **rest)
    error.began = error.keeps = True
    return error


def absent(word: str, ident: str, param: str, status: int = 404) -> StripeError:
    """Say that an object does not exist (404 in the path, 400 in a parameter)."""
    return StripeError(
        status,
        "invalid_request_error",
        f"No such {word}: '{ident}'",
        code="resource_missing",
        param=param,
    )


def unauthorised(message: str, code: str | None = None) -> StripeError:
    """Answer 401: no key, or one that has no business here."""
    return StripeError(401, "invalid_request_error", message, code=code)


def too_many(reason: str) -> StripeError:
    """Answer 429: more requests than Stripe takes. Nothing is kept, and the header says of what."""
    message = "Request rate limit exceeded. Send fewer requests a second."
    error = StripeError(429, "invalid_request_error", message, code="rate_limit")
    error.headers["Stripe-Rate-Limited-Reason"] = reason
    return error


def locked() -> StripeError:
    """Answer 429: another request holds the object."""
    message = (
        "This object cannot be accessed right now because another API request or Stripe process"
        " is currently accessing it. Try again."
    )
    return StripeError(429, "invalid_request_error", message, code="lock_timeout")


def key_in_use() -> StripeError:
    """Answer 409: a request with the same key is under way. Nothing is kept."""
    message = "There is currently another in-progress request using this Idempotency-Key. Try again when it has ended."
    return StripeError(409, "idempotency_error", message, code="idempotency_key_in_use")


def broken(message: str) -> StripeError:
    """Answer 500 as Stripe does when it fails itself; kept under the key."""
    error = StripeError(500, "api_error", message)
    error.began = True
    return error
