"""``promptdock db``: where the database stands, and how it is brought up to date."""

from __future__ import annotations

import sqlite3
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from promptdock.store.migrating import head_revision
from tests.support.command import CommandLine
from tests.support.databases import Postgres

HEAD = head_revision()


def _change(command: CommandLine, *statements: str) -> None:
    connection = sqlite3.connect(command.home / "promptdock.db")
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


def test_a_database_is_made_and_found_up_to_date(command: CommandLine) -> None:
    """To look makes nothing; to upgrade twice is no mistake."""
    path = command.home / "promptdock.db"
    done = command.run("db", "status")
    assert (done.returncode, path.exists()) == (1, False)
    assert done.stdout.splitlines() == [
        f"database  sqlite:///{path}", "revision  none", f"head      {HEAD}", "current   no",
    ]  # fmt: skip
    assert done.stderr == ("Error: The database is not up to date. Run 'promptdock db upgrade', or start the server.\n")
    done = command.run("db", "upgrade")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"The database sqlite:///{path} was made, at revision {HEAD}.\n"
    done = command.run("db", "upgrade")
    assert done.stdout == f"The database sqlite:///{path} is at revision {HEAD} already.\n"
    done = command.run("db", "status")
    assert (done.returncode, done.stderr) == (0, "")
    assert command.json("db", "status") == {
        "url": f"sqlite:///{path}", "revision": HEAD, "head": HEAD, "current": True, "differences": [],
    }  # fmt: skip


def test_what_is_said_is_nobody_elses_to_read(command: CommandLine) -> None:
    """Also in a home that others may look into; what an operator allowed to a database that is there stays."""
    command.home.chmod(0o755)
    path = command.home / "promptdock.db"
    command.run("db", "upgrade")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o640)
    command.run("db", "upgrade")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_what_tables_differ_in_is_told(command: CommandLine) -> None:
    """One line for each difference; no upgrade puts right what somebody changed by hand."""
    command.run("db", "upgrade")
    _change(command, "DROP TABLE log_levels", "ALTER TABLE users ADD COLUMN shoe_size INTEGER")
    done = command.run("db", "status")
    assert done.returncode == 1
    assert "differs   add_table log_levels\ndiffers   remove_column users.shoe_size\n" in done.stdout
    assert done.stderr.startswith("Error: The tables are not as this version made them. ")
    report = command.json("db", "status")
    assert (report["current"], report["differences"]) == (
        False,
        ["add_table log_levels", "remove_column users.shoe_size"],
    )


def test_a_later_versions_database_is_left_alone(command: CommandLine) -> None:
    """Neither command touches it, and both say what to do."""
    command.run("db", "upgrade")
    _change(command, "UPDATE alembic_version SET version_num = '9999'")
    for done in (command.run("db", "status"), command.run("db", "upgrade"), command.run("serve", "--port", "0")):
        assert done.returncode == 1
        assert done.stderr.endswith("Install the version that made it, or a later one.\n")
        assert done.stderr.count("\n") == 1


def test_an_empty_database_of_another_server_is_filled(command: CommandLine, postgres: Postgres | None) -> None:
    """PostgreSQL is spoken of without its password."""
    if postgres is None:
        pytest.skip("no PostgreSQL: set PROMPTDOCK_TEST_POSTGRES_URL, or install its server")
    with postgres.database(migrated=False) as url:
        env = {"PROMPTDOCK_DATABASE_URL": url.replace("postgres@", "postgres:hush@")}
        assert command.json("db", "status", env=env)["revision"] is None
        done = command.run("db", "upgrade", env=env)
        assert done.stdout.endswith(f"was made, at revision {HEAD}.\n")
        assert command.json("db", "status", env=env)["current"] is True
        assert "hush" not in done.stdout + done.stderr + command.run("db", "status", env=env).stdout


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("postgresql://me:hush@127.0.0.1:9/x", "The database postgresql://me:***@127.0.0.1:9/x cannot be used: "),
        ("postgresql://me@127.0.0.1:9/x?token=hush", "The database postgresql://me@127.0.0.1:9/x cannot be used: "),
        ("sqlite:////nowhere/at/all.db", "The database sqlite:////nowhere/at/all.db cannot be used: unable to open"),
        ("mysql://me:hush@127.0.0.1/x", "PROMPTDOCK_DATABASE_URL names the database 'mysql'"),
        ("hush", "PROMPTDOCK_DATABASE_URL is no database URL."),
    ],
)
def test_a_database_that_cannot_be_used_is_told_in_one_line(command: CommandLine, url: str, told: str) -> None:
    """With what to do about it, and without its password."""
    done = command.run("db", "upgrade", env={"PROMPTDOCK_DATABASE_URL": url})
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"Error: {told}")
    assert "PROMPTDOCK_DATABASE_URL" in done.stderr
    assert "hush" not in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("args", [("keys", "list"), ("serve", "--port", "0"), ("serve", "--workers", "2")])
def test_no_command_serves_without_its_database(command: CommandLine, args: tuple[str, ...]) -> None:
    """Each ends with the same line; a server's log has the reason, too."""
    done = command.run(*args, env={"PROMPTDOCK_DATABASE_URL": "sqlite:////nowhere/at/all.db"})
    assert (done.returncode, done.stdout) == (1, "")
    told = "Error: The database sqlite:////nowhere/at/all.db cannot be used: unable to open database file. "
    assert done.stderr.splitlines()[-1].startswith(told)
    assert "Traceback" not in done.stderr


def test_a_file_that_is_no_database_is_told_in_one_line(command: CommandLine) -> None:
    """As SQLite says it."""
    (command.home / "promptdock.db").write_text("hello " * 1000)
    for args in (("db", "status"), ("db", "upgrade")):
        done = command.run(*args)
        assert done.returncode == 1
        assert (
            f"The database sqlite:///{command.home}/promptdock.db cannot be used: file is not a database."
            in done.stderr
        )
        assert done.stderr.count("\n") == 1


def test_a_home_that_cannot_be_made_is_told_in_one_line(command: CommandLine, tmp_path: Path) -> None:
    """A file stands where the folder would have to be made."""
    (tmp_path / "file").touch()
    done = command.run("db", "upgrade", env={"PROMPTDOCK_HOME": str(tmp_path / "file" / "home")})
    assert done.returncode == 1
    assert done.stderr == (
        f"Error: The home folder {tmp_path}/file/home cannot be made: Not a directory. "
        "Set PROMPTDOCK_HOME to a folder of your own.\n"
    )


def test_processes_that_upgrade_at_the_same_time_all_succeed(command: CommandLine) -> None:
    """One does it, the others find it done."""
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda _: command.run("db", "upgrade"), range(4)))
    assert [(one.returncode, one.stderr) for one in done] == [(0, "")] * 4
    assert command.json("db", "status")["current"] is True
