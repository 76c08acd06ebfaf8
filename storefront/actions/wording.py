"""Writing a creator's own words: a new version each time, and never over somebody else's."""

from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from storefront.models import wordings
from storefront.models.products import Product
from storefront.models.wordings import Wording
from storefront.rules import own_words

MEANWHILE = "Somebody changed these words since you opened this page. Theirs are the first of the earlier ones; yours stand in the field."


def write_words(session: Session, product: Product, kind: str, text: str, seen: int, who: str, now: datetime) -> str:
    """Keep the words from now on; `seen`: the version that was changed. Returns why not, or ""."""
    why = own_words.refuse(text)
    if why:
        return why
    rows = wordings.of_kind(session, product.id, kind)
    newest = rows[0].version if rows else 0
    if newest != seen:
        return MEANWHILE
    if text == (rows[0].text if rows else ""):
        return ""
    made = Wording(product_id=product.id, kind=kind, version=newest + 1, at=now, who=who[:80], text=text)
    try:
        with session.begin_nested():
            session.add(made)
            session.flush()
    except IntegrityError:  # two at the same moment
        return MEANWHILE
    return ""
