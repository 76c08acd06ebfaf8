"""The studio's application, and its creator at the door."""

import pytest
from argon2 import PasswordHasher
from flask import Flask

from storefront.actions import accounting
from tests.support.world import World
from tests.web.studio.visitor import INES, OWNER, PASSWORD, TOM, Visitor


@pytest.fixture
def app(world: World, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """The application on the world's database; passwords are weighed lightly here."""
    monkeypatch.setattr(accounting, "HASHER", PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1))
    with world.db.write() as session:
        for email, role in ((INES, "creator"), (TOM, "creator"), (OWNER, "owner")):
            name = email.split("@", maxsplit=1)[0].title()
            accounting.create_account(session, email, name, role, PASSWORD, world.now)
    return world.app


@pytest.fixture
def ines(app: Flask) -> Visitor:
    """The creator of every product that the world makes, signed in."""
    visitor = Visitor(app)
    visitor.signs_in()
    return visitor
