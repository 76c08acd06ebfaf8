"""Importing the catalogue: all of it or nothing. Words, files and offers not yet sold are the files'; a date, the stock,
and whatever has live orders are the shop's: a difference there is told, not applied.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from storefront.models import accounts
from storefront.models.accounts import Account
from storefront.models.db import Database
from storefront.models.orders import Order
from storefront.models.pages import Page
from storefront.models.products import Bonus, File, Launch, Lesson, Offer, Product
from storefront.outside import catalogue, covers
from storefront.outside.catalogue import Catalogue, FileIn, LaunchIn, OfferIn, Problem, ProductIn
from storefront.outside.shelf import Shelf, Stored
from storefront.rules import launch as rule
from storefront.rules.launch import Ambiguous, Missing, Moment

Say = Callable[[str], object]


@dataclass
class Report:
    """What an import did: nothing, where there are problems."""

    problems: list[Problem] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)
    imported: list[str] = field(default_factory=list)


def run(db: Database, shelf: Shelf, folder: Path, now: datetime, say: Say) -> Report:
    """Import a folder. `say` is told of each product, so that a long import shows where it is."""
    found = catalogue.read(folder)
    problems = [*found.problems, *_date_problems(found, now)]
    if problems:
        return Report(problems=problems)
    stored = {each.source: shelf.put(each.source) for product in found.products for each in product.files}
    report = Report()
    with db.write() as session:
        creators = {name: _creator(session, found, name, now) for name in found.creators}
        for number, product in enumerate(found.products, 1):
            say(f"{number} of {len(found.products)}: {product.facts['title']}")
            _product(session, product, creators[product.creator], stored, report, now)
        for page in found.pages:
            session.merge(Page(slug=page.slug, title=page.title, version=page.version, source=page.text))
        _tell_missing(session, found, report)
    return report


def _date_problems(found: Catalogue, now: datetime) -> list[Problem]:
    """Zones that do not exist, wall times that the clocks skip or show twice, and days too far ahead to be promised."""
    dated = [each for each in found.products if not each.launch.out]
    return [
        Problem(f"products/{each.slug}/product.toml", each.launch.line, sentence)
        for each in dated
        if (sentence := _date_problem(each.launch, now))
    ]


def _date_problem(launch: LaunchIn, now: datetime) -> str:
    moment = rule.resolve(_wall(launch, now), launch.zone)
    if isinstance(moment, rule.Refused):
        return moment.sentence
    if isinstance(moment, Moment):
        refused = rule.refuse_first_date(moment.at, now) if moment.at > now else None
        return refused.sentence if refused else ""
    if not launch.wall:
        return ""
    if isinstance(moment, Missing):
        return f"The clocks skip {launch.wall} in {launch.zone}; {moment.after} is the next that exists."
    return f"{launch.wall} happens twice in {launch.zone}. Choose another time, or set it in the studio."


def _wall(launch: LaunchIn, now: datetime) -> datetime:
    if launch.wall:
        return launch.wall
    try:
        today = now.astimezone(ZoneInfo(launch.zone)).date()
    except (KeyError, ValueError):
        today = now.date()
    return datetime.combine(today + timedelta(days=launch.after_days), launch.at)


def _creator(session: Session, found: Catalogue, name: str, now: datetime) -> Account:
    given = found.creators[name]
    account = accounts.by_email(session, given.email)
    if account is None:
        account = Account(email=given.email, role="creator", created_at=now)
        session.add(account)
    account.name, account.about = given.name, given.about
    if account.role == "reader":
        account.role = "creator"
    session.flush()
    return account


def _product(
    session: Session, given: ProductIn, creator: Account, stored: dict[Path, Stored], report: Report, now: datetime
) -> None:
    product = session.scalar(select(Product).where(Product.slug == given.slug))
    new = product is None
    if product is None:
        product = Product(slug=given.slug, created_at=now, currency=given.facts["currency"], kind=given.facts["kind"])
        product.stock, product.upfront = given.facts["stock"], given.facts["upfront"]
        product.launch = _launch(given.launch, now)
        session.add(product)
    else:
        _tell_fixed(product, given, report)
    product.creator = creator
    for name in ("title", "lead", "length", "lang", "version", "author_text", "questions"):
        setattr(product, name, given.facts[name])
    product.cover = covers.draw(product.title, product.kind, creator.name, _detail(given))
    product.band = covers.band_number(product.title, product.kind, creator.name)
    session.flush()
    bonuses = _bonuses(session, product, given)
    _offers(session, product, given, bonuses, report, now)
    _lessons(session, product, given, bonuses)
    _files(session, product, given, bonuses, stored, report)
    report.imported.append(given.slug if not new else f"{given.slug} (new)")


def _launch(given: LaunchIn, now: datetime) -> Launch:
    if given.out:
        moment = rule.moment_at(now, given.zone)
    else:
        resolved = rule.resolve(_wall(given, now), given.zone)
        if isinstance(resolved, Missing):
            resolved = rule.resolve(resolved.after, given.zone)
        moment = resolved.first if isinstance(resolved, Ambiguous) else resolved  # type: ignore[assignment]  # checked before
    assert isinstance(moment, Moment)  # noqa: S101 (the zone was checked before anything was written)
    wall = moment.wall.isoformat(timespec="minutes")
    out = now if given.out else None
    return Launch(
        at=moment.at, wall=wall, zone=moment.zone, launched_at=out, launched_by="the catalogue" if out else ""
    )


def _tell_fixed(product: Product, given: ProductIn, report: Report) -> None:
    """What is set only when a product is new."""
    fixed = [(name, getattr(product, name), given.facts[name]) for name in ("kind", "currency", "stock", "upfront")]
    for name, here, there in fixed:
        if here != there:
            report.differences.append(f"{product.slug}: {name} is {here} in the shop and {there} in the files.")
    launch = product.launch
    if given.launch.out and launch.launched_at is None:
        report.differences.append(f"{product.slug}: the files say it is out; its launch is set in the studio.")
    wall = given.launch.wall.isoformat(timespec="minutes") if given.launch.wall else launch.wall
    if not given.launch.out and (wall, given.launch.zone) != (launch.wall, launch.zone):
        report.differences.append(
            f"{product.slug}: the launch is {launch.wall} {launch.zone} in the shop and {wall} {given.launch.zone} in the files."
        )


def _detail(given: ProductIn) -> str:
    if given.facts["kind"] == "course":
        count = len([each for each in given.lessons if not each.bonus])
        return f"{count} lessons"
    return "E-book" if given.facts["kind"] == "ebook" else str(given.facts["version"] or "Software")


def _bonuses(session: Session, product: Product, given: ProductIn) -> dict[str, Bonus]:
    known = {each.slug: each for each in product.bonuses}
    for slug, title in given.bonuses:
        if slug not in known:
            known[slug] = Bonus(product=product, slug=slug, title=title)
            session.add(known[slug])
        known[slug].title = title
    session.flush()
    return known


def _offers(
    session: Session, product: Product, given: ProductIn, bonuses: dict[str, Bonus], report: Report, now: datetime
) -> None:
    """An offer that somebody has taken stays as it is; the others follow the files."""
    known = {each.position: each for each in product.offers}
    for position, each in enumerate(given.offers, 1):
        offer = known.pop(position, None)
        until = _until(product, each, now)
        if offer is not None and _sold(session, offer):
            here = (offer.name, offer.price, offer.units, offer.until_launch)
            if here != (each.name, each.price, each.units, each.until_launch):
                report.differences.append(f"{product.slug}: the offer {offer.name!r} has been sold and stays as it is.")
            continue
        if offer is None:
            offer = Offer(product=product, position=position)
            session.add(offer)
            offer.until = until
        if each.until_days is None:
            offer.until = until
        offer.name, offer.price, offer.units, offer.until_launch = each.name, each.price, each.units, each.until_launch
        offer.bonuses = [bonuses[each.bonus]] if each.bonus else []
    for left in known.values():
        if _sold(session, left):
            report.differences.append(
                f"{product.slug}: the offer {left.name!r} is gone from the files and has been sold; it stays."
            )
        else:
            session.delete(left)
    session.flush()


def _sold(session: Session, offer: Offer) -> bool:
    return offer.id is not None and bool(session.scalar(select(func.count(Order.id)).where(Order.offer_id == offer.id)))


def _until(product: Product, given: OfferIn, now: datetime) -> datetime | None:
    """Days count from the first import; a wall time is read in the launch's zone, the first where it happens twice."""
    if given.until_days is not None:
        return now + timedelta(days=given.until_days)
    if given.until is None:
        return None
    moment = rule.resolve(given.until, product.launch.zone, fold=0)
    return moment.at if isinstance(moment, Moment) else now


