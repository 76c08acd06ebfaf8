"""The real application, built once in this process; each history begins on an empty copy of its database."""

import atexit
import gc
import logging
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from flask import Flask, got_request_exception

import storefront.models
from storefront.app import create_app
from storefront.models.db import Base
from storefront.settings import Settings
from storefront.web.context import Shop
from storefront.web.limits import limiter
from tests.simulation.database import WatchedDatabase

assert storefront.models.__all__
KEY, SECRET = "sk_test_simulation", "whsec_simulation"
MAIL_SECRET = "mail-reports-of-the-simulation"
BASE_URL = "http://127.0.0.1:8000"
MEMORY = Path("/dev/shm")  # noqa: S108 (a folder of our own in it)


@dataclass
class House:
    """The application and the file its database lives in. `failures` names what a request ended with."""

    app: Flask
    db: WatchedDatabase
    shop: Shop
    file: Path
    empty: Path
    failures: list[str]

    def clear(self) -> None:
        """An empty database; the engine, and what it has compiled, stays."""
        self.db.engine.dispose()
        for end in ("", "-wal", "-shm"):
            Path(f"{self.file}{end}").unlink(missing_ok=True)
        shutil.copyfile(self.empty, self.file)
        self.failures.clear()


@cache
def house() -> House:
    folder = Path(tempfile.mkdtemp(prefix="simulation-", dir=MEMORY if MEMORY.is_dir() else None))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    file, empty = folder / "shop.db", folder / "empty.db"
    app = create_app(Settings.from_env(environment(file, folder)))
    app.config["WTF_CSRF_ENABLED"] = False
    shop: Shop = app.extensions["shop"]
    Base.metadata.create_all(shop.db.engine)
    shop.db.engine.dispose()
    with closing(sqlite3.connect(file)) as made, closing(sqlite3.connect(empty)) as copy:
        made.backup(copy)
    db = WatchedDatabase(f"sqlite:///{file}")
    gc.freeze()
    return House(app, db, replace(shop, db=db), file, empty, [])


def environment(file: Path, folder: Path) -> dict[str, str]:
    return {
        "DATABASE_URL": f"sqlite:///{file}",
        "SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyz-simulation",
        "BASE_URL": BASE_URL,
        "STRIPE_SECRET_KEY": KEY,
        "STRIPE_WEBHOOK_SECRET": SECRET,
        "STRIPE_API_BASE": "http://stripe.example",
        "STRIPE_RATE": "0",
        "MAIL_SERVER": "127.0.0.1",
        "MAIL_DEFAULT_SENDER": "letters@forthcoming.example",
        "DATA_DIR": str(folder),
    }


@contextmanager
def at_home() -> Iterator[House]:
    """The house while a history is played: no limits by wall time, no log on the terminal, no garbage collected."""
    here = house()
    loggers = (here.app.logger, logging.getLogger("storefront.worker"))
    quiet = [each.disabled for each in loggers]

    def fail(_app: Flask, exception: BaseException, **_more: object) -> None:
        here.failures.append(f"{type(exception).__name__}: {exception}")

    limited, limiter.enabled = limiter.enabled, False
    for each in loggers:
        each.disabled = True
    gc.disable()
    try:
        with got_request_exception.connected_to(fail, here.app):
            yield here
    finally:
        gc.enable()
        limiter.enabled = limited
        for each, was in zip(loggers, quiet, strict=True):
            each.disabled = was
