"""What every test shares: one throw-away PostgreSQL per pytest session, and Django pointed at it.

The environment is set here, before Django's settings are first read, so a developer's own data folder is
never touched. The server starts with the first test that needs it. Two sessions at once have two servers.
With ``KARKHANA_TEST_DATABASE_URL`` (a role that may create databases) that server is used instead.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


def _short_folder() -> Path:
    """Return a new folder with a short name: a socket's path has room for about 100 characters."""
    base = "/tmp" if os.access("/tmp", os.W_OK | os.X_OK) else None
    return Path(tempfile.mkdtemp(prefix="kk-", dir=base))


def _prepare_environment() -> tuple[Path, str | None]:
    """Set the environment for Django's settings; return the session's home and the own server's address."""
    own_server = os.environ.get("KARKHANA_TEST_DATABASE_URL") or None
    shared = os.environ.get("KARKHANA_SHARED")
    for key in [key for key in os.environ if key.startswith("KARKHANA_")]:
        del os.environ[key]
    folder = _short_folder()
    os.environ["KARKHANA_HOME"] = str(folder)
    os.environ["KARKHANA_ROLE"] = "owner"
    if shared:
        os.environ["KARKHANA_SHARED"] = shared
    if own_server:
        os.environ["KARKHANA_DATABASE_URL"] = own_server
    os.environ["DJANGO_SETTINGS_MODULE"] = "karkhana.site.settings"
    return folder, own_server


SESSION_HOME, OWN_SERVER = _prepare_environment()

# Reading one setting here makes pytest-django take Django up in its pytest_configure; not sooner, because
# it would read the settings before this file had set the environment.
from django.conf import settings  # noqa: E402

settings.DATABASES["default"]["CONN_MAX_AGE"] = 0
settings.STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
# A strong hash is slow on purpose; tests make many users.
settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
if OWN_SERVER:
    # Two sessions on one server must not share a test database.
    settings.DATABASES["default"]["TEST"] = {"NAME": f"test_karkhana_{os.getpid()}"}

# Ends the server and removes its folder when the pytest process is gone, even when it was killed.
_CLEANER = """
import shutil, sys
from pathlib import Path
from karkhana.site import embedded
sys.stdin.read()
folder = Path(sys.argv[1])
try:
    embedded.stop(folder)
finally:
    shutil.rmtree(folder, ignore_errors=True)
"""


def clean_up_after_this_process(folder: Path) -> subprocess.Popen[bytes]:
    """Start a helper that stops the server of a home and removes the folder once this process ends.

    Close the helper's ``stdin`` and wait for it to clean up sooner.
    """
    return subprocess.Popen(
        [sys.executable, "-c", _CLEANER, str(folder)], stdin=subprocess.PIPE, start_new_session=True
    )


@pytest.fixture
def fresh_home() -> Iterator[Path]:
    """Yield a new, empty, private home; whatever server is started there ends with the test."""
    yield from _home()


@pytest.fixture(scope="module")
def module_home() -> Iterator[Path]:
    """Yield a home as ``fresh_home`` does, for all tests of a module."""
    yield from _home()


def _home() -> Iterator[Path]:
    folder = _short_folder()
    helper = clean_up_after_this_process(folder)
    yield folder
    assert helper.stdin is not None
    helper.stdin.close()
    helper.wait(timeout=60)


@pytest.fixture(scope="session")
def embedded_server() -> Iterator[Path]:
    """Yield the home of the session's throw-away embedded server, running and not durable."""
    from karkhana.site import embedded

    helper = clean_up_after_this_process(SESSION_HOME)
    embedded.ensure_running(SESSION_HOME, durable=False)
    yield SESSION_HOME
    assert helper.stdin is not None
    helper.stdin.close()
    helper.wait(timeout=60)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(request: pytest.FixtureRequest) -> None:
    """pytest-django asks for this before it makes the test database: the server must run by then."""
    if OWN_SERVER is None:
        request.getfixturevalue("embedded_server")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove the session's folder where no server was ever started in it."""
    if not (SESSION_HOME / "pgdata").exists():
        shutil.rmtree(SESSION_HOME, ignore_errors=True)
