import sqlite3
import stat
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest

from integration.state.conftest import version_of
from mangrove.connectors.state import database
from mangrove.connectors.state.database import FILE_NAME, StateDatabase
from mangrove.connectors.state.schema import MIGRATIONS
from mangrove.core.errors import DamagedStateError, StateUnavailableError

NEXT = (*MIGRATIONS, ("CREATE TABLE later (x INTEGER)", "INSERT INTO later VALUES (1)"))


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """A file with some rows, closed."""
    with closing(StateDatabase.open(tmp_path)) as database, database.writing() as connection:
        connection.executemany(
            "INSERT INTO run_log VALUES ('r', ?, 'now', ?)", [(n, "x" * 500) for n in range(200)]
        )
    return tmp_path / FILE_NAME


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps no such modes")
def test_a_new_file_and_its_companions_are_for_their_owner_only(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"

    with closing(StateDatabase.open(folder)) as database, database.writing() as connection:
        connection.execute("INSERT INTO used_slugs VALUES ('a', 'b')")
        modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in folder.iterdir()}

    assert modes == dict.fromkeys((FILE_NAME, f"{FILE_NAME}-wal", f"{FILE_NAME}-shm"), 0o600)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps no such modes")
def test_opening_tightens_a_mode_that_somebody_widened(made: Path) -> None:
    made.chmod(0o644)

    StateDatabase.open(made.parent).close()

    assert stat.S_IMODE(made.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "content",
    [b"garbage " * 600, b"SQLite format 3\0" + b"\xff" * 5000, b"x"],
    ids=["text", "header only", "one byte"],
)
def test_a_file_that_is_no_database_is_refused_and_left_untouched(
    tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / FILE_NAME
    path.write_bytes(content)

    with pytest.raises(DamagedStateError) as caught:
        StateDatabase.open(tmp_path)

    assert str(path) in str(caught.value)
    assert "untouched" in str(caught.value)
    assert "move the file away" in caught.value.hint
    assert path.read_bytes() == content


@pytest.mark.parametrize("part", [0.3, 0.6, 0.95], ids=["third", "half", "nearly whole"])
def test_a_truncated_file_is_refused_and_left_untouched(made: Path, part: float) -> None:
    whole = made.read_bytes()
    made.write_bytes(whole[: int(len(whole) * part)])
    before = made.read_bytes()

    with pytest.raises(DamagedStateError):
        StateDatabase.open(made.parent)

    assert made.read_bytes() == before


def test_a_file_with_an_overwritten_middle_is_refused(made: Path) -> None:
    content = bytearray(made.read_bytes())
    content[8192:16384] = b"\xaa" * 8192
    made.write_bytes(content)

    with pytest.raises(DamagedStateError):
        StateDatabase.open(made.parent)

    assert made.read_bytes() == content


def test_a_large_file_is_not_looked_through_and_its_damage_shows_when_it_is_read(
    made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "CHECKED_BYTES", made.stat().st_size - 1)
    content = bytearray(made.read_bytes())
    content[-40960:] = b"\xaa" * 40960  # pages of the run log, which are the last
    made.write_bytes(content)

    with (
        closing(StateDatabase.open(made.parent)) as opened,
        pytest.raises(DamagedStateError),
        opened.reading() as connection,
    ):
        connection.execute("SELECT sum(length(text)) FROM run_log").fetchone()

    assert made.read_bytes() == content


def test_a_file_of_a_newer_mangrove_is_refused_and_left_untouched(made: Path) -> None:
    StateDatabase.open(made.parent, NEXT).close()
    before = made.read_bytes()

    with pytest.raises(DamagedStateError, match="newer Mangrove"):
        StateDatabase.open(made.parent)

    assert made.read_bytes() == before


def test_another_programs_database_is_refused_and_left_untouched(tmp_path: Path) -> None:
    path = tmp_path / FILE_NAME
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE bookmarks (url TEXT)")
    before = path.read_bytes()

    with pytest.raises(DamagedStateError, match="another program"):
        StateDatabase.open(tmp_path)

    assert path.read_bytes() == before


def test_a_migration_keeps_a_private_copy_of_the_file_before_it(made: Path) -> None:
    StateDatabase.open(made.parent, NEXT).close()

    copy = made.with_name(f"{FILE_NAME}.before-v{len(NEXT)}")
    assert (version_of(copy), version_of(made)) == (len(MIGRATIONS), len(NEXT))
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600 or sys.platform == "win32"
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("SELECT count(*) FROM run_log").fetchone() == (200,)


def test_a_new_file_needs_no_copy(tmp_path: Path) -> None:
    StateDatabase.open(tmp_path, NEXT).close()

    assert [p.name for p in tmp_path.iterdir()] == [FILE_NAME]


def test_a_failing_migration_changes_nothing_and_keeps_the_copy(made: Path) -> None:
    broken = (*MIGRATIONS, ("CREATE TABLE later (x INTEGER)", "INSERT INTO nowhere VALUES (1)"))

    with pytest.raises(DamagedStateError):
        StateDatabase.open(made.parent, broken)

    assert version_of(made) == len(MIGRATIONS)
    assert version_of(made.with_name(f"{FILE_NAME}.before-v{len(NEXT)}")) == len(MIGRATIONS)
    StateDatabase.open(made.parent, NEXT).close()


def test_threads_that_open_at_once_migrate_once(made: Path) -> None:
    failures: list[BaseException] = []

    def open_it() -> None:
        try:
            StateDatabase.open(made.parent, NEXT).close()
        except BaseException as error:  # noqa: BLE001  # the test reports whatever happened
            failures.append(error)

    threads = [threading.Thread(target=open_it) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    with closing(sqlite3.connect(made)) as connection:
        assert connection.execute("SELECT count(*) FROM later").fetchone() == (1,)


def test_a_transaction_that_fails_leaves_nothing(tmp_path: Path) -> None:
    with closing(StateDatabase.open(tmp_path)) as database:
        script = "INSERT INTO used_slugs VALUES ('a', 'b')", "INSERT INTO nowhere VALUES (1)"

        with pytest.raises(DamagedStateError), database.writing() as connection:
            list(map(connection.execute, script))

        with database.reading() as connection:
            assert connection.execute("SELECT * FROM used_slugs").fetchall() == []


def test_a_folder_that_is_a_file_is_said_to_be_unusable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(StateUnavailableError, match="nothing was changed"):
        StateDatabase.open(tmp_path / "file")


def test_a_missing_column_is_named_as_damage(made: Path) -> None:
    with closing(sqlite3.connect(made)) as connection:
        connection.execute("ALTER TABLE profiles DROP COLUMN value")

    with (
        closing(StateDatabase.open(made.parent)) as database,
        pytest.raises(DamagedStateError, match="no such column: value"),
        database.reading() as connection,
    ):
        connection.execute("SELECT value FROM profiles")
