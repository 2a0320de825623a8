import json
import logging
import stat
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from fakes.secrets import MemorySecrets
from guards import LogGuard
from mangrove.app.logs import MAX_BYTES, logging_to
from mangrove.app.redaction import Redaction, WatchedSecrets
from mangrove.core.secret import Secret, SecretRef
from mangrove.jobs.runner import run_id_of_thread

log = logging.getLogger("mangrove.test")
PASSWORD = Secret("p@ss'wörd/1")


@pytest.fixture
def redaction() -> Redaction:
    return Redaction()


@pytest.fixture
def log_file(tmp_path: Path, redaction: Redaction) -> Iterator[Path]:
    with logging_to(tmp_path, redaction) as path:
        yield path


def lines(path: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_each_record_is_a_line_of_json_in_utc(log_file: Path) -> None:
    log.info("slice stored\nfirst=%s", "é")

    (line,) = lines(log_file)
    assert (line["level"], line["logger"]) == ("info", "mangrove.test")
    assert line["message"] == "slice stored\nfirst=é"
    assert datetime.fromisoformat(line["at"]).tzinfo == UTC


def test_a_record_carries_the_run_it_belongs_to(log_file: Path) -> None:
    token = run_id_of_thread.set("abc123")
    log.info("inside")
    run_id_of_thread.reset(token)
    log.info("outside")

    assert [line["run"] for line in lines(log_file)] == ["abc123", ""]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps no such modes")
def test_the_file_is_for_its_owner_only_also_after_it_was_rotated(log_file: Path) -> None:
    assert stat.S_IMODE(log_file.stat().st_mode) == 0o600

    for _ in range(3):
        log.info("x" * (MAX_BYTES // 2))

    files = list(log_file.parent.iterdir())
    assert len(files) > 1
    assert {stat.S_IMODE(f.stat().st_mode) for f in files} == {0o600}


def test_uri_user_information_is_cut_out(log_file: Path) -> None:
    log.info("connecting to %s", "mongodb://ann:hunter2@db1/?tls=true&proxyPassword=hunter2")

    assert "hunter2" not in log_file.read_text()
    assert "db1" in lines(log_file)[0]["message"]


@pytest.mark.parametrize("form", ["{}", "{!r}", "told {} twice {}"])
def test_a_secret_learned_at_run_time_is_cut_out(
    log_file: Path, redaction: Redaction, form: str
) -> None:
    secrets = WatchedSecrets(MemorySecrets(), redaction)
    secrets.store(SecretRef("a"), PASSWORD)
    text = PASSWORD.reveal()

    log.info("%s", form.format(text, text))

    assert "wörd" not in lines(log_file)[0]["message"]


def test_a_secret_is_learned_when_it_is_fetched(redaction: Redaction) -> None:
    kept = MemorySecrets()
    kept.store(SecretRef("a"), PASSWORD)
    WatchedSecrets(kept, redaction).fetch(SecretRef("a"))

    assert redaction.clean("p%40ss%27w%C3%B6rd%2F1 is in the URI") == "*** is in the URI"


def test_tracebacks_are_cleaned_too(
    log_file: Path, redaction: Redaction, log_guard: LogGuard
) -> None:
    redaction.learn(PASSWORD)
    log_guard.expect("it broke")

    error = LookupError(f"no {PASSWORD.reveal()} at mongodb://ann:hunter2@db1")
    log.error("it broke", exc_info=error)

    (line,) = lines(log_file)
    assert "LookupError" in line["error"]
    assert "wörd" not in line["error"]
    assert "hunter2" not in line["error"]


def test_a_very_short_secret_does_not_blot_out_words(redaction: Redaction) -> None:
    redaction.learn(Secret("a"))

    assert redaction.clean("a banana") == "a banana"


def test_the_drivers_debug_log_is_never_written(tmp_path: Path, redaction: Redaction) -> None:
    with logging_to(tmp_path, redaction, logging.DEBUG) as path:
        logging.getLogger("pymongo.command").debug('{"document": 1}')
        log.debug("ours")

    assert [line["message"] for line in lines(path)] == ["ours"]


def test_nothing_is_logged_after_the_block(tmp_path: Path, redaction: Redaction) -> None:
    before = list(logging.getLogger().handlers)

    with logging_to(tmp_path, redaction) as path:
        pass
    log.info("late")

    assert path.read_text() == ""
    assert logging.getLogger().handlers == before
