"""The sandbox as a WSGI application: the API, the hosted pages, the mailbox, the phones, the controls."""

from __future__ import annotations

import json
import sys
import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING

from werkzeug.wrappers import Request, Response

from . import control
from .api import Api
from .environ import environ
from .errors import AnswerLostError
from .machine import Machine
from .mail_pages import MailPages
from .pages import Pages
from .replies import MailDoor
from .text_pages import TextPages
from .twilio import Twilio

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIEnvironment

    from .options import Options


@dataclass(frozen=True)
class Reply:
    """What a call without HTTP gives."""

    status: int
    headers: dict[str, str]
    body: bytes


class Sandbox:
    """A WSGI application; `machine` is what lies behind it."""

    def __init__(self, options: Options) -> None:
        """Put the rooms together."""
        self.machine = Machine(options)
        self._api = Api(self.machine)
        self._pages = Pages(self.machine)
        self._rooms = (
            ("/2010-04-01/", Twilio(self.machine)),
            ("/mail", MailPages(self.machine.mailbox, options.mail_door or MailDoor())),
            ("/sms", TextPages(self.machine)),
        )

    def __call__(self, given: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request. AnswerLostError goes through: the server cuts the connection."""
        return self._answer(Request(given))(given, start_response)

    def call(self, method: str, target: str, headers: dict[str, str], body: bytes = b"") -> Reply:
        """Answer one request without HTTP. AnswerLostError where a fault loses the answer."""
        response = self._answer(Request(environ(method, target, headers.items(), body)))
        return Reply(response.status_code, dict(response.headers), response.get_data())

    def start(self) -> None:
        """Begin what runs beside the requests: webhooks and the clock's sweep."""
        self.machine.deliverer.start()

    def close(self) -> None:
        """End it, and close the memory."""
        self.machine.deliverer.stop()
        self.machine.store.close()

    def _answer(self, request: Request) -> Response:
        try:
            return self._respond(request)
        except AnswerLostError:
            raise
        except Exception:  # noqa: BLE001 - a fault of the sandbox is told as Stripe tells its own
            traceback.print_exc(file=sys.stderr)
            return _failure()

    def _respond(self, request: Request) -> Response:
        path = request.path
        if path.startswith("/v1/"):
            return self._api.respond(request)
        if path.startswith("/_sandbox/"):
            return control.respond(self.machine, request)
        if path == "/favicon.ico":
            return Response(status=204)
        room = next((room for start, room in self._rooms if path.startswith(start)), self._pages)
        return room.respond(request)


def create_sandbox(options: Options) -> Sandbox:
    """Make a sandbox; nothing runs beside it until `start()`."""
    return Sandbox(options)


def _failure() -> Response:
    message = "The sandbox failed; its terminal says where."
    body = {"error": {"type": "api_error", "message": message}}
    return Response(json.dumps(body), 500, content_type="application/json")
