"""Starting, finding and stopping the one server of a data folder.

Two locks keep it to one. ``supervisor.lock`` is held by whoever is starting or stopping. ``server.lock``
is held by the server: its main process inherits the locked file and so do all its children, and the
kernel lets go when the last of them is gone, however it died. That also covers what no process list
shows: orphaned children, and a server in another container on the same volume.
"""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import psycopg

from karkhana.kernel.refusals import Refused, refuse
from karkhana.site.embedded import cluster
from karkhana.site.embedded.account import Account, make_home, not_ours, server_account
from karkhana.site.embedded.binaries import Binaries, usable_binaries
from karkhana.site.embedded.layout import ConnectionInfo, Layout, Role
from karkhana.site.embedded.processes import find_server, is_server
from karkhana.site.embedded.roles import ensure_roles

Progress = Callable[[str], None]
State = Literal["not_made", "stopped", "starting", "running"]

#: Seconds. Crash recovery replays up to max_wal_size of log; on a slow disk that takes minutes.
START_TIMEOUT = 1800.0
#: Seconds. A clean stop writes all of shared_buffers out first.
STOP_TIMEOUT = 600.0
#: Seconds for which a living server may give no answer at all before it counts as out of reach. A server
#: that recovers does answer, from its first second on: "starting up".
ANSWER_GRACE = 90.0
PAUSE = 0.05
SAY_FIRST = 3.0
SAY_EVERY = 10.0
#: Words that mark the lines of the server's log which say why it did not start.
TELLING = ("FATAL", "PANIC", "HINT", "rror", "invalid")
#: What the server answers while it is alive but not open yet (recovery) or not open any more (stop).
NOT_YET = ("starting up", "not yet accepting", "recovery mode", "shutting down")
#: What it answers when it is open and every connection is taken.
FULL = ("too many clients", "connection slots are reserved")

#: Servers started by this process, kept so that their exit is collected and they leave no zombie.
_started: list[subprocess.Popen[bytes]] = []


def _silent(_message: str) -> None:
    """Say nothing: the default progress."""


@dataclass(frozen=True, slots=True)
class Status:
    """What is known of a server without touching it. ``pid`` only when a process was found."""

    state: State
    home: Path
    pid: int | None
    socket: Path
    log: Path


def ensure_running(
    folder: Path,
    *,
    durable: bool = True,
    progress: Progress = _silent,
    timeout: float = START_TIMEOUT,
) -> ConnectionInfo:
    """Make sure that the server of this home runs and answers, and return how to connect.

    Safe to call from any number of processes at once and after any kind of crash.

    Args:
        folder: the home folder; made when missing.
        durable: ``False`` turns fsync, synchronous_commit and full_page_writes off. **For tests only**: a
            power cut then destroys the database. It counts when the server starts, not when it already runs.
        progress: told in a sentence what is being waited for.
        timeout: seconds to wait for a server that is alive but still recovering.

    Raises:
        Refused: ``database.*``, with what to do about it.
    """
    layout = Layout.of(folder)
    info = ConnectionInfo.of(layout)
    # The usual case first, without a lock and without looking at accounts or disks.
    if _ready(layout) and find_server(layout.data, thorough=False) and _answer(info, "app") == "yes":
        return info
    account = server_account(layout)
    make_home(layout, account)
    with _lock(layout, progress):
        _start_locked(layout, account, durable=durable, progress=progress, timeout=timeout)
    return info


def _start_locked(
    layout: Layout, account: Account, *, durable: bool, progress: Progress, timeout: float
) -> None:
    info = ConnectionInfo.of(layout)
    passwords = cluster.load_passwords(layout)
    pid = find_server(layout.data, thorough=True)
    if pid is not None and _wait(layout, info, pid, progress, timeout) == "gone":
        pid = None
    if pid is None:
        binaries = usable_binaries(layout, account)
        if not layout.data.exists():
            progress("Making the database (once)")
            cluster.create_cluster(layout, account, binaries, passwords["super"], durable=durable)
        cluster.check_version(layout)
        cluster.check_room(layout, cluster.ROOM_TO_START)
        _start(layout, info, account, binaries, durable=durable, progress=progress, timeout=timeout)
    if not _ready(layout) or _answer(info, "app") == "no":
        ensure_roles(info, passwords)
        layout.ready_mark.touch(mode=0o600)
        account.own(layout.ready_mark, 0o600)


