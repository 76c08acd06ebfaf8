"""The studio's application, and its creator at the door."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from flask import Flask

from storefront.actions import accounting
from storefront.app import create_app
from storefront.web.limits import limiter
from tests.support.world import World
from tests.web.studio.visitor import INES, OWNER, PASSWORD, TOM, HandClock, Visitor, settings


@pytest.fixture
def app(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    """The application on the world's database; passwords are weighed lightly here."""
    monkeypatch.setattr(accounting, "HASHER", PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1))
    with world.db.write() as session:
        for email, role in ((INES, "creator"), (TOM, "creator"), (OWNER, "owner")):
            name = email.split("@", maxsplit=1)[0].title()
            accounting.create_account(session, email, name, role, PASSWORD, world.now)
    made = create_app(settings(world, tmp_path), HandClock(world=world))
    limiter.reset()
    yield made
    made.extensions["shop"].db.engine.dispose()


@pytest.fixture
def ines(app: Flask) -> Visitor:
    """The creator of every product that the world makes, signed in."""
    visitor = Visitor(app)
    visitor.signs_in()
    return visitor
