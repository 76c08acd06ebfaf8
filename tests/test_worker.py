"""The worker: what is due is found by asking, one failing job stops no other, and any number may run."""

import os
import shutil
import subprocess
import sys
import threading
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event

import pytest
from click.testing import CliRunner
from sqlalchemy import delete, select

from storefront import cli, worker
from storefront.actions import launching, settling
from storefront.actions.patience import SomeFailed
from storefront.models.db import Database
from storefront.models.events import JobRun
from storefront.models.products import Product
from storefront.models.stock import UnitMove
from storefront.outside.stripe_answers import StripeSilent
from storefront.outside.world import Outside
from storefront.worker import JOBS, Job
from tests.actions.test_importing import folder, rewrites
from tests.support.ports import free_port
from tests.support.processes import until
from tests.support.world import World, environment, make_world

__all__ = ["folder"]


def does_nothing(_outside: Outside, _db: Database, _now: datetime) -> int:
    return 0


def breaks(_outside: Outside, _db: Database, _now: datetime) -> int:
    raise RuntimeError("a pipe burst")


def is_silent(_outside: Outside, _db: Database, _now: datetime) -> int:
    raise StripeSilent("no answer")


def rows(world: World) -> list[tuple[str, int, str]]:
    with world.read() as session:
        return [(row.job, row.did, row.trouble) for row in session.scalars(select(JobRun).order_by(JobRun.id))]


def runs_all(world: World) -> None:
    """One tick of every job, as the scheduler gives it."""
    for job in JOBS:
        worker.run(world.app, job)


def complete(world: World, slug: str = "databases-by-hand", *, days: float) -> int:
    """A product with everything in it that its launch needs."""
    product = world.product(slug, days=days)
    world.fills(product)
    return product


def test_a_job_that_fails_leaves_a_row_and_stops_no_other(small_world: World, caplog: pytest.LogCaptureFixture) -> None:
    order_id = small_world.orders(complete(small_world, days=3))
    small_world.advance(days=3)
    for job in (Job("broken", 1, breaks), Job("silent", 1, is_silent), *JOBS):
        worker.run(small_world.app, job)
    assert small_world.state(order_id) == "paid"
    told = {job: trouble for job, _, trouble in rows(small_world)}
    assert told["broken"] == "RuntimeError: a pipe burst"
    assert told["silent"] == "Stripe does not answer: no answer"
    assert "The job broken failed." in caplog.text


def test_a_run_that_found_nothing_leaves_no_row(small_world: World) -> None:
    assert worker.run(small_world.app, Job("idle", 1, does_nothing)) == 0
    runs_all(small_world)
    left = {each[0] for each in rows(small_world)}
    assert left <= {each.name for each in worker.JOBS if each.shared}, "a shared job's row says when it ran"
    again = len(rows(small_world))
    runs_all(small_world)
    assert len(rows(small_world)) == again, "once for all workers"


def test_a_job_that_drains_goes_on_while_there_is_more_and_not_for_ever(small_world: World) -> None:
    left = [3, 2, 1, 0]
    assert worker.run(small_world.app, Job("drain", 1, lambda *_: left.pop(0), drain=True)) == 6
    assert worker.run(small_world.app, Job("endless", 1, lambda *_: 1, drain=True)) == worker.DRAIN_ROUNDS
    assert worker.run(small_world.app, Job("once", 1, lambda *_: 1)) == 1


def test_launches_that_came_while_the_worker_was_down_run_at_its_first_tick(small_world: World) -> None:
    ids = [small_world.orders(complete(small_world, f"p{n}", days=days)) for n, days in enumerate((2.3, 2.8, 3))]
    small_world.advance(days=3, hours=5)
    runs_all(small_world)
    assert [small_world.state(each) for each in ids] == ["paid"] * 3
    assert [small_world.grant(each) is not None for each in ids] == [True] * 3


def test_one_product_without_a_date_stops_no_launch(small_world: World) -> None:
    dateless = small_world.product("dateless", days=2)
    order_id = small_world.orders(complete(small_world, days=3))
    with small_world.db.write() as session:
        session.get_one(Product, dateless).launch.at = None
    small_world.advance(days=3)
    runs_all(small_world)
    assert small_world.state(order_id) == "paid"


