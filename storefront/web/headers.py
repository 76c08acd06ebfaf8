"""Headers of every answer: what a page may load, who may keep it, and that links with tokens travel no further."""

from urllib.parse import urlsplit

from flask import Flask, Response, abort, current_app, request

from storefront.web.context import shop

CHECKOUT_HOST = "https://checkout.stripe.com"
SECRET_PATHS = ("/orders/", "/access/", "/waiting/", "/news/")
FOREVER = "public, max-age=31536000, immutable"
KEPT = ("/static/", "/covers/")


def install(app: Flask) -> None:
    """Check where a POST comes from; set the headers of every answer."""
    app.before_request(_refuse_foreign_posts)
    app.before_request(_refuse_nul)
    app.after_request(_set)
    app.extensions["stripe_pages"] = _stripe_pages(app)


def _stripe_pages(app: Flask) -> str:
    """Where forms may lead by redirect: Stripe's page, or the sandbox's."""
    settings = app.extensions["shop"].settings
    if settings.sandbox and "api.stripe.com" not in settings.stripe_api_base:
        return f"{CHECKOUT_HOST} http://127.0.0.1:* http://localhost:*"
    return CHECKOUT_HOST


def _refuse_foreign_posts() -> None:
    """A browser says from which site a form was sent; beside the CSRF token, another site's is refused by that."""
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    if request.method not in {"GET", "HEAD", "OPTIONS"} and site not in {"same-origin", "none"}:
        abort(403)


def _refuse_nul() -> None:
    """No name and no word has a NUL in it, and PostgreSQL keeps none."""
    if "\0" in request.path:
        abort(404)
    if any("\0" in value for value in (*request.args.values(), *request.form.values())):
        abort(400)


def _set(response: Response) -> Response:
    headers = response.headers
    headers.setdefault(
        "Content-Security-Policy",
        "default-src 'none'; img-src 'self' data:; style-src 'self'; script-src 'self'; font-src 'self'; "
        "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; "
        f"form-action 'self' {current_app.extensions['stripe_pages']}",
    )
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=(), payment=()"
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    secret = request.path.startswith(SECRET_PATHS)
    headers["Referrer-Policy"] = "no-referrer" if secret else "strict-origin-when-cross-origin"
    if request.path.startswith(KEPT) and response.status_code < 400:  # noqa: PLR2004
        headers["Cache-Control"] = FOREVER if _versioned() else "public, max-age=300"
    else:
        headers.setdefault("Cache-Control", "no-store")
    if urlsplit(shop().settings.base_url).scheme == "https":
        headers["Strict-Transport-Security"] = "max-age=31536000"
    return response


def _versioned() -> bool:
    """An address that changes with its content; vendored files never change in place."""
    return "v" in request.args or request.path.startswith("/static/vendor/")
