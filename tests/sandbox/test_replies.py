"""Answering a letter in the mailbox: the shop gets it as a mail server would bring it, signed."""

from base64 import b64decode
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default

from werkzeug.test import Client

from storefront.rules import incoming_mail, mail_news
from storefront.sandbox import Options, create_sandbox
from storefront.sandbox.replies import MailDoor

SECRET, NOW = "m" * 40, 1_800_000_000
TO = "ask+b1.1-abc@reply.forthcoming.example"
LETTER = """From: Ines via Forthcoming <letters@forthcoming.example>
To: miriam@posteo.de
Reply-To: {to}
Subject: It is out
Message-ID: <letter-1.1@shop.example>
Date: Mon, 10 May 2027 10:00:00 +0000

It is out.
"""


@dataclass
class Shop:
    """What the shop was handed, and what it answers."""

    status: int = 200
    silent: bool = False
    taken: list[tuple[bytes, dict[str, str]]] = field(default_factory=list)

    def take(self, _url: str, body: bytes, headers: dict[str, str]) -> int:
        if self.silent:
            raise ConnectionRefusedError
        self.taken.append((body, headers))
        return self.status


def mailbox(shop: Shop, to: str = TO) -> Client:
    door = MailDoor("http://shop.example/webhooks/mail", SECRET, lambda: NOW, shop.take)
    sandbox = create_sandbox(Options(public_url="http://sandbox.example", mail_door=door))
    sandbox.machine.mailbox.put("letters@forthcoming.example", ["miriam@posteo.de"], LETTER.format(to=to).encode())
    return Client(sandbox)


def test_an_answer_reaches_the_shop_signed_and_is_read_without_what_it_quotes() -> None:
    shop = Shop()
    visitor = mailbox(shop)
    assert "Answer it" in visitor.get("/mail/1").text
    assert "Sent." in visitor.post("/mail/1/reply", data={"text": "Is there a German edition?"}).text
    ((body, headers),) = shop.taken
    news = mail_news.read(SECRET, body, headers["Mail-Signature"], datetime.fromtimestamp(NOW, UTC))
    assert (news.type, news.payload["to"]) == ("received", TO)
    raw = b64decode(news.payload["raw"])
    assert message_from_bytes(raw, policy=default)["In-Reply-To"] == "<letter-1.1@shop.example>"
    found = incoming_mail.read(raw)
    assert (found.sender, found.text, found.machine) == ("miriam@posteo.de", "Is there a German edition?", "")


def test_what_the_shop_does_not_take_stays_in_the_form() -> None:
    for shop in (Shop(status=400), Shop(silent=True)):
        page = mailbox(shop).post("/mail/1/reply", data={"text": "Hello?"}).text
        assert "did not take it" in page
        assert ">Hello?</textarea>" in page


def test_nothing_is_sent_without_words_and_nowhere_without_a_thread() -> None:
    shop = Shop()
    assert "Write something first." in mailbox(shop).post("/mail/1/reply", data={"text": " "}).text
    other = mailbox(shop, "ines@forthcoming.example")
    assert "Answer it" not in other.get("/mail/1").text
    other.post("/mail/1/reply", data={"text": "Hello"})
    assert shop.taken == []
