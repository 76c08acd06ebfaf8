"""Error pages: what happened, and what to do."""

from flask import Flask, Response, jsonify, make_response, render_template, request
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

WORDS = {
    400: ("That could not be read", "Go back, reload the page and try again. Nothing was ordered or charged."),
    403: ("That is not yours to open", "Sign in with the account it belongs to, or go back to the shop."),
    404: (
        "There is nothing here",
        "The link may be mistyped, or it was replaced by a newer one: look for the latest letter.",
    ),
    405: ("That could not be read", "Go back, reload the page and try again."),
    413: ("That was too much at once", "The form takes a few lines only. Shorten it and send it again."),
    429: (
        "A little slower, please",
        "That was tried many times in a row. Wait a minute and try again; nothing is lost.",
    ),
    500: ("Something broke on our side", "It was written down. Nothing was charged by it; try again in a minute."),
    503: ("Not reachable just now", "Try again in a minute. Nothing is lost."),
}


def install(app: Flask) -> None:
    """One page for all errors; the webhook and health addresses answer JSON."""
    app.register_error_handler(HTTPException, _told)
    app.register_error_handler(CSRFError, _stale)
    app.register_error_handler(500, _told)


def _told(error: HTTPException) -> Response:
    code = error.code or 500
    if error.response is not None:
        return make_response(error.response)
    if request.path.startswith(("/webhooks/", "/healthz")):
        return make_response(jsonify(error=error.name), code)
    return page(code, *WORDS.get(code, WORDS[500 if code >= 500 else 400]))  # noqa: PLR2004


def _stale(_error: CSRFError) -> Response:
    title = "This page was open for a long time"
    return page(400, title, "Go back, reload it and press the button again. Nothing was ordered or charged.")


def page(code: int, title: str, sentence: str) -> Response:
    """An error page with its status."""
    return make_response(render_template("errors/error.html", code=code, title=title, sentence=sentence), code)
