"""What the studio says of launches: ahead, under way, and what setting or moving one causes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from storefront.rules import charge, words
from storefront.rules.launch import LATE_AFTER
from storefront.rules.words import OPENS, Note, Step, bold, red

NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
DAY = timedelta(days=1)
SOON = timedelta(days=7)


def number(count: int) -> str:
    """Small ones as words, others in figures."""
    return NUMBERS[count] if count < len(NUMBERS) else f"{count:,}"


def counted(count: int, one: str, many: str = "") -> str:
    """1 buyer, 2 buyers, 1,213 buyers."""
    return f"{count:,}{words.NBSP}{one if count == 1 else many or one + 's'}"


def seconds(at: datetime, zone: str) -> str:
    """10:00:09."""
    return f"{at.astimezone(ZoneInfo(zone)):%H:%M:%S}"


def on_day(at: datetime, zone: str, now: datetime) -> str:
    """The day as people say it from here: today at 10:00, tomorrow, on Tuesday, on 12 May."""
    here, there = (each.astimezone(ZoneInfo(zone)).date() for each in (now, at))
    days = (there - here).days
    if days == 0:
        return f"{red('today')} at {words.clock(at, zone)}"
    if days == 1:
        return f"{red('tomorrow')} at {words.clock(at, zone)}"
    if DAY.days < days < SOON.days:
        return f"on {red(words.weekday_day(at, zone).split()[0])}"
    told = words.day_month(at, zone) if here.year == there.year else words.day_month_year(at, zone)
    return f"on {red(told)}"


@dataclass(frozen=True)
class Check:
    """One thing that was looked at before a launch: `kind` is done, ask (buyers were asked), needs or plain."""

    title: str
    text: str = ""
    kind: str = "done"
    url: str = ""
    act: str = ""

    @property
    def tag(self) -> str:
        """The state in words."""
        return {"done": "In order", "needs": "Look at it"}.get(self.kind, "")


@dataclass(frozen=True)
class Ahead:
    """A launch that is still to come, with how many things stand in its way."""

    title: str
    at: datetime
    zone: str
    obstacles: int


def studio_sentence(ahead: Sequence[Ahead], products: int, waiting: int, now: datetime) -> str:
    """What is next, and whether anything stands in its way. `ahead` is in order of time."""
    if not products:
        return "There is no product yet."
    if not ahead:
        return f"No launch is ahead. {_waiting(waiting)}"
    first = ahead[0]
    if now > first.at + LATE_AFTER:
        return f"{first.title} was due {on_day(first.at, first.zone, now)} and has not opened."
    start = f"{number(len(ahead)).capitalize()} {'launch' if len(ahead) == 1 else 'launches'} ahead."
    return f"{start} The next one is {first.title}, {on_day(first.at, first.zone, now)}, and {in_the_way(first.obstacles)}."


def _waiting(count: int) -> str:
    if not count:
        return "Nothing waits for you."
    return f"{number(count).capitalize()} {'buyer has' if count == 1 else 'buyers have'} a card to repair."


def in_the_way(obstacles: int) -> str:
    """The end of a sentence about a launch."""
    if not obstacles:
        return "nothing stands in its way"
    return f"{number(obstacles)} {'thing stands' if obstacles == 1 else 'things stand'} in its way"


def product_sentence(title: str, kind: str, ahead: Ahead | None, now: datetime) -> str:
    """What a product's page in the studio says before the launch."""
    if ahead is None:
        return f"{title} has no day yet."
    if now > ahead.at + LATE_AFTER:
        return f"{title} was due {on_day(ahead.at, ahead.zone, now)} and has not opened."
    if now >= ahead.at:
        return f"{title} is {red('opening now')}."
    return f"{title} {OPENS[kind]} {on_day(ahead.at, ahead.zone, now)}, and {in_the_way(ahead.obstacles)}."


@dataclass(frozen=True)
class Progress:
    """A launch under way, in numbers of pre-orders; `ready` have access and wait for their capture,
    `known` were declined before the launch, `new` since; `paused` are secured, but a claim or a cancellation keeps
    their access shut.
    """

    title: str
    launched_at: datetime
    zone: str
    paid: int
    ready: int
    charging: int
    known: int
    new: int
    granted: int
    letters_sent: int
    letters_owed: int
    rate: float = 0
    paused: int = 0

    @property
    def owed_access(self) -> int:
        """Orders whose access is due: secured, and nobody keeps it shut."""
        return self.paid + self.ready - self.paused

    @property
    def total(self) -> int:
        """Every live pre-order."""
        return self.paid + self.ready + self.charging + self.known + self.new

    @property
    def to_go(self) -> int:
        """Orders whose money is still to come, by itself."""
        return self.ready + self.charging

    @property
    def waiting(self) -> int:
        """Orders that wait for their buyers."""
        return self.known + self.new

    @property
    def resting(self) -> bool:
        """Whether nothing more happens by itself."""
        return not self.to_go and self.granted >= self.owed_access and not self.letters_owed


