"""Signing in: who comes in, and where they stand then."""

import pytest
from flask import Flask
from sqlalchemy import select

from storefront.actions import accounting
from storefront.models.accounts import Account
from tests.support.world import World
from tests.web.studio.visitor import HOME, INES, PASSWORD, TOM, Visitor, launch_of


def test_a_creator_signs_in_and_stands_in_the_studio(app: Flask) -> None:
    visitor = Visitor(app)
    assert "Readers need no password" in visitor.get("/signin").text
    assert "There is no product yet." in visitor.signs_in().text
    assert "/studio" in visitor.client.get("/signin").headers["Location"]


def test_a_wrong_password_and_an_unknown_address_read_the_same_and_the_address_is_kept(app: Flask) -> None:
    visitor = Visitor(app)
    visitor.get("/signin")
    wrong = visitor.post("/signin", 422, email=INES, password="not this one")
    assert wrong.fields["email"]["value"] == INES
    assert "value" not in wrong.fields["password"] or wrong.fields["password"]["value"] == ""
    unknown = visitor.post("/signin", 422, email="nobody@b.example", password=PASSWORD)
    assert "do not belong together" in wrong.text
    assert wrong.text == unknown.text


def test_signing_in_begins_a_session_of_its_own(app: Flask) -> None:
    visitor = Visitor(app)
    visitor.get("/signin")
    with visitor.client.session_transaction() as cookie:
        cookie["planted"] = "by somebody else"
    visitor.post("/signin", email=INES, password=PASSWORD)
    with visitor.client.session_transaction() as cookie:
        assert "planted" not in cookie


def test_after_signing_in_one_stands_where_one_was_going(app: Flask, world: World) -> None:
    world.product()
    visitor = Visitor(app)
    asked = visitor.client.get(f"{HOME}/orders")
    assert asked.status_code == 302
    visitor.signs_in(url=asked.headers["Location"])
    assert "Orders of Databases by Hand" in visitor.page.text


@pytest.mark.parametrize(
    "going",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "/signout",
        "/nowhere",
        "http://[",
    ],
)
def test_a_sign_in_leads_nowhere_else(app: Flask, going: str) -> None:
    visitor = Visitor(app)
    visitor.get("/signin")
    token = visitor.page.fields["csrf_token"]["value"]
    sent = {"csrf_token": token, "email": INES, "password": PASSWORD, "next": going}
    assert visitor.client.post("/signin", data=sent).headers["Location"] == "/studio"


def test_many_tries_in_a_row_are_slowed_down(app: Flask) -> None:
    visitor = Visitor(app)
    visitor.get("/signin")
    for _ in range(10):
        visitor.post("/signin", 422, email=INES, password="a guess")
    visitor.post("/signin", 429, email=INES, password=PASSWORD)


def test_signing_out_closes_the_studio(ines: Visitor) -> None:
    ines.post("/signout")
    assert ines.client.get("/studio").status_code == 302


def test_nobody_comes_in_without_an_account_nor_a_reader_nor_without_the_forms_token(
    app: Flask, world: World, ines: Visitor
) -> None:
    world.product()
    assert "/signin" in Visitor(app).client.get(HOME).headers["Location"]
    with world.db.write() as session:
        session.scalars(select(Account).where(Account.email == TOM)).one().role = "reader"
    reader = Visitor(app)
    reader.get("/signin")
    token = reader.page.fields["csrf_token"]["value"]
    reader.client.post("/signin", data={"csrf_token": token, "email": TOM, "password": PASSWORD})
    reader.get("/studio", 403)
    assert ines.client.post(f"{HOME}/launch-now", data={}).status_code == 400
    assert launch_of(world).launched_at is None


def test_a_copied_session_is_over_when_its_owner_signs_out(app: Flask) -> None:
    visitor = Visitor(app)
    visitor.signs_in()
    thief, cookie = app.test_client(), visitor.client.get_cookie("session")
    assert cookie is not None
    thief.set_cookie("session", cookie.value)
    assert thief.get("/studio").status_code == 200
    visitor.get("/studio")
    visitor.post("/signout")
    assert thief.get("/studio").status_code == 302


def test_a_new_password_ends_every_session(app: Flask, world: World) -> None:
    visitor = Visitor(app)
    visitor.signs_in()
    with world.db.write() as session:
        accounting.create_account(session, INES, "Ines", "creator", "another long password", world.now)
    assert visitor.client.get("/studio").status_code == 302
