"""How often one place may press a button."""

from flask import Flask, request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

from storefront.web.recent import Recent

COUNTED = f"{Recent.STORAGE_SCHEME[0]}://"
limiter = Limiter(get_remote_address, storage_uri=COUNTED, strategy="moving-window", headers_enabled=False)
# A mail provider presses "unsubscribe" for many readers from few addresses; the link cannot be guessed.
MAIL_PROGRAMS = "600/minute"

# The answer to a bank is text of up to 150,000 characters, and a character may be nine bytes of a form.
# Signed events are up to 1 MB; a mail that comes in may have brought files.
LONG_FORMS = {
    "studio.dispute": 2 * 1024 * 1024,
    "stripe_webhook.stripe_webhook": 1 << 20,
    "mail_webhook.mail_webhook": 8 << 20,
}


def long_forms(app: Flask) -> None:
    """Let the few forms that take long text be long; all others keep MAX_CONTENT_LENGTH."""
    app.before_request(_allow_long)


def _allow_long() -> None:
    longest = LONG_FORMS.get(request.endpoint or "")
    if longest:
        request.max_content_length = longest
        request.max_form_memory_size = longest


def install(app: Flask) -> None:
    """Count in memory, per process: a guard against floods, while limits that matter are in the database."""
    limiter.init_app(app)
