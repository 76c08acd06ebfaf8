"""What a creator offers for a delay: a bonus, or a part of the price."""

from dataclasses import dataclass

from storefront.rules.money import exact, least, step

MOST_PERCENT = 90
REASON = "for waiting, promise "


@dataclass(frozen=True)
class Gift:
    """A bonus by its title, or an amount in minor units."""

    bonus: str = ""
    amount: int = 0


def part(kind: str, size: int, price: int, currency: str) -> Gift | None:
    """A part of a price, in steps that can be charged; what is left is an amount a card can be charged."""
    if kind not in {"amount", "percent"}:
        return None
    wanted = price * size // 100 if kind == "percent" else size
    fits = min(wanted, price - least(currency))
    amount = fits - fits % step(currency)
    return Gift(amount=amount) if amount > 0 else None


def reason(version: int) -> str:
    """Why a part of what was paid goes back, as the ledger keeps it: one for each version of the promise."""
    return f"{REASON}{version}"


def words(gift: Gift, currency: str) -> str:
    """“Reading the source”, or 5.00 €."""
    return f"“{gift.bonus}”" if gift.bonus else exact(gift.amount, currency)
