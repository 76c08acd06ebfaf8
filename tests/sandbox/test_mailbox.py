"""The mailbox: letters over SMTP, read in the browser and by programs."""

from __future__ import annotations

import smtplib
from email.message import EmailMessage
from typing import TYPE_CHECKING, Any

import pytest
import requests

if TYPE_CHECKING:
    from tests.sandbox.conftest import Local

LINK = "http://127.0.0.1:8000/access/abc?x=1&y=2"


def send(local: Local, to: str = "Ada <ada@example.com>", **facts: str) -> None:
    """Send a letter as the shop does."""
    letter = EmailMessage()
    letter["To"] = to
    letter["From"] = "Forthcoming <shop@example.com>"
    letter["Subject"] = facts.get("subject", "Open now: Grüße")
    letter["Message-ID"] = "<7.1@example.com>"
    letter["List-Unsubscribe"] = "<http://127.0.0.1:8000/stop>"
    letter.set_content(facts.get("text", f"Your link: {LINK}.\nBye"))
    html = f'<p>Your <a href="{LINK}">link</a></p>'
    letter.add_alternative(facts.get("html", html), subtype="html")
    with smtplib.SMTP("127.0.0.1", local.mail_port, timeout=15) as smtp:
        smtp.send_message(letter)


def letters(local: Local, to: str = "") -> list[dict[str, Any]]:
    """Fetch the letters as a program does."""
    url = f"{local.url}/mail.json"
    found: list[dict[str, Any]] = requests.get(url, params={"to": to}, timeout=15).json()
    return found


def test_a_letter_arrives_with_all_its_parts(local: Local) -> None:
    send(local)
    (letter,) = letters(local, "ada@example.com")
    assert letter["n"] == 1
    assert letter["to"] == "Ada <ada@example.com>"
    assert letter["from"] == "Forthcoming <shop@example.com>"
    assert letter["subject"] == "Open now: Grüße"
    assert letter["message_id"] == "<7.1@example.com>"
    assert letter["list_unsubscribe"] == "<http://127.0.0.1:8000/stop>"
    assert LINK in letter["text"]
    assert "<p>Your" in letter["html"]
    assert "date" in letter


def test_nobody_is_refused_as_an_address_that_is_not_there(local: Local) -> None:
    with pytest.raises(smtplib.SMTPRecipientsRefused) as told:
        send(local, "nobody@example.com")
    assert told.value.recipients["nobody@example.com"][0] == 550
    assert letters(local) == []


def test_letters_are_found_by_their_reader(local: Local) -> None:
    send(local)
    send(local, "grace@example.com")
    assert [letter["n"] for letter in letters(local)] == [2, 1]
    assert [letter["n"] for letter in letters(local, "GRACE@example.com")] == [2]
    assert letters(local, "nobody@example.com") == []


def test_letters_lie_as_files_and_outlive_the_process(own: Local) -> None:
    send(own)
    assert b"Open now" in (own.folder / "mailbox" / "1.eml").read_bytes()
    own.stop()
    own.start()
    send(own, subject="Second")
    assert [letter["subject"] for letter in letters(own)] == ["Second", "Open now: Grüße"]


def test_the_mailbox_page_lists_the_newest_first(local: Local) -> None:
    assert "None so far" in requests.get(f"{local.url}/mail/", timeout=15).text
    send(local, subject="First")
    send(local, subject="<Second>")
    page = requests.get(f"{local.url}/mail/", timeout=15).text
    assert page.index("&lt;Second&gt;") < page.index("First")
    assert "First" not in requests.get(f"{local.url}/mail/?to=x@y.z", timeout=15).text


def test_the_links_of_a_letter_can_be_clicked(local: Local) -> None:
    send(local)
    page = requests.get(f"{local.url}/mail/1", timeout=15).text
    escaped = LINK.replace("&", "&amp;")
    assert f'<a href="{escaped}" target="_blank" rel="noreferrer">{escaped}</a>.' in page
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in page
    framed = requests.get(f"{local.url}/mail/1/html", timeout=15)
    assert framed.text.startswith('<base target="_blank">')
    assert "script-src 'none'" in framed.headers["Content-Security-Policy"]


def test_a_whole_page_as_a_letter_keeps_its_doctype_first(local: Local) -> None:
    send(local, html="<!doctype html><html><head><title>x</title></head><body>y</body></html>")
    framed = requests.get(f"{local.url}/mail/1/html", timeout=15).text
    assert framed.startswith('<!doctype html><html><head><base target="_blank"><title>')
    send(local, html="<!doctype html><p>y</p>")
    framed = requests.get(f"{local.url}/mail/2/html", timeout=15).text
    assert framed.startswith('<!doctype html><base target="_blank"><p>')


def test_a_hostile_text_stays_text(local: Local) -> None:
    send(local, text='<script>alert(1)</script> http://x.example/"onclick="y')
    page = requests.get(f"{local.url}/mail/1", timeout=15).text
    assert "<script>" not in page
    assert 'href="http://x.example/" target' in page


def test_an_unknown_letter_is_not_found(local: Local) -> None:
    for path in ("1", "x", "1/html"):
        assert requests.get(f"{local.url}/mail/{path}", timeout=15).status_code == 404


def test_a_reset_empties_the_mailbox(local: Local) -> None:
    send(local)
    local.reset()
    assert letters(local) == []
    assert list((local.folder / "mailbox").glob("*")) == []
