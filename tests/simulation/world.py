"""One history's world: the shop, Stripe, the mail server and the clock, and everything that may go wrong between them."""

import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, TypeVar

from werkzeug.test import Client, TestResponse

from storefront.clock import Clock
from storefront.outside.stripe_gateway import StripeGateway
from storefront.sandbox import Options, create_sandbox
from storefront.web.context import Shop
from tests.simulation import bank, carrier, database, post
from tests.simulation.bank import Call, Line
from tests.simulation.carrier import Called, Carrier
from tests.simulation.facts import Facts, Observer, Row, row_factory
from tests.simulation.house import BASE_URL, KEY, MAIL_SECRET, SECRET, House
from tests.simulation.kernel import CRASH, GO, Actor, Kernel
from tests.simulation.post import Mailman

START = datetime(2026, 9, 7, 8, 0, tzinfo=UTC)
PAUSE = timedelta(seconds=60)
T = TypeVar("T")


@dataclass(frozen=True)
class Weather:
    """How often each thing goes wrong, out of one."""

    lost_before: float = 0
    lost_after: float = 0
    key_in_use: float = 0
    too_many: float = 0
    broken: float = 0
    kept_broken: float = 0
    crash: float = 0
    crash_of_all: float = 0
    database_before: float = 0
    database_after: float = 0
    mail_silent: float = 0
    mail_later: float = 0
    mail_never: float = 0
    mail_unsaid: float = 0
    text_silent: float = 0
    text_too_many: float = 0
    text_refused: float = 0
    text_no_number: float = 0
    text_unsaid: float = 0
    text_lost: float = 0

    def stripe(self) -> list[tuple[str, float]]:
        rates = (self.lost_before, self.lost_after, self.key_in_use, self.too_many, self.broken, self.kept_broken)
        return list(zip(bank.FAULTS, rates, strict=True))

    def mail(self) -> list[tuple[str, float]]:
        rates = (self.mail_silent, self.mail_later, self.mail_never, self.mail_unsaid)
        return list(zip(post.FAULTS, rates, strict=True))

    def texts(self) -> list[tuple[str, float]]:
        rates = (self.text_silent, self.text_too_many, self.text_refused, self.text_no_number)
        return list(zip(carrier.FAULTS, (*rates, self.text_unsaid, self.text_lost), strict=True))

    def commit(self) -> list[tuple[str, float]]:
        return [(database.LOST_BEFORE, self.database_before), (database.LOST_AFTER, self.database_after)]


FAIR = Weather()


def draw_weather(dice: Random) -> Weather:
    """A third of the histories are fair, the others have some kinds of trouble, mild or heavy."""
    strength = dice.choice([0, 0.01, 0.05, 0.15])
    rates = {name: strength if dice.random() < 0.4 else strength / 10 for name in asdict(FAIR)}
    rates["crash"] /= 3
    rates["crash_of_all"] /= 5
    return Weather(**rates)


@dataclass(frozen=True)
class HandClock(Clock):
    """The shop's clock, in this world's hand."""

    world: "list[World]" = field(default_factory=list)

    def now(self) -> datetime:
        return self.world[0].now


@dataclass
class News:
    """An event of Stripe on its way; `due` is when it arrives."""

    body: bytes
    due: datetime


