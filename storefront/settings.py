"""The program's settings: typed, from the environment, and refused when half of them are missing."""

import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

LOOPBACK = {"127.0.0.1", "localhost", "::1"}
WEAK_KEYS = {"changeme", "secret", "dev", "default", "development", "password"}
KEY_LENGTH = 32
LEAST_WITHDRAW_DAYS, MOST_WITHDRAW_DAYS = 14, 365
HOST_NAME = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")
SMS_NEEDS = ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "SMS_FROM")
SMS_SENDER = re.compile(r"\+[1-9]\d{6,14}|MG[0-9a-fA-F]{32}")
TWILIO = "https://api.twilio.com"
DATABASES = ("sqlite://", "postgresql+psycopg://")


class SettingsError(Exception):
    """The environment is incomplete or contradicts itself; the message says what to set."""


@dataclass(frozen=True)
class Mail:
    """The door letters leave by, as Flask-Mail names its settings."""

    server: str
    port: int
    use_tls: bool
    username: str | None
    password: str | None
    sender: str


@dataclass(frozen=True)
class Sms:
    """An account at Twilio, and the number or messaging service that texts come from."""

    sid: str
    token: str = field(repr=False)
    sender: str
    api_base: str


@dataclass(frozen=True)
class Settings:
    """Everything the program needs to be told. Build it with `Settings.from_env`."""

    database_url: str
    secret_key: str = field(repr=False)
    secret_key_fallbacks: tuple[str, ...] = field(repr=False)
    base_url: str
    stripe_secret_key: str = field(repr=False)
    stripe_webhook_secret: str = field(repr=False)
    stripe_api_base: str
    stripe_rate: float
    mail: Mail
    data_dir: Path
    shelf: Path
    grant_on: str
    shop_name: str
    shop_owner: str
    proxy_hops: int
    stripe_tax: bool
    shop_address: str
    shop_tax_id: str
    withdraw_days: int
    mail_webhook_secret: str = field(default="", repr=False)
    mail_reply_host: str = ""
    sms: Sms | None = None
    sandbox_url: str = ""

    @property
    def sandbox(self) -> bool:
        """Whether money is play money: only then may the clock be moved."""
        return not self.stripe_secret_key.startswith(("sk_live_", "rk_live_"))

    @property
    def secure(self) -> bool:
        """Whether cookies are marked Secure: BASE_URL's scheme decides."""
        return self.base_url.startswith("https://")

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> Self:
        """Read the settings. Raises SettingsError that names the variable and what it should be."""
        data_dir = Path(env.get("DATA_DIR", "instance")).resolve()
        made = cls(
            database_url=_database_url(env),
            secret_key=_needed(env, "SECRET_KEY"),
            secret_key_fallbacks=tuple(filter(None, env.get("SECRET_KEY_FALLBACKS", "").split(","))),
            base_url=_needed(env, "BASE_URL").rstrip("/"),
            stripe_secret_key=_needed(env, "STRIPE_SECRET_KEY"),
            stripe_webhook_secret=_needed(env, "STRIPE_WEBHOOK_SECRET"),
            stripe_api_base=env.get("STRIPE_API_BASE", "https://api.stripe.com").rstrip("/"),
            stripe_rate=_number(env, "STRIPE_RATE", 20),
            mail=_mail(env),
            data_dir=data_dir,
            shelf=_shelf(env, data_dir),
            grant_on=env.get("GRANT_ON", "hold"),
            shop_name=env.get("SHOP_NAME", "Forthcoming"),
            shop_owner=env.get("SHOP_OWNER", "its owner"),
            proxy_hops=int(_number(env, "PROXY_HOPS", 0)),
            stripe_tax=_switch(env, "STRIPE_TAX"),
            shop_address=env.get("SHOP_ADDRESS", "").strip(),
            shop_tax_id=env.get("SHOP_TAX_ID", "").strip(),
            withdraw_days=_withdraw_days(env),
            mail_webhook_secret=_mail_webhook_secret(env),
            mail_reply_host=_mail_reply_host(env),
            sms=_sms(env),
            sandbox_url=env.get("SANDBOX_URL", "").rstrip("/"),
        )
        _refuse(made)
        return made


def _needed(env: Mapping[str, str], name: str) -> str:
    value = env.get(name, "").strip()
    if not value:
        raise SettingsError(f"{name} is not set. docs/operations.md says what it should be.")
    return value


def _database_url(env: Mapping[str, str]) -> str:
    """A server's address as hosts give it is written for the driver that is installed."""
    scheme, there, rest = _needed(env, "DATABASE_URL").partition("://")
    return ("postgresql+psycopg" if scheme in {"postgres", "postgresql"} else scheme) + there + rest


def _number(env: Mapping[str, str], name: str, default: float) -> float:
    try:
        value = float(env.get(name) or default)
    except ValueError:
        raise SettingsError(f"{name} is {env[name]!r}; it should be a number.") from None
    if not 0 <= value < math.inf:
        raise SettingsError(f"{name} is {value:g}; it should not be negative, and not endless.")
    return value


def _withdraw_days(env: Mapping[str, str]) -> int:
    """Stricter than the law is the owner's to choose, looser is not."""
    days = _number(env, "WITHDRAW_DAYS", LEAST_WITHDRAW_DAYS)
    if days != int(days) or not LEAST_WITHDRAW_DAYS <= days <= MOST_WITHDRAW_DAYS:
        raise SettingsError(f"WITHDRAW_DAYS is {days:g}; it should be a whole number from 14 to 365.")
    return int(days)


