"""The world as actions see it."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import cache
from typing import Any

from storefront.outside.postman import Postman
from storefront.outside.shelf import Shelf
from storefront.outside.sms import Texter
from storefront.outside.stripe_gateway import StripeGateway
from storefront.rules.links import Links
from storefront.rules.papers import NAMELESS, Seller
from storefront.rules.policy import STANDARD, Terms

THREADS = 8
Together = Callable[[Callable[[Any], object], Sequence[Any]], None]


def in_threads(verb: Callable[[Any], object], things: Sequence[Any]) -> None:
    """Do it for all of them, some at a time; a failure is raised after all had their turn."""
    done = [_threads().submit(verb, each) for each in things]
    wait(done)
    for each in done:
        each.result()


@cache
def _threads() -> ThreadPoolExecutor:
    """The same threads for as long as the process lives: each keeps its connection to Stripe."""
    return ThreadPoolExecutor(THREADS)


@dataclass(frozen=True)
class Outside:
    """Everything beyond the database; `links` writes our own addresses into it, `together` makes many calls at once.

    `terms`: what the owner made stricter in the policy. `sms`: None where no texts are sent. `tax`: whether Stripe reckons the tax in each payment; `seller` is who stands on receipts.
    """

    stripe: StripeGateway
    postman: Postman
    shelf: Shelf
    links: Links
    grant_on: str = "hold"
    shop_name: str = "Forthcoming"
    together: Together = in_threads
    tax: bool = False
    seller: Seller = NAMELESS
    terms: Terms = STANDARD
    sms: Texter | None = None
