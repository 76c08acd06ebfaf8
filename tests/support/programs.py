"""The shop's programs as processes of their own, forked from one that has loaded them once.

Loading takes a program longer than most stories need it for. What runs is what `python -m` runs, in a process that can be
stopped and killed; tests/test_demo.py, test_worker.py and test_settings.py start the programs from nothing.
"""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path
from subprocess import TimeoutExpired

ROOT = Path(__file__).resolve().parents[2]
MAINS = {
    "gunicorn": ("gunicorn.app.wsgiapp", "run"),
    "storefront.cli": ("storefront.command", "main"),
    "storefront.sandbox": ("storefront.sandbox.__main__", "main"),
    "storefront.worker": ("storefront.worker", "main"),
}
LOADED = [*(module for module, _ in MAINS.values()), "storefront.cli", "storefront.app", "gunicorn.workers.gthread"]
FORKS = get_context("forkserver")
FORKS.set_forkserver_preload(LOADED)


class Program:
    """One that runs; to be asked and ended as a `subprocess.Popen` is. Its input, output and errors are files."""

    def __init__(self, module: str, words: Sequence[str], env: Mapping[str, str], log: Path, stdin: str = "") -> None:
        given = (module, list(words), dict(env), str(log), stdin)
        self._process: BaseProcess = FORKS.Process(target=_become, args=given)
        self._process.start()
        self.pid: int = self._process.pid or 0

    def poll(self) -> int | None:
        """How it ended; None while it runs."""
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """How it ended. Raises subprocess.TimeoutExpired after so many seconds."""
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise TimeoutExpired(str(self.pid), timeout or 0)
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        """Nothing where it has ended."""
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def terminate(self) -> None:
        self._process.terminate()

    def kill(self) -> None:
        self._process.kill()


def _become(module: str, words: list[str], env: dict[str, str], log: str, stdin: str) -> None:
    os.chdir(ROOT)
    os.environ.clear()
    os.environ.update(env)
    _wire(log, stdin)
    sys.argv = [module, *words]
    name, main = MAINS[module]
    run: Callable[[], None] = getattr(import_module(name), main)
    run()


def _wire(log: str, stdin: str) -> None:
    """The three streams, as a new program finds them."""
    said, heard = os.pipe()
    os.write(heard, stdin.encode())
    os.close(heard)
    os.dup2(said, 0)
    written = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(written, 1)
    os.dup2(written, 2)
    sys.stdin, sys.stdout, sys.stderr = (open(each, how, 1, closefd=False) for each, how in enumerate("rww"))  # noqa: SIM115
