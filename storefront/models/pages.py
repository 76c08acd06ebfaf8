"""Pages of the shop's own words: what happens to a card, how a date moves, the policy."""

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from storefront.models.db import Base


class Page(Base):
    """A text at /pages/<slug>, in Markdown; `version` counts where a promise refers to it."""

    __tablename__ = "pages"

    slug: Mapped[str] = mapped_column(String(80), primary_key=True)
    title: Mapped[str] = mapped_column(String(200))
    version: Mapped[int] = mapped_column(default=1)
    source: Mapped[str] = mapped_column(Text)
