"""The sandbox as a WSGI application: the API, the hosted pages, the mailbox, the controls."""

from __future__ import annotations

import json
import sys
import traceback
from typing import TYPE_CHECKING

from werkzeug.wrappers import Request, Response

from . import control
from .api import Api
from .errors import AnswerLostError
from .machine import Machine
from .mail_pages import MailPages
from .pages import Pages

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIEnvironment

    from .options import Options


class Sandbox:
    """A WSGI application; `machine` is what lies behind it."""

    def __init__(self, options: Options) -> None:
        """Put the rooms together."""
        self.machine = Machine(options)
        self._api = Api(self.machine)
        self._pages = Pages(self.machine)
        self._mail = MailPages(self.machine.mailbox)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request. AnswerLostError goes through: the server cuts the connection."""
        request = Request(environ)
        try:
            response = self._respond(request)
        except AnswerLostError:
            raise
        except Exception:  # noqa: BLE001 - a fault of the sandbox is told as Stripe tells its own
            traceback.print_exc(file=sys.stderr)
            response = _failure()
        return response(environ, start_response)

    def start(self) -> None:
        """Begin what runs beside the requests: webhooks and the clock's sweep."""
        self.machine.deliverer.start()

    def close(self) -> None:
        """End it, and close the memory."""
        self.machine.deliverer.stop()
        self.machine.store.close()

    def _respond(self, request: Request) -> Response:
        path = request.path
        if path.startswith("/v1/"):
            return self._api.respond(request)
        if path.startswith("/_sandbox/"):
            return control.respond(self.machine, request)
        if path.startswith("/mail"):
            return self._mail.respond(request)
        return self._pages.respond(request)


def create_sandbox(options: Options) -> Sandbox:
    """Make a sandbox; nothing runs beside it until `start()`."""
    return Sandbox(options)


def _failure() -> Response:
    message = "The sandbox failed; its terminal says where."
    body = {"error": {"type": "api_error", "message": message}}
    return Response(json.dumps(body), 500, content_type="application/json")
