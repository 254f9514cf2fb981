"""What must be true before the web starts: tables up to date, static files collected.

Runs as a process of its own, ``python -m karkhana.cli._prepare``: it connects as the tables' owner while
the web connects as the application, and the web then reads its settings with the files in place.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import typer

from karkhana.cli._run import django_ready, refusals_end_with_one, say

STAMP = ".stamp"


def prepare_web() -> None:
    """Prepare the web in another process, and end this program when that fails (it has said why)."""
    done = subprocess.run([sys.executable, "-m", "karkhana.cli._prepare"], check=False)
    if done.returncode:
        raise typer.Exit(done.returncode)


def collect_static() -> None:
    """Gather, hash and compress the static files when any of them changed. Django must be ready."""
    from django.conf import settings
    from django.core.management import call_command

    if settings.DEBUG:
        return
    folder = Path(settings.STATIC_ROOT)
    stamp = folder / STAMP
    now = _fingerprint()
    if stamp.is_file() and stamp.read_text() == now:
        return
    say("Preparing the static files (only after an update)")
    folder.mkdir(parents=True, exist_ok=True)
    # Nothing has asked for a static file yet in this process, so the storage is still to be chosen.
    settings.STORAGES["staticfiles"]["BACKEND"] = settings.COLLECTED_STORAGE
    call_command("collectstatic", interactive=False, verbosity=0, clear=True)
    stamp.write_text(now)


def _fingerprint() -> str:
    """Return a digest over the names, sizes and times of all static files."""
    from django.contrib.staticfiles.finders import get_finders

    digest = hashlib.sha256()
    for finder in get_finders():
        for path, storage in finder.list(None):
            size, changed = storage.size(path), storage.get_modified_time(path).timestamp()
            digest.update(f"{path}\0{size}\0{changed}\n".encode())
    return digest.hexdigest()


if __name__ == "__main__":
    with refusals_end_with_one():
        django_ready("owner")
        from karkhana.cli.database import apply_migrations

        apply_migrations()
        collect_static()