def _ready(layout: Layout) -> bool:
    try:
        return layout.ready_mark.exists()
    except PermissionError as error:
        raise not_ours(layout, error) from None


def _start(
    layout: Layout,
    info: ConnectionInfo,
    account: Account,
    binaries: Binaries,
    *,
    durable: bool,
    progress: Progress,
    timeout: float,
) -> None:
    """Start the server and wait until it answers; the caller holds the lock and found none running."""
    cluster.write_settings(layout, account, durable=durable)
    alive = _take_alive_lock(layout, progress)
    try:
        # No server lives, as the lock proves: whatever process these files' number belongs to now (a
        # stranger, a zombie), it is not ours. PostgreSQL would believe the number and not start.
        for left in (layout.data / "postmaster.pid", layout.socket, Path(f"{layout.socket}.lock")):
            left.unlink(missing_ok=True)
        progress("Starting the database")
        with layout.start_log.open("wb") as output:
            account.own(layout.start_log, 0o600)
            server = subprocess.Popen(
                [str(binaries.program("postgres")), "-D", str(layout.data)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=(alive,),
                **account.popen_arguments(),
            )
    finally:
        os.close(alive)
    _started.append(server)
    if _wait(layout, info, server.pid, progress, timeout) == "gone":
        raise _start_failed(layout)


def _take_alive_lock(layout: Layout, progress: Progress) -> int:
    """Return the locked file that the server is to inherit; wait for children of a dead server to go."""
    alive = _open_lock(layout.alive, layout)
    deadline = time.monotonic() + 60
    said = False
    while True:
        try:
            fcntl.flock(alive, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                os.close(alive)
                raise refuse(
                    "database.in_use_elsewhere",
                    "Another PostgreSQL still works on {data}, but not as a process that can be seen here.",
                    "Stop the other container or machine that uses this data folder, then start again.",
                    data=str(layout.data),
                ) from None
        else:
            return alive
        if not said:
            progress("Waiting for the last processes of the old database server to end")
            said = True
        time.sleep(PAUSE)


def _start_failed(layout: Layout) -> Refused:
    """Return the refusal for a server that ended while starting, with its own last words."""
    reason = _last_words(layout)
    if "No space left" in reason:
        return cluster.disk_full(layout, cluster.ROOM_TO_INIT)
    return refuse(
        "database.start_failed",
        "PostgreSQL ended while starting: {reason}",
        "Read its log in {log}.",
        reason=reason or "it left no message",
        log=str(layout.log),
    )


def _last_words(layout: Layout) -> str:
    """Return the newest complaints in the server's logs."""
    newest = sorted(layout.log.glob("*.log"), key=lambda path: path.stat().st_mtime)[-2:]
    complaints = []
    for path in newest:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 8192))
            lines = file.read().decode(errors="replace").splitlines()
        complaints += [line for line in lines if any(word in line for word in TELLING)]
    return " | ".join(line.strip() for line in complaints[-4:])


def _wait(
    layout: Layout, info: ConnectionInfo, pid: int, progress: Progress, timeout: float
) -> Literal["up", "gone"]:
    """Wait until a living server answers, or until it is gone.

    Raises:
        Refused: when it neither answers nor ends: ``database.recovering`` or ``database.unreachable``.
    """
    begun = time.monotonic()
    say_at = begun + SAY_FIRST
    answered = begun
    while _alive(pid, layout.data):
        answer = _answer(info, "super", dbname="postgres")
        now = time.monotonic()
        if answer == "yes":
            return "up"
        if answer == "not yet":
            answered = now
        if answer == "no" or now - answered > ANSWER_GRACE:
            raise _unreachable(layout, pid)
        if now - begun > timeout:
            raise refuse(
                "database.recovering",
                "The database has been recovering from a crash for {minutes} minutes and is not done.",
                "Leave it running and try again later: it goes on by itself.",
                minutes=round((now - begun) / 60),
            )
        if now >= say_at:
            progress(f"The database is recovering, nothing is lost; {now - begun:.0f} s so far")
            say_at = now + SAY_EVERY
        time.sleep(PAUSE if now - begun < 5 else 0.5)
    return "gone"


