"""`make demo`: sandbox, mailbox, web and worker on this machine, with no account, key or server; Ctrl-C ends all of it."""

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import requests
from sqlalchemy import select, update

from storefront.actions import accounting, importing
from storefront.app import ROOT, create_app
from storefront.models.accounts import Account
from storefront.models.db import Database, DatabaseUnreachable
from storefront.models.migrating import migrate
from storefront.models.products import Launch, Product
from storefront.rules import launch as launch_rule
from storefront.settings import Settings, SettingsError
from storefront.web.context import Shop

SOON = timedelta(minutes=3)
HALF_A_MINUTE = timedelta(seconds=30)
PATIENCE = 120
PASSWORD = "forthcoming"  # noqa: S105 (the demo's, printed at start; it listens on this machine only)
HOST = "127.0.0.1"


class CannotStart(Exception):
    """Why the demo does not start, in a sentence that says what to do."""


def main() -> None:
    """Start everything, wait, end everything."""
    signal.signal(signal.SIGTERM, _interrupt)
    processes: list[subprocess.Popen[bytes]] = []
    try:
        _run(processes)
    except (CannotStart, SettingsError, DatabaseUnreachable) as refusal:
        sys.exit(f"The demo does not start: {refusal}")
    except KeyboardInterrupt:
        print("\nEnding.", flush=True)
    finally:
        _end(processes)


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def _run(processes: list[subprocess.Popen[bytes]]) -> None:
    env = _environment(os.environ)
    settings = Settings.from_env(env)
    print("Setting up …", flush=True)
    _reach(settings.database_url)
    migrate(settings.database_url)
    _fill(create_app(settings).extensions["shop"])
    started = (subprocess.Popen(command, env=env, cwd=ROOT, start_new_session=True) for command in _commands(env))  # noqa: S603 (our own)
    processes.extend(started)
    _await(env["BASE_URL"] + "/healthz", processes)
    _await(f"http://{HOST}:{env['SANDBOX_PORT']}/_sandbox/health", processes)
    _welcome(env)
    while all(each.poll() is None for each in processes):
        time.sleep(0.5)
    raise CannotStart("one of its processes ended; its last words are above.")


def _reach(url: str) -> None:
    db = Database(url)
    db.probe()
    db.engine.dispose()


def _environment(given: Mapping[str, str]) -> dict[str, str]:
    """The whole environment of a demo: what is given wins, secrets are made once and kept in DATA_DIR/demo.env."""
    data_dir = _folder(given.get("DATA_DIR") or "instance")
    port, sandbox = given.get("PORT") or "8000", given.get("SANDBOX_PORT") or "8001"
    mail = given.get("MAIL_PORT") or _any_port()
    _free_ports({"PORT": port, "SANDBOX_PORT": sandbox, "MAIL_PORT": mail})
    _refuse_no_address("STRIPE_WEBHOOK_URL", given.get("STRIPE_WEBHOOK_URL"))
    kept = _kept(data_dir / "demo.env")
    env = {
        **given,
        "DATA_DIR": str(data_dir),
        "PORT": port,
        "SANDBOX_PORT": sandbox,
        "DATABASE_URL": given.get("DATABASE_URL") or f"sqlite:///{data_dir / 'storefront.db'}",
        "BASE_URL": f"http://{HOST}:{port}",
        "SECRET_KEY": kept.get("SECRET_KEY") or secrets.token_urlsafe(48),
        "STRIPE_SECRET_KEY": "sk_test_sandbox_demo",
        "STRIPE_WEBHOOK_SECRET": kept.get("STRIPE_WEBHOOK_SECRET") or f"whsec_{secrets.token_urlsafe(24)}",
        "MAIL_WEBHOOK_SECRET": kept.get("MAIL_WEBHOOK_SECRET") or secrets.token_urlsafe(32),
        "STRIPE_API_BASE": given.get("STRIPE_API_BASE") or f"http://{HOST}:{sandbox}",
        "SANDBOX_URL": f"http://{HOST}:{sandbox}",
        "STRIPE_WEBHOOK_URL": given.get("STRIPE_WEBHOOK_URL") or f"http://{HOST}:{port}/webhooks/stripe",
        "MAIL_REPLY_HOST": "reply.forthcoming.example",
        "MAIL_SERVER": HOST,
        "MAIL_PORT": mail,
        "MAIL_DEFAULT_SENDER": "letters@forthcoming.example",
        "TWILIO_ACCOUNT_SID": "ACsandboxdemo",
        "TWILIO_AUTH_TOKEN": "sandbox",
        "SMS_FROM": "+15005550006",
        "TWILIO_API_BASE": f"http://{HOST}:{sandbox}",
        "SHOP_OWNER": given.get("SHOP_OWNER", "the people who started this demo"),
    }
    _keep(data_dir / "demo.env", env)
    return env


def _folder(name: str) -> Path:
    data_dir = Path(name).resolve()
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CannotStart(f"DATA_DIR is {name!r}, and that folder cannot be made ({error.strerror}).") from error
    return data_dir


def _refuse_no_address(name: str, given: str | None) -> None:
    there = urlsplit(given or f"http://{HOST}")
    if there.scheme not in {"http", "https"} or not there.hostname:
        raise CannotStart(f"{name} is {given!r}; it should look like http://{HOST}:8002/webhooks/stripe.")


def _kept(file: Path) -> dict[str, str]:
    lines = file.read_text().splitlines() if file.exists() else []
    return dict(line.split("=", 1) for line in lines if "=" in line)


