"""Many buyers without browsers: the same forms, over HTTP, each from an address of their own."""

import re
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from tests.support.processes import Shop

PRICE_CHANGED = 409


class FromAddress(HTTPAdapter):
    """Speaks from one loopback address, as one household does."""

    def __init__(self, address: str) -> None:
        self.address = address
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> Any:
        """The pool binds its sockets to the address."""
        return super().init_poolmanager(*args, source_address=(self.address, 0), **kwargs)


def hidden(html: str, name: str) -> str:
    """The value of a hidden field."""
    found = re.search(rf'name="{name}" value="([^"]*)"', html)
    assert found, f"no {name} in the form"
    return found[1]


def _sends(visitor: requests.Session, url: str, page: str, email: str) -> requests.Response:
    """The page's form, filled in."""
    names = ("csrf_token", "nonce", "offer_id")
    form = {name: hidden(page, name) for name in names} | {"email": email, "consent": "on"}
    return visitor.post(url, data=form, allow_redirects=False, timeout=30)


def pre_orders(shop: Shop, slug: str, email: str, address: str = "127.0.0.1", card: str = "4242424242424242") -> str:
    """The whole way of a buyer, who goes on where a tier ends meanwhile; the address of the order's page."""
    with requests.Session() as visitor:
        visitor.mount("http://", FromAddress(address))
        page = visitor.get(f"{shop.base_url}/p/{slug}", timeout=30).text
        sent = _sends(visitor, f"{shop.base_url}/p/{slug}/order", page, email)
        if sent.status_code == PRICE_CHANGED:
            sent = _sends(visitor, f"{shop.base_url}/p/{slug}/order", sent.text, email)
        assert sent.status_code == 303, sent.text
        typed = {"cardnumber": card, "exp": "12 / 34", "cvc": "123"}
        paid = visitor.post(sent.headers["Location"], data=typed, allow_redirects=False, timeout=30)
        back = visitor.get(paid.headers["Location"], timeout=30)
        assert back.status_code == 200, back.text
        return str(back.url).split("?")[0]
