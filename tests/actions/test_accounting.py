"""Who may sign in with a password, and what a wrong one costs."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from argon2 import PasswordHasher
from sqlalchemy import func, select

import storefront.models
from storefront.actions import accounting
from storefront.models.accounts import Account
from storefront.models.db import Base, Database

NOW = datetime(2027, 4, 16, 8, tzinfo=UTC)
SECRET = "paper, ink and patience"
assert storefront.models.__all__


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    db = Database(database_url)
    Base.metadata.create_all(db.engine)
    yield db
    db.engine.dispose()


def creates(
    db: Database, email: str = "Ines@Forthcoming.example", role: str = "creator", password: str = SECRET
) -> int:
    with db.write() as session:
        return accounting.create_account(session, email, "Ines Okafor", role, password, NOW).id


def kept(db: Database) -> str:
    with db.read() as session:
        return session.scalar(select(Account.password_hash)) or ""


def test_a_creator_signs_in_with_address_and_password_in_any_case_of_the_address(db: Database) -> None:
    made = creates(db)
    account = accounting.check_password(db, " ines@forthcoming.EXAMPLE ", SECRET)
    assert account is not None
    assert (account.id, account.role) == (made, "creator")


def test_a_wrong_password_and_an_unknown_address_say_the_same(db: Database) -> None:
    creates(db)
    assert accounting.check_password(db, "ines@forthcoming.example", SECRET + "!") is None
    assert accounting.check_password(db, "nobody@forthcoming.example", SECRET) is None
    assert accounting.check_password(db, "ines@forthcoming.example", "x" * 5000) is None


def test_an_unknown_address_is_weighed_as_long_as_a_known_one(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    creates(db)
    weighed: list[str] = []

    class Counting:
        def hash(self, _password: str) -> str:
            weighed.append("one")
            return ""

        def verify(self, _kept: str, _password: str) -> bool:
            weighed.append("one")
            return False

    monkeypatch.setattr(accounting, "HASHER", Counting())
    accounting.check_password(db, "nobody@forthcoming.example", "a wrong one")
    assert weighed == ["one"]
    accounting.check_password(db, "ines@forthcoming.example", "a wrong one")
    assert weighed == ["one", "one"]


def test_a_reader_without_a_password_cannot_sign_in_with_one(db: Database) -> None:
    with db.write() as session:
        session.add(Account(email="miriam@posteo.de", role="reader", created_at=NOW))
    assert accounting.check_password(db, "miriam@posteo.de", "") is None
    assert accounting.check_password(db, "miriam@posteo.de", SECRET) is None


def test_a_second_creation_gives_the_same_account_a_new_password(db: Database) -> None:
    first = creates(db)
    again = creates(db, role="owner", password="a new one, and longer")
    assert first == again
    with db.read() as session:
        assert session.scalar(select(func.count(Account.id))) == 1
    assert accounting.check_password(db, "ines@forthcoming.example", SECRET) is None
    assert accounting.check_password(db, "ines@forthcoming.example", "a new one, and longer") is not None


def test_a_password_kept_the_old_way_is_kept_anew_at_sign_in(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as before:
        before.setattr(accounting, "HASHER", PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1))
        creates(db)
    old = kept(db)
    assert accounting.check_password(db, "ines@forthcoming.example", SECRET) is not None
    assert kept(db) != old
    assert not accounting.HASHER.check_needs_rehash(kept(db))
    new = kept(db)
    assert accounting.check_password(db, "ines@forthcoming.example", SECRET) is not None
    assert kept(db) == new


@pytest.mark.parametrize(("email", "password"), [("ines", SECRET), ("@", SECRET), ("i@f.example", "short")])
def test_half_an_address_and_a_short_password_are_refused_with_a_sentence(
    db: Database, email: str, password: str
) -> None:
    with pytest.raises(ValueError, match=r"address|characters"):
        creates(db, email=email, password=password)


def test_the_password_itself_is_nowhere_in_the_database(db: Database) -> None:
    creates(db)
    assert kept(db).startswith("$argon2id$")
    assert SECRET not in kept(db)
