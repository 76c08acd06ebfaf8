"""Signing in and out. Creators have a password; readers come in by the link in their letter."""

from urllib.parse import urlsplit

from flask import Blueprint, current_app, make_response, redirect, render_template, request, session, url_for
from flask_login import current_user, logout_user
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from storefront.actions import accounting
from storefront.web.context import shop
from storefront.web.limits import limiter
from storefront.web.signin import sign_in

pages = Blueprint("account", __name__)
AFTER = "studio.overview"
# Where a sign-in may lead: pages by name, never an address that somebody wrote into a link.
NEXT = frozenset([AFTER, "studio.product", "studio.of_product", "studio.order", "studio.launch_now", "library.library"])
LONGEST = 254


@pages.get("/signin")
def signin() -> Response:
    """The form; who is in already goes on."""
    if current_user.is_authenticated and current_user.creator:
        return redirect(_after())
    return _page()


@pages.post("/signin")
@limiter.limit("10/minute")
def sign_in_with_password() -> Response:
    """A new session for the right password. A wrong one and an unknown address read the same, and take as long."""
    email = request.form.get("email", "")[:LONGEST]
    account = accounting.check_password(shop().db, email, request.form.get("password", ""))
    if account is None:
        return _page(email, "This address and this password do not belong together. Look for a slip in either.", 422)
    sign_in(account, by_password=True)
    return redirect(_after(), code=303)


def _page(email: str = "", error: str = "", status: int = 200) -> Response:
    html = render_template("account/signin.html", email=email, error=error, next=request.values.get("next", ""))
    return make_response(html, status)


def _after() -> str:
    """The page a visitor was on their way to, where it is one of ours; rebuilt from its name."""
    try:
        path = urlsplit(request.values.get("next", "")).path
        endpoint, values = current_app.create_url_adapter(request).match(path, method="GET")  # type: ignore[union-attr]
    except (HTTPException, ValueError):
        return url_for(AFTER)
    return url_for(endpoint, **values) if endpoint in NEXT else url_for(AFTER)


@pages.post("/signout")
def signout() -> Response:
    """End the session here, and every copy of it elsewhere; forget what it held."""
    if current_user.is_authenticated:
        with shop().db.write() as db:
            accounting.end_sessions(db, current_user.id)
    logout_user()
    session.clear()
    return redirect("/", code=303)
