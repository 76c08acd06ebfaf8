"""Mail that comes in: what was written is found, whatever program wrote it; what no person wrote is left out."""

from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storefront.rules.incoming_mail import Unreadable, latest, of_html, read

WANTED = "Is there a German edition?\n\nI would like two."
BELOW = {
    "Gmail": "On Mon, 10 May 2027 at 10:00, Ines Okafor via Forthcoming <letters@forthcoming.example> wrote:\n\n> It is out.\n> See it.",
    "Gmail, broken over lines": "On Mon, 10 May 2027 at 10:00, Ines Okafor via Forthcoming\n<letters@forthcoming.example> wrote:\n\n> It is out.",
    "Apple Mail, in German": "Am 10.05.2027 um 10:00 schrieb Ines Okafor <letters@forthcoming.example>:\n\n> Es ist da.",
    "Thunderbird, in French": "Le 10/05/2027 à 10:00, Ines Okafor a écrit :\n> C’est sorti.",
    "Outlook": "From: Ines Okafor <letters@forthcoming.example>\nSent: Monday, May 10, 2027 10:00 AM\nTo: Miriam <miriam@posteo.de>\nSubject: It is out\n\nIt is out.",
    "Outlook, in German": "Von: Ines Okafor <letters@forthcoming.example>\nGesendet: Montag, 10. Mai 2027 10:00\nAn: Miriam\nBetreff: Es ist da\n\nEs ist da.",
    "quoted lines alone": "> It is out.\n> See it.",
    "a signature": "-- \nMiriam Adler\nBerlin",
}


def mail(text: str = WANTED, **heads: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = heads.pop("sender", "Miriam Adler <Miriam@posteo.de>")
    message["Message-ID"] = heads.pop("named", "<abc@posteo.de>")
    for name, value in heads.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return message


@pytest.mark.parametrize("program", BELOW)
def test_the_answer_is_found_above_what_it_answers(program: str) -> None:
    assert latest(f"{WANTED}\n\n{BELOW[program]}") == WANTED


def test_a_mail_is_read_with_its_sender_name_and_files() -> None:
    made = mail()
    made.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="scan\u202e.pdf")
    found = read(made.as_bytes())
    assert (found.sender, found.message_id, found.text) == ("miriam@posteo.de", "<abc@posteo.de>", WANTED)
    assert found.files == ("scan.pdf",)
    assert found.machine == ""


def test_a_mail_of_html_alone_is_read_as_words_and_nothing_in_it_runs() -> None:
    made = EmailMessage()
    made["From"] = "miriam@posteo.de"
    made.set_content(
        "<head><style>p{}</style></head><p>Is it <b>out</b>?</p><script>alert(1)</script><p>Yes &amp; no</p>",
        subtype="html",
    )
    assert read(made.as_bytes()).text == "Is it out?\n\n\nYes & no"


def test_what_was_quoted_in_html_is_quoted_in_words() -> None:
    assert latest(of_html("<div>Yes.</div><blockquote>It is out.</blockquote>")) == "Yes."


@pytest.mark.parametrize(
    "heads",
    [
        {"Auto_Submitted": "auto-replied"},
        {"Precedence": "bulk"},
        {"X_Autoreply": "yes"},
        {"List_Id": "<list.example>"},
        {"Return_Path": "<>"},
    ],
)
def test_what_no_person_wrote_is_known(heads: dict[str, str]) -> None:
    assert read(mail(**heads).as_bytes()).machine


def test_a_person_who_says_so_is_no_machine() -> None:
    assert read(mail(Auto_Submitted="no").as_bytes()).machine == ""


@pytest.mark.parametrize("raw", [b"", b"\n\nHello", b"\x00" * 40])
def test_what_is_no_mail_is_refused(raw: bytes) -> None:
    with pytest.raises(Unreadable):
        read(raw)


@pytest.mark.parametrize(
    "raw",
    [
        b"From: a@b.example\nContent-Type: text/plain; charset=made-up\n\nHello \xff",
        b"From: =?utf-8?q?=ff?= <a@b.example>\nContent-Transfer-Encoding: base64\n\n!!!",
        b"From: a@b.example\nContent-Type: multipart/mixed\n\nno parts",
        b"From: a@b.example, c@d.example\nMessage-ID: <a b>\nDate: never\n\nHello",
        b"From:\nTo: " + b"x" * 5000 + b"\n\nHello",
    ],
)
def test_a_broken_mail_is_read_as_far_as_it_goes(raw: bytes) -> None:
    found = read(raw)
    assert "\n" not in found.sender + found.message_id


@given(st.binary(max_size=400))
def test_nothing_that_is_sent_breaks_the_reader(raw: bytes) -> None:
    try:
        read(b"From: a@b.example\n" + raw)
    except Unreadable:
        raise AssertionError("it has a head") from None
