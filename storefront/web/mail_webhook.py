"""/webhooks/mail: verify, store once, answer. The worker does the rest."""

from datetime import UTC, datetime

from flask import Blueprint, Response, jsonify, request

from storefront.actions import hearing_mail
from storefront.rules import mail_news
from storefront.web.context import now, shop
from storefront.web.limits import limiter

pages = Blueprint("mail_webhook", __name__)
limiter.exempt(pages)


@pages.post("/webhooks/mail")
def mail_webhook() -> tuple[Response, int]:
    """Signatures are judged at wall time; everything else is the worker's."""
    here = shop()
    secret = here.settings.mail_webhook_secret
    if not secret:
        return jsonify(error="This shop hears no mail server: MAIL_WEBHOOK_SECRET is not set."), 503
    signature = request.headers.get("Mail-Signature", "")
    try:
        news = mail_news.read(secret, request.get_data(), signature, datetime.now(UTC))
    except mail_news.NotOurs as error:
        return jsonify(error=f"not taken: {error}"), 400
    with here.db.write() as session:
        hearing_mail.store(session, news, now())
    return jsonify(received=True), 200
