"""How often one place may press a button."""

from flask import Flask
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

limiter = Limiter(get_remote_address, storage_uri="memory://", strategy="moving-window", headers_enabled=False)


def install(app: Flask) -> None:
    """Count in memory, per process: a guard against floods, while limits that matter are in the database."""
    limiter.init_app(app)
