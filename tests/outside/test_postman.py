"""The door for letters, at a real mail server."""

import email
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.utils import parseaddr, parsedate_to_datetime

import pytest
from flask import Flask
from flask_mail import Mail

from storefront.outside.postman import Envelope, NotAccepted, Postman
from tests.support.mailserver import MailServer, Taken, running, silence
from tests.support.ports import free_port

SENDER = "letters@forthcoming.example"
LETTER = Envelope(
    to="miriam@posteo.de",
    sender_name="Ines Okafor via Forthcoming",
    reply_to="ines@forthcoming.example",
    subject="Open now: Databases by Hand",
    text="It is open.\n",
    html="<p>It is open.</p>",
    message_id="<letter-1.1@forthcoming.example>",
    at=datetime(2027, 5, 12, 8, 0, tzinfo=UTC),
)


@contextmanager
def postman(port: int, seconds: float = 5, sender: str = SENDER) -> Iterator[Postman]:
    app = Flask("letters")
    app.config.update(MAIL_SERVER="127.0.0.1", MAIL_PORT=port)
    mail = Mail(app)
    with app.app_context():
        yield Postman(mail, sender, seconds)


@pytest.fixture
def server() -> Iterator[MailServer]:
    with running(MailServer()) as server:
        yield server


def posted(server: MailServer, letter: Envelope, sender: str = SENDER) -> Taken:
    with postman(server.port, sender=sender) as door, door as opened:
        opened.post(letter)
    return server.taken[-1]


def refusal(port: int, letter: Envelope = LETTER, seconds: float = 5) -> NotAccepted:
    with postman(port, seconds) as door, pytest.raises(NotAccepted) as raised, door as opened:
        opened.post(letter)
    return raised.value


def shown_from(taken: Taken) -> tuple[str, str]:
    """Name and address of the sender, read as mail programs do: parts of an encoded name join without a gap."""
    raw = email.message_from_bytes(taken.raw)["From"]
    encoded, address = parseaddr(raw.replace("?=\r\n =?", "?= =?"))
    return str(make_header(decode_header(encoded))), address


def test_a_letter_arrives_as_text_and_html_from_the_creator_and_answers_go_to_the_creator(server: MailServer) -> None:
    taken = posted(server, LETTER)
    assert (taken.to, taken.sender) == ("miriam@posteo.de", SENDER)
    assert parseaddr(str(taken.message["From"])) == ("Ines Okafor via Forthcoming", SENDER)
    assert taken.message["Reply-To"] == "ines@forthcoming.example"
    assert taken.message["Subject"] == "Open now: Databases by Hand"
    assert taken.message["Auto-Submitted"] == "auto-generated"
    assert parsedate_to_datetime(str(taken.message["Date"])) == LETTER.at
    assert (taken.part("plain"), taken.part("html").strip()) == ("It is open.\n", "<p>It is open.</p>")


def test_there_is_one_message_id_and_it_is_ours(server: MailServer) -> None:
    taken = posted(server, LETTER)
    assert taken.message.get_all("Message-ID") == ["<letter-1.1@forthcoming.example>"]


def test_one_connection_serves_many_letters(server: MailServer) -> None:
    with postman(server.port) as door, door as opened:
        for number in range(5):
            opened.post(replace(LETTER, to=f"reader{number}@posteo.de"))
    assert len(server.taken) == 5
    assert server.connections == 1


@pytest.mark.parametrize("field", ["sender_name", "subject"])
@pytest.mark.parametrize("ending", ["\r\n", "\n", "\r", "\x0b", "\x85", "\u2028", "\x00\r\n"])
def test_no_name_smuggles_in_a_header(server: MailServer, field: str, ending: str) -> None:
    nasty = f"Ines{ending}Bcc: everybody@posteo.de{ending}{ending}<b>hello</b>"
    taken = posted(server, replace(LETTER, **{field: nasty}))  # type: ignore[arg-type]
    assert "Bcc" not in taken.message
    assert server.to("everybody@posteo.de") == []
    assert taken.part("plain") == "It is open.\n"


@pytest.mark.parametrize(
    "name", ["Zoë Łukasiewicz-Ångström", "山田 花子", "Ines “the hand” Okafor, Ltd.", "Ж" * 90, 'a "b" \\ <c@d.e>']
)
def test_a_name_in_any_script_arrives_as_it_was_written(server: MailServer, name: str) -> None:
    taken = posted(server, replace(LETTER, sender_name=name, subject=f"Open now: {name}"))
    assert shown_from(taken) == (name, SENDER)
    assert taken.message["Subject"] == f"Open now: {name}"


