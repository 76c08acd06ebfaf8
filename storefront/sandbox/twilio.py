"""Twilio's one call that the shop makes: POST /2010-04-01/Accounts/<sid>/Messages.json, with its shapes and errors.

Numbers that go wrong are those of Twilio's own test credentials; a number that has answered STOP (on its page under /sms/)
is refused as Twilio refuses it. The fault switches timeout_before, error_429, error_500 and timeout_after_commit apply,
matched by "POST /2010-04-01/*".
"""

from __future__ import annotations

import base64
import json
import re
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Response

from . import faults
from .errors import AnswerLostError

if TYPE_CHECKING:
    import sqlite3

    from werkzeug.wrappers import Request

    from .machine import Machine

PATH = re.compile(r"^/2010-04-01/Accounts/(AC[0-9A-Za-z]{1,40})/Messages\.json$")
NUMBER = re.compile(r"^\+[1-9]\d{6,14}$")
SERVICE = re.compile(r"^MG[0-9a-fA-F]{32}$")
LONGEST = 1600
GSM_PART, WIDE_PART = 153, 67
GSM_SINGLE, WIDE_SINGLE = 160, 70
# What Twilio's test credentials answer for these.
MAGIC = {
    "+15005550001": (21211, "Invalid 'To' Phone Number: +15005550001"),
    "+15005550002": (21612, "Message cannot be sent with the current combination of 'To' and/or 'From' parameters"),
    "+15005550003": (
        21408,
        "Permission to send an SMS has not been enabled for the region indicated by the 'To' number",
    ),
    "+15005550004": (21610, "Attempt to send to unsubscribed recipient"),
    "+15005550009": (21614, "'To' number is not a valid mobile number"),
}


class Refused(Exception):
    """An answer that says no: its status, Twilio's code, and the sentence."""

    def __init__(self, status: int, code: int, message: str) -> None:
        """Keep the three."""
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


class Twilio:
    """Answers /2010-04-01/…."""

    def __init__(self, machine: Machine) -> None:
        """Keep the machine."""
        self._machine = machine

    def respond(self, request: Request) -> Response:
        """Answer one request. Raises AnswerLostError where a fault says so."""
        subject = f"{request.method} {request.path}"
        with self._machine.store.transaction() as db:
            before = faults.take(db, ("timeout_before",), subject)
            answer = None if before else self._answer(db, request, subject)
            lost = before or faults.take(db, ("timeout_after_commit",), subject)
        if lost or answer is None:
            raise AnswerLostError(lost.seconds if lost else 0)
        return answer

    def _answer(self, db: sqlite3.Connection, request: Request, subject: str) -> Response:
        try:
            return _json(201, self._send(db, request, subject))
        except Refused as refusal:
            return _refusal(refusal)

    def _send(self, db: sqlite3.Connection, request: Request, subject: str) -> dict[str, Any]:
        account = _account(request)
        if faults.take(db, ("error_429",), subject):
            raise Refused(429, 20429, "Too Many Requests")
        if faults.take(db, ("error_500",), subject):
            raise Refused(500, 20500, "Internal Server Error")
        to, sender, body = _message(request)
        _refuse(db, to, sender, body)
        at, sid = self._machine.clock.now(), self._machine.ids.letters(32)
        row = (f"SM{sid}", at, sender, to, body)
        db.execute("INSERT INTO texts (sid, at, sender, recipient, body) VALUES (?, ?, ?, ?, ?)", row)
        return _told(account, *row)


def _account(request: Request) -> str:
    found = PATH.match(request.path)
    if not found or request.method != "POST":
        raise Refused(404, 20404, f"The requested resource {request.path} was not found")
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    try:
        user, _, token = base64.b64decode(given).decode().partition(":")
    except ValueError:
        user, token = "", ""
    if scheme.lower() != "basic" or user != found[1] or not token or token == "wrong":  # noqa: S105 - a play token
        raise Refused(401, 20003, "Authenticate")
    return found[1]


def _message(request: Request) -> tuple[str, str, str]:
    sender = request.form.get("MessagingServiceSid") or request.form.get("From", "")
    return request.form.get("To", ""), sender, request.form.get("Body", "")


def _refuse(db: sqlite3.Connection, to: str, sender: str, body: str) -> None:
    if not to:
        raise Refused(400, 21604, "A 'To' phone number is required.")
    if not sender:
        raise Refused(400, 21603, "A 'From' phone number is required.")
    if not (NUMBER.match(sender) or SERVICE.match(sender)):
        raise Refused(400, 21212, f"Invalid From Number (caller ID): {sender}")
    if not body:
        raise Refused(400, 21602, "Message body is required.")
    if len(body) > LONGEST:
        raise Refused(400, 21617, "The concatenated message body exceeds the 1600 character limit")
    if not NUMBER.match(to):
        raise Refused(400, 21211, f"Invalid 'To' Phone Number: {to}")
    if to in MAGIC:
        raise Refused(400, *MAGIC[to])
    if db.execute("SELECT 1 FROM stopped WHERE number = ?", (to,)).fetchone():
        raise Refused(400, 21610, "Attempt to send to unsubscribed recipient")


def _told(account: str, sid: str, at: int, sender: str, to: str, body: str) -> dict[str, Any]:
    uri = f"/2010-04-01/Accounts/{account}/Messages/{sid}"
    service = sender if sender.startswith("MG") else None
    return {
        "account_sid": account,
        "api_version": "2010-04-01",
        "body": body,
        "date_created": written(at),
        "date_sent": None,
        "date_updated": written(at),
        "direction": "outbound-api",
        "error_code": None,
        "error_message": None,
        "from": None if service else sender,
        "messaging_service_sid": service,
        "num_media": "0",
        "num_segments": str(segments(body)) if service is None else "0",
        "price": None,
        "price_unit": "USD",
        "sid": sid,
        "status": "accepted" if service else "queued",
        "subresource_uris": {"media": f"{uri}/Media.json"},
        "to": to,
        "uri": f"{uri}.json",
    }


def written(at: int) -> str:
    """Write an instant as Twilio does: RFC 2822, in UTC."""
    return format_datetime(datetime.fromtimestamp(at, UTC))


def segments(body: str) -> int:
    """Count as Twilio bills: by the GSM alphabet where every sign is of it, else by UTF-16 units."""
    if all(sign in GSM for sign in body):
        length = len(body) + sum(sign in "^{}\\[~]|€" for sign in body)
        return 1 if length <= GSM_SINGLE else -(-length // GSM_PART)
    length = len(body.encode("utf-16-be")) // 2
    return 1 if length <= WIDE_SINGLE else -(-length // WIDE_PART)


GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà^{}\\[~]|€"
)


def _refusal(refusal: Refused) -> Response:
    about = f"https://www.twilio.com/docs/errors/{refusal.code}"
    body = {"code": refusal.code, "message": refusal.message, "more_info": about, "status": refusal.status}
    return _json(refusal.status, body)


def _json(status: int, body: dict[str, Any]) -> Response:
    return Response(json.dumps(body), status, content_type="application/json;charset=utf-8")
