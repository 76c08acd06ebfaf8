"""What time it is: system time plus the seconds in DATA_DIR/clock, which only a sandbox may use.

Signatures (webhooks, sessions) always use wall time; everything the shop decides uses `Clock.now()`,
read once per request or tick and passed on as an argument.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}


@dataclass(frozen=True)
class Clock:
    """The shop's clock. `offset_file` is None with a live key: then nothing can move it."""

    offset_file: Path | None = None

    def now(self) -> datetime:
        """The current instant, in UTC."""
        return datetime.now(UTC) + self.offset()

    def offset(self) -> timedelta:
        """How far the shop is ahead of wall time."""
        if self.offset_file is None or not self.offset_file.exists():
            return timedelta()
        return timedelta(seconds=float(self.offset_file.read_text() or 0))

    def advance(self, by: timedelta) -> datetime:
        """Move the sandbox's clock forward and return the new instant.

        Raises ValueError with a live key, and for a step backwards.
        """
        if self.offset_file is None:
            raise ValueError("The clock moves only with a sandbox key.")
        if by < timedelta():
            raise ValueError("The clock moves forward only.")
        total = (self.offset() + by).total_seconds()
        fresh = self.offset_file.with_suffix(".new")
        fresh.write_text(f"{total:.0f}")
        fresh.replace(self.offset_file)
        return self.now()


def parse_span(text: str) -> timedelta:
    """Read a span such as "6d", "36h" or "1d12h30m". Raises ValueError for anything else."""
    parts = re.findall(r"(\d+)([dhms])", text)
    if not parts or "".join(n + unit for n, unit in parts) != text:
        raise ValueError(f"{text!r} is no span: write days, hours, minutes, seconds, as in 6d or 1d12h.")
    try:
        return timedelta(**{UNITS[unit]: int(n) for n, unit in parts})
    except (OverflowError, ValueError) as error:
        raise ValueError(f"{text[:40]!r} is no span: it is longer than time can be told.") from error