def test_a_sender_with_a_name_of_its_own_lends_only_its_address(server: MailServer) -> None:
    taken = posted(server, LETTER, sender=f"Forthcoming <{SENDER}>")
    assert parseaddr(str(taken.message["From"])) == ("Ines Okafor via Forthcoming", SENDER)


def test_a_sentence_of_thousands_of_signs_travels_in_short_lines(server: MailServer) -> None:
    long = "wörter " * 900
    taken = posted(server, replace(LETTER, html=f"<p>{long}</p>", text=long + "\n.\nend\n"))
    assert max(len(line) for line in taken.raw.splitlines()) <= 998
    assert taken.raw.isascii()
    assert long in taken.part("html")
    assert taken.part("plain") == long + "\n.\nend\n"


@pytest.mark.parametrize(
    ("answer", "said"),
    [("550 no such person", {"final"}), ("450 try later", set()), ("421 too many letters", {"broken"})],
)
def test_a_refusal_says_whether_it_is_for_good_and_whether_the_line_is_down(
    server: MailServer, answer: str, said: set[str]
) -> None:
    server.answers["miriam@posteo.de"] = answer
    refused = refusal(server.port)
    assert {name for name in ("final", "broken", "silent") if getattr(refused, name)} == said
    assert answer in str(refused)


def test_after_a_refused_letter_the_connection_takes_the_next(server: MailServer) -> None:
    server.answers["nobody@posteo.de"] = "550 no such person"
    with postman(server.port) as door, door as opened:
        with pytest.raises(NotAccepted):
            opened.post(replace(LETTER, to="nobody@posteo.de"))
        opened.post(LETTER)
    assert len(server.taken) == 1


@pytest.mark.parametrize("to", ["müller@posteo.de", "miriam@posteo.de\r\nBcc: x@posteo.de"])
def test_an_address_that_cannot_be_written_to_is_refused_for_good(server: MailServer, to: str) -> None:
    assert refusal(server.port, replace(LETTER, to=to)).final
    assert server.taken == []


def test_a_domain_in_another_script_is_written_to(server: MailServer) -> None:
    assert posted(server, replace(LETTER, to="miriam@müller.example")).to == "miriam@xn--mller-kva.example"


def test_a_line_that_goes_down_is_told_from_a_refusal(server: MailServer) -> None:
    server.hangs_up_on.add("miriam@posteo.de")
    refused = refusal(server.port)
    assert (refused.final, refused.broken, refused.silent) == (False, True, False)


@pytest.mark.parametrize("greeting", [b"", b"220 hello\r\n"])
def test_a_server_that_says_nothing_is_given_up(greeting: bytes) -> None:
    with silence(greeting) as port:
        began = time.monotonic()
        refused = refusal(port, seconds=0.3)
    assert time.monotonic() - began < 60
    assert refused.broken
    assert refused.silent == (not greeting)


def test_a_server_that_is_not_there_is_told_in_words() -> None:
    refused = refusal(free_port())
    assert refused.silent
    assert "does not answer" in str(refused)


def test_a_letter_without_a_connection_is_not_lost() -> None:
    with postman(free_port()) as door, pytest.raises(NotAccepted) as raised:
        door.post(LETTER)
    assert raised.value.broken


def test_knocking_says_whether_letters_would_be_taken_and_posts_none() -> None:
    app = Flask(__name__)
    with running(MailServer()) as server:
        app.config.update(MAIL_SERVER="127.0.0.1", MAIL_PORT=server.port)
        assert Postman(Mail(app), "letters@forthcoming.example", 2).knock() == ""
        assert server.taken == []
    assert "does not answer" in Postman(Mail(app), "letters@forthcoming.example", 2).knock()


@pytest.mark.parametrize("host", ["shop.example", "kraftwerk-buchhandlung-am-markt.example", f"{'long.' * 30}example"])
def test_addresses_in_the_head_arrive_whole_however_long_the_host_is(server: MailServer, host: str) -> None:
    end, outlook = f"https://{host}/waiting/{'x' * 32}/leave", f"<AM0PR04MB{'7' * 40}@{host}>"
    mine = f"<letter-12.1@{host}>"
    raw = posted(server, replace(LETTER, message_id=mine, answers=(outlook, outlook), unsubscribe=end)).raw.decode()
    heads = re.sub(r"\r?\n[ \t]+", " ", raw.replace("\r\n", "\n").split("\n\n")[0]).split("\n")
    for wanted in (
        f"List-Unsubscribe: <{end}>",
        f"Message-ID: {mine}",
        f"In-Reply-To: {outlook}",
        f"References: {outlook} {outlook}",
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
    ):
        assert wanted in heads
