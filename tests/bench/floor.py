"""The floor of placing, for gunicorn: one conditional UPDATE and one INSERT, then the same two calls to Stripe."""

import os
import time

import stripe
from flask import Flask, redirect, request
from sqlalchemy import text
from werkzeug.wrappers import Response

from storefront.models.db import Database
from storefront.outside.stripe_gateway import API_VERSION

TAKE = text("UPDATE floor_stock SET taken = taken + 1 WHERE id = 1 AND taken < stock")
KEEP = text("INSERT INTO floor_orders (email, nonce, price) VALUES (:email, :nonce, 1900)")
app = Flask(__name__)
db = Database(os.environ["DATABASE_URL"])
client = stripe.StripeClient(
    os.environ["STRIPE_SECRET_KEY"],
    base_addresses={"api": os.environ["STRIPE_API_BASE"]},
    stripe_version=API_VERSION,
    max_network_retries=2,
    http_client=stripe.RequestsClient(timeout=20),
)


@app.get("/")
def page() -> str:
    """Where a buyer begins."""
    return "floor"


@app.post("/order")
def order() -> Response:
    """Take a unit, keep the order, open the session."""
    email, nonce = request.form["email"], request.form["nonce"]
    with db.engine.begin() as connection:
        if not connection.execute(TAKE).rowcount:
            return Response("sold out", 409)
        connection.execute(KEEP, {"email": email, "nonce": nonce})
    customer = client.v1.customers.create({"email": email}, {"idempotency_key": f"customer:{nonce}"})
    session = client.v1.checkout.sessions.create(
        {
            "mode": "setup",
            "customer": customer.id,
            "success_url": f"{request.host_url}done",
            "allowed_payment_method_types": ["card"],
            "expires_at": int(time.time()) + 2700,
        },  # type: ignore[typeddict-unknown-key,unused-ignore]
        {"idempotency_key": f"session:{nonce}"},
    )
    return redirect(session.url or "/", code=303)
