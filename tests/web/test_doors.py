"""What holds for every door: hosts, forms from elsewhere, pages that change nothing, whose is whose."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select, text

from storefront.actions import accounting
from storefront.models.accounts import Account
from storefront.models.db import Base
from storefront.models.orders import Attempt
from storefront.models.pages import Page as ShopPage
from storefront.models.products import Lesson, Product
from storefront.outside.postman import Envelope
from tests.support.satchel import Satchel
from tests.support.visitor import Visitor
from tests.support.world import Sandbox, World, make_world

PASSWORD = "paper and patience"
INES, TOM = "ines@forthcoming.example", "tom@b.example"
HOSTILE = [
    {"X-Forwarded-Host": "evil.example"},
    {"X-Host": "evil.example"},
    {"X-Forwarded-Server": "evil.example"},
    {"Forwarded": "host=evil.example;proto=https"},
    {"X-Original-Host": "evil.example"},
    {"X-Forwarded-Proto": "ftp", "X-Forwarded-Port": "6666"},
    {"X-Original-URL": "//evil.example/", "X-Rewrite-URL": "//evil.example/"},
    {"Referer": "https://evil.example/", "Origin": "https://evil.example"},
]


@pytest.fixture
def full(small_world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """A shop with something behind every door: a reader's course, a pre-order, a page, two creators.

    Passwords are weighed lightly here.
    """
    monkeypatch.setattr(accounting, "HASHER", PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1))
    course = small_world.product("course", days=None, lang="de")
    small_world.product("book", days=3, kind="ebook")
    with small_world.db.write() as session:
        for number, free in ((1, True), (2, False)):
            session.add(
                Lesson(
                    product_id=course, position=number, slug=f"l{number}", title="Pages", source="Words.\n", free=free
                )
            )
        session.add(ShopPage(slug="policy", title="The policy", source="Words."))
        for email in (INES, TOM):
            accounting.create_account(session, email, email[:4].title(), "creator", PASSWORD, small_world.now)
    small_world.orders(1)
    small_world.orders(2)
    small_world.tick()
    return small_world


def order_link(world: World, order_id: int) -> str:
    order = world.order(order_id)
    return world.outside.links.token("order", order.id, order.link_generation, order.link_sha256)


def access_link(world: World, order_id: int) -> str:
    grant = world.grant(order_id)
    assert grant is not None
    return world.outside.links.token("access", grant.id, grant.link_generation, grant.link_sha256 or "")


def addresses(world: World) -> Iterator[str]:
    """Every GET address of the application, filled in with what is there."""
    number = world.order(2).number
    for rule in world.app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or rule.endpoint == "static":
            continue
        slug = "policy" if rule.endpoint == "pages.page" else "course"
        slug = "book" if rule.endpoint in {"shop.calendar", "studio.product", "studio.of_product"} else slug
        token = access_link(world, 1) if rule.endpoint == "orders.access" else order_link(world, 2)
        given = {"slug": slug, "token": token, "lesson": "l1", "name": "none", "number": number}
        path = rule.rule
        for name, value in given.items():
            path = path.replace(f"<{name}>", value)
        yield path


def dump(world: World) -> dict[str, list[str]]:
    """Every row of every table."""
    with world.read() as session:
        return {name: sorted(map(str, session.execute(text(f"SELECT * FROM {name}")))) for name in Base.metadata.tables}  # noqa: S608


def signs_in(world: World, email: str) -> Visitor:
    visitor = Visitor.of(world.app)
    visitor.see("/signin")
    assert visitor.send("/signin", email=email, password=PASSWORD).status_code == 303
    return visitor


def redeems(world: World) -> Visitor:
    reader = Visitor.of(world.app)
    reader.see(f"/access/{access_link(world, 1)}")
    reader.follow(reader.get(reader.send(access_link(world, 1)).headers["Location"]))
    return reader


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("who", ["stranger", "reader", "creator"])
def test_no_get_changes_a_row_for_anybody(full: World, method: str, who: str) -> None:
    visitor = Visitor.of(full.app)
    if who == "creator":
        visitor = signs_in(full, INES)
    if who == "reader":
        visitor = redeems(full)
        visitor.get("/library/course/lessons/l1")
    before = dump(full)
    seen = 0
    for path in addresses(full):
        answer = visitor.open(path, method=method)
        assert answer.status_code < 500, path
        seen += answer.status_code == 200
    assert dump(full) == before
    assert seen >= 10


def test_every_page_is_well_made_for_whoever_sees_it(full: World) -> None:
    """The visitor checks each page it fetches: title, one h1, ids, labels, no inline code, headers."""
    for visitor in (Visitor.of(full.app), redeems(full), signs_in(full, INES)):
        for path in addresses(full):
            visitor.get(path)


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "evil.example:8000", "a b", "localhost@x"])
def test_another_hosts_requests_are_refused(full: World, host: str) -> None:
    visitor = Visitor.of(full.app)
    before = dump(full)
    for path in ("/", "/p/book", "/signin", f"/orders/{order_link(full, 2)}", "/library/course"):
        answer = visitor.get(path, headers={"Host": host})
        assert answer.status_code == 400, path
        assert "evil" not in answer.text
    assert dump(full) == before


def journey(world: World, headers: dict[str, str]) -> list[Envelope]:
    """A pre-order, a corrected address, the launch; every letter of it."""
    world.product()
    visitor = Visitor.of(world.app)
    satchel = Satchel()
    world.outside = replace(world.outside, postman=satchel)
    form = visitor.see("/p/databases-by-hand").form("/order").fields
    sent = form | {"email": "miriam@posteo.dd", "consent": "1"}
    away = visitor.post("/p/databases-by-hand/order", data=sent, headers=headers).headers["Location"]
    visitor.get(world.pays(away).headers["Location"], headers=headers)
    world.tick()
    page = visitor.get(f"/orders/{order_link(world, 1)}", headers=headers)
    assert "evil" not in page.text
    fields = visitor.page.form("/address").fields | {"email": "miriam@posteo.de"}
    moved = visitor.post(f"/orders/{order_link(world, 1)}/address", data=fields, headers=headers)
    assert moved.headers["Location"].startswith("/orders/")
    world.advance(days=3)
    world.tick()
    return satchel.letters


def test_every_letter_is_byte_identical_whatever_the_requests_headers_say(sandbox: Sandbox, tmp_path: Path) -> None:
    letters, start = [], sandbox.now()
    for number, headers in enumerate([{}, *HOSTILE]):
        folder = tmp_path / str(number)
        folder.mkdir()
        world = make_world(sandbox, f"sqlite:///{folder / 'shop.db'}", folder)
        world.now = start
        letters.append(journey(world, headers))
        with world.read() as session:
            bodies = [str(each.body) for each in session.scalars(select(Attempt))]
        assert "evil" not in "".join(bodies)
        world.db.engine.dispose()
        sandbox.control("reset")
        sandbox.control("faults", kind="webhook_dropped", count=-1)
    assert len(letters[0]) == 4
    assert all(each == letters[0] for each in letters), "letters know nothing of requests"


def posts(world: World) -> list[str]:
    """Every POST address but the webhook."""
    given = {"slug": "book", "token": order_link(world, 2), "lesson": "l1", "number": world.order(2).number}
    given |= {"int:dispute_id": "1", "int:task_id": "1"}
    found = []
    for rule in world.app.url_map.iter_rules():
        if "POST" in (rule.methods or ()) and "/webhooks/" not in rule.rule:
            path = rule.rule
            for name, value in given.items():
                path = path.replace(f"<{name}>", value)
            found.append(path)
    return found


def test_a_post_without_its_token_is_refused_everywhere(full: World) -> None:
    before = dump(full)
    assert len(posts(full)) >= 12
    for visitor in (Visitor.of(full.app), signs_in(full, INES)):
        for path in posts(full):
            if path.startswith(("/news/", "/waiting/")) and path.endswith(("/end", "/leave")):
                continue  # mail programs press it for their readers, with no form at hand (RFC 8058)
            answer = visitor.post(path, data={"email": "x@posteo.de", "csrf_token": "made-up"})
            assert answer.status_code == 400, path
            assert "This page was open for a long time" in visitor.page.text
    assert dump(full) == before


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_post_that_another_site_sent_is_refused_even_with_a_token(full: World, site: str) -> None:
    visitor = Visitor.of(full.app)
    token = visitor.see("/p/book").form("/order").fields["csrf_token"]
    before = dump(full)
    for path in posts(full):
        answer = visitor.post(path, data={"csrf_token": token}, headers={"Sec-Fetch-Site": site})
        assert answer.status_code in {400, 403}, path
    assert dump(full) == before


def test_somebody_elses_token_does_not_fit(full: World) -> None:
    mine, other = Visitor.of(full.app), Visitor.of(full.app)
    token = other.see("/p/book").form("/order").fields["csrf_token"]
    fields = mine.see("/p/book").form("/order").fields | {"csrf_token": token, "email": "a@posteo.de", "consent": "1"}
    assert mine.post("/p/book/order", data=fields).status_code == 400


def test_a_creator_finds_nothing_of_another_creator(full: World) -> None:
    tom = signs_in(full, TOM)
    number = full.order(2).number
    token = tom.see("/studio").form("/signout").fields["csrf_token"]
    before = dump(full)
    for path in ("products/book", "products/book/orders", "products/book/launch-now", f"orders/{number}"):
        answer = tom.get(f"/studio/{path}")
        assert answer.status_code == 404, path
        assert answer.text == tom.get("/studio/products/no-such-thing").text
    for path in ("products/book/launch", "products/book/launch-now", f"orders/{number}/cancel"):
        assert tom.post(f"/studio/{path}", data={"csrf_token": token}).status_code == 404, path
    assert dump(full) == before
    assert "book" not in tom.see("/studio").links


def test_readers_and_strangers_stay_out_of_the_studio(full: World) -> None:
    assert Visitor.of(full.app).get("/studio").headers["Location"].startswith("/signin")
    assert redeems(full).get("/studio/products/book").status_code == 403


def test_a_reader_opens_nothing_of_another_reader(full: World) -> None:
    reader = redeems(full)
    assert reader.get("/library/book").status_code == 404
    with full.db.write() as session:
        session.get_one(
            Account, session.scalars(select(Account.id).where(Account.role == "reader")).one()
        ).role = "reader"
    other = Visitor.of(full.app)
    assert other.get("/library/course").status_code == 303
    assert other.get("/library/course/lessons/l1").status_code == 404
    assert other.get("/p/course/lessons/l1").status_code == 200
    assert other.get("/p/course/lessons/l2").status_code == 404, "only the first is free"


@pytest.mark.parametrize(
    "where",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "/%09/evil.example",
        "javascript:alert(1)",
        "studio:x",
    ],
)
def test_signing_in_leads_nowhere_else(full: World, where: str) -> None:
    visitor = Visitor.of(full.app)
    visitor.see("/signin")
    answer = visitor.send("/signin", email=INES, password=PASSWORD, next=where)
    assert answer.headers["Location"] == "/studio"


def test_a_wrong_password_and_an_unknown_address_read_the_same(full: World) -> None:
    visitor = Visitor.of(full.app)
    said = set()
    for email in (INES, "nobody@b.example"):
        visitor.see("/signin")
        answer = visitor.send("/signin", email=email, password="wrong wrong wrong")
        assert answer.status_code == 422
        said.add(visitor.page.text)
    assert len(said) == 1


def test_a_form_that_is_too_long_is_refused(full: World) -> None:
    visitor = Visitor.of(full.app)
    visitor.see("/p/book")
    assert visitor.send("/order", email="x" * 70_000).status_code == 413


def test_a_script_in_a_creators_words_stays_words(full: World) -> None:
    with full.db.write() as session:
        book = session.scalars(select(Product).where(Product.slug == "book")).one()
        book.title = "</script><script>alert(1)</script>"
        book.author_text = "<script>alert(1)</script> [x](javascript:alert(1)) <img src=x onerror=alert(1)>"
        book.questions = [{"ask": "<b onclick=alert(1)>?", "answer": "<iframe src=//evil.example></iframe>"}]
    visitor = Visitor.of(full.app)
    for path in ("/", "/p/book", f"/orders/{order_link(full, 2)}"):
        assert "alert(1)</script>" not in visitor.get(path).text.replace("\\u003c", "<!")
    assert visitor.see("/p/book").structured["name"].startswith("</script>")


def test_static_files_may_be_kept_and_secrets_may_not(full: World) -> None:
    visitor = Visitor.of(full.app)
    sheet = visitor.get("/static/css/shop.css?v=1")
    assert "immutable" in sheet.headers["Cache-Control"]
    assert "Set-Cookie" not in sheet.headers
    assert visitor.get("/static/../storefront/app.py").status_code == 404
    assert visitor.get("/static/css/nothing.css").headers["Cache-Control"] == "no-store"
    assert visitor.get("/covers/none.svg").status_code == 404
    assert visitor.get("/healthz").get_json()["ok"] is True


@pytest.mark.parametrize("path", ["/p/a%00b", "/pages/a%00", "/covers/a%00.svg", "/orders/a%00", "/access/%00"])
def test_a_name_with_a_nul_in_it_is_nowhere(small_world: World, path: str) -> None:
    assert small_world.app.test_client().get(path).status_code == 404


def test_words_with_a_nul_in_them_are_not_taken(small_world: World) -> None:
    client = small_world.app.test_client()
    assert client.post("/signin", data={"email": "a\0@b.de", "password": "x" * 12}).status_code == 400
    assert client.get("/signin?next=/%00").status_code == 400