def live_sentence(progress: Progress) -> str:
    """The sentence that is true at this second of a launch."""
    if not progress.total:
        return f"{progress.title} is out. Nobody had pre-ordered it."
    if progress.granted < progress.owed_access:
        return f"Access is going out: {progress.granted:,} of {progress.owed_access:,} have it."
    start = "Everyone whose card is good has access."
    if progress.to_go:
        return f"{start} The money is coming in{_to_go(progress)}."
    if progress.letters_owed:
        return f"{start} {counted(progress.letters_owed, 'letter is', 'letters are')} on the way."
    if progress.waiting:
        return f"{start} {_waiting(progress.waiting)}"
    return _all_in(progress.paused)


def _all_in(paused: int) -> str:
    if not paused:
        return "Everyone has access, and all the money is in."
    kept = f"{counted(paused, 'order')} {_is(paused)} disputed or being cancelled"
    return f"All the money is in. {kept}; everyone else has access."


def status_lines(progress: Progress, captured: str, refunded: str, width: int = 40) -> list[str]:
    """A launch on a terminal: its sentence, a bar of what is done, and the numbers of the studio's page."""
    done = progress.paid
    share = done / progress.total if progress.total else 1
    full = round(share * width)
    return [
        live_sentence(progress).replace(words.NBSP, " "),
        f"[{'#' * full}{'.' * (width - full)}] {share:4.0%}  {done:,} of {progress.total:,} captured",
        f"captured {captured}, refunded {refunded}".replace(words.NBSP, " "),
        f"access granted {progress.granted:,} of {progress.owed_access:,}, kept shut {progress.paused:,}",
        f"letters accepted {progress.letters_sent:,}, on the way {progress.letters_owed:,}",
        f"captures to go {progress.to_go:,}",
        f"waiting for buyers {progress.waiting:,}: {progress.known:,} known before, {progress.new:,} new",
    ]


def _to_go(progress: Progress) -> str:
    """How long the captures take at the pace they are made; nothing where that is not known, or over at once."""
    left = round(progress.to_go / progress.rate) if progress.rate else 0
    if left < 2:  # noqa: PLR2004 (a second is now)
        return ""
    return f", {left} seconds to go" if left < 100 else f", {round(left / 60)} minutes to go"  # noqa: PLR2004 (two digits)


def parts(progress: Progress) -> list[tuple[str, int, str]]:
    """The bar that adds up to all orders: kind, count, words. What is nought is left out, but for what was captured."""
    rows = [
        ("done", progress.paid, "captured"),
        ("next", progress.ready, "have access, capture next"),
        ("next", progress.charging, "charged now, access follows"),
        ("needs", progress.new, "declined now, access waits"),
        ("waiting", progress.known, "waiting for their buyers since before"),
    ]
    return [row for row in rows if row[1] or row[0] == "done"]


def parts_label(rows: Sequence[tuple[str, int, str]]) -> str:
    """The bar as a sentence."""
    return f"All pre-orders: {', '.join(f'{count:,} {text}' for _, count, text in rows)}."


@dataclass(frozen=True)
class Times:
    """When things happened in a launch, None where they have not; how many were `granted`, also of those paused since."""

    granted_last: datetime | None = None
    letter_last: datetime | None = None
    paid_last: datetime | None = None
    granted: int = 0


def so_far(progress: Progress, times: Times, now: datetime) -> list[Step]:
    """The launch as a line of times."""

    def at(instant: datetime) -> str:
        return seconds(instant, progress.zone)

    steps = [Step(at(progress.launched_at), "", "day", "launch")]
    if times.granted_last:
        steps.append(
            Step(at(times.granted_last), "", "past", f"{counted(times.granted or progress.granted, 'order')} granted")
        )
    if times.letter_last:
        sent = counted(progress.letters_sent, "access letter")
        steps.append(Step(at(times.letter_last), "", "past", f"{sent} accepted"))
    if progress.to_go:
        of = f"capture {progress.paid + 1:,} of {progress.paid + progress.to_go:,}"
        steps.append(Step(at(now), "", "past", f"now: {of}"))
    elif times.paid_last:
        steps.append(Step(at(times.paid_last), "", "past", f"the last of {counted(progress.paid, 'payment')}"))
    if progress.waiting:
        steps.append(Step("Open", "", "needs", f"{counted(progress.waiting, 'order')} waiting for a card"))
    return steps


@dataclass(frozen=True)
class Effects:
    """What setting a moment (None: taking it away) would do: buyers told, visits at Stripe ended, holds by what becomes
    of them. Silence `agrees` for some; others are asked for a yes by `until`, the last of them by `last`, and if all of
    them stay silent the money in `leaves` goes.
    """

    at: datetime | None
    zone: str
    before: datetime | None = None
    buyers: int = 0
    visits: int = 0
    kept: int = 0
    waiting: int = 0
    renewed: int = 0
    asked: int = 0
    agrees: int = 0
    asks: int = 0
    until: datetime | None = None
    last: datetime | None = None
    leaves: str = ""


def consequences(effects: Effects, now: datetime) -> Note:
    """What is said before the button that sets or moves a launch."""
    told = [*_letters(effects), *_holds(effects, now), *_visits(effects)]
    if not effects.buyers:
        return Note("news", "Nobody has to be told", " ".join(["Nobody holds an order for it.", *told]))
    title = f"What {counted(effects.buyers, 'buyer')} will be told"
    return Note("news", title, " ".join(told))