def _mail_webhook_secret(env: Mapping[str, str]) -> str:
    secret = env.get("MAIL_WEBHOOK_SECRET", "").strip()
    if secret and len(secret) < KEY_LENGTH:
        raise SettingsError(
            "MAIL_WEBHOOK_SECRET needs at least 32 characters; unset it if no mail server reports here."
        )
    return secret


def _mail_reply_host(env: Mapping[str, str]) -> str:
    """The host whose mail comes in at /webhooks/mail; "" where answers go to the creators' own mailboxes."""
    host = env.get("MAIL_REPLY_HOST", "").strip().lower()
    if host and not HOST_NAME.fullmatch(host):
        raise SettingsError(f"MAIL_REPLY_HOST is {host!r}; give a host name such as reply.example.org, without an @.")
    if host and not env.get("MAIL_WEBHOOK_SECRET", "").strip():
        raise SettingsError("MAIL_REPLY_HOST needs MAIL_WEBHOOK_SECRET: answers come in at /webhooks/mail, signed.")
    return host


def _sms(env: Mapping[str, str]) -> Sms | None:
    """All of it or nothing: half an account would take consents for texts that never come."""
    sid, token, sender = (env.get(name, "").strip() for name in SMS_NEEDS)
    if not (sid or token or sender):
        return None
    missing = [name for name, value in zip(SMS_NEEDS, (sid, token, sender), strict=True) if not value]
    if missing:
        raise SettingsError(f"Texts are half set up: {' and '.join(missing)} is missing. Set it, or unset the others.")
    if not sid.startswith("AC"):
        raise SettingsError("TWILIO_ACCOUNT_SID should begin with AC: Twilio's console shows it.")
    if not SMS_SENDER.fullmatch(sender):
        raise SettingsError(f"SMS_FROM is {sender!r}; it should be a number such as +4915123456789, or a service MG….")
    base = env.get("TWILIO_API_BASE", "").rstrip("/") or TWILIO
    if base != TWILIO and urlsplit(base).hostname not in LOOPBACK:
        raise SettingsError("TWILIO_API_BASE may be Twilio's own address or one on this machine (the sandbox).")
    return Sms(sid, token, sender, base)


def _switch(env: Mapping[str, str], name: str) -> bool:
    value = env.get(name, "").strip()
    if value not in {"", "0", "1"}:
        raise SettingsError(f"{name} is {value!r}; it should be 1, or 0 (which is what it is when it is not set).")
    return value == "1"


def _mail(env: Mapping[str, str]) -> Mail:
    return Mail(
        server=_needed(env, "MAIL_SERVER"),
        port=int(_number(env, "MAIL_PORT", 25)),
        use_tls=env.get("MAIL_USE_TLS", "").lower() in {"1", "true", "yes"},
        username=env.get("MAIL_USERNAME") or None,
        password=env.get("MAIL_PASSWORD") or None,
        sender=_needed(env, "MAIL_DEFAULT_SENDER"),
    )


def _shelf(env: Mapping[str, str], data_dir: Path) -> Path:
    url = env.get("SHELF_URL", "")
    if url and "://" in url and not url.startswith("file://"):
        raise SettingsError(f"SHELF_URL is {url!r}; this version keeps files in a local folder (a path or file://…).")
    return Path(url.removeprefix("file://")).resolve() if url else data_dir / "shelf"


def _refuse(made: Settings) -> None:
    _refuse_weak_keys(made)
    if not made.database_url.startswith(DATABASES):
        raise SettingsError("DATABASE_URL should begin with sqlite:/// (a file) or postgresql:// (a server).")
    host = urlsplit(made.base_url).hostname
    if urlsplit(made.base_url).scheme not in {"http", "https"} or not host:
        raise SettingsError(f"BASE_URL is {made.base_url!r}; it should look like https://shop.example.")
    if not made.secure and host not in LOOPBACK:
        raise SettingsError("BASE_URL must be https unless its host is this machine: links in letters carry access.")
    api = urlsplit(made.stripe_api_base)
    if api.scheme not in {"http", "https"} or not api.hostname:
        raise SettingsError(f"STRIPE_API_BASE is {made.stripe_api_base!r}; it should look like https://api.stripe.com.")
    if not made.sandbox and (api.scheme != "https" or api.hostname != "api.stripe.com"):
        raise SettingsError("STRIPE_SECRET_KEY is a live key and STRIPE_API_BASE is not Stripe's. Unset one of them.")
    if made.grant_on not in {"hold", "capture"}:
        raise SettingsError(f"GRANT_ON is {made.grant_on!r}; it should be 'hold' or 'capture'.")


def _refuse_weak_keys(made: Settings) -> None:
    for key in (made.secret_key, *made.secret_key_fallbacks):
        if len(key) < KEY_LENGTH or key.lower() in WEAK_KEYS or len(set(key)) < KEY_LENGTH // 4:
            raise SettingsError(
                "SECRET_KEY (and each of SECRET_KEY_FALLBACKS) needs at least 32 random characters; "
                "`python3 -c 'import secrets; print(secrets.token_urlsafe(48))'` makes one."
            )
    if not made.stripe_secret_key.startswith(("sk_test_", "sk_live_", "rk_test_", "rk_live_")):
        raise SettingsError("STRIPE_SECRET_KEY should begin with sk_test_ or sk_live_.")
    if not made.stripe_webhook_secret.startswith("whsec_"):
        raise SettingsError("STRIPE_WEBHOOK_SECRET should begin with whsec_: Stripe shows it beside the endpoint.")
