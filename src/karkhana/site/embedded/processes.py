"""Finding the server among the machine's processes.

A process id in a file proves nothing: after a power cut the number may belong to anyone, and a killed
server may linger as a zombie. Running means: a living process named ``postgres`` that was started for
this data folder.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

PROC = Path("/proc")


def find_server(data: Path, *, thorough: bool) -> int | None:
    """Return the process id of the server of this data folder, None when there is none.

    Args:
        data: PostgreSQL's data folder.
        thorough: look at every process of the machine, not only at the one the pid file names.
    """
    named = _pid_in_file(data)
    if named is not None and is_server(named, data):
        return named
    if thorough:
        return next((pid for pid in _all_pids() if is_server(pid, data)), None)
    return None


def is_server(pid: int, data: Path) -> bool:
    """Return whether a process is the living main process of the server of this data folder."""
    described = _from_proc(pid) if PROC.joinpath("self", "stat").exists() else _from_ps(pid)
    if described is None:
        return False
    state, arguments = described
    if state in "ZXx" or not arguments or os.path.basename(arguments[0]) != "postgres":
        return False
    return "-D" in arguments and str(data) in arguments


def _pid_in_file(data: Path) -> int | None:
    try:
        first = (data / "postmaster.pid").read_text(errors="replace").split("\n", 1)[0]
        pid = int(first)
    except (OSError, ValueError):
        return None
    return pid if pid > 0 else None


def _all_pids() -> Iterator[int]:
    if PROC.joinpath("self", "stat").exists():
        yield from (int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit())
        return
    listed = subprocess.run(["ps", "-axo", "pid="], capture_output=True, text=True, check=False)
    yield from (int(word) for word in listed.stdout.split())


def _from_proc(pid: int) -> tuple[str, list[str]] | None:
    """Return a process's state letter and arguments on Linux."""
    try:
        text = (PROC / str(pid) / "stat").read_text(errors="replace")
        raw = (PROC / str(pid) / "cmdline").read_bytes()
    except OSError:
        return None
    # The name in parentheses may itself hold spaces and parentheses: the state follows the last one.
    state = text.rpartition(")")[2].split()[:1]
    arguments = [os.fsdecode(part) for part in raw.rstrip(b"\0").split(b"\0")] if raw else []
    return (state[0] if state else "X"), arguments


def _from_ps(pid: int) -> tuple[str, list[str]] | None:
    """Return the same where there is no /proc (macOS); a data folder with spaces is put together again."""
    said = subprocess.run(
        ["ps", "-ww", "-p", str(pid), "-o", "stat=", "-o", "command="],
        capture_output=True,
        text=True,
        check=False,
    )
    state, _, command = said.stdout.strip().partition(" ")
    if not state:
        return None
    program, flag, data = command.strip().partition(" -D ")
    return state[0], [program, "-D", data] if flag else [program]
