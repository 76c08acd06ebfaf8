"""The worker: a clock that ticks. What is due is found by asking the database, so any number of workers may run."""

import logging
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Event

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.blocking import BlockingScheduler
from flask import Flask
from sqlalchemy import select

from storefront.actions import (
    cancelling,
    charging,
    compensating,
    delaying,
    giving_up,
    granting,
    hearing,
    hearing_mail,
    launching,
    listing,
    mailing,
    policing,
    preflighting,
    readying,
    reconciling,
    recovering,
    rehearsing,
    restocking,
    retrying,
    settling,
    taxing,
    texting,
    watching,
)
from storefront.app import started
from storefront.models.db import Database, DatabaseUnreachable
from storefront.models.events import JobRun
from storefront.outside.stripe_answers import StripeSilent
from storefront.outside.world import Outside
from storefront.settings import SettingsError
from storefront.web.context import Shop

log = logging.getLogger("storefront.worker")
Verb = Callable[[Outside, Database, datetime], int]


@dataclass(frozen=True)
class Job:
    """One line of recurring work: how often, in seconds, and the verb.

    `drain`: again at once while there is more. `shared`: one worker's run serves all of them, and the last one's row
    says whether it is time, also after a restart.
    """

    name: str
    every: float
    verb: Verb
    drain: bool = False
    shared: bool = False


def _launch(outside: Outside, db: Database, now: datetime) -> int:
    """What is not complete is held up first, at the same instant: the rest opens."""
    return readying.hold_up_due(outside, db, now) + launching.launch_due(db, now)


def _delay(_outside: Outside, db: Database, now: datetime) -> int:
    return delaying.apply_due(db, now)


def _hand_on(_outside: Outside, db: Database, now: datetime) -> int:
    """A free unit goes to the head of the queue, else to the waiting list."""
    return restocking.allocate_due(db, now) + listing.offer_due(db, now)


def _news(_outside: Outside, db: Database, now: datetime) -> int:
    return watching.tell_due(db, now)


def _in_touch(_outside: Outside, db: Database, now: datetime) -> int:
    return delaying.keep_in_touch(db, now)


JOBS = [
    Job("launch", 1, _launch),
    Job("grant", 1, granting.grant_due),
    Job("hand_on", 1, _hand_on, drain=True),
    Job("letters", 1, mailing.post_due, drain=True),
    Job("texts", 1, texting.text_due, drain=True),
    Job("charge", 1, charging.charge_due, drain=True),
    Job("events", 1, hearing.hear_due, drain=True),
    Job("mail_events", 1, hearing_mail.hear_due, drain=True),
    Job("preflight", 5, preflighting.preflight_due, drain=True),
    Job("replan", 5, preflighting.replan_due),
    Job("delay", 5, _delay, drain=True),
    Job("compensate", 5, compensating.give_due),
    Job("news", 5, _news, drain=True),
    Job("in_touch", 3600, _in_touch, drain=True),
    Job("cancel", 2, cancelling.cancel_due),
    Job("give_up", 2, giving_up.give_up_due, drain=True),
    Job("rehearse", 60, rehearsing.rehearse_due),
    Job("tidy", 5, cancelling.tidy_due),
    Job("expiry", 5, settling.settle_ended),
    Job("recover", 5, recovering.take_over, drain=True),
    Job("retry", 10, retrying.retry_due, drain=True),
    Job("remind", 30, retrying.remind_due, drain=True),
    Job("policies", 3600, policing.keep_due, shared=True),
    Job("papers", 3600, taxing.paper_due, drain=True, shared=True),
    Job("reconcile", 3600, reconciling.reconcile_lately, shared=True),
    Job("reconcile_deeply", 24 * 3600, reconciling.reconcile_deeply, shared=True),
]
DRAIN_ROUNDS = 200
NEVER = Event()
LONGEST_WAIT = 60


def run(app: Flask, job: Job, stopping: Event = NEVER) -> int:
    """Run a job until nothing is left for it, or the worker is `stopping`: then it ends with the batch it is at.

    A run that did something, or failed, leaves a row. Returns how much.
    """
    shop: Shop = app.extensions["shop"]
    started, did, trouble = shop.clock.now(), 0, ""
    if job.shared and not _is_time(shop, job, started):
        return 0
    with app.app_context():
        try:
            for _ in range(DRAIN_ROUNDS if job.drain else 1):
                done = job.verb(shop.outside, shop.db, shop.clock.now())
                did += done
                if not done or stopping.is_set():
                    break
        except StripeSilent as error:
            trouble = f"Stripe does not answer: {error}"
        except Exception as error:
            log.exception("The job %s failed.", job.name)
            trouble = f"{type(error).__name__}: {error}"
    if did or trouble or job.shared:
        _leave_row(shop, job, started, did, trouble)
    return did


def _is_time(shop: Shop, job: Job, now: datetime) -> bool:
    """Whether nobody has run a shared job lately."""
    lately = (JobRun.job == job.name, JobRun.started_at > now - timedelta(seconds=job.every))
    with shop.db.read() as session:
        return session.scalar(select(JobRun.id).where(*lately).limit(1)) is None


def _leave_row(shop: Shop, job: Job, started: datetime, did: int, trouble: str) -> None:
    row = JobRun(job=job.name, started_at=started, ended_at=shop.clock.now(), did=did, trouble=trouble[:500])
    with shop.db.write() as session:
        session.add(row)


def schedule(app: Flask, stopping: Event) -> BlockingScheduler:
    """A scheduler with a thread for each job, so that a long drain never delays letters."""
    scheduler = BlockingScheduler(executors={"default": ThreadPoolExecutor(len(JOBS))}, timezone="UTC")
    for job in JOBS:
        scheduler.add_job(
            run,
            "interval",
            seconds=min(job.every, LONGEST_WAIT),
            args=[app, job, stopping],
            id=job.name,
            max_instances=1,
            coalesce=True,
            misfire_grace_time=None,
        )
    return scheduler


def main() -> None:
    """Work until SIGTERM or Ctrl-C."""
    logging.basicConfig(level=os.environ.get("LOG_LEVEL", "WARNING"), format="%(asctime)s %(name)s %(message)s")
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    try:
        app = started()
    except (SettingsError, DatabaseUnreachable) as refusal:
        sys.exit(f"storefront does not start: {refusal}")
    stopping = Event()
    scheduler = schedule(app, stopping)

    def stop() -> None:
        stopping.set()
        scheduler.shutdown(wait=False)

    signal.signal(signal.SIGTERM, lambda *_: stop())
    try:
        scheduler.start()
    except KeyboardInterrupt:
        stop()


if __name__ == "__main__":
    main()
