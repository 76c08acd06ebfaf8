"""A visitor with a browser that runs no script: keeps cookies, fills in forms, and checks every page it is shown."""

import json
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

FIELDS = {"input", "textarea", "select"}
NEEDS_NO_LABEL = {"hidden", "submit", "button", "reset"}


@dataclass
class Form:
    """A form of a page, with what its fields hold."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)


class Page(HTMLParser):
    """A page as a test reads it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.html = html
        self.ids: list[str] = []
        self.forms: list[Form] = []
        self.links: list[str] = []
        self.heads: list[int] = []
        self.faults: list[str] = []
        self.data: list[str] = []
        self._words: list[str] = []
        self._labels: set[str] = set()
        self._unlabelled: list[str] = []
        self._open: list[str] = []
        self.title = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self._open.append(tag)
        self.faults += [f"<{tag}> has {name}" for name in given if name == "style" or name.startswith("on")]
        self.ids += [given["id"]] if "id" in given else []
        self.links += [given["href"]] if tag == "a" and "href" in given else []
        self._see(tag, given)
        if tag in FIELDS:
            self._field(tag, given)

    def _see(self, tag: str, given: dict[str, str]) -> None:
        if tag == "style" or (tag == "script" and "src" not in given and given.get("type") != "application/ld+json"):
            self.faults.append(f"an inline <{tag}>")
        if tag == "img" and "alt" not in given:
            self.faults.append(f"a picture without alt: {given.get('src')}")
        if tag == "label":
            self._labels.add(given.get("for", ""))
        if tag == "form":
            self.forms.append(Form(given.get("action", ""), given.get("method", "get").lower()))
        if re.fullmatch("h[1-6]", tag):
            self.heads.append(int(tag[1]))

    def _field(self, tag: str, given: dict[str, str]) -> None:
        kind = given.get("type", "text")
        unchecked = kind in {"checkbox", "radio"} and "checked" not in given
        if self.forms and given.get("name") and not unchecked:
            self.forms[-1].fields[given["name"]] = given.get("value", "")
        named = "aria-label" in given or "aria-labelledby" in given
        if kind not in NEEDS_NO_LABEL and "label" not in self._open[:-1] and not named:
            self._unlabelled.append(given.get("id") or f"{tag} {given.get('name')}")
        if tag == "input":
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        while tag in self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if "title" in self._open and "svg" not in self._open:
            self.title += data
        elif "script" in self._open:
            self.data.append(data)
        else:
            self._words.append(data)

    @property
    def text(self) -> str:
        """What a person reads, blanks made one."""
        return " ".join(" ".join(self._words).split())

    @property
    def structured(self) -> dict[str, Any]:
        """What search engines are told."""
        told: dict[str, Any] = json.loads(self.data[0])
        return told

    def form(self, action: str = "") -> Form:
        """The first posted form whose address ends so."""
        return next(f for f in self.forms if f.method == "post" and f.action.split("#")[0].endswith(action))

    def check(self) -> None:
        """What every page keeps to."""
        assert self.faults == []
        assert self.title.strip(), "a page has a title"
        assert self.heads.count(1) == 1, f"a page has one first heading, not {self.heads}"
        assert sorted(self.ids) == sorted(set(self.ids)), "an id stands once"
        assert [each for each in self._unlabelled if each not in self._labels] == [], "a field has a label"
        assert "{{" not in self.text
        assert "None" not in self.text.split()


class Visitor(FlaskClient):
    """Every answer it gets is checked for its headers, every page for its make."""

    page: Page = Page("")

    @classmethod
    def of(cls, app: Flask) -> "Visitor":
        """A visitor with no cookies yet."""
        return cls(app, app.response_class, use_cookies=True)

    def open(self, *args: Any, **options: Any) -> TestResponse:
        answer = super().open(*args, **options)
        check_headers(answer)
        if answer.mimetype == "text/html" and answer.status_code not in {301, 302, 303, 307, 308} and answer.data:
            self.page = Page(answer.text)
            self.page.check()
        return answer

    def see(self, url: str, status: int = 200) -> Page:
        """Fetch a page."""
        answer = self.get(url)
        assert answer.status_code == status, (answer.status_code, answer.text[:2000])
        return self.page

    def send(self, action: str = "", *, page: Page | None = None, url: str = "", **typed: str) -> TestResponse:
        """Fill in a form of the page last seen (or of `page`) and send it. A field typed as "-" is left out."""
        form = (page or self.page).form(action)
        fields = {name: value for name, value in (form.fields | typed).items() if value != "-"}
        return self.post(url or form.action.split("#")[0], data=fields)

    def follow(self, answer: TestResponse) -> Page:
        """Go where an answer leads."""
        assert answer.status_code in {302, 303}, (answer.status_code, self.page.text)
        return self.see(answer.headers["Location"])


def check_headers(answer: TestResponse) -> None:
    """The headers of every answer, whatever it is."""
    headers = answer.headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    if answer.mimetype == "text/html":
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Referrer-Policy"] in {"no-referrer", "strict-origin-when-cross-origin"}
    assert "Permissions-Policy" in headers