def _keep(file: Path, env: Mapping[str, str]) -> None:
    names = [
        "DATA_DIR",
        "DATABASE_URL",
        "BASE_URL",
        "SECRET_KEY",
        "STRIPE_SECRET_KEY",
        "STRIPE_WEBHOOK_SECRET",
        "MAIL_WEBHOOK_SECRET",
        "MAIL_REPLY_HOST",
        "STRIPE_API_BASE",
        "SANDBOX_URL",
        "MAIL_SERVER",
        "MAIL_PORT",
        "MAIL_DEFAULT_SENDER",
        "TWILIO_ACCOUNT_SID",
        "TWILIO_AUTH_TOKEN",
        "SMS_FROM",
        "TWILIO_API_BASE",
        "SHOP_OWNER",
    ]
    file.touch(mode=0o600)
    file.write_text("".join(f"{name}={env[name]}\n" for name in names))


def _free_ports(ports: Mapping[str, str]) -> None:
    for name, port in ports.items():
        same = [other for other, its in ports.items() if its == port and other != name]
        if same:
            raise CannotStart(f"{name} and {same[0]} are both {port}; each needs a port of its own.")
        _free(name, port)


def _free(name: str, port: str) -> None:
    if not port.isdigit() or not 0 < int(port) < 1 << 16:
        raise CannotStart(f"{name} is {port!r}; it should be a port between 1 and 65535.")
    with closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, int(port)))
        except OSError as error:
            raise CannotStart(
                f"port {port} is taken ({error.strerror}). End what listens there, or choose another: {name}=… make demo"
            ) from error


def _any_port() -> str:
    with closing(socket.socket()) as probe:
        probe.bind((HOST, 0))
        return str(probe.getsockname()[1])


def _commands(env: Mapping[str, str]) -> list[Sequence[str]]:
    python = sys.executable
    sandbox = [python, "-m", "storefront.sandbox", "--port", env["SANDBOX_PORT"], "--smtp-port", env["MAIL_PORT"]]
    sandbox += ["--data-dir", env["DATA_DIR"], "--webhook-url", env["STRIPE_WEBHOOK_URL"]]
    sandbox += ["--webhook-secret", env["STRIPE_WEBHOOK_SECRET"]]
    sandbox += ["--mail-url", f"{env['BASE_URL']}/webhooks/mail"]
    web = [python, "-m", "gunicorn", "--bind", f"{HOST}:{env['PORT']}", "--workers", "2", "--threads", "4"]
    web += ["--log-level", "warning", "--no-control-socket", "wsgi:app"]
    return [sandbox, web, [python, "-m", "storefront.worker"]]


def _fill(shop: Shop) -> None:
    """The sample catalogue; passwords, and one launch three minutes ahead, when the database is new."""
    with shop.db.read() as session:
        new = session.scalar(select(Product.id).limit(1)) is None
    report = importing.run(
        shop.db, shop.outside.shelf, ROOT / "content", shop.clock.now(), lambda line: print(f"  {line}", flush=True)
    )
    if report.problems:
        raise CannotStart("\n".join(["the sample catalogue has faults:", *map(str, report.problems)]))
    if new:
        _set_passwords(shop.db, shop)
        _launch_soon(shop.db, shop)


def _set_passwords(db: Database, shop: Shop) -> None:
    with db.write() as session:
        for creator in session.scalars(select(Account).where(Account.role == "creator")).all():
            accounting.create_account(session, creator.email, creator.name, "creator", PASSWORD, shop.clock.now())


def _launch_soon(db: Database, shop: Shop) -> None:
    """A newcomer should see a launch happen: the product that is nearest to its day opens three minutes from now."""
    with db.write() as session:
        ahead = select(Launch).where(Launch.launched_at.is_(None), Launch.at.is_not(None)).order_by(Launch.at).limit(1)
        nearest = session.scalar(ahead)
        if nearest is None:
            return
        at = shop.clock.now() + SOON + HALF_A_MINUTE
        moment = launch_rule.moment_at(at.replace(second=0, microsecond=0), nearest.zone)
        wall = moment.wall.isoformat(timespec="minutes")
        session.execute(update(Launch).where(Launch.id == nearest.id).values(at=moment.at, wall=wall))


def _await(url: str, processes: Sequence[subprocess.Popen[bytes]]) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if any(each.poll() is not None for each in processes):
            raise CannotStart("one of its processes ended at once; its last words are above.")
        try:
            if requests.get(url, timeout=2).ok:
                return
        except requests.RequestException:
            time.sleep(0.2)
    raise CannotStart(f"{url} did not answer within {PATIENCE} seconds.")


def _welcome(env: Mapping[str, str]) -> None:
    mailbox = f"http://{HOST}:{env['SANDBOX_PORT']}/mail/"
    with create_app(Settings.from_env(env)).extensions["shop"].db.read() as session:
        creators = session.scalars(select(Account).where(Account.role == "creator").order_by(Account.id)).all()
        soon = session.scalar(select(Launch).where(Launch.launched_at.is_(None)).order_by(Launch.at).limit(1))
        opens = f"{soon.product.title} opens at {soon.at:%H:%M} UTC" if soon and soon.at else "Everything is out"
    print(f"\n  Shop      {env['BASE_URL']}/\n  Studio    {env['BASE_URL']}/studio\n  Mailbox   {mailbox}")
    print(f"  Texts     http://{HOST}:{env['SANDBOX_PORT']}/sms/")
    for creator in creators:
        print(f"            {creator.name}: {creator.email}, password {PASSWORD}")
    print("  Card      4242 4242 4242 4242, any later date, any three digits")
    print(f"\n{opens}. Ctrl-C ends everything and keeps the data.", flush=True)


def _end(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    for each in processes:
        if each.poll() is None:
            each.terminate()
    for each in processes:
        try:
            each.wait(10)
        except subprocess.TimeoutExpired:
            each.kill()


if __name__ == "__main__":
    main()
