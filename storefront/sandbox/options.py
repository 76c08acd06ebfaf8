"""What the sandbox is told at its start."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from random import Random

    from .webhooks import Sender


@dataclass(frozen=True)
class Options:
    """`data_dir` None keeps everything in memory; wall clock, chance and sender for tests.

    `most_calls` a second of wall time and endpoint, as Stripe has it; 0 allows any number.
    """

    public_url: str
    data_dir: Path | None = None
    webhook_url: str = ""
    webhook_secret: str = ""
    wall: Callable[[], float] = time.time
    chance: Random | None = None
    send: Sender | None = None
    most_calls: int = 0
