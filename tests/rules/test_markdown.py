"""Creators write what they like; pages show what is harmless."""

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storefront.rules.markdown import images, render


class Made(HTMLParser):
    """What a browser would make of some HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.addresses: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.addresses += [value or "" for name, value in attrs if name in {"href", "src"}]


@pytest.mark.parametrize(
    "attack",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "![x](javascript:alert(1))",
        '<a href="https://a.example" onclick="x()">x</a>',
        "<iframe src=//evil.example></iframe>",
        "<style>body{display:none}</style>",
    ],
)
def test_nothing_that_acts_survives(attack: str) -> None:
    made = Made(render(attack, lambda path: path))
    assert made.tags <= {"p", "a", "img"}
    assert made.attributes <= {"href", "src", "alt", "title", "rel"}
    assert not [each for each in made.addresses if each.lower().startswith(("javascript:", "data:"))]


@given(st.text(max_size=200))
def test_whatever_is_typed_gives_html_without_script(text: str) -> None:
    made = Made(render(text))
    assert "script" not in made.tags
    assert not [each for each in made.attributes if each.startswith("on")]


def test_pictures_are_found_with_their_lines_and_get_the_address_they_are_given() -> None:
    text = "One\n\n![A diagram](img/moved.svg)\n"
    assert images(text) == [(3, "img/moved.svg")]
    assert 'src="/here/img/moved.svg"' in render(text, lambda path: f"/here/{path}")
    assert "img/moved" not in render(text)


def test_code_is_coloured_and_can_be_scrolled_by_keyboard() -> None:
    html = render("```python\ndef f(): pass\n```\n\n```nosuchlanguage\nx\n```")
    assert '<pre class="code" tabindex="0">' in html
    assert '<span class="k">def</span>' in html


def test_the_first_heading_is_under_the_pages_own() -> None:
    assert render("# One\n\n## Two") == '<h2 id="one">One</h2>\n<h2 id="two">Two</h2>\n'


def test_tables_headings_and_quotes_are_set() -> None:
    html = render('## One "two"\n\n| a | b |\n|---|---|\n| 1 | 2 |\n')
    assert '<h2 id="one-two">One “two”</h2>' in html
    assert "<td>1</td>" in html