def _lessons(session: Session, product: Product, given: ProductIn, bonuses: dict[str, Bonus]) -> None:
    known = {each.slug: each for each in product.lessons}
    for position, each in enumerate(given.lessons, 1):
        lesson = known.get(each.slug) or Lesson(product_id=product.id, slug=each.slug)
        lesson.position, lesson.title, lesson.minutes, lesson.free = position, each.title, each.minutes, each.free
        lesson.source = each.text
        lesson.bonus_id = bonuses[each.bonus].id if each.bonus else None
        session.add(lesson)
    session.flush()


def _files(
    session: Session,
    product: Product,
    given: ProductIn,
    bonuses: dict[str, Bonus],
    stored: dict[Path, Stored],
    report: Report,
) -> None:
    known = {each.name: each for each in product.files}
    for each in given.files:
        file = known.pop(each.name, None) or File(product_id=product.id, name=each.name)
        _fill(file, each, stored[each.source])
        file.bonus_id = bonuses[each.bonus].id if each.bonus else None
        session.add(file)
    for left in known.values():
        report.differences.append(f"{product.slug}: the file {left.name!r} is gone from the files; its buyers keep it.")
    session.flush()


def _fill(file: File, given: FileIn, stored: Stored) -> None:
    file.role, file.label, file.media_type = given.role, given.label, given.media_type
    file.sha256, file.size = stored.sha256, stored.size


def _tell_missing(session: Session, found: Catalogue, report: Report) -> None:
    there = {each.slug for each in found.products}
    for slug in session.scalars(select(Product.slug).where(Product.retired_at.is_(None))):
        if slug not in there:
            report.differences.append(f"{slug}: it is in the shop and not in the files.")
