"""One process that serves HTTP on many threads, takes mail, and ends cleanly on a signal."""

from __future__ import annotations

import re
import signal
import socket
import threading
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, ClassVar

from aiosmtpd.controller import Controller

from .environ import environ
from .errors import AnswerLostError
from .mailbox import Postbox

if TYPE_CHECKING:
    from .app import Sandbox

# No body of the API is near as long.
LENGTH = re.compile(r"[0-9]{1,8}")
HOST = "127.0.0.1"
LARGEST_LETTER = 25 * 1024 * 1024


class Bridge(BaseHTTPRequestHandler):
    """Between a kept-alive HTTP connection and the WSGI application.

    Common WSGI servers either close each connection, which doubles the time of a call,
    or cannot cut one without an answer, which the fault switches need.
    """

    server: ThreadingHTTPServer
    sandbox: ClassVar[Sandbox]
    stopping: ClassVar[threading.Event]
    protocol_version = "HTTP/1.1"
    # A small answer leaves at once and in one piece.
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_GET(self) -> None:
        """Answer a GET; the other methods are the same to us."""
        length = self.headers.get("Content-Length") or "0"
        if not LENGTH.fullmatch(length) or "Transfer-Encoding" in self.headers:
            # Where this request ends, and the next one begins, nobody can say.
            self.close_connection = True
            self.send_error(HTTPStatus.LENGTH_REQUIRED, "Say in Content-Length how many bytes the body has")
            return
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            # Whoever asked died in the middle of it. Half a request is none.
            self.close_connection = True
            return
        try:
            chunks = self.sandbox(self._environ(body), self._begin)
            self._finish(b"".join(chunks))
        except AnswerLostError as lost:
            self.stopping.wait(lost.hang)
            self.close_connection = True
            with suppress(OSError):  # whoever asked may be gone by now
                self.connection.shutdown(socket.SHUT_RDWR)
        except ConnectionError:
            self.close_connection = True

    do_POST = do_DELETE = do_HEAD = do_PUT = do_PATCH = do_OPTIONS = do_GET  # noqa: N815 - http.server's names

    def _begin(self, status: str, headers: list[tuple[str, str]], exc_info: object = None) -> Any:  # noqa: ANN401 - WSGI's write(), which nothing here uses
        del exc_info
        code, _, words = status.partition(" ")
        self.send_response(int(code), words)
        for name, value in headers:
            if name.lower() != "content-length":
                self.send_header(name, value)

    def _finish(self, body: bytes) -> None:
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        self.wfile.flush()

    def _environ(self, body: bytes) -> dict[str, Any]:
        here = (HOST, self.server.server_port)
        return environ(self.command, self.path, self.headers.items(), body, here, self.client_address[0])

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - inherited name
        """Say nothing; the sandbox keeps a log of its own."""


class Listener(ThreadingHTTPServer):
    """A thread for each connection, and a long queue for those that come at once."""

    daemon_threads = True
    request_queue_size = 128


class Servers:
    """HTTP and SMTP of one sandbox."""

    def __init__(self, sandbox: Sandbox, port: int, smtp_port: int) -> None:
        """Take both ports; OSError when one is taken."""
        # aiosmtpd notices a taken port only after seconds.
        socket.create_server((HOST, smtp_port)).close()
        self._sandbox = sandbox
        self._stopping = threading.Event()
        own = {"sandbox": sandbox, "stopping": self._stopping}
        self._http = Listener((HOST, port), type("SandboxBridge", (Bridge,), own))
        self._smtp = Controller(
            Postbox(sandbox.machine.mailbox),
            hostname=HOST,
            port=smtp_port,
            data_size_limit=LARGEST_LETTER,
        )
        self._smtp.start()

    def run(self) -> None:
        """Serve until SIGTERM or Ctrl-C."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._end)
        self._sandbox.start()
        self._http.serve_forever(poll_interval=0.2)
        self._stopping.set()
        self._http.server_close()
        self._smtp.stop()
        self._sandbox.close()

    def _end(self, number: int, frame: object) -> None:
        del number, frame
        # shutdown() waits for serve_forever, which this very thread runs.
        threading.Thread(target=self._http.shutdown, daemon=True).start()
