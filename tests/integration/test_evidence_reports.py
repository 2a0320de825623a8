"""Evidence reports on real parts: written, signed, checked with minisign, and the same again."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from fakes.workstation import PROFILE, VAULT, WAIT_S, MovedClock, Workstation, workstation
from mangrove.app.clock import SystemClock
from mangrove.connectors.embedded.mongod import EmbeddedMongod
from mangrove.core.assertion import Question
from mangrove.core.backup import BackupRequest
from mangrove.core.drill import DrillRequest
from mangrove.core.errors import (
    BackupNotFoundError,
    InvalidSelectionError,
    NameTakenError,
    SignatureInvalidError,
)
from mangrove.core.namespace import Namespace
from mangrove.core.run import RunState
from mangrove.core.verification import Level, VerifyRequest
from mangrove.services.evidence_reports import ReportForm, SignedReport, WrittenReport
from servers.mongod import mongod_binary

pytestmark = [pytest.mark.mongod, pytest.mark.slow]


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedMongod]:
    with EmbeddedMongod(mongod_binary()) as started:
        yield started


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, server: EmbeddedMongod) -> Iterator[Workstation]:
    """A shop with two backups, captured oplog, proofs good and bad, assertions and a drill."""
    with MongoClient[Any](server.uri) as client:
        client.shop.orders.insert_many({"_id": n} for n in range(30))
    clock = MovedClock()
    with workstation(tmp_path_factory.mktemp("reports"), clock=clock) as opened:
        opened.add_vault()
        opened.add_profile(server.uri)
        orders = Namespace("shop", "orders")
        services = opened.services
        services.assertions.add(PROFILE, "a few orders <b>", Question(orders, at_least=30))
        first = opened.backup().backup
        opened.capture()
        with MongoClient[Any](server.uri) as client:
            client.shop.orders.insert_many({"_id": n} for n in range(30, 60))
        opened.capture()
        second = opened.backup().backup
        assert first is not None
        assert second is not None
        opened.verify(VerifyRequest(first))
        run_id = services.drills.start(DrillRequest(PROFILE, seed="1"))
        drilled = services.activity.wait(run_id, WAIT_S)
        assert drilled.state is RunState.SUCCEEDED, drilled
        segment = next(p for p in opened.vault_folder.rglob("*.0000.bson.*") if second in str(p))
        segment.write_bytes(segment.read_bytes()[:-1])
        opened.verify(VerifyRequest(second, Level.STORED))
        services.retention.pin(first, "for the auditors")
        fail_a_backup(opened)
        clock.ahead = timedelta(seconds=1)  # a report tells of whole seconds that are over
        yield opened


def fail_a_backup(desk: Workstation) -> None:
    """Back up while the folder of the vault is away."""
    folder = desk.vault_folder
    away = folder.rename(folder.with_name("away"))
    try:
        run_id = desk.services.backups.start(BackupRequest(PROFILE, VAULT))
        assert desk.services.activity.wait(run_id, WAIT_S).state is RunState.FAILED
    finally:
        away.rename(folder)


def written(desk: Workstation, signed: SignedReport, folder: Path) -> WrittenReport:
    folder.mkdir(exist_ok=True)
    return desk.services.evidence_reports.write(signed, str(folder))


def page(report: WrittenReport) -> str:
    return next(p for p in report.files if p.suffix == ".html").read_text()


def oldest(desk: Workstation) -> str:
    return desk.services.backups.all(VAULT)[-1].backup


def test_a_report_on_a_backup_names_what_is_in_it_and_how_that_is_known(
    desk: Workstation, tmp_path: Path
) -> None:
    report = written(desk, desk.services.evidence_reports.of_backup(oldest(desk)), tmp_path)

    text = page(report)
    for words in (
        oldest(desk),
        "shop.orders",
        "restored on trial and compared",
        "recovery drilled",
        "a few orders &lt;b&gt;",
        "held",
        "pinned",
        "for the auditors",
        "Users and roles are not in it.",
    ):
        assert words in text, words
    assert "http" not in text.replace("http-equiv", "")  # nothing is loaded from anywhere
    assert {p.suffix for p in report.files} == {".html", ".pdf"}


def test_a_report_on_a_profile_owns_up_to_every_gap(desk: Workstation, tmp_path: Path) -> None:
    report = written(desk, desk.services.evidence_reports.of_profile(PROFILE), tmp_path)

    text = page(report)
    newest = desk.services.backups.all(VAULT)[0].backup
    assert f"a proof of {newest} failed" in text
    assert f"{newest} was not restored on trial" in text
    assert "its last proof failed" in text
    assert "Moments that can be restored" in text
    assert "Backups that failed" in text
    assert f" into {VAULT}: " in text
    assert re.search(r"\d, on \d days?", text)


def test_a_report_on_a_month_ends_with_the_month(desk: Workstation, tmp_path: Path) -> None:
    now = SystemClock().now()
    reports = desk.services.evidence_reports

    report = written(desk, reports.of_month(f"{now:%Y-%m}"), tmp_path)

    assert report.report.title == f"Evidence of {now:%B %Y}"
    if now.day > 1:
        assert "without a backup of the whole deployment" in page(report)
    with pytest.raises(InvalidSelectionError, match="is no month"):
        reports.of_month("last month")
    with pytest.raises(InvalidSelectionError, match="has not begun"):
        reports.of_month("2999-01")
    with pytest.raises(BackupNotFoundError, match="from that time"):
        reports.of_month("2001-01", PROFILE)


def test_a_month_before_every_backup_blames_no_profile_and_writes_nothing(
    desk: Workstation,
) -> None:
    with pytest.raises(BackupNotFoundError, match="by the end of 2001-01") as told:
        desk.services.evidence_reports.of_month("2001-01")

    assert PROFILE not in told.value.message
    assert told.value.message.startswith("no backup of any profile was made")
    assert "nothing was written" in told.value.message
    assert "a later month" in told.value.hint


def test_v6_a_report_comes_out_the_same_from_what_is_stored(
    desk: Workstation, tmp_path: Path
) -> None:
    reports, as_of = desk.services.evidence_reports, SystemClock().now()
    first = [
        written(desk, reports.of_backup(oldest(desk)), tmp_path / "a"),
        written(desk, reports.of_profile(PROFILE, as_of), tmp_path / "a"),
        written(desk, reports.of_month(f"{as_of:%Y-%m}", PROFILE, as_of), tmp_path / "a"),
    ]
    before = {path.name: path.read_bytes() for one in first for path in one.files}

    desk.services.vaults.rebuild_catalog(VAULT)  # from nothing but the vault
    fail_a_backup(desk)  # later than what the reports are about
    written(desk, reports.of_backup(oldest(desk)), tmp_path / "b")
    written(desk, reports.of_profile(PROFILE, as_of), tmp_path / "b")
    written(desk, reports.of_month(f"{as_of:%Y-%m}", PROFILE, as_of), tmp_path / "b")

    after = {name: (tmp_path / "b" / name).read_bytes() for name in before}
    assert len(before) == 6
    assert before == after


def test_the_signature_holds_for_minisign_and_for_us_and_for_nothing_else(
    desk: Workstation, tmp_path: Path
) -> None:
    minisign = shutil.which("minisign")
    assert minisign is not None
    reports = desk.services.evidence_reports
    report = written(desk, reports.of_backup(oldest(desk)), tmp_path)

    for path in report.files:
        command = [minisign, "-V", "-P", report.public_key, "-m", str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert "mangrove evidence report" in done.stdout
        assert VAULT in reports.check(str(path))
        assert report.public_key.encode() in path.read_bytes() or path.suffix == ".pdf"

    changed = report.files[0]
    changed.write_bytes(changed.read_bytes().replace(b"held", b"hold"))
    with pytest.raises(SignatureInvalidError, match="no vault known here"):
        reports.check(str(changed))


def test_nothing_is_written_over_and_nothing_by_halves(desk: Workstation, tmp_path: Path) -> None:
    reports = desk.services.evidence_reports
    signed = reports.of_backup(oldest(desk))
    taken = tmp_path / f"{signed.report.stem}.pdf.minisig"
    taken.write_text("mine")

    with pytest.raises(NameTakenError):
        reports.write(signed, str(tmp_path), tuple(ReportForm))

    assert [p.name for p in tmp_path.iterdir()] == [taken.name]
