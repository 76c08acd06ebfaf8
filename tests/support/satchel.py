"""A postman for tests: keeps what it is given, and refuses what it is told to."""

from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from storefront.outside.postman import Envelope, NotAccepted, Postman


@dataclass
class Satchel(Postman):
    """`refuse`: what is said to an address instead of taking its letter. `closed`: the door is shut."""

    letters: list[Envelope] = field(default_factory=list)
    refuse: dict[str, NotAccepted] = field(default_factory=dict)
    closed: bool = False

    def __enter__(self) -> Self:
        if self.closed:
            raise NotAccepted("The mail server does not answer: test", broken=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def post(self, envelope: Envelope) -> None:
        if envelope.to in self.refuse:
            raise self.refuse[envelope.to]
        self.letters.append(envelope)
