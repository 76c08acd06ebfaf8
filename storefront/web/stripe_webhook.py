"""/webhooks/stripe: verify, store once, answer. The worker does the rest."""

from datetime import UTC, datetime

from flask import Blueprint, Response, jsonify, request

from storefront.actions import hearing
from storefront.outside.stripe_answers import BadSignature
from storefront.web.context import now, shop
from storefront.web.limits import limiter

pages = Blueprint("stripe_webhook", __name__)
limiter.exempt(pages)


@pages.post("/webhooks/stripe")
def stripe_webhook() -> tuple[Response, int]:
    """Signatures are judged at wall time; everything else is the worker's."""
    here = shop()
    try:
        event = here.outside.stripe.event(
            request.get_data(), request.headers.get("Stripe-Signature", ""), datetime.now(UTC)
        )
    except BadSignature as error:
        return jsonify(error=f"not signed by Stripe, or not now: {error}"), 400
    with here.db.write() as session:
        hearing.store(session, event, live=here.outside.stripe.live, now=now())
    return jsonify(received=True), 200
