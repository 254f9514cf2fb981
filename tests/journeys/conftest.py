"""Browser journeys: a real Chromium on real pages, served from a database that the module has for itself.

They skip, and say why, only where the machine has no Chromium.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from floor import workshop as ws
from journeys.workshop_site import workshop_database, workshop_template

__all__ = ["workshop_database", "workshop_template"]

# Playwright's own event loop runs in this thread, and Django would refuse to touch the database beside it.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PASSWORD = "only-for-tests"
ACCOUNTS = {"asha": "operator", "ravi": "lead", "meera": "engineer", "kavya": "buyer"}


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Yield a Chromium without a window, with a profile of its own."""
    if CHROMIUM is None:
        pytest.skip("there is no Chromium on this machine")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def site(workshop_database: str) -> Iterator[str]:
    """Yield the address of a running site on the module's database, with one account per role."""
    from django.contrib.auth import get_user_model
    from django.contrib.staticfiles.handlers import StaticFilesHandler
    from django.core.cache import cache
    from django.test.testcases import LiveServerThread

    from karkhana.people.operations import ensure_certificate
    from karkhana.site.roles import ensure_roles

    cache.clear()
    groups = ensure_roles()
    for name, role in ACCOUNTS.items():
        user = get_user_model().objects.create_user(name, password=PASSWORD)
        user.groups.set([groups[role]])
    today = dt.datetime.now(dt.UTC).date()
    ensure_certificate(
        operator="OP-NEW",
        skill="ASSEMBLY",
        valid_from=today - dt.timedelta(days=2),
        valid_to=today + dt.timedelta(days=9),
        today=today,
    )
    server = LiveServerThread("127.0.0.1", StaticFilesHandler)
    server.daemon = True
    server.start()
    server.is_ready.wait(timeout=30)
    assert server.error is None, server.error
    yield f"http://127.0.0.1:{server.port}"
    server.terminate()


Open = Callable[..., Any]


@pytest.fixture
def open_as(browser: Any, site: str) -> Iterator[Open]:
    """Yield a function that logs somebody in and returns their page; any script error fails the test."""
    contexts, problems = [], []

    from playwright.sync_api import expect

    def open_page(name: str, path: str = "/", **options: Any) -> Any:
        context = browser.new_context(base_url=site, **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        expect.set_options(timeout=15_000)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda said: problems.append(said.text) if said.type == "error" else None)
        page.goto("/login/")
        page.fill("[name=username]", name)
        page.fill("[name=password]", PASSWORD)
        page.click("form.login button.primary")
        page.wait_for_url(lambda url: "/login/" not in url)
        page.goto(path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    # A test may cut the network on purpose, and a page that says no answers 422; everything else is a fault.
    meant = ("net::ERR_FAILED", "status of 422")
    assert [problem for problem in problems if not any(words in problem for words in meant)] == []


@pytest.fixture
def happens(site: str) -> Callable[..., str]:
    """Return a function that records one happening, in the workshop's shorthand, and tells the answer."""
    from karkhana.floor.operations import record_events

    def record(station: str, text: str, *, actor: str = "OP-NEW") -> str:
        verb, *words = text.split()
        now = dt.datetime.now(dt.UTC)
        body = {"id": str(uuid.uuid4()), "at": now.isoformat(), "station": station, "actor": actor}
        body |= ws.VERBS[verb](words)
        (outcome,) = record_events([json.dumps(body).encode()], recorded_at=now)
        return outcome.refusal.code if outcome.refusal else outcome.status

    return record
