"""Importing: all of it or nothing, the same each time, and what the shop owns is told of and left."""

import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from storefront.actions import importing
from storefront.actions.checking import check
from storefront.actions.importing import Report
from storefront.models.db import Base
from storefront.models.pages import Page
from storefront.models.products import Offer, Product
from tests.support.world import World

CONTENT = Path(__file__).resolve().parents[2] / "content"
CREATORS = '[ines]\nname = "Ines Okafor"\nemail = "ines@forthcoming.example"\n'
BOOK = """\
title = "A Book"
kind = "ebook"
creator = "ines"
lang = "en"
currency = "EUR"
lead = "About one thing."
stock = 10

[launch]
after_days = 10
time = "10:00"
zone = "Europe/Berlin"

[[offers]]
name = "First 5"
price = "9.00"
units = 5

[[offers]]
name = "Price after launch"
price = "12.00"

[[files]]
path = "files/book.pdf"
label = "PDF"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A catalogue of one book and one page."""
    home = tmp_path / "catalogue"
    (home / "products/book/files").mkdir(parents=True)
    (home / "pages").mkdir()
    (home / "creators.toml").write_text(CREATORS)
    (home / "products/book/product.toml").write_text(BOOK)
    (home / "products/book/page.md").write_text("Words of the author.\n")
    (home / "products/book/files/book.pdf").write_bytes(b"%PDF-1.7\n")
    (home / "pages/policy.md").write_text('+++\ntitle = "The policy"\n+++\nWords.\n')
    return home


def imports(world: World, folder: Path) -> Report:
    return importing.run(world.db, world.outside.shelf, folder, world.now, lambda _: None)


def rewrites(folder: Path, old: str, new: str, name: str = "products/book/product.toml") -> None:
    path = folder / name
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))


def rows(world: World) -> dict[str, list[str]]:
    with world.read() as session:
        return {name: sorted(map(str, session.execute(text(f"SELECT * FROM {name}")))) for name in Base.metadata.tables}  # noqa: S608


def book(world: World) -> Product:
    with world.read() as session:
        found: Product = session.scalars(select(Product).where(Product.slug == "book")).one()
        assert found.launch.zone
        assert found.offers
        assert found.files
        session.expunge_all()
        return found


def test_a_catalogue_is_imported_with_its_date_offers_files_and_pages(world: World, folder: Path) -> None:
    report = imports(world, folder)
    assert (report.problems, report.differences, report.imported) == ([], [], ["book (new)"])
    made = book(world)
    assert (made.title, made.stock, [each.price for each in made.offers]) == ("A Book", 10, [900, 1200])
    assert made.launch.wall.endswith("T10:00")
    assert made.launch.at is not None
    assert made.launch.at > world.now + timedelta(days=8)
    shelved = world.outside.shelf.path(made.files[0].sha256)
    assert shelved.read_bytes() == b"%PDF-1.7\n"
    with world.read() as session:
        assert session.get_one(Page, "policy").title == "The policy"


def test_importing_again_changes_nothing_whenever_it_is(world: World, folder: Path) -> None:
    imports(world, folder)
    before = rows(world)
    world.now += timedelta(days=4)
    report = imports(world, folder)
    assert report.problems == []
    assert report.differences == []
    assert rows(world) == before


def test_words_and_files_follow_the_folder(world: World, folder: Path) -> None:
    imports(world, folder)
    rewrites(folder, "A Book", "A Better Book")
    (folder / "products/book/files/book.pdf").write_bytes(b"%PDF-1.7 second\n")
    before = book(world)
    assert imports(world, folder).imported == ["book"]
    after = book(world)
    assert after.title == "A Better Book"
    assert after.files[0].sha256 != before.files[0].sha256
    assert after.files[0].id == before.files[0].id


def test_what_is_sold_dated_or_counted_is_the_shops_and_a_difference_is_told(world: World, folder: Path) -> None:
    imports(world, folder)
    world.places(book(world).id)
    for old, new in (('"9.00"', '"1.00"'), ("stock = 10", "stock = 99"), ('time = "10:00"', 'time = "11:00"')):
        rewrites(folder, old, new)
    rewrites(folder, 'after_days = 10\ntime = "11:00"', "wall = 2027-06-01T10:00:00")
    report = imports(world, folder)
    assert report.problems == []
    told = "\n".join(report.differences)
    assert "the offer 'First 5' has been sold and stays as it is" in told
    assert "stock is 10 in the shop and 99 in the files" in told
    assert "the launch is" in told
    after = book(world)
    assert (after.offers[0].price, after.stock) == (900, 10)
    with world.read() as session:
        assert check(session, world.now) == []


