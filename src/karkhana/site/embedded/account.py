"""The system user that the server runs as, and whether that user can reach a folder.

PostgreSQL refuses to run as root. Started by root, the server therefore runs as the owner of the data
folder, else as the system user ``karkhana`` (made when missing), else as an existing unprivileged user.
Started by anyone else, it runs as that person. Permissions of folders that are not ours never change.
"""

from __future__ import annotations

import os
import pwd
import shutil
import stat
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from karkhana.kernel.refusals import refuse
from karkhana.site.embedded.layout import Layout

SYSTEM_USER = "karkhana"
#: Used only where no user can be made: the first that exists.
FALLBACK_USERS = ("postgres", "nobody")
#: Nothing of the caller's environment (PG*, LANG, TZ, LD_*) reaches the server.
CLEAN_ENVIRONMENT = {"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL": "C", "TZ": "UTC"}


@dataclass(frozen=True, slots=True)
class Account:
    """The user to run as. ``switch`` is true when root must step down to it."""

    name: str
    uid: int
    gid: int
    switch: bool

    def popen_arguments(self) -> dict[str, Any]:
        """Return the arguments of ``subprocess`` that run a program as this user."""
        # The caller's working folder may be closed to this user, and PostgreSQL asks for it.
        arguments: dict[str, Any] = {"cwd": "/", "env": CLEAN_ENVIRONMENT, "umask": 0o077}
        if self.switch:
            groups = os.getgrouplist(self.name, self.gid)
            arguments |= {"user": self.uid, "group": self.gid, "extra_groups": groups}
        return arguments

    def run(self, command: Sequence[str | Path], timeout: float = 600) -> subprocess.CompletedProcess[str]:
        """Run a program as this user and return what it said; ``timeout`` in seconds.

        A program that this user cannot even reach comes back with exit code 126, as from a shell.
        """
        arguments = [str(part) for part in command]
        try:
            return subprocess.run(
                arguments,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=timeout,
                check=False,
                **self.popen_arguments(),
            )
        except OSError as error:
            return subprocess.CompletedProcess(arguments, 126, "", str(error))

    def own(self, path: Path, mode: int) -> None:
        """Give a path of ours to this user with exactly this mode."""
        if self.switch:
            os.chown(path, self.uid, self.gid)
        path.chmod(mode)


def server_account(layout: Layout) -> Account:
    """Return the user that the server of this home runs as, making ``karkhana`` when root needs it."""
    if os.geteuid() != 0:
        return _entry(os.geteuid(), switch=False)
    for folder in (layout.data, layout.home):
        try:
            owner = folder.stat().st_uid
        except FileNotFoundError:
            continue
        if owner != 0:
            return _entry(owner, switch=True)
    for _ in range(20):
        found = _find(SYSTEM_USER) or _make_system_user()
        if found:
            return found
        # Another process may be making the same user: /etc/passwd was locked a moment ago.
        if shutil.which("useradd") is None:
            break
        time.sleep(0.25)
    for name in FALLBACK_USERS:
        found = _find(name)
        if found:
            return found
    raise refuse(
        "database.no_account",
        "PostgreSQL does not run as root, and there is no user to run it as.",
        "Make a system user named {name}, or run karkhana as an ordinary user.",
        name=SYSTEM_USER,
    )


def _entry(uid: int, *, switch: bool) -> Account:
    """Return the account of a user id; PostgreSQL's initdb insists on a name for it."""
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        raise refuse(
            "database.user_unknown",
            "User id {uid} has no name on this machine, and PostgreSQL refuses to run without one.",
            "Add the user to /etc/passwd, or set KARKHANA_DATABASE_URL to a server of your own.",
            uid=uid,
        ) from None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid, switch)


def _find(name: str) -> Account | None:
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid, switch=True) if entry.pw_uid else None


def _make_system_user() -> Account | None:
    """Make the system user; return None when that is not possible here."""
    useradd = shutil.which("useradd")
    if useradd is None:
        return None
    options = ["--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent"]
    command = [useradd, *options, "--shell", "/usr/sbin/nologin", SYSTEM_USER]
    subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, check=False)
    return _find(SYSTEM_USER)


def can_enter(account: Account, folder: Path) -> bool:
    """Return whether the account can step into a folder, tried as that account."""
    # Tried, not worked out from the mode bits: access lists and mount options count too.
    return account.run(["/bin/sh", "-c", 'cd -- "$0"', folder]).returncode == 0


def make_home(layout: Layout, account: Account) -> None:
    """Make home and its folders, and make sure that the server's account reaches them.

    Raises:
        Refused: ``database.home_unreachable`` when a folder *above* home keeps the account out;
            ``database.home_not_ours`` when this process may not write there.
    """
    try:
        layout.home.mkdir(mode=0o711 if account.switch else 0o700, parents=True, exist_ok=True)
        if account.switch:
            _let_through(layout, account)
        for folder in (layout.log, layout.run):
            folder.mkdir(mode=0o700, exist_ok=True)
            _check_is_ours(folder, account)
            account.own(folder, 0o700)
    except OSError as error:
        raise not_ours(layout, error) from None


def not_ours(layout: Layout, error: OSError) -> Exception:
    """Return the refusal for a home that this user may not write to."""
    return refuse(
        "database.home_not_ours",
        "This user may not write to the data folder {home}: {reason} ({path}).",
        "Run karkhana as the folder's owner, or set KARKHANA_HOME to a folder of your own.",
        home=str(layout.home),
        path=str(error.filename),
        reason=error.strerror,
    )


def _let_through(layout: Layout, account: Account) -> None:
    """Let the account step through home itself, which is ours, and through nothing else."""
    if can_enter(account, layout.home):
        return
    _refuse_closed_parent(layout, account)
    now = layout.home.stat()
    if now.st_mode & stat.S_IRWXG:
        layout.home.chmod(stat.S_IMODE(now.st_mode) | 0o001)
    else:
        # Nobody has group access yet, so only our account gains it: tighter than 0711.
        os.chown(layout.home, -1, account.gid)
        layout.home.chmod(stat.S_IMODE(now.st_mode) | 0o010)


def _refuse_closed_parent(layout: Layout, account: Account) -> None:
    for parent in reversed(layout.home.parents):
        if not can_enter(account, parent):
            raise refuse(
                "database.home_unreachable",
                "The database runs as the user {user}, who cannot enter {folder}, a parent of {home}.",
                "Set KARKHANA_HOME to a folder below one that everyone may enter, such as "
                "/var/lib/karkhana, or run karkhana as an ordinary user.",
                user=account.name,
                folder=str(parent),
                home=str(layout.home),
            )


def _check_is_ours(folder: Path, account: Account) -> None:
    """Refuse a folder that someone else put in our way (the socket may lie below /tmp)."""
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {account.uid, os.geteuid()}:
        raise refuse(
            "database.folder_taken",
            "{folder} is not a folder of user {user}.",
            "Remove it, or set KARKHANA_HOME to another folder with a shorter path.",
            folder=str(folder),
            user=account.name,
        )
