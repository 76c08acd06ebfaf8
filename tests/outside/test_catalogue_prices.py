"""Prices in a catalogue's files: each in its product's currency, each fault with its file and line."""

from pathlib import Path

import pytest

from storefront.outside import catalogue

BOOK = """\
title = "A Book"
kind = "ebook"
creator = "ines"
currency = "{currency}"
lead = "About one thing."

[launch]
after_days = 10
time = "10:00"

[[offers]]
name = "First 5"
price = "{early}"
units = 5

[[offers]]
name = "Price after launch"
price = "{price}"

[[files]]
path = "book.pdf"
label = "PDF"
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A catalogue without its one book."""
    (tmp_path / "products/book").mkdir(parents=True)
    (tmp_path / "creators.toml").write_text('[ines]\nname = "Ines"\nemail = "ines@forthcoming.example"\n')
    (tmp_path / "products/book/book.pdf").write_bytes(b"%PDF-1.7\n")
    return tmp_path


def read(home: Path, currency: str, early: str, price: str) -> catalogue.Catalogue:
    text = BOOK.format(currency=currency, early=early, price=price)
    (home / "products/book/product.toml").write_text(text)
    return catalogue.read(home)


@pytest.mark.parametrize(
    ("currency", "early", "price", "minor"),
    [
        ("EUR", "9.00", "12.50", [900, 1250]),
        ("JPY", "900", "1200", [900, 1200]),
        ("KWD", "3.500", "4.250", [3500, 4250]),
        ("ISK", "990", "1490", [99000, 149000]),
        ("UGX", "9000", "15000", [900000, 1500000]),
        ("IDR", "99000", "149000.00", [9900000, 14900000]),
    ],
)
def test_a_price_is_read_in_its_products_currency(
    home: Path, currency: str, early: str, price: str, minor: list[int]
) -> None:
    found = read(home, currency, early, price)
    assert found.problems == []
    assert [offer.price for offer in found.products[0].offers] == minor


@pytest.mark.parametrize(
    ("currency", "early", "price", "told"),
    [
        ("JPY", "900.50", "1200", "13: The price '900.50' has more digits than JPY has."),
        ("ISK", "990", "1490.50", "18: The price '1490.50' has more digits than ISK has."),
        ("KWD", "3.505", "4.250", "13: The price '3.505' cannot be charged: KWD goes in steps of 0.010\xa0KWD."),
        ("HUF", "170", "990", "13: The price '170' is below the least that can be charged, 175.00\xa0HUF."),
        ("EUR", "9.00", "1000000", "18: The price '1000000' is more than can be charged at once, 999,999.99\xa0€."),
        ("EUR", "9,00", "12.00", "13: The price '9,00' is not a price."),
        ("CUP", "9.00", "12.00", "4: currency is 'CUP'; Stripe charges no cards in it."),
        ("Euro", "9.00", "12.00", "4: currency is 'Euro'; it is three capitals, such as EUR."),
    ],
)
def test_what_cannot_be_charged_is_named_with_its_file_and_line(
    home: Path, currency: str, early: str, price: str, told: str
) -> None:
    assert [str(each) for each in read(home, currency, early, price).problems] == [f"products/book/product.toml:{told}"]
