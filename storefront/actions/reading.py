"""Reading: a letter is read when its reader opens it here, once."""

from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from storefront.actions.writing import TO_CREATOR
from storefront.models.letters import Letter

# Letters that stand in nobody's inbox: those to creators, and the one to an address that was given up.
NOT_TO_READERS = TO_CREATOR | {"address_old"}


def read(session: Session, mine: Any, now: datetime, letter_id: int = 0) -> int:  # noqa: ANN401 (an SQL condition)
    """Mark one of these letters, or all of them, as read. Returns how many were not."""
    one = [Letter.id == letter_id] if letter_id else []
    change = update(Letter).where(mine, Letter.read_at.is_(None), *one).values(read_at=now)
    return len(session.scalars(change.returning(Letter.id), execution_options={"synchronize_session": False}).all())
