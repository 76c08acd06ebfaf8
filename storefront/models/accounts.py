"""People who can sign in."""

from datetime import datetime

from sqlalchemy import CheckConstraint, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from storefront.models.db import Base, Instant


class Account(Base):
    """A person, known by a verified address in lower case. Roles: reader, creator, owner.

    Signing out and a new password raise `session_generation`: sessions of an earlier one are over, wherever they are.
    """

    __tablename__ = "accounts"
    __table_args__ = (CheckConstraint("role IN ('reader', 'creator', 'owner')", name="role"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(200), default="")
    about: Mapped[str] = mapped_column(String(2000), default="")
    role: Mapped[str] = mapped_column(String(10))
    password_hash: Mapped[str | None] = mapped_column(String(200))
    session_generation: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(Instant)


def by_email(session: Session, email: str) -> Account | None:
    """The account with this address, in any case."""
    return session.scalar(select(Account).where(Account.email == email.lower()))
