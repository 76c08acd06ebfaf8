"""/healthz: whether the shop can serve, for whatever watches it."""

from flask import Blueprint, Response, jsonify
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from storefront.web.context import now, shop

pages = Blueprint("healthz", __name__)


@pages.get("/healthz")
def healthz() -> tuple[Response, int]:
    """200 while the database answers, 503 otherwise."""
    try:
        with shop().db.read() as session:
            session.execute(text("SELECT 1"))
    except SQLAlchemyError:
        return jsonify(ok=False, why="the database does not answer"), 503
    return jsonify(ok=True, now=now().isoformat()), 200
