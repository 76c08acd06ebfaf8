"""Receipts and credit notes: how their numbers are made, and what stands on them."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

from storefront.rules import tax, words
from storefront.rules.money import exact

ISSUED_APART = 24 * 3600
NUMBER = re.compile(r"(?P<series>[RC]-[0-9]{4})-(?P<count>[0-9]{6,12})", re.ASCII)


class Series(StrEnum):
    """What a document is, by the letter of its number."""

    RECEIPT = "R"
    CREDIT = "C"


@dataclass(frozen=True)
class Seller:
    """Who sells: the shop's name, its owner, the address (lines end with a line break or a |) and a tax number."""

    shop: str
    name: str
    address: str = ""
    tax_id: str = ""

    def facts(self) -> dict[str, str]:
        """As it is kept with a document."""
        return {"shop": self.shop, "seller": self.name, "address": self.address, "tax_id": self.tax_id}


NAMELESS = Seller("Forthcoming", "its owner")


@dataclass(frozen=True)
class Facts:
    """One document: what moved, when, and what was kept with it. Amounts in minor units, the tax inside.

    `about` is the number of the document it refers to: a credit note's receipt, or of a receipt the credit note that it
    takes back, because the refund did not arrive.
    """

    number: str
    at: datetime
    issued_at: datetime
    amount: int
    currency: str
    tax: int = 0
    rate: str = ""
    tax_name: str = ""
    place: str = ""
    about: str = ""
    paper: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Paper:
    """A document in words. `total` is what it comes to, `sums` what is inside of that; `facts` are labels and values."""

    title: str
    sentence: str
    shop: str
    seller: tuple[str, ...]
    item: str
    by: str
    sums: tuple[tuple[str, str], ...]
    total: tuple[str, str]
    facts: tuple[tuple[str, str], ...]


def series(kind: Series, at: datetime) -> str:
    """R-2026: each kind counts from 1 in each year of UTC, by when the document is issued."""
    return f"{kind}-{at.astimezone(UTC).year}"


def number(of: str, count: int) -> str:
    """R-2026-000123."""
    return f"{of}-{count:06}"


def counted(told: str) -> tuple[str, int] | None:
    """The series of a number and its place in it; None for what is no number."""
    found = NUMBER.fullmatch(told)
    return (found["series"], int(found["count"])) if found else None


def name(told: str, about: str) -> str:
    """What a document is called, by its number and the one it refers to."""
    if told.startswith(Series.CREDIT):
        return f"Credit note {told}"
    return f"Correcting receipt {told}" if about else f"Receipt {told}"


def write(facts: Facts) -> Paper:
    """The document in words."""
    kept = facts.paper
    lines = kept.get("address", "").replace("|", "\n").splitlines()
    seller = [kept.get("seller", ""), *(line.strip() for line in lines)]
    if kept.get("tax_id"):
        seller.append(f"Tax number {kept['tax_id']}")
    return Paper(
        title=name(facts.number, facts.about),
        sentence=_sentence(facts),
        shop=kept.get("shop", ""),
        seller=tuple(filter(None, seller)),
        item=kept.get("title", ""),
        by=kept.get("by", ""),
        sums=_sums(facts),
        total=(_total_word(facts), exact(facts.amount, facts.currency)),
        facts=_facts(facts),
    )


def _is_credit(facts: Facts) -> bool:
    return facts.number.startswith(Series.CREDIT)


def _when(facts: Facts, at: datetime) -> str:
    return words.full(at, facts.paper.get("zone", "UTC"))


def _sentence(facts: Facts) -> str:
    amount, card = exact(facts.amount, facts.currency), facts.paper.get("card", "")
    if _is_credit(facts):
        back = f"to {card}" if card else "to the card that paid it"
        way = facts.paper.get("by_hand")
        return f"{amount} go back by other means." if way else f"{amount} go back {back}."
    if facts.about:
        return f"The refund of {amount} did not arrive, so {facts.about} is taken back: the amount counts as paid."
    return f"{amount}, paid with {card}." if card else f"{amount}, paid."


def _sums(facts: Facts) -> tuple[tuple[str, str], ...]:
    if not facts.tax:
        return ()
    told = tax.words(facts.rate, facts.tax_name, facts.place)
    net = exact(facts.amount - facts.tax, facts.currency)
    return (told, exact(facts.tax, facts.currency)), ("without tax", net)


def _total_word(facts: Facts) -> str:
    if _is_credit(facts):
        return "Goes back"
    return "Counts as paid" if facts.about else "Paid"


def _facts(facts: Facts) -> tuple[tuple[str, str], ...]:
    kept = facts.paper
    rows = [("Takes back" if not _is_credit(facts) else "For receipt", facts.about)]
    rows.append(("Refunded" if _is_credit(facts) else "Paid", _when(facts, facts.at)))
    if abs(facts.issued_at - facts.at).total_seconds() >= ISSUED_APART:
        rows.append(("Issued", _when(facts, facts.issued_at)))
    rows += [("Order", kept.get("order", "")), ("Sold to", kept.get("email", "")), ("Card", kept.get("card", ""))]
    return tuple(row for row in rows if row[1])
