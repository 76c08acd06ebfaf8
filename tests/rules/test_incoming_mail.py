"""Mail that comes in: what was written is found, whatever program wrote it; what no person wrote is left out."""

from email.message import EmailMessage
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storefront.rules.html_words import of_html
from storefront.rules.incoming_mail import Unreadable, latest, read

WANTED = "Is there a German edition?\n\nI would like two."
BELOW = {
    "Gmail": "On Mon, 10 May 2027 at 10:00, Ines Okafor via Forthcoming <letters@forthcoming.example> wrote:\n\n> It is out.\n> See it.",
    "Gmail, broken over lines": "On Mon, 10 May 2027 at 10:00, Ines Okafor via Forthcoming\n<letters@forthcoming.example> wrote:\n\n> It is out.",
    "Apple Mail, in German": "Am 10.05.2027 um 10:00 schrieb Ines Okafor <letters@forthcoming.example>:\n\n> Es ist da.",
    "Thunderbird, in French": "Le 10/05/2027 à 10:00, Ines Okafor a écrit :\n> C’est sorti.",
    "Outlook": "From: Ines Okafor <letters@forthcoming.example>\nSent: Monday, May 10, 2027 10:00 AM\nTo: Miriam <miriam@posteo.de>\nSubject: It is out\n\nIt is out.",
    "Outlook, in German": "Von: Ines Okafor <letters@forthcoming.example>\nGesendet: Montag, 10. Mai 2027 10:00\nAn: Miriam\nBetreff: Es ist da\n\nEs ist da.",
    "Gmail, in Portuguese": "Em seg., 10 de mai. de 2027 às 10:00, Ines <letters@forthcoming.example> escreveu:\n\n> Saiu.",
    "Gmail, in Japanese": "2027年5月10日(月) 10:00 Ines <letters@forthcoming.example>:\n\n> It is out.\n> See it.",
    "Outlook on a phone": "________________________________\nFrom: Ines <letters@forthcoming.example>\nSent: Monday, May 10, 2027 10:00 AM\nTo: m\nSubject: It is out\n\nIt is out.",
    "a forwarded letter": "---------- Forwarded message ---------\nFrom: Ines <letters@forthcoming.example>\nDate: Mon, 10 May 2027\nSubject: It is out\nTo: m\n\nIt is out.",
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
    assert read(made.as_bytes()).text == "Is it out?\n\nYes & no"


@pytest.mark.parametrize(
    "below",
    [
        "<blockquote>It is out.</blockquote>",
        "<blockquote><p>It is out.</p><p>See it.</p><div>Open it:<br>here</div></blockquote>",
        '<blockquote type="cite"><div>On 10 May 2027, at 10:00, Ines wrote:</div><blockquote><p>When?</p></blockquote><p>Now.</p></blockquote>',
        '<div class="gmail_quote"><div>On Mon, May 10, 2027 at 10:00 AM Ines &lt;<a href="mailto:l@f.example">l@f.example</a>&gt; wrote:<br></div><blockquote><p>It is out.</p></blockquote></div>',
    ],
)
def test_what_was_quoted_in_html_is_quoted_in_words(below: str) -> None:
    assert latest(of_html(f"<div>Yes.</div><br>{below}")) == "Yes."


def test_lines_and_paragraphs_of_html_stay_what_they_are() -> None:
    page = "<div>Hello,</div><div><br></div><div>one</div><div>two</div><ul><li>a</li><li>b</li></ul><p>x <b>y</b><br>z</p>"
    assert of_html(page) == "Hello,\n\none\ntwo\n\na\nb\n\nx y\nz"
    assert of_html("<table><tr><td>Day</td><td>12 May</td></tr></table>1 < 2 <b>or</b> I <3 it &lt;b&gt;") == (
        "Day 12 May\n\n1 < 2 or I <3 it <b>"
    )


@pytest.mark.parametrize(
    "page",
    [
        "<html><head><meta charset=utf-8><body>Is it out?",
        "<head><title>Re: it</title><style>p{}</style><body><p>Is it out?</p></body>",
        "<!--[if mso]><p>no</p><![endif]--><![if !mso]>Is it out?<![endif]>",
        "Is it out?<script>alert(1)</script><STYLE>p{}</style >",
    ],
)
def test_html_that_no_validator_likes_keeps_its_words(page: str) -> None:
    assert of_html(page) == "Is it out?"


@pytest.mark.parametrize(
    "piece", ["<a ", "<", "<!--", "&", "<![CDATA[", "<script>", "</style ", "<div>", "<blockquote>x", "<style", " "]
)
def test_html_made_to_hurt_is_read_as_fast_as_any(piece: str) -> None:
    begun = process_time()
    of_html(piece * (400_000 // len(piece)))
    assert process_time() - begun < 3, "the standard library's parser takes minutes for some of these"


def test_answers_between_quoted_lines_are_kept_with_what_they_answer() -> None:
    asked = "On Mon, 10 May 2027 at 10:00, Ines <letters@forthcoming.example> wrote:\n> As a PDF?\n{}> And when?\n{}"
    between = "Hello Ines, see below.\n\n" + asked.format("Yes, please.\n", "Tomorrow.")
    assert latest(between) == between
    assert latest(between + "\n-- \nMiriam") == between
    below = asked.format("", "\nAs a PDF, tomorrow.")
    assert latest(below) == below
    assert latest("Hello Ines.\n\n" + asked.format("", "")) == "Hello Ines."


@pytest.mark.parametrize(
    "heads",
    [
        {"Auto_Submitted": "auto-replied"},
        {"Precedence": "bulk"},
        {"Precedence": "auto-reply"},
        {"sender": "Mail Delivery System <MAILER-DAEMON@mx.example>"},
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
        *(
            b"From: a@b.example\nContent-Type: text/plain; charset=" + charset + b"\n\nHello \xff"
            for charset in (b"idna", b"undefined", b"punycode", b"hex", b'"\x00"', b"*=utf-8''%00", b"unicode_escape")
        ),
    ],
)
def test_a_broken_mail_is_read_as_far_as_it_goes(raw: bytes) -> None:
    found = read(raw)
    assert "\n" not in found.sender + found.message_id


@pytest.mark.parametrize(
    "head",
    [
        b"From: M <a\x00@b.example>",
        b"From: =?utf-16?b?2AA=?= <=?utf-8?b?2AA=?=@b.example>",
        b"From: M\xff <a\xff@b.example>",
    ],
)
def test_a_sender_has_no_sign_that_a_database_refuses(head: bytes) -> None:
    sender = read(head + b"\n\nHello").sender
    assert sender.isprintable()
    assert sender.encode()


def test_the_type_that_stands_for_a_files_name_is_a_line_of_signs_too() -> None:
    part = b"Content-Type: image/\x00png\nContent-Disposition: attachment\n\nabc"
    raw = b"From: a@b.example\nContent-Type: multipart/mixed; boundary=x\n\n--x\n" + part + b"\n--x--"
    assert read(raw).files == ("image/png",)


def deep(levels: int) -> bytes:
    heads = (b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(levels))
    return b"From: a@b.example\n" + b"".join(heads) + b"Content-Type: text/plain\n\nHello"


def test_parts_within_parts_are_read_as_far_as_anybody_sends_them() -> None:
    assert read(deep(20)).text == "Hello"
    for raw in (
        deep(60),
        deep(2000),
        b"From: a@b.example\n" + b"Content-Type: message/rfc822\n\n" * 3000 + b"a: b\n\nHi",
    ):
        with pytest.raises(Unreadable):
            read(raw)


@given(st.binary(max_size=400))
def test_nothing_that_is_sent_breaks_the_reader(raw: bytes) -> None:
    try:
        read(b"From: a@b.example\n" + raw)
    except Unreadable:
        raise AssertionError("it has a head") from None
