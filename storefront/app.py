"""The application: settings, database, the outside world, Jinja, sign-in, CSRF and every room of the web."""

import gc
import hashlib
from pathlib import Path
from random import SystemRandom
from types import TracebackType
from urllib.parse import urlsplit

from flask import Flask, Response, request
from flask_mail import Mail
from sqlalchemy.orm import configure_mappers
from werkzeug.middleware.proxy_fix import ProxyFix

from storefront.clock import Clock
from storefront.models.db import Database
from storefront.outside import stylesheet
from storefront.outside.postman import Postman
from storefront.outside.shelf import Shelf
from storefront.outside.sms import Account as SmsAccount
from storefront.outside.sms import Texter
from storefront.outside.stripe_gateway import StripeGateway
from storefront.outside.world import Outside
from storefront.rules.links import Links
from storefront.rules.papers import Seller
from storefront.rules.policy import Terms
from storefront.settings import LOOPBACK, Settings
from storefront.web import (
    account,
    checkout,
    delay,
    errors,
    filters,
    headers,
    healthz,
    inbox,
    library,
    limits,
    mail_webhook,
    news,
    orders,
    pages,
    papers,
    policy,
    reach,
    shop,
    signin,
    stripe_webhook,
    studio,
    waiting,
)
from storefront.web.context import Shop

ROOT = Path(__file__).resolve().parent.parent
MONTH = 30 * 24 * 3600
LARGEST_FORM = 64 * 1024
SHEET = "css/shop.css"


class Storefront(Flask):
    """Flask that never writes a path into its log: paths of links carry access."""

    def log_exception(
        self, exc_info: tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
    ) -> None:
        """Log the failing endpoint instead of its address."""
        self.logger.error("Exception in %s", request.endpoint, exc_info=exc_info)


def started() -> Flask:
    """The app of a process that stays, from the environment: what it is made of is not searched for garbage any more.

    Raises SettingsError and DatabaseUnreachable.
    """
    app = create_app(Settings.from_env())
    configure_mappers()
    gc.collect()
    gc.freeze()
    return app


def create_app(settings: Settings, clock: Clock | None = None) -> Flask:
    """Build the application. Raises DatabaseUnreachable when the database does not answer."""
    app = Storefront("storefront", root_path=str(ROOT), static_folder="static", template_folder="templates")
    _configure(app, settings)
    app.extensions["shop"] = _shop(app, settings, clock)
    filters.install(app)
    _serve_static(app, Path(app.static_folder or ""))
    limits.long_forms(app)  # before CSRF, which reads the form
    for room in (signin, limits, headers, errors, inbox):
        room.install(app)
    rooms = (shop, checkout, orders, delay, papers, reach, inbox, waiting, library, account, policy, pages, studio)
    for room in (*rooms, news, stripe_webhook, mail_webhook, healthz):
        app.register_blueprint(room.pages)
    ends = (news.one_click, waiting.one_click)
    for end in ends:
        app.register_blueprint(end)
    for door in (stripe_webhook.pages, mail_webhook.pages, *ends):  # their senders sign, or hold a link
        signin.csrf.exempt(door)
    if settings.proxy_hops:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=settings.proxy_hops, x_proto=settings.proxy_hops)  # type: ignore[method-assign]
    return app


def _configure(app: Flask, settings: Settings) -> None:
    host = urlsplit(settings.base_url).hostname or ""
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SECRET_KEY_FALLBACKS=list(settings.secret_key_fallbacks),
        TRUSTED_HOSTS=sorted(LOOPBACK) if host in LOOPBACK else [host],
        MAX_CONTENT_LENGTH=LARGEST_FORM,
        SESSION_COOKIE_NAME="__Host-session" if settings.secure else "session",
        SESSION_COOKIE_SECURE=settings.secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=MONTH,
        MAIL_SERVER=settings.mail.server,
        MAIL_PORT=settings.mail.port,
        MAIL_USE_TLS=settings.mail.use_tls,
        MAIL_USERNAME=settings.mail.username,
        MAIL_PASSWORD=settings.mail.password,
        MAIL_DEFAULT_SENDER=settings.mail.sender,
    )
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}


def _shop(app: Flask, settings: Settings, clock: Clock | None) -> Shop:
    db = Database(settings.database_url)
    db.probe()
    if not settings.sandbox and settings.database_url.startswith("sqlite"):
        app.logger.warning("With a live key use PostgreSQL: SQLite before 3.51.3 can lose a write under two writers.")
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    outside = Outside(
        stripe=StripeGateway(
            settings.stripe_secret_key, settings.stripe_api_base, settings.stripe_webhook_secret, settings.stripe_rate
        ),
        postman=Postman(Mail(app), settings.mail.sender),
        shelf=Shelf(settings.shelf),
        links=Links(settings.base_url, (settings.secret_key, *settings.secret_key_fallbacks), settings.mail_reply_host),
        grant_on=settings.grant_on,
        shop_name=settings.shop_name,
        tax=settings.stripe_tax,
        seller=Seller(settings.shop_name, settings.shop_owner, settings.shop_address, settings.shop_tax_id),
        terms=Terms(settings.withdraw_days),
        sms=_texter(settings),
    )
    clock = clock or Clock(settings.data_dir / "clock" if settings.sandbox else None)
    return Shop(settings, db, outside, clock, SystemRandom())


def _texter(settings: Settings) -> Texter | None:
    sms = settings.sms
    return Texter(SmsAccount(sms.sid, sms.token, sms.sender, sms.api_base)) if sms else None


def _serve_static(app: Flask, folder: Path) -> None:
    """The style sheet goes out joined; addresses change with the content, so that browsers may keep files for ever."""
    sheet = stylesheet.joined(folder / SHEET)
    known: dict[str, str] = {}

    def static_url(path: str) -> str:
        if path not in known:
            content = sheet.encode() if path == SHEET else (folder / path).read_bytes()
            known[path] = f"/static/{path}?v={hashlib.sha256(content).hexdigest()[:10]}"
        return known[path]

    app.jinja_env.globals["static_url"] = static_url
    app.add_url_rule(f"/static/{SHEET}", "stylesheet", lambda: Response(sheet, mimetype="text/css"))
