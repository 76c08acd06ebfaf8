"""What needs you: whose tasks, in which order, what closes them, and how many the menu says."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from storefront.actions.tasking import raise_task
from storefront.models.money import Task
from storefront.rules.words import NBSP
from tests.support.letters import buys, disputes, refund_fails
from tests.support.world import World
from tests.web.studio.visitor import OWNER, TOM, Page, Visitor


def raises(world: World, kind: str, order_id: int | None, days: float | None = None) -> int:
    with world.db.write() as session:
        due = world.now + timedelta(days=days) if days is not None else None
        sentence = f"The matter of {kind}. Look at it."
        task = raise_task(session, kind, f"{kind}-1", sentence, world.now, order_id=order_id, due_by=due)
        assert task is not None
        session.flush()
        return task.id


def words(page: Page) -> str:
    return page.text.replace(NBSP, " ")


def closed_by(world: World, task_id: int) -> str | None:
    with world.read() as session:
        task = session.get_one(Task, task_id)
        return task.closed_by if task.closed_at else None


def test_a_quiet_room_says_what_would_stand_in_it(world: World, ines: Visitor) -> None:
    world.product()
    page = ines.get("/studio/tasks")
    assert "Nothing waits for you." in page.text
    assert "All quiet" in page.text
    assert "Tasks Questions Shop" in words(page), "the menu counts nothing"


def test_what_is_due_first_stands_first_and_the_menu_counts(world: World, ines: Visitor) -> None:
    order_id = buys(world)
    raises(world, "difference", order_id)
    raises(world, "later", order_id, 9)
    raises(world, "sooner", order_id, 2)
    raises(world, "past", order_id, -1)
    page = words(ines.get("/studio/tasks"))
    places = [page.index(f"The matter of {kind}.") for kind in ("past", "sooner", "later", "difference")]
    assert places == sorted(places)
    assert "Four things need you." in page
    assert "2 days 0 h left" in page
    assert "Was due" in page
    assert "Tasks 4 open" in words(ines.get("/studio"))
    assert "4 tasks wait for you" in words(ines.get("/studio"))


def test_a_person_closes_what_no_fact_closes_and_their_name_stays(app: Flask, world: World, ines: Visitor) -> None:
    number = raises(world, "difference", buys(world))
    ines.get("/studio/tasks")
    page = words(ines.post(f"/studio/tasks/{number}/close"))
    assert "Closed. It stands below, with your name." in page
    assert "Done lately" in page
    assert "The matter of difference. Look at it. Ines" in page
    owner = Visitor(app)
    owner.signs_in(OWNER)
    owner.get("/studio/tasks")
    assert "Somebody closed it a moment before." in words(owner.post(f"/studio/tasks/{number}/close"))
    assert (closed_by(world, number) or "").startswith("creator:")


def test_what_a_fact_closes_nobody_closes_by_hand(world: World, ines: Visitor) -> None:
    order_id = buys(world)
    world.cancels(order_id, "creator:1")
    refund_fails(world, order_id)
    with world.read() as session:
        number = session.scalars(select(Task.id)).one()
    page = ines.get("/studio/tasks")
    assert "Close it" not in page.text
    assert "Money that did not go back" in page.text
    ines.post(f"/studio/tasks/{number}/close")
    assert "This one closes by itself" in ines.page.text
    assert closed_by(world, number) is None


def test_a_dispute_leads_to_its_page_and_closes_with_it(world: World, ines: Visitor) -> None:
    order_id = buys(world)
    number = disputes(world, order_id)
    assert f"/studio/disputes/{number}" in ines.client.get("/studio/tasks").text
    disputes(world, order_id, "won")
    assert "Nothing waits for you." in ines.get("/studio/tasks").text


def test_a_task_about_nobodys_order_is_the_owners(app: Flask, world: World, ines: Visitor) -> None:
    mine, owners = raises(world, "difference", buys(world)), raises(world, "general", None)
    assert "The matter of general." not in ines.get("/studio/tasks").text
    tom, owner = Visitor(app), Visitor(app)
    tom.signs_in(TOM)
    assert "Nothing waits for you." in tom.get("/studio/tasks").text
    for number in (mine, owners):
        token = tom.page.fields["csrf_token"]["value"]
        answer = tom.client.post(f"/studio/tasks/{number}/close", data={"csrf_token": token})
        assert answer.status_code == 404
    owner.signs_in(OWNER)
    assert "Two things need you." in owner.get("/studio/tasks").text


@pytest.mark.parametrize("path", ["/studio/tasks/1/close", "/studio/tasks/x/close", "/studio/tasks/999999999999/close"])
def test_no_task_no_page(ines: Visitor, path: str) -> None:
    token = ines.get("/studio").fields["csrf_token"]["value"]
    assert ines.client.post(path, data={"csrf_token": token}).status_code == 404