def test_an_offer_not_yet_sold_follows_the_folder_and_may_go(world: World, folder: Path) -> None:
    imports(world, folder)
    rewrites(folder, '[[offers]]\nname = "First 5"\nprice = "9.00"\nunits = 5\n\n', "")
    assert imports(world, folder).problems == []
    assert [(each.name, each.price) for each in book(world).offers] == [("Price after launch", 1200)]


def test_a_product_that_left_the_folder_stays_and_is_told_of(world: World, folder: Path) -> None:
    imports(world, folder)
    shutil.rmtree(folder / "products/book")
    assert imports(world, folder).differences == ["book: it is in the shop and not in the files."]
    assert book(world).retired_at is None


Slip = Callable[[Path], None]


def slip(old: str, new: str) -> Slip:
    return lambda folder: rewrites(folder, old, new)


@pytest.mark.parametrize(
    ("wrong", "where"),
    [
        (slip('price = "9.00"', 'price = "9,00"'), "products/book/product.toml:16: "),
        (slip('price = "9.00"', 'price = "0.10"'), "products/book/product.toml:16: "),
        (slip('kind = "ebook"', 'kind = "scroll"'), "products/book/product.toml:2: "),
        (slip('creator = "ines"', 'creator = "nobody"'), "products/book/product.toml:3: "),
        (slip("units = 5", "unitz = 5"), "products/book/product.toml:17: "),
        (slip('"files/book.pdf"', '"files/none.pdf"'), "products/book/product.toml:24: "),
        (slip('"files/book.pdf"', '"../../creators.toml"'), "products/book/product.toml:24: "),
        (slip('"files/book.pdf"', '"/etc/hostname"'), "products/book/product.toml:24: "),
        (slip('"Europe/Berlin"', '"Mars/Olympus"'), "products/book/product.toml:"),
        (slip('title = "A Book"', "title = A Book"), "products/book/product.toml:1: "),
        (slip("after_days = 10", "after_days = 9000"), "products/book/product.toml:"),
        (lambda folder: (folder / "pages/policy.md").write_text("No front.\n") and None, "pages/policy.md:1: "),
        (lambda folder: (folder / "creators.toml").write_text("[ines]\n") and None, "creators.toml:1: "),
        (lambda folder: (folder / "creators.toml").write_bytes(b"\xff") and None, "creators.toml:1: "),
    ],
)
def test_what_is_wrong_is_named_by_file_and_line_and_nothing_is_imported(
    small_world: World, folder: Path, wrong: Slip, where: str
) -> None:
    wrong(folder)
    before = rows(small_world)
    report = imports(small_world, folder)
    assert [str(each) for each in report.problems if str(each).startswith(where)], [str(p) for p in report.problems]
    assert report.imported == []
    assert rows(small_world) == before


@pytest.mark.parametrize(("wall", "said"), [("2027-03-28T02:30:00", "skip"), ("2027-10-31T02:30:00", "happens twice")])
def test_a_launch_at_a_time_that_the_clocks_skip_or_show_twice_is_refused(
    small_world: World, folder: Path, wall: str, said: str
) -> None:
    rewrites(folder, 'after_days = 10\ntime = "10:00"', f"wall = {wall}")
    assert datetime.fromisoformat(wall)
    problems = [str(each) for each in imports(small_world, folder).problems]
    assert len(problems) == 1
    assert said in problems[0]
    name, line, _ = problems[0].split(":", 2)
    assert (folder / name).read_text().splitlines()[int(line) - 1].startswith("wall")


def test_the_sample_catalogue_is_whole_and_imports_twice(small_world: World) -> None:
    first = imports(small_world, CONTENT)
    assert first.problems == []
    assert len(first.imported) == 3
    before = rows(small_world)
    second = imports(small_world, CONTENT)
    assert (second.problems, second.differences) == ([], [])
    assert rows(small_world) == before
    with small_world.read() as session:
        assert (session.scalar(select(func.count(Offer.id))) or 0) >= 6
