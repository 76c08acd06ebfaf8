"""Letters owed: once for each order, kind, version and recipient, and each kind can be written."""

import ast
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from storefront.actions.owing import owe
from storefront.models.orders import Order
from storefront.rules.standing_words import LETTERS
from tests.support.world import World

ROOT = Path(__file__).resolve().parents[2]
PARTS = (".subject.txt", ".txt", ".html")


def kinds() -> Iterator[str]:
    """Every kind of letter that a verb owes, as its source says."""
    for path in sorted((ROOT / "storefront/actions").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id in {"owe", "owe_all", "owe_ticket", "owe_watcher"}
            ):
                yield from _words(node.args[2])


def _words(given: ast.expr) -> Iterator[str]:
    """The kind as it is written; of a choice between two, both."""
    for each in [given.body, given.orelse] if isinstance(given, ast.IfExp) else [given]:
        assert isinstance(each, ast.Constant), "a kind of letter is written out, so that this can be read"
        yield str(each.value)


def test_the_kinds_are_found() -> None:
    assert {"confirmed", "repaired", "moved", "past_due", "access", "cancelled", "address_old"} <= set(kinds())


@pytest.mark.parametrize("kind", sorted(set(kinds())))
def test_every_kind_has_a_subject_a_text_and_a_page_and_words_in_the_studio(kind: str) -> None:
    for part in PARTS:
        assert (ROOT / f"templates/mail/{kind}{part}").read_text().strip(), f"{kind}{part} is empty"
    assert LETTERS[kind]


def test_no_template_waits_for_a_letter_that_nobody_owes() -> None:
    there = {each.name.split(".")[0] for each in (ROOT / "templates/mail").glob("*.subject.txt")}
    assert there == set(kinds())


def test_a_letter_is_owed_once_for_each_version_and_recipient(world: World) -> None:
    order_id = world.orders(world.product())

    def again(version: int) -> None:
        with world.db.write() as session:
            owe(session, session.get_one(Order, order_id), "moved", world.now, version=version)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(again, [2, 2, 3, 2, 3]))
    assert sorted(world.letters(order_id)) == ["confirmed", "moved", "moved"]
    with world.db.write() as session:
        owe(session, session.get_one(Order, order_id), "moved", world.now, version=2, to="other@posteo.de")
    assert len(world.letters(order_id)) == 4


def test_a_letter_is_not_owed_where_its_fact_was_rolled_back(world: World) -> None:
    order_id = world.orders(world.product())

    def fails() -> None:
        with world.db.write() as session:
            owe(session, session.get_one(Order, order_id), "moved", world.now, version=2)
            raise RuntimeError("the fact did not happen")

    with pytest.raises(RuntimeError):
        fails()
    assert world.letters(order_id) == ["confirmed"]
