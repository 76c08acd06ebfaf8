"""Commands for people."""

import os
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path

import click
import requests
from flask import Flask
from sqlalchemy import select

from storefront.actions import accounting, checking, importing, reconciling
from storefront.app import create_app
from storefront.clock import parse_span
from storefront.explain import delay
from storefront.models import cancellations
from storefront.models.db import DatabaseUnreachable
from storefront.models.migrating import migrate
from storefront.models.products import Product
from storefront.outside.stripe_answers import StripeSilent
from storefront.rules import cancellation_words, launch_words
from storefront.rules.money import exact
from storefront.rules.words import NBSP
from storefront.settings import Settings, SettingsError
from storefront.web.context import Shop
from storefront.web.studio import giving_up, tallies

CONTROL_TIMEOUT = 30


def environment() -> dict[str, str]:
    """The environment; what it lacks comes from the demo's own file, DATA_DIR/demo.env, where there is one."""
    kept = Path(os.environ.get("DATA_DIR", "instance")) / "demo.env"
    lines = kept.read_text().splitlines() if kept.exists() else []
    demo = dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    return {**demo, **os.environ}


def application() -> Flask:
    """The application, or one sentence and exit 2."""
    try:
        return create_app(Settings.from_env(environment()))
    except (SettingsError, DatabaseUnreachable) as refusal:
        click.echo(f"storefront: {refusal}", err=True)
        sys.exit(2)


def the_shop(app: Flask) -> Shop:
    """What the verbs need."""
    shop: Shop = app.extensions["shop"]
    return shop


@click.group()
def main() -> None:
    """A storefront for courses, e-books and software that are sold before they are out."""


main.add_command(delay)


@main.group()
def db() -> None:
    """The database's shape."""


@db.command()
def upgrade() -> None:
    """Bring the database to the newest shape."""
    settings = the_shop(application()).settings
    migrate(settings.database_url)
    click.echo("The database is up to date.")


@main.group()
def catalog() -> None:
    """The catalogue that lies in files."""


@catalog.command("import")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
def import_(folder: Path) -> None:
    """Import FOLDER: all of it, or nothing where something is wrong."""
    shop = the_shop(application())
    report = importing.run(shop.db, shop.outside.shelf, folder, shop.clock.now(), click.echo)
    for problem in report.problems:
        click.echo(str(problem), err=True)
    for difference in report.differences:
        click.echo(f"left as it is: {difference}")
    if report.problems:
        click.echo(f"{_counted(len(report.problems), 'problem')}; nothing was imported.", err=True)
        sys.exit(1)
    click.echo(f"{_counted(len(report.imported), 'product')} imported.")


def _counted(count: int, one: str) -> str:
    return launch_words.counted(count, one).replace(NBSP, " ")


@main.group()
def account() -> None:
    """People who can sign in."""


@account.command("create")
@click.option("--email", required=True)
@click.option("--name", required=True)
@click.option("--role", type=click.Choice(["creator", "owner"]), default="creator")
@click.password_option()
def create(email: str, name: str, role: str, password: str) -> None:
    """Make an account that signs in with a password, or give an existing one a new password."""
    shop = the_shop(application())
    try:
        with shop.db.write() as session:
            accounting.create_account(session, email, name, role, password, shop.clock.now())
    except ValueError as refusal:
        click.echo(f"storefront: {refusal}", err=True)
        sys.exit(2)
    click.echo(f"{email} can sign in as {role}.")


@main.group()
def clock() -> None:
    """The sandbox's clock."""


@clock.command()
@click.argument("span")
def advance(span: str) -> None:
    """Move the shop's and the sandbox's clock forward by SPAN, such as 6d or 1d12h. Sandbox key only."""
    shop = the_shop(application())
    if not shop.settings.sandbox or "api.stripe.com" in shop.settings.stripe_api_base:
        click.echo("storefront: the clock moves only with a sandbox key, at the sandbox.", err=True)
        sys.exit(2)
    try:
        by = parse_span(span)
        _advance_sandbox(shop.settings.sandbox_url or shop.settings.stripe_api_base, by)
        now = shop.clock.advance(by)
    except (ValueError, requests.RequestException) as refusal:
        click.echo(f"storefront: {refusal}", err=True)
        sys.exit(2)
    click.echo(f"It is now {now:%A %d %B %Y, %H:%M:%S} UTC.")


