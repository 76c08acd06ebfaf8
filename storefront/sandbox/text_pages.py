"""The phones in the browser, and for programs as /sms.json: what was texted, and a button that answers STOP."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from werkzeug.utils import redirect
from werkzeug.wrappers import Response

from .mail_pages import linked
from .templating import page
from .twilio import segments, written

if TYPE_CHECKING:
    from werkzeug.wrappers import Request

    from .machine import Machine

ANSWERS = {
    "/sms/stop": "INSERT OR IGNORE INTO stopped VALUES (?)",
    "/sms/start": "DELETE FROM stopped WHERE number = ?",
}


class TextPages:
    """Answers /sms/…."""

    def __init__(self, machine: Machine) -> None:
        """Keep the machine."""
        self._machine = machine

    def respond(self, request: Request) -> Response:
        """Answer one request."""
        if request.method == "POST" and request.path in ANSWERS:
            return self._say(ANSWERS[request.path], request.form.get("number", ""))
        texts = self._texts(request.args.get("to", ""))
        if request.path == "/sms.json":
            return Response(json.dumps(texts), content_type="application/json")
        if request.path not in ("/sms", "/sms/"):
            return page("absent.html", 404)
        stopped = self._stopped()
        rows = [{**each, "words": linked(each["body"]), "stopped": each["to"] in stopped} for each in texts]
        return page("texts.html", texts=rows, to=request.args.get("to", ""))

    def _say(self, statement: str, number: str) -> Response:
        with self._machine.store.transaction() as db:
            db.execute(statement, (number,))
        response = redirect("/sms/", 303)
        return Response(response.get_data(), response.status, response.headers)

    def _texts(self, to: str) -> list[dict[str, Any]]:
        with self._machine.store.transaction() as db:
            rows = db.execute("SELECT * FROM texts ORDER BY n DESC").fetchall()
        return [_text(dict(row)) for row in rows if not to or row["recipient"] == to]

    def _stopped(self) -> set[str]:
        with self._machine.store.transaction() as db:
            return {row["number"] for row in db.execute("SELECT number FROM stopped")}


def _text(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "n": row["n"],
        "sid": row["sid"],
        "from": row["sender"],
        "to": row["recipient"],
        "body": row["body"],
        "segments": segments(row["body"]),
        "date": written(row["at"]),
    }
