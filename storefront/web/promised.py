"""The history of a promise: every version with who agreed to it and how, the same for its buyer and for its creator."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from storefront.models.orders import Order, Promise
from storefront.rules import promise, words
from storefront.rules.money import exact
from storefront.web import delay


@dataclass(frozen=True)
class Version:
    """What was told once. `agreed`: when the words of `consent` were ticked; `policy_version` "" for an old one."""

    head: str
    rows: list[tuple[str, str]]
    consent: str
    agreed: str
    content: str
    policy: str
    policy_version: str


def history(db: Session, found: Order) -> list[Version]:
    """Every version, the newest first."""
    said = delay.history(db, found)
    agreed = words.day_clock(found.promises[0].made_at, found.promises[0].zone)
    return [_version(found, each, said[each.version], agreed) for each in reversed(found.promises)]


def _version(found: Order, each: Promise, said: list[str], agreed: str) -> Version:
    queue = found.kind == "back_order"
    rows = [
        ("Why", promise.why(each.cause)),
        ("The day", promise.day(each.by, each.zone, undated=each.undated, queue=queue)),
        ("Charged", promise.charged(each.not_before, each.zone, queue=queue)),
        ("Price", exact(each.price, each.currency)),
        ("With it", ", ".join(each.bonuses) or "No bonus"),
        ("The answer", ". ".join(said)),
    ]
    return Version(
        head=f"Version {each.version}, {words.day_clock(each.made_at, each.zone)}",
        rows=[row for row in rows if row[1]],
        consent=each.consent,
        agreed=agreed,
        content=each.content,
        policy=each.policy,
        policy_version=each.policy_version or "",
    )