def _unreachable(layout: Layout, pid: int) -> Refused:
    return refuse(
        "database.unreachable",
        "The database runs (process {pid}) but {socket} does not open with the passwords in {file}.",
        "Run karkhana database stop, then start it again.",
        pid=pid,
        socket=str(layout.socket),
        file=str(layout.passwords),
    )


def _alive(pid: int, data: Path) -> bool:
    """Return whether the process is still our server; collects it when it was our own child."""
    for server in _started:
        if server.pid == pid:
            # Between fork and exec the child does not yet look like a server.
            return server.poll() is None
    return is_server(pid, data)


def _answer(
    info: ConnectionInfo, role: Role, dbname: str | None = None
) -> Literal["yes", "not yet", "nobody", "no"]:
    """Try a real connection: open, still (or no longer) closed, nobody there, or refused for good."""
    try:
        psycopg.connect(info.conninfo(role, dbname=dbname)).close()
    except psycopg.OperationalError as error:
        said = str(error)
        if any(words in said for words in NOT_YET):
            return "not yet"
        if any(words in said for words in FULL):
            return "yes"
        return "no" if "FATAL" in said else "nobody"
    return "yes"


def stop(folder: Path, *, progress: Progress = _silent, timeout: float = STOP_TIMEOUT) -> bool:
    """Stop the server cleanly (open transactions are rolled back) and wait until it is gone.

    Returns:
        Whether there was one to stop.

    Raises:
        Refused: ``database.stop_timeout`` when it still runs after ``timeout`` seconds.
    """
    layout = Layout.of(folder)
    if not layout.home.is_dir():
        return False
    with _lock(layout, progress):
        pid = find_server(layout.data, thorough=True)
        if pid is None:
            return False
        progress("Stopping the database")
        try:
            os.kill(pid, signal.SIGINT)
        except ProcessLookupError:
            return False
        except PermissionError as error:
            raise not_ours(layout, OSError(error.errno, error.strerror, str(layout.data))) from None
        deadline = time.monotonic() + timeout
        while _alive(pid, layout.data):
            if time.monotonic() > deadline:
                raise refuse(
                    "database.stop_timeout",
                    "The database (process {pid}) is still writing after {seconds} seconds.",
                    "Wait and run karkhana database status; never kill it with signal 9.",
                    pid=pid,
                    seconds=round(timeout),
                )
            time.sleep(PAUSE)
    return True


def status(folder: Path) -> Status:
    """Return what state the server of this home is in, without starting or changing anything."""
    layout = Layout.of(folder)
    try:
        made = layout.data.is_dir()
        pid = find_server(layout.data, thorough=True) if made else None
    except PermissionError as error:
        raise not_ours(layout, error) from None
    state: State = "stopped" if made else "not_made"
    if pid is not None:
        state = "running" if _answer(ConnectionInfo.of(layout), "app") == "yes" else "starting"
    return Status(state, layout.home, pid, layout.socket, layout.log)


@contextmanager
def _lock(layout: Layout, progress: Progress) -> Iterator[None]:
    """Hold the supervisor's lock of this home; the kernel frees it when the holder dies."""
    descriptor = _open_lock(layout.lock, layout)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress("Waiting for another process that is starting or stopping the database")
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _open_lock(path: Path, layout: Layout) -> int:
    """Open a lock file of this home, making it for home's owner when it is missing."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise not_ours(layout, error) from None
    if os.geteuid() == 0:
        # Root may be at work in somebody else's home: its owner must be able to open this file later.
        os.fchown(descriptor, layout.owner_uid(), -1)
    return descriptor
