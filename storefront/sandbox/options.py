"""What the sandbox is told at its start."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from random import Random

    from .replies import MailDoor
    from .webhooks import Sender

# Seconds (wall time) before the second, third … try of a webhook. After the last it is given up.
PAUSES = (1.0, 5.0, 30.0, 300.0)


@dataclass(frozen=True)
class Options:
    """`data_dir` None keeps everything in memory.

    The rest is for tests and simulations. `wall` is the wall clock in seconds, and `sleep` how to
    wait for some (a slow answer); give both, or neither. Ids come from `chance`, or from `seed`.
    `send` takes a webhook's address, body and headers and gives the status that the shop answers;
    it raises OSError for a shop that cannot be reached. `rate` is how many requests a second each
    endpoint takes before it answers 429; 0 is no limit.
    """

    public_url: str
    data_dir: Path | None = None
    webhook_url: str = ""
    webhook_secret: str = ""
    mail_door: MailDoor | None = None
    wall: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    chance: Random | None = None
    seed: int | None = None
    send: Sender | None = None
    pauses: tuple[float, ...] = PAUSES
    rate: int = 0
