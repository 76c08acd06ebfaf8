"""Accounts that sign in with a password: creators and the owner. Readers come in by the links in their letters."""

from datetime import datetime

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import update
from sqlalchemy.orm import Session

from storefront.models import accounts
from storefront.models.accounts import Account
from storefront.models.db import Database, changed

HASHER = PasswordHasher()
SHORTEST, LONGEST = 10, 256


def create_account(session: Session, email: str, name: str, role: str, password: str, now: datetime) -> Account:
    """Make an account, or give the one with this address its name, role and password. Raises ValueError with a sentence."""
    _refuse(email, password)
    account = accounts.by_email(session, email.strip())
    if account is None:
        account = Account(email=email.strip().lower(), created_at=now)
        session.add(account)
    account.name, account.role, account.password_hash = name, role, HASHER.hash(password)
    session.flush()
    end_sessions(session, account.id)
    session.refresh(account)
    return account


def end_sessions(session: Session, account_id: int) -> None:
    """Whoever is signed in to this account, on whatever device, is so no more."""
    later = update(Account).where(Account.id == account_id)
    session.execute(later.values(session_generation=Account.session_generation + 1))


def _refuse(email: str, password: str) -> None:
    if "@" not in email.strip()[1:-1]:
        raise ValueError(f"{email!r} is no e-mail address.")
    if not SHORTEST <= len(password) <= LONGEST:
        raise ValueError(f"A password has {SHORTEST} to {LONGEST} characters; a few words make a good one.")


def check_password(db: Database, email: str, password: str) -> Account | None:
    """The account with this address and password, or None.

    An address that nobody has costs the same time, so that nobody learns from the clock who has an account.
    No transaction is open while the password is weighed: that takes long on purpose.
    """
    with db.read() as session:
        account = accounts.by_email(session, email.strip())
    if not _fits(account.password_hash if account else None, password):
        return None
    if account and account.password_hash and HASHER.check_needs_rehash(account.password_hash):
        _rehash(db, account, password)
    return account


def _fits(kept: str | None, password: str) -> bool:
    if kept is None or len(password) > LONGEST:
        HASHER.hash(password[:LONGEST])
        return False
    try:
        return HASHER.verify(kept, password)
    except (VerificationError, InvalidHashError):
        return False


def _rehash(db: Database, account: Account, password: str) -> None:
    """Keep the password as strongly as new ones are kept, unless it was changed meanwhile."""
    same = (Account.id == account.id, Account.password_hash == account.password_hash)
    with db.write() as session:
        changed(session, update(Account).where(*same).values(password_hash=HASHER.hash(password)))
