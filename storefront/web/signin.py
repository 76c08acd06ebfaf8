"""Who is signed in (Flask-Login), and the token every form carries."""

from dataclasses import dataclass

from flask import Flask, session
from flask_login import LoginManager, UserMixin, login_user
from flask_wtf import CSRFProtect

from storefront.models.accounts import Account
from storefront.web.context import shop

csrf = CSRFProtect()
manager = LoginManager()


@dataclass(frozen=True)
class Person(UserMixin):  # type: ignore[misc]
    """The account of a request, as a frozen value."""

    id: int
    email: str
    name: str
    role: str
    generation: int

    def get_id(self) -> str:
        """What the session keeps: the account, and which of its sessions this is."""
        return f"{self.id}.{self.generation}"

    @property
    def creator(self) -> bool:
        """Whether the studio is open to them."""
        return self.role in {"creator", "owner"}


def install(app: Flask) -> None:
    """Sessions are signed cookies, renewed at sign-in; forms carry a token bound to them."""
    app.config["WTF_CSRF_TIME_LIMIT"] = None
    # Order pages send no Referer, which strict mode would demand; Sec-Fetch-Site is checked instead (web/headers.py).
    app.config["WTF_CSRF_SSL_STRICT"] = False
    app.config["REMEMBER_COOKIE_DURATION"] = 0
    csrf.init_app(app)
    manager.init_app(app)
    manager.login_view = "account.signin"
    manager.login_message = None
    manager.user_loader(_load)


def _load(kept: str) -> Person | None:
    account_id, _, generation = kept.partition(".")
    with shop().db.read() as db:
        account = db.get(Account, int(account_id))
        return _person(account) if account and str(account.session_generation) == generation else None


def _person(account: Account) -> Person:
    """Whoever came in by a mailed link reads; the studio takes a password, also from a creator."""
    role = account.role if session.get("by_password") else "reader"
    return Person(account.id, account.email, account.name, role, account.session_generation)


def sign_in(account: Account, *, by_password: bool) -> None:
    """Begin a session of its own: what an anonymous visitor's cookie held is dropped, so it cannot be planted."""
    kept = session.get("orders")
    session.clear()
    if kept:
        session["orders"] = kept
    session["by_password"] = by_password
    session.permanent = True
    login_user(_person(account))
