"""Importing what somebody uploaded: at once when it is small, beside the request when it is large.

A process that ends in between leaves the run as it stands. What was booked stays, and the same file imported
again books the rest.
"""

from __future__ import annotations

import contextlib
import logging
import os
import tempfile
import threading
from pathlib import Path

from django.core.files.uploadedfile import UploadedFile
from django.db import close_old_connections, connection
from django.utils import timezone

from karkhana.kernel.refusals import Refused, refuse
from karkhana.supply.models.registers import RegisterRun
from karkhana.supply.registers.context import Settings
from karkhana.supply.registers.operations import begin_run, import_register
from karkhana.supply.registers.reading import BYTES_MAX

AT_ONCE = 1 << 20
"""Bytes that are imported within the request: some seconds at most."""
_log = logging.getLogger(__name__)


def kept(file: UploadedFile | None) -> Path:
    """Return a copy of an uploaded file that outlives its request; whoever asked for it removes it.

    Raises:
        Refused: ``register.no_file``, ``register.too_large``.
    """
    if file is None:
        raise refuse(
            "register.no_file", "No file came with the form.", "Choose or drop a file, then try again."
        )
    if (file.size or 0) > BYTES_MAX:
        raise refuse(
            "register.too_large",
            "{file} has {size} MB; {limit} MB are allowed.",
            "Export the register by month or quarter.",
            file=(file.name or "")[:120],
            size=(file.size or 0) // 2**20,
            limit=BYTES_MAX // 2**20,
        )
    handle, path = tempfile.mkstemp(prefix="karkhana-upload-")
    with os.fdopen(handle, "wb") as out:
        for block in file.chunks():
            out.write(block)
    return Path(path)


def start(*, kind: str, path: Path, name: str, settings: Settings, user: str) -> RegisterRun:
    """Import a kept file and remove it; returns the run, which may still be under way.

    A refusal of the whole file is told by the run.

    Raises:
        Refused: ``register.kind``.
    """
    run = begin_run(kind=kind, name=name, user=user, now=timezone.now())
    if path.stat().st_size <= AT_ONCE:
        _work(run, path, settings)
    else:
        threading.Thread(target=_beside, args=(run, path, settings), name=f"register-{run.pk}").start()
    return run


def _work(run: RegisterRun, path: Path, settings: Settings) -> None:
    try:
        with contextlib.suppress(Refused):  # the run tells it
            import_register(
                kind=run.kind, path=path, name=run.file_name, now=run.started_at, settings=settings,
                user=run.user, run=run,
            )  # fmt: skip
    finally:
        path.unlink(missing_ok=True)


def _beside(run: RegisterRun, path: Path, settings: Settings) -> None:
    close_old_connections()
    try:
        _work(run, path, settings)
    except Exception:
        # Nobody waits for this thread: the log and the run are where a fault is seen.
        _log.exception("The import %s of %s ended with a fault", run.pk, run.file_name)
    finally:
        connection.close()
