"""The catalogue as it lies in files: read whole, checked whole, every fault named with its file and line."""

import tomllib
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, time
from difflib import get_close_matches
from pathlib import Path, PurePosixPath
from typing import Any

from storefront.rules import markdown, money
from storefront.rules.money import BadAmount

KINDS = ("course", "ebook", "software")
MEDIA = {
    ".epub": "application/epub+zip",
    ".pdf": "application/pdf",
    ".zip": "application/zip",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".webp": "image/webp",
}
KEYS = {
    "": "title kind creator lang currency lead length stock upfront launch software bonuses offers files lessons questions",
    "launch": "after_days time wall zone out",
    "software": "version",
    "bonuses": "slug title file lesson",
    "offers": "name price units until_days until bonus",
    "files": "path label",
    "lessons": "path title minutes free",
    "questions": "ask answer",
}
LONGEST_LEAD = 300


@dataclass(frozen=True)
class Problem:
    """What is wrong, and where: the path inside the folder, the line from 1."""

    path: str
    line: int
    sentence: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.sentence}"


@dataclass(frozen=True)
class FileIn:
    """A file for the shelf."""

    source: Path
    name: str
    label: str
    media_type: str
    role: str
    bonus: str = ""


@dataclass(frozen=True)
class LessonIn:
    """A lesson and its text."""

    slug: str
    title: str
    minutes: int
    free: bool
    text: str
    bonus: str = ""


@dataclass(frozen=True)
class OfferIn:
    """An offer; `price` in minor units, `until` a naive wall time in the launch's zone."""

    name: str
    price: int
    units: int | None
    until_days: int | None
    until: datetime | None
    until_launch: bool
    bonus: str


@dataclass(frozen=True)
class LaunchIn:
    """When it begins: days after the first import, a wall time, or out already."""

    zone: str
    out: bool = False
    after_days: int = 0
    at: time = time(10)
    wall: datetime | None = None
    line: int = 1


@dataclass(frozen=True)
class ProductIn:
    """One product as its folder tells it."""

    slug: str
    facts: dict[str, Any]
    creator: str
    launch: LaunchIn
    offers: tuple[OfferIn, ...]
    bonuses: tuple[tuple[str, str], ...]
    lessons: tuple[LessonIn, ...]
    files: tuple[FileIn, ...]


@dataclass(frozen=True)
class CreatorIn:
    """Who makes products."""

    name: str
    email: str
    about: str


@dataclass(frozen=True)
class PageIn:
    """A page of the shop."""

    slug: str
    title: str
    version: int
    text: str


@dataclass
class Catalogue:
    """Everything in a folder, and everything that is wrong with it."""

    creators: dict[str, CreatorIn] = field(default_factory=dict)
    products: list[ProductIn] = field(default_factory=list)
    pages: list[PageIn] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def read(folder: Path) -> Catalogue:
    """Read and check a catalogue folder. Nothing is raised for what is in it: `problems` says it."""
    found = Catalogue()
    folder = folder.resolve()
    desk = Desk(folder, "creators.toml", found.problems)
    for name, each in desk.toml.items():
        made = _creator(desk, name, each)
        if made:
            found.creators[name] = made
    for place in sorted(p for p in folder.glob("products/*") if p.is_dir()):
        product = ProductDesk(
            Desk(folder, f"products/{place.name}/product.toml", found.problems), found.creators
        ).read()
        if product:
            found.products.append(product)
    for path in sorted(folder.glob("pages/*.md")):
        page = _page(folder, path, found.problems)
        if page:
            found.pages.append(page)
    return found


