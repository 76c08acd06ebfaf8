"""The world as actions see it."""

from dataclasses import dataclass

from storefront.outside.postman import Postman
from storefront.outside.shelf import Shelf
from storefront.outside.stripe_gateway import StripeGateway
from storefront.rules.links import Links


@dataclass(frozen=True)
class Outside:
    """Everything beyond the database; `links` writes our own addresses into it."""

    stripe: StripeGateway
    postman: Postman
    shelf: Shelf
    links: Links
    grant_on: str = "hold"
    shop_name: str = "Forthcoming"
