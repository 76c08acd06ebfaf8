"""The carrier of texts as the shop reaches it here: silent, refusing, taking without saying so, obeying its readers' STOP."""

from collections.abc import Callable
from dataclasses import dataclass, field

from storefront.outside.sms import NotTexted, Texter
from tests.simulation.kernel import Actor, Kernel

SILENT, TOO_MANY, REFUSED, NO_NUMBER = "no answer", "429", "refused", "no mobile number"
TAKEN_UNSAID, LOST_UNSAID = "taken, and not said", "lost, and not said"
FAULTS = (SILENT, TOO_MANY, REFUSED, NO_NUMBER, TAKEN_UNSAID, LOST_UNSAID)
REFUSALS: dict[str, dict[str, bool]] = {
    SILENT: {},
    TOO_MANY: {},
    REFUSED: {"ours": True},
    NO_NUMBER: {"number": True},
    TAKEN_UNSAID: {"unknown": True},
    LOST_UNSAID: {"unknown": True},
}


@dataclass
class Called:
    """A text that was handed to the carrier. `row`: which of ours, if one was counted; `outcome`: "" once it was taken."""

    to: str
    words: str
    row: int
    actor: Actor | None
    outcome: str = "under way"

    @property
    def taken(self) -> bool:
        return self.outcome in {"", TAKEN_UNSAID}

    @property
    def unknown(self) -> bool:
        """Whether the shop was not told, or could not note it."""
        gone = self.actor is not None and (self.actor.dead or self.actor.hurt or self.actor.paused)
        return self.outcome in {TAKEN_UNSAID, LOST_UNSAID, "under way"} or gone


@dataclass
class Carrier(Texter):
    """`calls` is what it was asked, in order; `stopped` are the numbers whose readers have answered STOP.

    `row` names the row of ours that the actor under way has counted a call for, 0 for none; `look` sees each call.
    """

    kernel: Kernel
    fault: Callable[[], str]
    row: Callable[[], int]
    look: Callable[[Called], None]
    calls: list[Called] = field(default_factory=list)
    stopped: set[str] = field(default_factory=set)

    def text(self, to: str, words: str) -> str:
        call = Called(to, words, self.row(), self.kernel.current)
        self.calls.append(call)
        self.look(call)
        self.kernel.point("before the text")
        call.outcome = "STOP" if to in self.stopped else self.fault()
        self.kernel.note("carrier", to, call.outcome)
        if call.outcome == "STOP":
            raise NotTexted("its reader has answered STOP", stopped=True)
        if call.outcome:
            raise NotTexted(call.outcome, **REFUSALS[call.outcome])
        self.kernel.point("text taken")
        return f"SM{len(self.calls):032}"