def _advance_sandbox(base: str, by: timedelta) -> None:
    """Raises ValueError with the sandbox's own sentence where it refuses."""
    body = {"seconds": int(by.total_seconds())}
    answer = requests.post(f"{base}/_sandbox/clock/advance", json=body, timeout=CONTROL_TIMEOUT)
    if answer.status_code == HTTPStatus.BAD_REQUEST:
        raise ValueError(answer.json()["error"])
    answer.raise_for_status()


@main.group()
def launch() -> None:
    """Launches."""


@launch.command()
@click.argument("slug")
@click.option("--watch", is_flag=True, help="Look again every second until nothing more happens by itself.")
def status(slug: str, *, watch: bool) -> None:
    """Print how far the launch of the product SLUG is: the numbers of its page in the studio."""
    shop = the_shop(application())
    _watch(lambda: _status(shop, slug), watch=watch)


def _watch(look: Callable[[], tuple[list[str], bool]], *, watch: bool) -> None:
    """Print what is told, once or again and again, over the lines before, until it is over."""
    before = 0
    while True:
        lines, resting = look()
        if before and sys.stdout.isatty():
            click.echo(f"\x1b[{before}A\x1b[J", nl=False)
        click.echo("\n".join(lines))
        before = len(lines)
        if resting or not watch:
            return
        time.sleep(1)


def _status(shop: Shop, slug: str) -> tuple[list[str], bool]:
    """The lines to print, and whether it is over; exit 2 where there is no such launch."""
    with shop.db.read() as session:
        product = session.scalar(select(Product).where(Product.slug == slug))
        if product is None or product.launch.launched_at is None:
            why = "has not opened yet" if product else "is not a product here"
            click.echo(f"storefront: {slug} {why}.", err=True)
            sys.exit(2)
        here = tallies.progress(session, product.launch, shop.settings.stripe_rate)
        taken = tallies.money(session, product.launch)
        captured, refunded = (exact(each, product.currency) for each in (taken.captured, taken.refunded))
        return launch_words.status_lines(here, captured, refunded), here.resting


@main.group()
def cancel() -> None:
    """Products that are cancelled."""


@cancel.command("status")
@click.argument("slug")
@click.option("--watch", is_flag=True, help="Look again every second until nothing more happens by itself.")
def cancel_status(slug: str, *, watch: bool) -> None:
    """Print how far the cancellation of the product SLUG is: the numbers of its page in the studio."""
    shop = the_shop(application())
    _watch(lambda: _cancel_status(shop, slug), watch=watch)


def _cancel_status(shop: Shop, slug: str) -> tuple[list[str], bool]:
    with shop.db.read() as session:
        product = session.scalar(select(Product).where(Product.slug == slug))
        made = cancellations.of_product(session, product.id) if product else None
        if product is None or made is None:
            why = "has not been cancelled" if product else "is not a product here"
            click.echo(f"storefront: {slug} {why}.", err=True)
            sys.exit(2)
        here = giving_up.progress(session, product, made)
        return cancellation_words.status_lines(here), here.resting


@main.command()
def check() -> None:
    """Print each broken invariant of the database, and nothing where there is none; exit 1 if there is one."""
    shop = the_shop(application())
    with shop.db.read() as session:
        broken = checking.check(session, shop.clock.now(), shop.settings.grant_on)
    for sentence in broken:
        click.echo(sentence)
    sys.exit(1 if broken else 0)


@main.command()
@click.option("--days", default=40, show_default=True, help="how far back")
def reconcile(days: int) -> None:
    """Compare everything at Stripe with what is here; repair or report each difference, exit 1 if one is reported."""
    shop = the_shop(application())
    now = shop.clock.now()
    try:
        found = reconciling.reconcile(shop.outside, shop.db, now, now - timedelta(days=days), click.echo)
    except StripeSilent as silence:
        click.echo(f"storefront: Stripe does not answer: {silence}", err=True)
        sys.exit(2)
    for sentence in found.repaired:
        click.echo(f"repaired: {sentence}")
    for sentence in found.reported:
        click.echo(f"for a person: {sentence}")
    click.echo(f"{found.seen} seen, {len(found.repaired)} repaired, {len(found.reported)} for a person.")
    sys.exit(1 if found.reported else 0)


if __name__ == "__main__":
    main()
