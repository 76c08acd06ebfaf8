"""The program refuses to start half-configured, in words, and with an exit code that a supervisor understands."""

import os
import runpy
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from unittest.mock import patch

import pytest

from storefront.settings import Settings, SettingsError
from tests.support.ports import free_port

ROOT = Path(__file__).resolve().parents[1]
LIVE = "sk_" + "live_0123456789"
WHOLE = {
    "DATABASE_URL": "sqlite:////nowhere/shop.db",
    "SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyz-tests",
    "BASE_URL": "https://shop.example",
    "STRIPE_SECRET_KEY": "sk_test_sandbox_tests",
    "STRIPE_WEBHOOK_SECRET": "whsec_for_the_tests_only",
    "STRIPE_API_BASE": "http://127.0.0.1:8001",
    "MAIL_SERVER": "127.0.0.1",
    "MAIL_DEFAULT_SENDER": "letters@forthcoming.example",
}


def refused(changes: Mapping[str, str]) -> str:
    with pytest.raises(SettingsError) as told:
        Settings.from_env(WHOLE | dict(changes))
    return str(told.value)


def test_a_whole_environment_is_read_with_its_defaults() -> None:
    made = Settings.from_env(WHOLE | {"BASE_URL": "https://shop.example/", "SECRET_KEY_FALLBACKS": ""})
    assert made.base_url == "https://shop.example"
    assert made.stripe_rate == 20
    assert made.mail.port == 25
    assert made.grant_on == "hold"
    assert made.secret_key_fallbacks == ()
    assert made.secure
    assert made.sandbox
    assert made.shelf == made.data_dir / "shelf"


@pytest.mark.parametrize(
    "name",
    [
        "DATABASE_URL",
        "SECRET_KEY",
        "BASE_URL",
        "STRIPE_SECRET_KEY",
        "STRIPE_WEBHOOK_SECRET",
        "MAIL_SERVER",
        "MAIL_DEFAULT_SENDER",
    ],
)
@pytest.mark.parametrize("value", ["", "   "])
def test_what_is_missing_is_named(name: str, value: str) -> None:
    assert refused({name: value}).startswith(f"{name} is not set")


@pytest.mark.parametrize(
    "key",
    ["changeme", "secret", "dev", "x" * 64, "abc" * 20, "0123456789abcdef", "development", "a" * 31, " " * 40 + "dev"],
)
def test_a_default_short_or_dull_secret_key_is_refused_and_never_repeated(key: str) -> None:
    for said in (
        refused({"SECRET_KEY": key}),
        refused({"SECRET_KEY_FALLBACKS": f"{WHOLE['SECRET_KEY']},{key.strip()}"}),
    ):
        assert "at least 32 random characters" in said
        assert "x" * 64 not in said


SMS = {"TWILIO_ACCOUNT_SID": "AC0123", "TWILIO_AUTH_TOKEN": "token", "SMS_FROM": "+4915123456789"}


def test_texts_and_reports_are_off_until_they_are_set_up() -> None:
    made = Settings.from_env(WHOLE)
    assert made.sms is None
    assert made.mail_webhook_secret == ""
    on = Settings.from_env(WHOLE | SMS | {"MAIL_WEBHOOK_SECRET": "x" * 32})
    assert on.sms is not None
    assert (on.sms.sid, on.sms.sender, on.sms.api_base) == ("AC0123", "+4915123456789", "https://api.twilio.com")
    assert "token" not in repr(on)


@pytest.mark.parametrize("missing", list(SMS))
def test_half_an_account_for_texts_is_refused_and_the_missing_half_named(missing: str) -> None:
    said = refused(SMS | {missing: ""})
    assert said.startswith("Texts are half set up")
    assert missing in said


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"TWILIO_ACCOUNT_SID": "SK0123"}, "should begin with AC"),
        ({"SMS_FROM": "Forthcoming"}, "SMS_FROM is 'Forthcoming'"),
        ({"SMS_FROM": "0151 23456789"}, "it should be a number"),
        ({"TWILIO_API_BASE": "https://twilio.evil.example"}, "Twilio's own address"),
        ({"MAIL_WEBHOOK_SECRET": "short"}, "at least 32 characters"),
    ],
)
def test_a_wrong_account_for_texts_is_refused(changes: Mapping[str, str], said: str) -> None:
    assert said in refused(SMS | dict(changes))


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_a_servers_address_is_taken_as_hosts_give_it(scheme: str) -> None:
    made = Settings.from_env(WHOLE | {"DATABASE_URL": f"{scheme}://shop:p%40:w@db.example/shop?sslmode=require"})
    assert made.database_url == "postgresql+psycopg://shop:p%40:w@db.example/shop?sslmode=require"


def test_old_keys_are_read_in_their_order() -> None:
    older = WHOLE["SECRET_KEY"][::-1]
    made = Settings.from_env(WHOLE | {"SECRET_KEY_FALLBACKS": f"{older},{WHOLE['SECRET_KEY']}"})
    assert made.secret_key_fallbacks == (older, WHOLE["SECRET_KEY"])


@pytest.mark.parametrize("base", ["http://127.0.0.1:8001", "https://sandbox.example", "http://api.stripe.com"])
def test_a_live_key_goes_to_stripe_and_nowhere_else(base: str) -> None:
    assert "is a live key and STRIPE_API_BASE is not Stripe's" in refused(
        {"STRIPE_SECRET_KEY": LIVE, "STRIPE_API_BASE": base}
    )
    made = Settings.from_env(WHOLE | {"STRIPE_SECRET_KEY": LIVE, "STRIPE_API_BASE": "https://api.stripe.com/"})
    assert not made.sandbox


