"""What a grant opens: one small strategy per kind of product."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.orm import object_session

from storefront.models.delays import gifts
from storefront.models.grants import Grant
from storefront.models.products import File, Lesson


@dataclass(frozen=True)
class Delivery:
    """Everything one reader may open of one product."""

    lessons: tuple[Lesson, ...] = ()
    files: tuple[File, ...] = ()
    assets: tuple[File, ...] = ()
    licence_key: str = ""

    def lesson(self, slug: str) -> Lesson | None:
        """The lesson of that name, if it is theirs."""
        return next((each for each in self.lessons if each.slug == slug), None)

    def file(self, name: str) -> File | None:
        """The download of that name, if it is theirs."""
        return next((each for each in self.files if each.name == name), None)

    def asset(self, name: str) -> File | None:
        """The picture of a lesson, if it is theirs."""
        return next((each for each in self.assets if each.name == name), None)


def _course(grant: Grant) -> Delivery:
    lessons = tuple(each for each in grant.product.lessons if _theirs(grant, each.bonus_id))
    return Delivery(lessons=lessons, files=_downloads(grant), assets=_assets(grant))


def _ebook(grant: Grant) -> Delivery:
    return Delivery(files=_downloads(grant))


def _software(grant: Grant) -> Delivery:
    return Delivery(files=_downloads(grant), licence_key=grant.licence_key or "")


DELIVERIES: dict[str, Callable[[Grant], Delivery]] = {"course": _course, "ebook": _ebook, "software": _software}


def deliver(grant: Grant) -> Delivery:
    """What this grant opens now: nothing while it is suspended or revoked."""
    return DELIVERIES[grant.product.kind](grant) if grant.live else Delivery()


def next_lesson(delivery: Delivery, finished: set[int]) -> Lesson | None:
    """Where to go on: the first open lesson that is not finished, or the first of all."""
    unread = (each for each in delivery.lessons if each.id not in finished)
    return next(unread, delivery.lessons[0] if delivery.lessons else None)


def _downloads(grant: Grant) -> tuple[File, ...]:
    files = grant.product.files
    return tuple(each for each in files if each.role == "download" and _theirs(grant, each.bonus_id))


def _assets(grant: Grant) -> tuple[File, ...]:
    return tuple(each for each in grant.product.files if each.role == "asset")


def _theirs(grant: Grant, bonus_id: int | None) -> bool:
    """A bonus is theirs when the offer they took came with it, or when they got it for waiting."""
    return bonus_id is None or bonus_id in {each.id for each in grant.order.offer.bonuses} | _gifts(grant)


def _gifts(grant: Grant) -> set[int]:
    session = object_session(grant)
    return gifts(session, grant.order_id) if session else set()
