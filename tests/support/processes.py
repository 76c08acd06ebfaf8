"""The shop as it really runs: sandbox, web and workers as processes on free ports, a database, a data folder.

With STRIPE_CONFORMANCE set, Stripe's own description watches all traffic between shop and sandbox.
"""

import atexit
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any, Self, TypeVar

import requests

from tests.support.ports import free_port
from tests.support.programs import Program
from tests.support.world import MAIL_SECRET

ROOT = Path(__file__).resolve().parents[2]
SECRET = "whsec_for_the_tests_only"
PATIENCE = 90
T = TypeVar("T")


def until(question: Callable[[], T | None], what: str | Callable[[], str], patience: float = PATIENCE) -> T:
    """Ask until there is an answer. Fails in words after `patience` seconds."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        answer = question()
        if answer:
            return answer
        time.sleep(0.1)
    raise AssertionError(f"waited {patience} s in vain for {what if isinstance(what, str) else what()}")


class Shop:
    """A running shop. Use it as a context manager; what it started ends with it."""

    def __init__(self, folder: Path, database_url: str = "", content: Path = ROOT / "content", **env: str) -> None:
        self.folder = folder
        self.content = content
        self.ports = {name: free_port() for name in ("web", "sandbox", "mail", "proxy", "events")}
        self.base_url = f"http://127.0.0.1:{self.ports['web']}"
        self.sandbox_url = f"http://127.0.0.1:{self.ports['sandbox']}"
        self.watched = os.environ.get("STRIPE_CONFORMANCE", "")
        self.processes: dict[str, Program | subprocess.Popen[bytes]] = {}
        self.commands = count()
        self.env = self._environment(database_url) | env

    def _environment(self, database_url: str) -> dict[str, str]:
        api = self.ports["proxy"] if self.watched else self.ports["sandbox"]
        return os.environ | {
            "DATA_DIR": str(self.folder),
            "DATABASE_URL": database_url or f"sqlite:///{self.folder / 'storefront.db'}",
            "SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyz-stories",
            "BASE_URL": self.base_url,
            "STRIPE_SECRET_KEY": "sk_test_sandbox_stories",
            "STRIPE_WEBHOOK_SECRET": SECRET,
            "STRIPE_API_BASE": f"http://127.0.0.1:{api}",
            "STRIPE_RATE": "0",
            "MAIL_WEBHOOK_SECRET": MAIL_SECRET,
            "TWILIO_ACCOUNT_SID": "ACstories",
            "TWILIO_AUTH_TOKEN": "sandbox",
            "SMS_FROM": "+15005550006",
            "TWILIO_API_BASE": self.sandbox_url,
            "MAIL_SERVER": "127.0.0.1",
            "MAIL_PORT": str(self.ports["mail"]),
            "MAIL_DEFAULT_SENDER": "letters@forthcoming.example",
        }

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for each in self.processes.values():
            if each.poll() is None:
                each.send_signal(signal.SIGCONT)
                each.terminate()
        for each in self.processes.values():
            try:
                each.wait(30)
            except subprocess.TimeoutExpired:
                each.kill()
                each.wait()

    def _start(self) -> None:
        self.start_sandbox()
        self._fill()
        if self.watched:
            self._watch()
        self.start_web()
        self.start_worker("worker")

    def _fill(self) -> None:
        """The tables and the catalogue; the sample on SQLite is made once a run, and copied."""
        if self.content != ROOT / "content" or not self.env["DATABASE_URL"].startswith("sqlite"):
            self.make_catalogue()
            return
        file = Path(self.env["DATABASE_URL"].removeprefix("sqlite:///"))
        for each in sample().glob("storefront.db*"):  # with what is still written beside it
            shutil.copy(each, file.parent / each.name.replace("storefront.db", file.name))
        shutil.copytree(sample() / "shelf", self.folder / "shelf")

    def make_catalogue(self) -> None:
        """The tables, and what there is to sell."""
        self.command("db", "upgrade")
        self.command("catalog", "import", str(self.content))

    def start_sandbox(self) -> None:
        """Start it, or start it again."""
        hook = f"http://127.0.0.1:{self.ports['events']}/" if self.watched else f"{self.base_url}/webhooks/stripe"
        words = ["--port", str(self.ports["sandbox"]), "--smtp-port", str(self.ports["mail"])]
        words += ["--data-dir", str(self.folder), "--webhook-url", hook, "--webhook-secret", SECRET]
        self._run("sandbox", "storefront.sandbox", words)
        self._await(f"{self.sandbox_url}/_sandbox/health", "sandbox")

    def start_web(self) -> None:
        """Start the web as in production: gunicorn, two workers."""
        bind = f"127.0.0.1:{self.ports['web']}"
        words = ["--bind", bind, "--workers", "2", "--threads", "4", "--no-control-socket", "wsgi:app"]
        self._run("web", "gunicorn", words)
        self._await(f"{self.base_url}/healthz", "web")

    def start_worker(self, name: str) -> None:
        """Start a worker; any number may run."""
        self._run(name, "storefront.worker")

    def _watch(self) -> None:
        reports = Path(os.environ.get("CONFORMANCE_REPORTS", str(self.folder)))
        spec = next(Path(self.watched, "spec").glob("stripe-openapi*.json"))
        command = [str(Path(self.watched, "stripe_conformance_proxy.py")), "--listen", str(self.ports["proxy"])]
        command += ["--upstream", self.sandbox_url, "--spec", str(spec), "--expect-version", "2026-10-28.endive"]
        command += ["--report", str(reports / f"{self.ports['web']}-{time.time_ns()}.json")]
        command += ["--events-listen", str(self.ports["events"]), "--webhook-secret", SECRET, "--quiet"]
        command += ["--events-upstream", f"{self.base_url}/webhooks/stripe", "--clock-file", str(self.folder / "clock")]
        with (self.folder / "proxy.log").open("ab") as log:
            proxy = subprocess.Popen([sys.executable, *command], env=self.env, cwd=ROOT, stdout=log, stderr=log)
        self.processes["proxy"] = proxy
        self._await(f"http://127.0.0.1:{self.ports['proxy']}/__conformance/health", "proxy")

    def _run(self, name: str, module: str, words: Sequence[str] = ()) -> None:
        self.processes[name] = Program(module, words, self.env, self.folder / f"{name}.log")

    def _await(self, url: str, name: str) -> None:
        def answers() -> bool:
            assert self.processes[name].poll() is None, self.logs()
            try:
                return requests.get(url, timeout=5).ok
            except requests.RequestException:
                return False

        until(answers, lambda: f"{name} to answer\n{self.logs()}")

    def logs(self) -> str:
        """The last words of every process."""
        files = sorted(self.folder.glob("*.log"))
        return "\n".join(f"--- {each.name}\n{each.read_text()[-3000:]}" for each in files)

    def command(self, *words: str, stdin: str = "", ok: bool = True) -> str:
        """Run `storefront …`; what it printed."""
        printed = self.folder / f"command-{next(self.commands)}.txt"
        ended = Program("storefront.cli", words, self.env, printed, stdin).wait(120)
        said = printed.read_text()
        printed.unlink()
        assert not ok or ended == 0, said
        return said

    def advance(self, span: str) -> None:
        """Let time pass, here and at the sandbox."""
        self.command("clock", "advance", span)

    def advance_to(self, slug: str, *, before: timedelta = timedelta()) -> None:
        """Let time pass until a product's launch, or until some time before it."""
        left = self.launch_of(slug) - before - self.now()
        self.advance(f"{int(left.total_seconds()) + 1}s")

    def kill(self, name: str) -> None:
        """kill -9."""
        self.processes[name].kill()
        self.processes[name].wait(30)

    def control(self, name: str, **body: Any) -> Any:
        """Speak to the sandbox's control API."""
        return requests.post(f"{self.sandbox_url}/_sandbox/{name}", json=body, timeout=30).json()

    def heal(self) -> None:
        """Turn the sandbox's faults off."""
        requests.delete(f"{self.sandbox_url}/_sandbox/faults", timeout=30).raise_for_status()

    def calls(self, ending: str) -> list[dict[str, Any]]:
        """The calls the sandbox has seen on paths with this end."""
        seen = requests.get(f"{self.sandbox_url}/_sandbox/log", timeout=30).json()
        rows = seen["calls"] if isinstance(seen, dict) else seen
        return [each for each in rows if str(each["path"]).endswith(ending)]

    def at_stripe(self, things: str) -> list[dict[str, Any]]:
        """What the sandbox itself has of `payment_intents`, `refunds` and so on: the truth about money."""
        key = {"Authorization": f"Bearer {self.env['STRIPE_SECRET_KEY']}"}
        query: dict[str, str | int] = {"limit": 100}
        found: list[dict[str, Any]] = []
        more = True
        while more:
            page = requests.get(f"{self.sandbox_url}/v1/{things}", params=query, headers=key, timeout=30).json()
            found += page["data"]
            more = page["has_more"]
            query["starting_after"] = found[-1]["id"] if found else ""
        return found

    def accepted_at(self, letter: dict[str, Any]) -> datetime:
        """When the mailbox took a letter, on the shop's clock: its file's own time, not the date its writer claims."""
        wall = (self.folder / "mailbox" / f"{letter['n']}.eml").stat().st_mtime
        ahead = float((self.folder / "clock").read_text())
        return datetime.fromtimestamp(wall, UTC) + timedelta(seconds=ahead)

    def launch_of(self, slug: str) -> datetime:
        """The day its product page promises."""
        page = requests.get(f"{self.base_url}/p/{slug}", timeout=30).text
        return datetime.fromisoformat(page.split('iso="')[1].split('"')[0]).astimezone(UTC)

    def letters(self, to: str = "") -> list[dict[str, Any]]:
        """What lies in the mailbox, oldest first."""
        query = {"to": to} if to else {}
        found: list[dict[str, Any]] = requests.get(f"{self.sandbox_url}/mail.json", params=query, timeout=30).json()
        return sorted(found, key=lambda each: int(each["n"]))

    def letter(self, to: str, subject: str, patience: float = PATIENCE) -> dict[str, Any]:
        """The newest letter to somebody whose subject has these words; waits for it."""

        def found() -> dict[str, Any] | None:
            fitting = [each for each in self.letters(to) if subject.lower() in each["subject"].lower()]
            return fitting[-1] if fitting else None

        return until(found, lambda: f"a letter “{subject}” to {to}; {self._lying(to)}\n{self.logs()}", patience)

    def _lying(self, to: str) -> str:
        return f"there are {[each['subject'] for each in self.letters(to)]}"

    def now(self) -> datetime:
        """The shop's clock."""
        return datetime.fromisoformat(requests.get(f"{self.base_url}/healthz", timeout=30).json()["now"]).astimezone(
            UTC
        )


@cache
def sample() -> Path:
    """A data folder with the sample catalogue, before anything runs on it."""
    folder = Path(tempfile.mkdtemp(prefix="sample-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    Shop(folder).make_catalogue()
    return folder


@contextmanager
def running(folder: Path, database_url: str = "", **options: Any) -> Iterator[Shop]:
    """A shop that runs while the block does."""
    folder.mkdir(parents=True, exist_ok=True)
    with Shop(folder, database_url, **options) as shop:
        yield shop


def link_in(letter: dict[str, Any], path: str) -> str:
    """The first address in a letter's text that leads to a path."""
    words = str(letter["text"]).split()
    return next(word.strip("<>.") for word in words if path in word)
