"""A request as WSGI wants it."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Iterable


def environ(
    method: str,
    target: str,
    headers: Iterable[tuple[str, str]],
    body: bytes,
    server: tuple[str, int] = ("127.0.0.1", 0),
    client: str = "127.0.0.1",
) -> dict[str, Any]:
    """Give the environ of a request; `target` is a path with its query."""
    path, _, query = target.partition("?")
    fields = {"HTTP_" + name.upper().replace("-", "_"): value for name, value in headers}
    return {
        **fields,
        "CONTENT_LENGTH": str(len(body)),
        "CONTENT_TYPE": fields.get("HTTP_CONTENT_TYPE", ""),
        "PATH_INFO": unquote(path, "latin-1"),
        "QUERY_STRING": query,
        "REMOTE_ADDR": client,
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "SERVER_NAME": server[0],
        "SERVER_PORT": str(server[1]),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.errors": sys.stderr,
        "wsgi.input": io.BytesIO(body),
        "wsgi.multiprocess": False,
        "wsgi.multithread": True,
        "wsgi.run_once": False,
        "wsgi.url_scheme": "http",
        "wsgi.version": (1, 0),
    }
