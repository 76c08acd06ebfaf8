"""What the studio says of a product's stock: how it stands, what a restock would do, and how one goes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from storefront.rules.key_list import Fault
from storefront.rules.launch_words import counted
from storefront.rules.money import short
from storefront.rules.stock import Stock
from storefront.rules.words import Note

ONE = {"course": "seat", "ebook": "copy", "software": "licence key"}
MANY = {"course": "seats", "ebook": "copies", "software": "licence keys"}
FAULTS_SHOWN = 20


def units(count: int, kind: str, *, pool: bool = True) -> str:
    """3 licence keys; software without a pool has units."""
    plain = kind == "software" and not pool
    return counted(count, "unit" if plain else ONE[kind], "units" if plain else MANY[kind])


def sentence(stock: Stock, queued: int, kind: str, *, pool: bool) -> str:
    """How the stock stands; `queued`: orders in the queue."""
    if stock.free is None or stock.stock is None:
        return "It has no limit: everybody who orders gets one."
    if stock.free < 0:
        return f"Overbooked: {units(-stock.free, kind, pool=pool)} more are sold than there are. Every order stays."
    if queued:
        return waiting(queued)
    if stock.free == 0:
        return f"All {units(stock.stock, kind, pool=pool)} are sold."
    are = "is" if stock.free == 1 else "are"
    return f"{units(stock.free, kind, pool=pool)} of {stock.stock:,} {are} free."


def waiting(count: int) -> str:
    """How many wait in the queue."""
    if not count:
        return "Nobody waits in the queue, so there is nobody to tell."
    return f"{counted(count, 'order')} {'waits' if count == 1 else 'wait'} in the queue for a unit."


def second(stock: Stock, takes: str) -> str:
    """What that means for whoever comes now; `takes`: what the shop's page offers."""
    if stock.free is not None and stock.free < 0:
        return "Add as many as are missing, or cancel orders with a reason. The next units that come back fill the gap first."
    return takes


TAKES = {
    None: "The page sells nothing: there is no day to promise.",
    "PreOrder": "The page takes pre-orders.",
    "InStock": "The page sells it.",
    "LimitedAvailability": "The page sells it, and says that few are left.",
    "BackOrder": "The page takes back-orders.",
    "SoldOut": "The page is sold out.",
}


@dataclass(frozen=True)
class Would:
    """What a change would do: so many units, to whom, and the money to expect in minor units."""

    units: int
    served: int
    queue: int
    money: int
    currency: str
    listed: int = 0

    @property
    def rest(self) -> int:
        """Units that nobody in the queue needs."""
        return self.units - self.served


def serving(would: Would) -> Note:
    """What a restock would do, before the button that does it."""
    if not would.queue:
        text = f"Nobody is in the queue. {_rest(would)}"
        return Note("news", "They go on sale" if not would.listed else "They go to the waiting list first", text)
    head = (
        f"{would.served:,} of {counted(would.queue, 'order')} in the queue {'gets' if would.served == 1 else 'get'} one"
    )
    paid = f"{short(would.money, would.currency)} are charged to their saved cards, and each gets the access link."
    again = "A card that is refused keeps its unit for seven days; then the next in the queue gets it."
    return Note("news", head, " ".join(filter(None, [paid, again, _rest(would) if would.rest else ""])))


def serving_keys(would: Would, keys: Sequence[str]) -> Note:
    """The same of licence keys; the first and the last as they were read, so that a wrong column shows."""
    told = serving(would)
    if not keys:
        return told
    read = f"The key is {keys[0]}." if len(keys) == 1 else f"The first key is {keys[0]}, the last {keys[-1]}."
    return replace(told, text=f"{told.text} {read}")


def import_only(good: int) -> str:
    """The button that takes what can be taken."""
    return "Import only the good one" if good == 1 else f"Import only the {good:,} good ones"


def _rest(would: Would) -> str:
    if would.listed:
        return f"{counted(min(would.rest, would.listed), 'place')} on the waiting list {'is' if min(would.rest, would.listed) == 1 else 'are'} offered one."
    return f"{would.rest:,} {'is' if would.rest == 1 else 'are'} for sale."


def lowering(left: int, sold: int, kept: int) -> Note:
    """What taking units out would do: `left` stay, `sold` have been sold, `kept` are offered to the waiting list."""
    short_of = sold + kept - left
    if short_of > 0:
        text = "No order is dropped and nobody is told. The next units that come back fill the gap before anybody in the queue gets one."
        return Note("needs", f"That is {short_of:,} fewer than you have sold: it will be overbooked", text)
    stay, are = ("stays" if left == 1 else "stay"), ("is" if sold == 1 else "are")
    return Note("news", f"{left:,} {stay}, of which {sold:,} {are} sold", "Nobody who has ordered notices.")


def faults(found: Sequence[Fault], good: int) -> Note:
    """The lines that cannot be taken, by their numbers; `good`: how many keys could be."""
    lines = [f"Line {each.number} {each.sentence}." for each in found[:FAULTS_SHOWN]]
    if len(found) > FAULTS_SHOWN:
        lines.append(f"And {len(found) - FAULTS_SHOWN:,} more.")
    rest = f" {counted(good, 'key')} could be imported without them." if good else ""
    return Note("needs", "Some lines cannot be taken. Nothing was imported.", " ".join(lines) + rest)


STANDS = (
    ("paid", "paid"),
    ("reserved", "being charged"),
    ("held", "being charged"),
    ("past_due", "waiting for the buyer’s card"),
    ("cancelled", "cancelled"),
    ("refunded", "refunded"),
)


def progress(units_back: int, states: Mapping[str, int], *, closed: bool) -> str:
    """How a restock goes: 2 paid, one waiting for the buyer's card; done."""
    told = [f"{states[state]:,} {word}" for state, word in STANDS if states.get(state)]
    served = sum(states.values())
    rest = units_back - served
    if rest:
        told.append(f"{rest:,} for others")
    return ", ".join(told) + (". Done." if closed else ".")