def second_worker(world: World) -> World:
    """Another process's view of the same shop."""
    url = world.db.engine.url.render_as_string(hide_password=False)
    other = make_world(world.sandbox, url, world.app.extensions["shop"].settings.data_dir)
    other.now = world.now
    return other


def test_two_workers_launch_grant_charge_and_write_once(world: World) -> None:
    product = world.product(days=3)
    ids = [world.orders(product, f"p{number}@posteo.de") for number in range(6)]
    world.advance(days=3)
    launching.launch_due(world.db, world.now)
    other = second_worker(world)
    workers = [threading.Thread(target=runs_all, args=[each]) for each in (world, other)]
    for each in workers:
        each.start()
    for each in workers:
        each.join(120)
        assert not each.is_alive()
    other.db.engine.dispose()
    runs_all(world)
    assert [world.state(each) for each in ids] == ["paid"] * 6
    assert len(world.sandbox.calls("/capture")) == 6
    subjects = [each["subject"] for each in world.sandbox.mail()]
    assert len([each for each in subjects if each.startswith("Open now")]) == 6


def test_an_order_that_cannot_be_settled_stops_no_other(small_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    product = small_world.product()
    bad, good, unvisited = (small_world.places(product, f"p{n}@posteo.de") for n in range(3))
    for each in (bad, good):
        small_world.visits(each)
    small_world.advance(minutes=46)
    settle = settling.settle

    def stumbles(outside: Outside, db: Database, order_id: int, now: datetime, *, end: bool = False) -> bool:
        if order_id == bad:
            raise RuntimeError("a bad row")
        return settle(outside, db, order_id, now, end=end)

    monkeypatch.setattr(settling, "settle", stumbles)
    with pytest.raises(SomeFailed, match="1 of 3 failed: 1: RuntimeError: a bad row"):
        settling.settle_ended(small_world.outside, small_world.db, small_world.now)
    assert [small_world.state(each) for each in (bad, good, unvisited)] == ["placed", "expired", "expired"]


def test_a_drain_ends_with_its_batch_when_the_worker_is_asked_to_end(small_world: World) -> None:
    stopping, rounds = Event(), iter(range(5))

    def drains(*_: object) -> int:
        if next(rounds) == 1:
            stopping.set()
        return 1

    assert worker.run(small_world.app, Job("charge", 1, drains, drain=True), stopping) == 2


def test_each_job_has_a_thread_of_its_own_and_never_runs_twice_at_once(small_world: World) -> None:
    scheduler = worker.schedule(small_world.app, Event())
    jobs = scheduler.get_jobs()
    assert sorted(each.id for each in jobs) == sorted(each.name for each in JOBS)
    assert all(each.max_instances == 1 and each.coalesce for each in jobs)
    assert len({each.name for each in JOBS}) == len(JOBS)


@pytest.fixture
def shell(small_world: World, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    """The command line, in the world's environment."""
    folder = small_world.app.extensions["shop"].settings.data_dir
    url = small_world.db.engine.url.render_as_string(hide_password=False)
    for name, value in environment(url, small_world.sandbox, folder).items():
        monkeypatch.setenv(name, value)
    return CliRunner()


def test_check_prints_each_broken_thing_and_nothing_where_there_is_none(shell: CliRunner, small_world: World) -> None:
    small_world.orders(small_world.product(days=3))
    whole = shell.invoke(cli.main, ["check"])
    assert (whole.exit_code, whole.output) == (0, "")
    with small_world.db.write() as session:
        session.execute(delete(UnitMove))
    broken = shell.invoke(cli.main, ["check"])
    assert broken.exit_code == 1
    (line,) = broken.output.splitlines()
    assert "do not add up" in line


def test_reconciling_from_the_command_line_says_what_differed(shell: CliRunner, small_world: World) -> None:
    small_world.orders(small_world.product())
    first = shell.invoke(cli.main, ["reconcile", "--days", "3"])
    assert first.exit_code == 0, first.output
    assert "had not arrived" in first.output
    small_world.tick()
    assert "0 repaired, 0 for a person." in shell.invoke(cli.main, ["reconcile"]).output


def test_the_clock_moves_for_the_shop_and_for_the_sandbox(shell: CliRunner, small_world: World) -> None:
    before = small_world.sandbox.now()
    moved = shell.invoke(cli.main, ["clock", "advance", "1d12h"])
    assert moved.exit_code == 0, moved.output
    assert small_world.sandbox.now() - before >= timedelta(hours=36)
    for wrong in ("backwards", "-1d", "", "999999999999d"):
        assert shell.invoke(cli.main, ["clock", "advance", wrong]).exit_code == 2
    refused = shell.invoke(cli.main, ["clock", "advance", "36500d"])
    assert (refused.exit_code, "year 2095" in refused.output) == (2, True)


def test_the_clock_moves_while_nothing_comes_through_to_stripe(
    shell: CliRunner, small_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    there, before = os.environ["STRIPE_API_BASE"], small_world.sandbox.now()
    monkeypatch.setenv("STRIPE_API_BASE", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("SANDBOX_URL", there)
    moved = shell.invoke(cli.main, ["clock", "advance", "1d"])
    assert moved.exit_code == 0, moved.output
    assert small_world.sandbox.now() - before >= timedelta(days=1)


def test_importing_counts_in_words_that_fit_one_and_many(shell: CliRunner, folder: Path) -> None:
    assert shell.invoke(cli.main, ["catalog", "import", str(folder)]).stdout.endswith("\n1 product imported.\n")
    shutil.copytree(folder / "products/book", folder / "products/second")
    assert shell.invoke(cli.main, ["catalog", "import", str(folder)]).stdout.endswith("\n2 products imported.\n")
    for told, (old, new) in {"1 problem": ('"ebook"', '"elephant"'), "2 problems": ('"EUR"', '"XYZ"')}.items():
        rewrites(folder, old, new)
        refused = shell.invoke(cli.main, ["catalog", "import", str(folder)])
        assert (refused.exit_code, refused.stderr.splitlines()[-1]) == (1, f"{told}; nothing was imported.")


def test_an_account_is_made_from_the_command_line_with_its_password_on_stdin(shell: CliRunner) -> None:
    command = ["account", "create", "--email", "ines@b.example", "--name", "Ines"]
    made = shell.invoke(cli.main, command, input="paper and patience\npaper and patience\n")
    assert made.exit_code == 0, made.output
    assert "ines@b.example can sign in as creator." in made.output
    assert "paper" not in made.output.replace("Password", "")
    short = shell.invoke(cli.main, [*command, "--password", "short"])
    assert (short.exit_code, "10 to 256 characters" in short.output) == (2, True)


def test_the_worker_ends_at_once_when_it_is_asked_to(small_world: World) -> None:
    folder = small_world.app.extensions["shop"].settings.data_dir
    url = small_world.db.engine.url.render_as_string(hide_password=False)
    order_id = small_world.orders(small_world.product(days=None))
    env = environment(url, small_world.sandbox, folder)
    process = subprocess.Popen([sys.executable, "-m", "storefront.worker"], env=env, stderr=subprocess.PIPE)
    try:
        owed = len(small_world.letters(order_id))
        until(lambda: len(small_world.sandbox.mail()) == owed, "the letters")
        process.terminate()
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait(30)
        if process.stderr:
            process.stderr.close()


def test_a_launch_is_followed_from_the_command_line(shell: CliRunner, small_world: World) -> None:
    product = small_world.product(days=3)
    for number in range(4):
        small_world.orders(product, f"b{number}@posteo.de")
    early = shell.invoke(cli.main, ["launch", "status", "databases-by-hand"])
    assert (early.exit_code, early.output) == (2, "storefront: databases-by-hand has not opened yet.\n")
    assert shell.invoke(cli.main, ["launch", "status", "nothing"]).exit_code == 2
    small_world.advance(days=3)
    small_world.tick_without_charges()
    under_way = shell.invoke(cli.main, ["launch", "status", "databases-by-hand"])
    assert "The money is coming in" in under_way.output
    assert f"[{'.' * 40}]   0%  0 of 4 captured" in under_way.output
    assert "captures to go 4" in under_way.output
    small_world.tick()
    done = shell.invoke(cli.main, ["launch", "status", "databases-by-hand", "--watch"])
    assert done.exit_code == 0
    assert f"[{'#' * 40}] 100%  4 of 4 captured" in done.output
    assert "captured 76.00 €, refunded 0.00 €" in done.output
    assert "letters accepted 4, on the way 0" in done.output