@dataclass
class World:
    """`dice` draws what goes wrong in the step under way; `rough` says whether anything may."""

    house: House
    seed: int
    weather: Weather = FAIR
    tax: bool = False
    now: datetime = START
    rough: bool = False
    faults: int = 0
    down_until: datetime = START
    news: list[News] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    opened: Counter[str] = field(default_factory=Counter)
    strange: set[str] = field(default_factory=set)
    forms: set[str] = field(default_factory=set)
    leaving: set[int] = field(default_factory=set)
    meddled: set[int] = field(default_factory=set)
    readers: list[tuple[Client, int]] = field(default_factory=list)
    dice: Random = field(default_factory=Random)
    serial: int = 0

    def __post_init__(self) -> None:
        chance = Random(self.seed)
        self.kernel = Kernel(lambda: self.now, self._fate)
        self.sandbox = create_sandbox(
            Options(
                public_url="http://stripe.example",
                webhook_url=f"{BASE_URL}/webhooks/stripe",
                webhook_secret=SECRET,
                wall=self.seconds,
                chance=Random(chance.random()),
                send=self._hear,
            )
        )
        self.stripe_page = Client(self.sandbox)
        self.line = Line(
            self.kernel,
            self.sandbox,
            self.seconds,
            self._stripe_fault,
            self._watch,
            lambda: self.now < self.down_until,
        )
        self.carrier: Carrier | None = None
        self.mailman = Mailman(self.kernel, self._mail_fault, lambda _envelope: None)
        self._settle_in(chance)
        self.memory: dict[str, Any] = {}
        self.watchers: list[Callable[[Call], None]] = []
        self.text_watchers: list[Callable[[Called], None]] = []

    def _settle_in(self, chance: Random) -> None:
        house, clock = self.house, HandClock()
        clock.world.append(self)
        house.clear()
        house.db.kernel, house.db.fault, house.db.committed = self.kernel, self._commit_fault, self._committed
        stays = lambda _: None  # noqa: E731 (the clock stands while Stripe is given time)
        gateway = StripeGateway(KEY, "http://stripe.example", SECRET, 0, http_client=self.line, sleep=stays)
        outside = replace(house.shop.outside, stripe=gateway, postman=self.mailman, together=one_by_one, tax=self.tax)
        self.shop: Shop = replace(house.shop, outside=outside, clock=clock, chance=Random(chance.random()))
        house.app.extensions["shop"] = self.shop
        ours = sqlite3.connect(house.file, isolation_level=None)
        ours.row_factory = row_factory
        self.observer = Observer(ours, self.sandbox.machine.store._db, house.db.dirty)
        self.commits: list[Callable[[], None]] = []

    def open_channels(self) -> None:
        """From here on the shop texts, and hears what the mail server reports."""
        self.carrier = Carrier(self.kernel, self._text_fault, self._counted, self._watch_text)
        outside = replace(self.shop.outside, sms=self.carrier)
        settings = replace(self.shop.settings, mail_webhook_secret=MAIL_SECRET)
        self.shop = replace(self.shop, outside=outside, settings=settings)
        self.house.app.extensions["shop"] = self.shop

    def _counted(self) -> int:
        """The text that whoever is under way has counted a call for."""
        actor = self.kernel.current
        counted: dict[int, int] = self.memory.get("counted", {})
        return counted.get(actor.number, 0) if actor else 0

    def close(self) -> None:
        self.kernel.close()
        self.observer.ours.close()
        self.sandbox.close()

    # What goes wrong

    def _draw(self, rates: Sequence[tuple[str, float]]) -> str:
        luck = self.dice.random()
        for name, rate in rates:
            if luck < rate:
                return self._strike(name)
            luck -= rate
        return ""

    def _strike(self, name: str) -> str:
        if not self.rough:
            return ""
        self.faults += 1
        return name

    def _fate(self, actor: Actor, label: str) -> str:
        del label
        fate = self._draw([("crash of all", self.weather.crash_of_all), ("crash", self.weather.crash)])
        if fate == "crash of all":
            for other in self.kernel.actors:
                other.dead = other.dead or other.process == actor.process
        return CRASH if fate else GO

    def _stripe_fault(self, call: Call) -> str:
        del call
        return self._draw(self.weather.stripe())

    def _mail_fault(self) -> str:
        return self._draw(self.weather.mail())

    def _text_fault(self) -> str:
        return self._draw(self.weather.texts())

    def _commit_fault(self) -> str:
        fault, actor = self._draw(self.weather.commit()), self.kernel.current
        if fault and actor is not None:
            actor.hurt = True
            self.kernel.note(actor.name, fault)
        return fault

    def _watch(self, call: Call) -> None:
        for each in self.watchers:
            each(call)

    def _watch_text(self, call: Called) -> None:
        for each in self.text_watchers:
            each(call)

    def _committed(self) -> None:
        for each in self.commits:
            each()

    # Time and news

    def seconds(self) -> float:
        """The clock, read afresh each time, as Stripe counts."""
        return self.now.timestamp()

    def advance(self, by: timedelta) -> None:
        """Let time pass; whoever is under way for long was paused."""
        self.now += by
        for actor in self.kernel.actors:
            actor.paused = actor.paused or by >= PAUSE
        self.sandbox.machine.tick()
        self.sandbox.machine.deliverer.deliver_due()

    def _hear(self, _url: str, body: bytes, _headers: dict[str, str]) -> int:
        self.news.append(News(body, self.now))
        return 200

    def fetch_news(self) -> None:
        """What Stripe has to tell leaves it."""
        self.sandbox.machine.deliverer.deliver_due()

    # Actors

    def start(self, name: str, process: str, do: Callable[[], object]) -> None:
        """Somebody begins something; each request has a process of its own, a worker's jobs share theirs."""
        self.serial += 1
        self.kernel.begin(name, f"{process} {self.serial}" if process == "web" else process, do)

    def kernel_hurt(self) -> bool:
        actor = self.kernel.current
        return actor is not None and (actor.hurt or actor.paused)

    # Looking

    def state(self) -> tuple[object, ...]:
        """Changes with every commit, with every call, with every letter and with time."""
        return self.now, self.house.db.version, self.line.count, len(self.mailman.taken)

    def at_work(self) -> bool:
        """Whether the workers may have something to do still; not where nothing has happened since they were through."""
        return self.memory.get("worked") != self.state()

    def look(self) -> Facts:
        return self.observer.look(self.now)

    def ask(self, query: str, *values: object) -> list[Row]:
        return self.observer.ask(query, *values)

    def complain(self, name: str, sentence: str) -> None:
        """A violation seen on the way."""
        self.complaints.append(f"{name}: {sentence}")

    # The web

    def browser(self) -> Client:
        return Client(self.house.app)

    def opens(self, browser: Client, method: str, path: str, **more: Any) -> TestResponse:
        """One request; a failure of ours is a complaint unless the database was lost under it."""
        answer = browser.open(path, method=method, base_url=BASE_URL, **more)
        failures, actor = list(self.house.failures), self.kernel.current
        self.house.failures.clear()
        if answer.status_code >= 500 and not (actor and actor.hurt):
            self.complain("Web", f"{method} {shown(path)} answered {answer.status_code}: {'; '.join(failures)}")
        self.kernel.note(actor.name if actor else "web", f"{method} {shown(path)}", str(answer.status_code))
        return answer

    @contextmanager
    def in_dice(self, dice: Random, *, rough: bool) -> Iterator[None]:
        before = self.dice, self.rough
        self.dice, self.rough = dice, rough
        try:
            yield
        finally:
            self.dice, self.rough = before

    def event(self, kind: str, thing: str, version: str) -> bytes:
        """An event as Stripe would write it, of something that nobody knows."""
        name = f"evt_{kind.replace('.', '')}{thing}"
        data = {"object": {"id": thing, "object": "checkout.session"}}
        facts = {"id": name, "object": "event", "type": kind, "livemode": False, "api_version": version, "data": data}
        return json.dumps(facts).encode()


def one_by_one(do: Callable[[T], object], each: Sequence[T]) -> None:
    """What `in_threads` does, in one thread: everybody has a turn, then the first trouble comes out."""
    trouble: Exception | None = None
    for one in each:
        try:
            do(one)
        except Exception as error:  # noqa: BLE001 (raised below)
            trouble = trouble or error
    if trouble:
        raise trouble


def shown(path: str) -> str:
    """A path as the trace keeps it: tokens are long, and differ with the key."""
    return "/".join(part if len(part) < 30 else "…" for part in path.split("?", maxsplit=1)[0].split("/"))
