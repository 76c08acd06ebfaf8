"""The door for texts: Twilio's client behind a class of ours. The only `import twilio`."""

import logging
from dataclasses import dataclass, field

import requests
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

TIMEOUT = 15.0
API_BASE = "https://api.twilio.com"
STOPPED = 21610
# Not a number, no mobile one, none that can be reached from here, a country that is switched off.
NO_NUMBER = frozenset({21211, 21214, 21217, 21408, 21612, 21614, 21635, 30006})
TOO_MANY = 429
SERVER_FAULTS = range(500, 600)
# At its finest level Twilio's client logs what a text says.
logging.getLogger("twilio.http_client").setLevel(logging.WARNING)


class NotTexted(Exception):
    """A text that was not taken, or may have been.

    `stopped`: its reader answered STOP. `number`: this number takes no texts. `unknown`: it may have been taken. Otherwise
    it was not, and `ours` says that another try without a change here is of no use.
    """

    def __init__(
        self, sentence: str, *, stopped: bool = False, number: bool = False, unknown: bool = False, ours: bool = False
    ) -> None:
        super().__init__(sentence)
        self.stopped = stopped
        self.number = number
        self.unknown = unknown
        self.ours = ours


@dataclass(frozen=True)
class Account:
    """An account at Twilio; `sender` is a number in E.164, or a messaging service's id (MG…)."""

    sid: str
    token: str = field(repr=False)
    sender: str
    api_base: str = API_BASE


class Texter:
    """Sends one text at a time. One for the process: its connections are kept."""

    def __init__(self, account: Account, seconds: float = TIMEOUT) -> None:
        http = TwilioHttpClient(timeout=seconds, max_retries=0)
        self._client = Client(account.sid, account.token, http_client=http)
        self._client.api.base_url = account.api_base
        service = account.sender.startswith("MG")
        self._from = {"messaging_service_sid" if service else "from_": account.sender}

    def text(self, to: str, words: str) -> str:
        """Hand one text over; its id there. Raises NotTexted. Twilio knows no idempotency: whoever repeats, repeats."""
        try:
            message = self._client.messages.create(to=to, body=words, **self._from)
        except TwilioRestException as error:
            raise _refused(error) from error
        except requests.exceptions.ConnectTimeout as error:
            raise NotTexted("Twilio does not answer.") from error
        except requests.exceptions.RequestException as error:
            raise NotTexted(
                f"Twilio’s answer was lost: {type(error).__name__}", unknown=_may_be_there(error)
            ) from error
        except TwilioException as error:
            raise NotTexted(f"Twilio answered something else: {error}", unknown=True) from error
        return str(message.sid)


def _refused(error: TwilioRestException) -> NotTexted:
    said = f"Twilio refused: {error.code} {error.msg}"
    if error.code == STOPPED:
        return NotTexted(said, stopped=True)
    if error.code in NO_NUMBER:
        return NotTexted(said, number=True)
    if error.status in SERVER_FAULTS:
        return NotTexted(said, unknown=True)
    return NotTexted(said, ours=error.status != TOO_MANY)


def _may_be_there(error: requests.exceptions.RequestException) -> bool:
    """A connection that was refused carried nothing; one that broke may have."""
    return "NewConnectionError" not in str(error)
