"""The door for gunicorn: `gunicorn wsgi:app`."""

import sys

from storefront.app import create_app
from storefront.models.db import DatabaseUnreachable
from storefront.settings import Settings, SettingsError

try:
    app = create_app(Settings.from_env())
except (SettingsError, DatabaseUnreachable) as refusal:
    sys.exit(f"storefront does not start: {refusal}")
