"""What every test may ask for; each subject has its own module under ``tests/support``."""

from __future__ import annotations

pytest_plugins = [
    "tests.support.postgres",
    "tests.support.databases",
    "tests.support.installation",
    "tests.support.browsing",
]
