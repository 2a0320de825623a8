"""Vaults of format version 1 are opened and restored by every later version.

They were written once, by ``vaults_golden.py``, and are never written again.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes.workstation import Workstation, workstation
from mangrove.core.backup import BackupId
from mangrove.core.backup_record import BackupState
from mangrove.core.run import RunState
from mangrove.core.secret import Secret
from mangrove.core.vaults.vault import identity_ref
from mangrove.core.verification import EMBEDDED, Level, VerifyRequest
from mangrove.services.kits import OpenedKit

GOLDEN = Path(__file__).parent / "golden" / "vaults"
PASSPHRASE = Secret("tide turns mangrove roots")
BACKUPS = {"v1-encrypted": 3, "v1-plain": 1, "v1-keys": 3}
WHOLE, FILTERED = 41, 20


@pytest.fixture(params=list(BACKUPS))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Workstation]:
    with workstation(tmp_path / "new") as opened:
        yield opened


def opened(desk: Workstation, name: str) -> OpenedKit:
    """Open a copy of a golden vault from its golden kit, on a machine that never saw it."""
    place = desk.folder / name
    shutil.copytree(GOLDEN / name / "vault", place)
    kits = desk.services.kits
    kit = kits.read(str(GOLDEN / name / "kit.age"), PASSPHRASE)
    return kits.open(kit, url=place.as_uri())


def backups(desk: Workstation) -> list[BackupId]:
    return [record.backup for record in desk.services.backups.all()]


def test_every_golden_vault_opens_whole_from_its_kit(desk: Workstation, name: str) -> None:
    found = opened(desk, name)

    assert (found.backups, found.notices) == (
        BACKUPS[name],
        tuple(n for n in found.notices if "session only" in n),
    )
    assert {r.state for r in desk.services.backups.all()} == {BackupState.COMPLETE}
    health = desk.services.vaults.check("golden")
    assert (health.problem, health.debris, health.missing) == ("", (), ())
    assert desk.services.profiles.find("shop").uri.hosts


def test_every_document_of_every_golden_backup_is_decoded_and_counted(
    desk: Workstation, name: str
) -> None:
    opened(desk, name)

    for backup in backups(desk):
        status = desk.verify(VerifyRequest(backup, Level.DECODED))
        assert status.state is RunState.SUCCEEDED, status
    counted = {r.documents for r in desk.services.backups.all()}
    assert counted == ({WHOLE, FILTERED} if name == "v1-encrypted" else {WHOLE})


@pytest.mark.mongod
@pytest.mark.slow
def test_a_golden_backup_of_each_vault_is_restored(desk: Workstation, name: str) -> None:
    opened(desk, name)
    oldest = backups(desk)[-1]

    status = desk.verify(VerifyRequest(oldest, Level.RESTORED, EMBEDDED))

    assert status.state is RunState.SUCCEEDED, status


def test_what_was_kept_with_a_golden_backup_is_there(desk: Workstation) -> None:
    opened(desk, "v1-encrypted")
    oldest = desk.services.backups.all()[-1]
    manifest = desk.services.backups.explain(oldest.backup).manifest

    assert oldest.proven is not None
    assert oldest.proven.level is Level.DECODED
    assert manifest.users_and_roles is not None
    assert manifest.users_and_roles.users == 1
    assert any(r.is_filtered for r in desk.services.backups.all())


def test_the_second_recipient_opens_what_was_written_or_wrapped_for_it(desk: Workstation) -> None:
    opened(desk, "v1-keys")
    spec = desk.services.vaults.find("golden")
    ana = Secret((GOLDEN / "v1-keys" / "ana.txt").read_text().strip())
    newest, second, first = backups(desk)
    desk.secrets.store(identity_ref(spec.vault_id), ana)

    for backup in (newest, second):
        assert desk.verify(VerifyRequest(backup, Level.DECODED)).state is RunState.SUCCEEDED
    refused = desk.verify(VerifyRequest(first, Level.DECODED))

    assert refused.problem is not None
    assert refused.problem.code == "wrong-identity"
    assert list((GOLDEN / "v1-keys").rglob("manifest.json.r1.age"))
    assert len(spec.retired_keys) == 1