class Desk:
    """One TOML file being read: its values, its lines, and what is wrong with it."""

    def __init__(self, folder: Path, name: str, problems: list[Problem]) -> None:
        self.folder, self.name, self.problems = folder, name, problems
        path = folder / name
        self.home = path.parent
        self.text = ""
        self.toml: dict[str, Any] = {}
        self.faults = len(problems)
        if not path.is_file():
            self.wrong(f"{path.name} is missing.")
            return
        try:
            self.text = path.read_text(encoding="utf-8")
            self.toml = tomllib.loads(self.text)
        except UnicodeDecodeError:
            self.wrong("This file is not UTF-8.")
        except tomllib.TOMLDecodeError as error:
            self.problems.append(Problem(name, _line_of(error), f"This is not TOML: {error}."))

    @property
    def clean(self) -> bool:
        """Whether nothing has been found wrong since this file was opened."""
        return len(self.problems) == self.faults

    def wrong(self, sentence: str, *marks: str, nth: int = 0) -> None:
        """Note a fault, at the line that best shows it: the `nth` table of a kind, then a key, then a value."""
        self.problems.append(Problem(self.name, self.line(*marks, nth=nth), sentence))

    def line(self, *marks: str, nth: int = 0) -> int:
        """The line of a key, looked for from the nth [[table]] on."""
        lines = self.text.splitlines()
        start = 0
        if marks and marks[0].startswith("["):
            heads = [i for i, line in enumerate(lines) if line.strip() == marks[0]]
            start = heads[nth] if nth < len(heads) else 0
            marks = marks[1:]
        for number, line in enumerate(lines[start:], start + 1):
            if marks and line.split("=")[0].strip() == marks[0]:
                return number
        return start + 1

    def unknown(self, table: dict[str, Any], kind: str, *marks: str, nth: int = 0) -> None:
        """Keys nobody reads are faults: most are slips of a key that somebody reads."""
        known = KEYS[kind].split()
        for key in table.keys() - set(known):
            near = get_close_matches(key, known, 1)
            hint = f" Did you mean {near[0]!r}?" if near else f" Known here: {', '.join(known)}."
            self.wrong(f"{key!r} is no key of this file.{hint}", *marks, key, nth=nth)


def _line_of(error: tomllib.TOMLDecodeError) -> int:
    words = str(error).split("line ")
    return int(words[1].split(",")[0]) if len(words) > 1 and words[1].split(",")[0].isdigit() else 1


def _creator(desk: Desk, name: str, each: Any) -> CreatorIn | None:  # noqa: ANN401 (TOML)
    if not isinstance(each, dict) or not each.get("name") or "@" not in str(each.get("email", "")):
        desk.wrong(f"The creator {name!r} needs a name and an email.", f"[{name}]")
        return None
    return CreatorIn(str(each["name"]), str(each["email"]).lower(), str(each.get("about", "")))


def _page(folder: Path, path: Path, problems: list[Problem]) -> PageIn | None:
    name, text = str(path.relative_to(folder)), path.read_text(encoding="utf-8")
    parts = text.split("+++\n", 2)
    try:
        front = tomllib.loads(parts[1]) if len(parts) == 3 else {}  # noqa: PLR2004 (before, front, after)
    except tomllib.TOMLDecodeError as error:
        problems.append(Problem(name, 1, f"The lines between +++ are not TOML: {error}."))
        return None
    if not front.get("title"):
        problems.append(Problem(name, 1, 'A page begins with +++, a line title = "…", and +++ again.'))
        return None
    return PageIn(path.stem, str(front["title"]), int(front.get("version", 1)), parts[2])