@pytest.mark.parametrize("key", ["pk_test_1", "whsec_1", "sk_1", "test"])
def test_what_is_no_secret_key_of_stripe_is_refused(key: str) -> None:
    assert "STRIPE_SECRET_KEY should begin with" in refused({"STRIPE_SECRET_KEY": key})


def test_a_webhook_secret_begins_as_stripes_do() -> None:
    assert "STRIPE_WEBHOOK_SECRET should begin with whsec_" in refused({"STRIPE_WEBHOOK_SECRET": "secret"})


@pytest.mark.parametrize("url", ["shop.example", "ftp://shop.example", "https://", "//shop.example"])
def test_a_base_url_is_an_address(url: str) -> None:
    assert "BASE_URL is" in refused({"BASE_URL": url})


def test_plain_http_is_for_this_machine_only() -> None:
    assert "must be https" in refused({"BASE_URL": "http://shop.example"})
    for host in ("127.0.0.1:8000", "localhost:8000", "[::1]:8000"):
        assert not Settings.from_env(WHOLE | {"BASE_URL": f"http://{host}"}).secure


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("STRIPE_RATE", "many", "it should be a number"),
        ("STRIPE_RATE", "-1", "not be negative"),
        ("MAIL_PORT", "smtp", "it should be a number"),
        ("PROXY_HOPS", "-1", "not be negative"),
        ("GRANT_ON", "never", "'hold' or 'capture'"),
        ("DATABASE_URL", "mysql://x/shop", "should begin with"),
        ("STRIPE_RATE", "nan", "not endless"),
        ("STRIPE_RATE", "inf", "not endless"),
        ("STRIPE_API_BASE", "127.0.0.1:8001", "should look like"),
        ("SHELF_URL", "s3://bucket", "local folder"),
    ],
)
def test_what_makes_no_sense_is_named(name: str, value: str, said: str) -> None:
    told = refused({name: value})
    assert name in told
    assert said in told


def test_secrets_are_not_in_what_is_printed() -> None:
    told = repr(Settings.from_env(WHOLE | {"SECRET_KEY_FALLBACKS": WHOLE["SECRET_KEY"][::-1]}))
    for name in ("SECRET_KEY", "STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET"):
        assert WHOLE[name] not in told
    assert WHOLE["SECRET_KEY"][::-1] not in told


def test_a_shelf_is_a_path_or_a_file_address(tmp_path: Path) -> None:
    for url in (str(tmp_path), f"file://{tmp_path}"):
        assert Settings.from_env(WHOLE | {"SHELF_URL": url}).shelf == tmp_path


DOORS = {
    "the web": ["-c", "import wsgi"],
    "the worker": ["-m", "storefront.worker"],
    "the command line": ["-m", "storefront.cli", "check"],
}


def environment(folder: Path, changes: Mapping[str, str]) -> dict[str, str]:
    """A whole one but for what is changed; what is changed to nothing is not set."""
    own = {"DATA_DIR": str(folder), "DATABASE_URL": f"sqlite:///{folder / 'shop.db'}", "PYTHONPATH": str(ROOT)}
    return {name: value for name, value in ({**WHOLE, **own, **changes}).items() if value}


def starts(door: str, folder: Path, **changes: str) -> subprocess.CompletedProcess[str]:
    """Start a program with an environment; it ends by itself, for something in it is wrong."""
    command, env = [sys.executable, *DOORS[door]], environment(folder, changes)
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("door", DOORS)
def test_each_program_refuses_to_start_and_says_why(door: str, tmp_path: Path) -> None:
    wrong = {
        "at least 32 random characters": {"SECRET_KEY": "changeme"},
        "postgresql+psycopg://shop:***@127.0.0.1": {
            "DATABASE_URL": f"postgresql+psycopg://shop:hush@127.0.0.1:{free_port()}/shop?connect_timeout=2"
        },
    }
    for said, changes in wrong.items():
        ended = starts(door, tmp_path, **changes)
        assert ended.returncode != 0
        assert said in ended.stderr
        assert "Traceback" not in ended.stderr
        assert "hush" not in ended.stderr + ended.stdout


@pytest.mark.parametrize(
    ("said", "changes"),
    [
        ("SECRET_KEY is not set", {"SECRET_KEY": ""}),
        ("is a live key", {"STRIPE_SECRET_KEY": LIVE}),
        ("STRIPE_WEBHOOK_SECRET is not set", {"STRIPE_WEBHOOK_SECRET": ""}),
        ("DATABASE_URL leads nowhere", {"DATABASE_URL": "sqlite:////proc/no/such/shop.db"}),
        ("DATABASE_URL", {"DATABASE_URL": "nonsense"}),
    ],
)
def test_the_web_names_each_thing_that_is_wrong(said: str, changes: dict[str, str], tmp_path: Path) -> None:
    with patch.dict(os.environ, environment(tmp_path, changes), clear=True), pytest.raises(SystemExit) as ended:
        runpy.run_path(str(ROOT / "wsgi.py"))
    told = str(ended.value.code)
    assert told.startswith("storefront does not start: "), "a sentence, on stderr, with an exit code that is not 0"
    assert said in told


@pytest.mark.parametrize(("given", "on"), [({}, False), ({"STRIPE_TAX": "1"}, True), ({"STRIPE_TAX": "0"}, False)])
def test_stripe_tax_is_on_or_off(given: dict[str, str], *, on: bool) -> None:
    assert Settings.from_env(WHOLE | given).stripe_tax is on


@pytest.mark.parametrize("given", ["yes", "true", "2", "on"])
def test_any_other_word_for_it_is_refused_in_a_sentence(given: str) -> None:
    assert f"STRIPE_TAX is '{given}'; it should be 1, or 0" in refused({"STRIPE_TAX": given})
