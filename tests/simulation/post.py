"""The mail server as the shop reaches it here: it may be silent, refuse for now or for good, or take without saying so."""

from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from storefront.outside.postman import Envelope, NotAccepted, Postman
from tests.simulation.kernel import Actor, Kernel

SILENT, LATER, NEVER, UNSAID = "silent", "refused for now", "refused for good", "taken, and not said"
FAULTS = (SILENT, LATER, NEVER, UNSAID)


@dataclass
class Taken:
    """A letter that the server has. `unsaid`: the shop was not told, or could not note it."""

    envelope: Envelope
    actor: Actor | None
    unsaid: bool = False

    @property
    def repeats(self) -> bool:
        return self.unsaid or (self.actor is not None and (self.actor.dead or self.actor.hurt or self.actor.paused))


@dataclass
class Mailman(Postman):
    """`taken` is what the server has, in order; `gone` and `full` are the mailboxes that are not there, or take no more."""

    kernel: Kernel
    fault: Callable[[], str]
    look: Callable[[Envelope], None]
    taken: list[Taken] = field(default_factory=list)
    gone: set[str] = field(default_factory=set)
    full: set[str] = field(default_factory=set)

    def __enter__(self) -> Self:
        if self.fault() == SILENT:
            raise NotAccepted("nobody answers", broken=True, silent=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def knock(self) -> str:
        return "nobody answers" if self.fault() == SILENT else ""

    def post(self, envelope: Envelope) -> None:
        self.look(envelope)
        self.kernel.point("before the hand-over")
        fault = self.fault()
        self.kernel.note("post", envelope.message_id, fault)
        if envelope.to in self.gone:
            raise NotAccepted("550 5.1.1 nobody of that name", final=True, address=True)
        if envelope.to in self.full:
            raise NotAccepted("452 4.2.2 the mailbox is full")
        if fault == LATER:
            raise NotAccepted("450 later, please")
        if fault == NEVER:
            raise NotAccepted("550 nobody here", final=True)
        self.taken.append(Taken(envelope, self.kernel.current, unsaid=fault == UNSAID))
        if fault == UNSAID:
            raise NotAccepted("the line broke", broken=True)
        self.kernel.point("handed over")
