"""The world as actions see it."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from storefront.outside.postman import Postman
from storefront.outside.shelf import Shelf
from storefront.outside.stripe_gateway import StripeGateway
from storefront.rules.links import Links

THREADS = 8
T = TypeVar("T")


def in_threads(do: Callable[[T], object], each: Sequence[T]) -> None:
    """Do it for each, some at a time; what one raises comes out once all have had their turn."""
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(do, each))


@dataclass(frozen=True)
class Outside:
    """Everything beyond the database; `links` writes our own addresses into it.

    `together` does several calls at once: in threads, or one after the other where a test wants to know the order.
    """

    stripe: StripeGateway
    postman: Postman
    shelf: Shelf
    links: Links
    grant_on: str = "hold"
    shop_name: str = "Forthcoming"
    together: Callable[[Callable[[T], object], Sequence[T]], None] = in_threads