def _letters(effects: Effects) -> list[str]:
    if not effects.buyers:
        return []
    letter = (
        f"One letter{' each' if effects.buyers > 1 else ''}, at once: {_news(effects)}, your reason, the way to cancel."
    )
    if effects.at and effects.before and effects.at <= effects.before:
        return [letter, bold("They are told at least 24 hours before they pay.")]
    return [letter, *_silence(effects)]


def _news(effects: Effects) -> str:
    if effects.at is None:
        return "that no new day can be named"
    return distance(effects.before, effects.at, effects.zone) if effects.before else "the new day"


def _silence(effects: Effects) -> list[str]:
    """What not answering does, to how many, and what money leaves."""
    said = []
    if effects.agrees:
        whose = "Silence" if effects.agrees == effects.buyers else f"Silence of {counted(effects.agrees, 'buyer')}"
        said.append(bold(f"{whose} counts as agreed, because it is 30 days or less."))
    if effects.asks and effects.until:
        must = f"{counted(effects.asks, 'buyer')} must say yes {_by(effects, effects.until)}"
        said.append(bold(f"{must}; whoever says nothing is cancelled then."))
        said.append(
            f"If nobody answers: {effects.leaves}." if effects.leaves else "Nothing has been paid or set aside."
        )
    return said


def _by(effects: Effects, first: datetime) -> str:
    """Each by the date they agreed to: those who ordered at different times have different ones."""
    if effects.last is None or effects.last == first:
        return f"by {words.full(first, effects.zone)}"
    return f"by the day in their letter, {words.full(first, effects.zone)} to {words.full(effects.last, effects.zone)}"


def _holds(effects: Effects, now: datetime) -> list[str]:
    said = []
    if effects.waiting:
        said.append(f"{_holds_are(effects.waiting, 'no longer fit')} and {_is(effects.waiting)} released today.")
    if effects.renewed:
        said.append(f"{_holds_are(effects.renewed, 'no longer fit')} and {_is(effects.renewed)} placed anew today.")
    if effects.asked:
        said.append(f"{counted(effects.asked, 'buyer')} without a saved card {_is(effects.asked)} asked for one.")
    asked = charge.preflight_at(effects.at) if effects.at else now
    if effects.buyers and asked > now and effects.buyers > effects.kept:
        said.append(f"Saved cards are asked on {words.day_clock(asked, effects.zone)}.")
    return said


def _holds_are(count: int, verb: str) -> str:
    return f"{counted(count, 'hold')} {verb.replace('fit', 'fits') if count == 1 else verb}"


def _is(count: int) -> str:
    return "is" if count == 1 else "are"


def _visits(effects: Effects) -> list[str]:
    if not effects.visits:
        return []
    return [f"{counted(effects.visits, 'visit')} to Stripe under way {_is(effects.visits)} ended; nothing is charged."]


def distance(before: datetime, after: datetime, zone: str) -> str:
    """How far a launch moves, as its clock on the wall shows it: "seven days later", "5 h 30 min earlier"."""
    walls = [each.astimezone(ZoneInfo(zone)).replace(tzinfo=None, second=0) for each in (before, after)]
    span = walls[1] - walls[0]
    way = "later" if span > timedelta() else "earlier"
    minutes = int(abs(span).total_seconds() // 60)
    days, hours, rest = minutes // 1440, minutes // 60 % 24, minutes % 60
    said = [f"{number(days)} {'day' if days == 1 else 'days'}"] if days else []
    said += [f"{hours} h"] if hours else []
    said += [f"{rest} min"] if rest and not days else []
    return f"{' '.join(said) or 'a moment'} {way}"


def clock_words(at: datetime, zone: str, before: datetime | None) -> str:
    """What 10:00 in Berlin is in UTC, and whether the clocks change between the old day and the new."""
    said = f"{words.clock_place(at, zone)} is {words.clock(at, 'UTC')} UTC."
    if before is None or words.place(zone) == "UTC":
        return said
    if words.offset(before, zone) == words.offset(at, zone):
        return f"{said} No clock change in between."
    return f"{said} The clocks change in between, from {words.offset(before, zone)} to {words.offset(at, zone)}."


def gap_words(wall: datetime, zone: str, after: datetime) -> str:
    """Why a wall time that the clocks skip cannot be meant, and the first one that can."""
    end = after.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    start = (end - timedelta(minutes=1)).astimezone(ZoneInfo(zone)).replace(tzinfo=None) + timedelta(minutes=1)
    day = words.day_month_year(end, zone)
    gap = f"On {day} the clocks {words.place(zone)} go from {start:%H:%M} to {after:%H:%M}"
    return f"{gap}, so {wall:%H:%M} does not exist. The first time that does is {after:%H:%M}."


def twice_words(at: datetime, zone: str, *, first: bool) -> str:
    """One of the two moments that a doubled wall time can mean."""
    return f"{words.clock(at, zone)}, {'the first' if first else 'the second'} time ({words.offset(at, zone)})"
