"""What stands on a receipt, on a credit note, and on a receipt that takes one back."""

from datetime import UTC, datetime, timedelta

import pytest

from storefront.rules.money import NBSP
from storefront.rules.papers import Facts, Paper, Seller, Series, counted, name, number, series, write

NOON = datetime(2027, 5, 12, 8, tzinfo=UTC)
SELLER = Seller("Forthcoming", "Ines Okafor", "Lindenstr. 4| 10969 Berlin ||", "DE123456789")
KEPT = SELLER.facts() | {
    "order": "FC-2222-22",
    "email": "miriam@posteo.de",
    "title": "Databases by Hand",
    "by": "Course by Ines Okafor",
    "card": "Visa ending 4242",
    "zone": "Europe/Berlin",
}
RECEIPT = Facts("R-2027-000123", NOON, NOON, 1900, "EUR", 303, "19", "vat", "DE", paper=KEPT)
CREDIT = Facts("C-2027-000045", NOON, NOON, 500, "EUR", 80, "19", "vat", "DE", "R-2027-000123", KEPT)


def plain(words: str) -> str:
    return words.replace(NBSP, " ")


def rows(paper: Paper) -> dict[str, str]:
    return {label: plain(value) for label, value in paper.facts}


def test_a_receipt_says_who_sold_what_to_whom_for_how_much_and_how_much_of_it_is_tax() -> None:
    paper = write(RECEIPT)
    assert paper.title == "Receipt R-2027-000123"
    assert plain(paper.sentence) == "19.00 €, paid with Visa ending 4242."
    assert paper.seller == ("Ines Okafor", "Lindenstr. 4", "10969 Berlin", "Tax number DE123456789")
    assert [tuple(map(plain, each)) for each in (paper.total, *paper.sums)] == [
        ("Paid", "19.00 €"),
        ("including 19 % VAT (DE)", "3.03 €"),
        ("without tax", "15.97 €"),
    ]
    assert rows(paper) == {
        "Paid": "Wednesday 12 May 2027, 10:00 in Berlin (UTC+2)",
        "Order": "FC-2222-22",
        "Sold to": "miriam@posteo.de",
        "Card": "Visa ending 4242",
    }


def test_where_no_tax_is_reckoned_no_line_speaks_of_it() -> None:
    paper = write(Facts("R-2027-000001", NOON, NOON, 1900, "JPY", paper={"title": "A Book"}))
    assert paper.sums == ()
    assert plain(paper.sentence) == "1,900 ¥, paid."
    assert rows(paper) == {"Paid": "Wednesday 12 May 2027, 08:00 UTC"}


def test_a_credit_note_names_its_receipt_and_the_card_it_goes_back_to() -> None:
    paper = write(CREDIT)
    assert paper.title == "Credit note C-2027-000045"
    assert plain(paper.sentence) == "5.00 € go back to Visa ending 4242."
    assert plain(paper.total[1]) == "5.00 €"
    assert rows(paper)["For receipt"] == "R-2027-000123"
    assert plain(write(Facts(**vars(CREDIT) | {"paper": KEPT | {"by_hand": "yes"}})).sentence) == (
        "5.00 € go back by other means."
    )


def test_a_correcting_receipt_says_what_it_takes_back_and_why() -> None:
    paper = write(Facts(**vars(CREDIT) | {"number": "R-2027-000124", "about": "C-2027-000045"}))
    assert paper.title == "Correcting receipt R-2027-000124"
    assert plain(paper.sentence) == (
        "The refund of 5.00 € did not arrive, so C-2027-000045 is taken back: the amount counts as paid."
    )
    assert rows(paper)["Takes back"] == "C-2027-000045"


def test_a_document_that_was_issued_days_later_says_so() -> None:
    late = write(Facts(**vars(CREDIT) | {"issued_at": NOON + timedelta(days=2)}))
    assert rows(late)["Issued"] == "Friday 14 May 2027, 10:00 in Berlin (UTC+2)"
    assert "Issued" not in rows(write(CREDIT))


def test_numbers_are_made_and_read() -> None:
    assert number(series(Series.RECEIPT, NOON), 123) == "R-2027-000123"
    assert counted("C-2027-1234567") == ("C-2027", 1234567)
    assert name("C-2027-000045", "R-2027-000123") == "Credit note C-2027-000045"


@pytest.mark.parametrize("text", ["", "R-2027-1", "X-2027-000001", "R-2027-00000١", "R-2027-000001 "])
def test_what_is_no_number_is_none(text: str) -> None:
    assert counted(text) is None
