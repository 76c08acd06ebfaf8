"""What letters say of a back-order that waits for its unit."""

from storefront.rules.words import NOUN

UNIT = {"course": "a seat", "ebook": "a copy", "software": "a licence key"}


def ahead(place: int, kind: str, amount: str, latest: str) -> str:
    """What comes next for an order in the queue."""
    who = "You are next in the queue" if place == 1 else f"You are number {place:,} in the queue"
    return (
        f"{who}. When {UNIT[kind]} is back for you, you pay {amount} and the {NOUN[kind]} is yours within a minute: "
        f"at the latest on {latest}. There is nothing you need to do."
    )


def rows(place: int, amount: str, latest: str) -> list[tuple[str, str]]:
    """The facts of the letter that confirms a back-order."""
    return [
        ("Your place", f"{place:,}, as this letter leaves. Your order’s page says it at any time."),
        ("You pay", f"{amount}, once, when it is your turn"),
        ("At the latest", f"{latest}. Without a unit by then the order is cancelled, at no cost."),
        ("Changed your mind", "Leave the queue at any time, with one button on the order’s page. No reason is asked."),
    ]