class ProductDesk:
    """One product's folder being read."""

    def __init__(self, desk: Desk, creators: dict[str, CreatorIn]) -> None:
        self.desk, self.creators, self.toml = desk, creators, desk.toml
        self.currency = str(self.toml.get("currency", ""))

    def read(self) -> ProductIn | None:
        """The product, or None when anything in its folder is wrong."""
        desk, toml = self.desk, self.toml
        if not toml:
            return None
        desk.unknown(toml, "")
        facts = self._facts()
        launch, bonuses = self._launch(), self._bonuses()
        offers = tuple(self._offer(i, each) for i, each in enumerate(self._tables("offers")))
        self._check_offers(offers)
        lessons, files = tuple(self._lessons()), tuple(self._files())
        if not lessons and not files:
            desk.wrong("There is nothing in it: name at least one [[files]] or [[lessons]].")
        if not desk.clean or launch is None:
            return None
        known = tuple(each for each in offers if each)
        return ProductIn(desk.home.name, facts, str(toml["creator"]), launch, known, bonuses, lessons, files)

    def _tables(self, name: str) -> list[dict[str, Any]]:
        tables = self.toml.get(name, [])
        if not isinstance(tables, list) or not all(isinstance(each, dict) for each in tables):
            self.desk.wrong(f"{name!r} is written as [[{name}]], once for each.", name)
            return []
        for i, each in enumerate(tables):
            self.desk.unknown(each, name, f"[[{name}]]", nth=i)
        return tables

    def _facts(self) -> dict[str, Any]:
        toml, desk = self.toml, self.desk
        for key in ("title", "kind", "creator", "currency", "lead"):
            if not isinstance(toml.get(key), str) or not str(toml[key]).strip():
                desk.wrong(f"{key!r} is missing.", key)
        if toml.get("kind") not in KINDS:
            desk.wrong(f"kind is {toml.get('kind')!r}; it is one of {', '.join(KINDS)}.", "kind")
        if toml.get("creator") not in self.creators:
            desk.wrong(f"The creator {toml.get('creator')!r} is not in creators.toml.", "creator")
        if not (len(self.currency) == 3 and self.currency.isascii() and self.currency.isupper()):  # noqa: PLR2004 (ISO 4217)
            desk.wrong(f"currency is {self.currency!r}; it is three capitals, such as EUR.", "currency")
        elif self.currency not in money.CURRENCIES:
            desk.wrong(f"currency is {self.currency!r}; Stripe charges no cards in it.", "currency")
        if len(str(toml.get("lead", ""))) > LONGEST_LEAD:
            desk.wrong(f"The lead has more than {LONGEST_LEAD} characters: three lines are enough.", "lead")
        stock = toml.get("stock")
        if stock is not None and (not isinstance(stock, int) or isinstance(stock, bool) or stock < 0):
            desk.wrong(f"stock is {stock!r}; it is a whole number, or left out where there is no limit.", "stock")
        return {
            "title": str(toml.get("title", "")),
            "kind": toml.get("kind"),
            "lang": str(toml.get("lang", "en")),
            "currency": self.currency,
            "lead": str(toml.get("lead", "")),
            "length": str(toml.get("length", "")),
            "stock": stock,
            "upfront": bool(toml.get("upfront", False)),
            "version": self._version(),
            "author_text": self._words(),
            "questions": [
                {"ask": str(q.get("ask", "")), "answer": str(q.get("answer", ""))} for q in self._tables("questions")
            ],
        }

    def _version(self) -> str:
        software = self.toml.get("software", {})
        self.desk.unknown(software, "software", "[software]")
        return str(software.get("version", ""))

    def _words(self) -> str:
        path = self.desk.home / "page.md"
        return path.read_text(encoding="utf-8") if path.is_file() else ""

    def _launch(self) -> LaunchIn | None:
        toml, desk = self.toml.get("launch"), self.desk
        if not isinstance(toml, dict):
            desk.wrong("[launch] is missing: after_days and time, wall, or out = true.")
            return None
        desk.unknown(toml, "launch", "[launch]")
        zone = str(toml.get("zone", "UTC"))
        try:
            if toml.get("out"):
                return LaunchIn(zone, out=True)
            if "wall" in toml:
                wall = datetime.fromisoformat(str(toml["wall"])).replace(tzinfo=None)
                return LaunchIn(zone, wall=wall, line=desk.line("[launch]", "wall"))
            at = time.fromisoformat(str(toml.get("time", "10:00")))
            days = int(toml["after_days"])
            return LaunchIn(zone, after_days=days, at=at, line=desk.line("[launch]", "after_days"))
        except (ValueError, KeyError, TypeError):
            desk.wrong(
                '[launch] needs after_days = 45 and time = "10:00", or wall = "2027-05-12T10:00", or out = true.',
                "[launch]",
            )
            return None

    def _bonuses(self) -> tuple[tuple[str, str], ...]:
        named = []
        for i, each in enumerate(self._tables("bonuses")):
            if not each.get("slug") or not each.get("title"):
                self.desk.wrong("A bonus has a slug and a title.", "[[bonuses]]", nth=i)
            if not each.get("file") and not each.get("lesson"):
                self.desk.wrong("A bonus brings a file or a lesson.", "[[bonuses]]", nth=i)
            named.append((str(each.get("slug", "")), str(each.get("title", ""))))
        return tuple(named)

    def _offer(self, i: int, each: dict[str, Any]) -> OfferIn | None:
        desk, until = self.desk, each.get("until")
        try:
            price = money.parse(str(each.get("price", "")), self.currency)
        except BadAmount as error:
            desk.wrong(f"The price {error}.", "[[offers]]", "price", nth=i)
            return None
        units = each.get("units")
        if units is not None and (not isinstance(units, int) or units < 1):
            desk.wrong(f"units is {units!r}; it is a whole number from 1.", "[[offers]]", "units", nth=i)
        if each.get("bonus") and each["bonus"] not in {b.get("slug") for b in self.toml.get("bonuses", [])}:
            desk.wrong(f"There is no bonus {each['bonus']!r}.", "[[offers]]", "bonus", nth=i)
        if not each.get("name"):
            desk.wrong("An offer has a name.", "[[offers]]", nth=i)
        at = None
        if until not in {None, "launch"}:
            try:
                at = datetime.fromisoformat(str(until)).replace(tzinfo=None)
            except ValueError:
                desk.wrong(
                    f'until is {until!r}; it is "launch" or a moment such as "2027-04-30T23:59".',
                    "[[offers]]",
                    "until",
                    nth=i,
                )
        days = each.get("until_days")
        return OfferIn(str(each.get("name", "")), price, units, days, at, until == "launch", str(each.get("bonus", "")))

    def _check_offers(self, offers: tuple[OfferIn | None, ...]) -> None:
        last = offers[-1] if offers else None
        if not offers:
            self.desk.wrong("There is no price: name at least one [[offers]].")
        elif last and (last.units is not None or last.until or last.until_days is not None or last.until_launch):
            self.desk.wrong(
                "The last offer is the regular price: it has no units and no end.", "[[offers]]", nth=len(offers) - 1
            )

    def _lessons(self) -> Iterator[LessonIn]:
        for i, each in enumerate(self._tables("lessons")):
            made = self._lesson(str(each.get("path", "")), each, "[[lessons]]", i)
            if made:
                yield made
        for i, each in enumerate(self._tables("bonuses")):
            if each.get("lesson"):
                made = self._lesson(
                    str(each["lesson"]), {"title": each.get("title")}, "[[bonuses]]", i, str(each.get("slug"))
                )
                if made:
                    yield made

    def _lesson(self, path: str, each: dict[str, Any], table: str, i: int, bonus: str = "") -> LessonIn | None:
        source = self._inside(path, table, "lesson" if bonus else "path", i)
        if source is None:
            return None
        if not each.get("title"):
            self.desk.wrong("A lesson has a title.", table, nth=i)
        text = source.read_text(encoding="utf-8")
        self._check_pictures(source, text)
        slug = source.stem.lower()
        return LessonIn(
            slug, str(each.get("title", "")), int(each.get("minutes", 0)), bool(each.get("free")), text, bonus
        )

    def _check_pictures(self, source: Path, text: str) -> None:
        name = str(source.relative_to(self.desk.folder))
        for line, path in markdown.images(text):
            picture = (source.parent / path).resolve()
            if not picture.is_relative_to(self.desk.home.resolve()) or not picture.is_file():
                self.desk.problems.append(Problem(name, line, f"The picture {path!r} is not there."))

    def _files(self) -> Iterator[FileIn]:
        for i, each in enumerate(self._tables("files")):
            made = self._file(str(each.get("path", "")), str(each.get("label", "")), "[[files]]", "path", i)
            if made:
                yield made
        for i, each in enumerate(self._tables("bonuses")):
            if each.get("file"):
                made = self._file(
                    str(each["file"]), str(each.get("title", "")), "[[bonuses]]", "file", i, str(each.get("slug"))
                )
                if made:
                    yield made
        yield from self._pictures()

    def _pictures(self) -> Iterator[FileIn]:
        for path in sorted(self.desk.home.glob("lessons/img/*")):
            media = MEDIA.get(path.suffix.lower(), "")
            if media.startswith("image/"):
                yield FileIn(path, f"img/{path.name}", "", media, "asset")

    def _file(self, path: str, label: str, table: str, key: str, i: int, bonus: str = "") -> FileIn | None:
        source = self._inside(path, table, key, i)
        if source is None:
            return None
        media = MEDIA.get(source.suffix.lower())
        if media is None:
            self.desk.wrong(f"{path!r} is of no kind that is sold here: {', '.join(MEDIA)}.", table, key, nth=i)
            return None
        fault = _fault(source)
        if fault:
            self.desk.wrong(f"{path!r} {fault}.", table, key, nth=i)
        return FileIn(source, source.name, label or source.name, media, "download", bonus)

    def _inside(self, path: str, table: str, key: str, i: int) -> Path | None:
        home = self.desk.home.resolve()
        source = (home / path).resolve()
        if not path or not source.is_relative_to(home) or PurePosixPath(path).is_absolute():
            self.desk.wrong(f"{path!r} is not a path inside the product's folder.", table, key, nth=i)
        elif not source.is_file():
            self.desk.wrong(f"{path!r} is not there.", table, key, nth=i)
        else:
            return source
        return None


def _fault(source: Path) -> str:
    """What is wrong with a file that is to be sold; "" when nothing is."""
    kind = source.suffix.lower()
    if kind == ".pdf" and source.read_bytes()[:5] != b"%PDF-":
        return "is no PDF"
    if kind not in {".zip", ".epub"}:
        return ""
    try:
        with zipfile.ZipFile(source) as archive:
            return _archive_fault(archive, kind)
    except (zipfile.BadZipFile, KeyError, OSError):
        return "cannot be read as an archive"


def _archive_fault(archive: zipfile.ZipFile, kind: str) -> str:
    if archive.testzip():
        return "is damaged"
    for name in archive.namelist():
        if name.startswith(("/", "\\")) or ".." in PurePosixPath(name).parts or ":" in name:
            return f"has a member whose path leaves the archive: {name}"
    if kind == ".epub" and archive.read("mimetype").strip() != b"application/epub+zip":
        return "is no EPUB"
    return ""
