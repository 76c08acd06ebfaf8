"""`make demo`, as a newcomer runs it."""

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
import requests
from sqlalchemy import select

from storefront import demo
from storefront.models.db import Database
from storefront.models.products import Launch, Product
from tests.support.ports import free_port
from tests.support.processes import until

ROOT = Path(__file__).resolve().parents[1]


def own(folder: Path) -> dict[str, str]:
    """Ports and a folder that no other demo has."""
    return {name: str(free_port()) for name in ("PORT", "SANDBOX_PORT", "MAIL_PORT")} | {"DATA_DIR": str(folder)}


def start(folder: Path, **env: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "storefront.demo"],
        env=os.environ | own(folder) | env,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def greeting(demo: subprocess.Popen[str]) -> str:
    """What it prints until it is ready."""
    said: list[str] = []
    assert demo.stdout is not None
    for line in demo.stdout:
        said.append(line)
        if "Ctrl-C" in line:
            break
    return "".join(said)


def address_of(name: str, said: str) -> str:
    """Where something is, by the greeting."""
    line = next(line for line in said.splitlines() if line.split()[:1] == [name])
    return line.split()[1]


def end(demo: subprocess.Popen[str]) -> int:
    demo.send_signal(signal.SIGTERM)
    demo.communicate(timeout=60)
    return demo.returncode


def soonest(folder: Path) -> datetime:
    db = Database(f"sqlite:///{folder / 'storefront.db'}")
    with db.read() as session:
        at = session.scalar(select(Launch.at).join(Product).where(Product.slug == "name-the-day"))
    db.engine.dispose()
    assert at is not None
    return at


def test_it_starts_shows_a_launch_three_minutes_ahead_ends_and_keeps_its_data(tmp_path: Path) -> None:
    before = datetime.now(UTC)
    demo = start(tmp_path)
    try:
        said = greeting(demo)
        assert "Name the Day" in requests.get(address_of("Shop", said), timeout=30).text
        at = soonest(tmp_path)
        assert timedelta(minutes=2) < at - before
        assert at - datetime.now(UTC) < timedelta(minutes=5)
        assert at.second == 0, "a launch is told to the minute"
    finally:
        assert end(demo) == 0
    again = start(tmp_path)
    try:
        assert "Shop" in greeting(again)
        assert soonest(tmp_path) == at, "once, when the database is new"
    finally:
        end(again)


def test_a_taken_port_is_a_clear_sentence(tmp_path: Path) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        demo = start(tmp_path, PORT=str(port))
        out, _ = demo.communicate(timeout=60)
    assert demo.returncode != 0
    assert f"port {port} is taken" in out
    assert "Traceback" not in out


def test_nothing_is_left_running_when_it_ends(tmp_path: Path) -> None:
    demo = start(tmp_path)
    try:
        said = greeting(demo)
        assert not any(silent(address_of(name, said)) for name in ("Shop", "Mailbox"))
    finally:
        end(demo)
    for name in ("Shop", "Mailbox"):
        until(partial(silent, address_of(name, said)), f"the {name} to be gone")


def silent(address: str) -> bool:
    """Nobody listens there. Whoever is slow to answer is there still."""
    try:
        requests.get(address, timeout=5)
    except requests.Timeout:
        return False
    except requests.ConnectionError:
        return True
    return False


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"GRANT_ON": "never"}, "GRANT_ON is 'never'"),
        ({"DATABASE_URL": "mysql://x/y"}, "DATABASE_URL should begin with"),
        ({"DATABASE_URL": "postgresql://shop@127.0.0.1:9/shop"}, "does not answer"),
        ({"STRIPE_API_BASE": "sandbox"}, "STRIPE_API_BASE is 'sandbox'"),
        ({"STRIPE_WEBHOOK_URL": "ftp://x"}, "STRIPE_WEBHOOK_URL is 'ftp://x'"),
        ({"DATA_DIR": "/proc/no/such"}, "DATA_DIR is '/proc/no/such'"),
        ({"PORT": "18123", "SANDBOX_PORT": "18123"}, "PORT and SANDBOX_PORT are both 18123"),
    ],
)
def test_what_cannot_work_is_refused_in_one_sentence(
    changes: dict[str, str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (own(tmp_path) | changes).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    with pytest.raises(SystemExit) as ended:
        demo.main()
    assert str(ended.value).startswith("The demo does not start: ")
    assert said in str(ended.value)
