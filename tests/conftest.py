"""The fixtures every test may ask for."""

pytest_plugins = ["tests.support.databases", "tests.support.world", "tests.support.letters", "tests.support.browser"]
