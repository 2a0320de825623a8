"""What runs do with mirrors: whose fault a failure is, and where new evidence goes."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from fakes.vaults import new_id
from mangrove.core.backup import BackupId
from mangrove.core.errors import MangroveError, StorageUnavailableError
from mangrove.core.ports.storage import Passing
from mangrove.core.run import RunState
from mangrove.core.vaults.mirror import MirrorSpec
from mangrove.core.verification import Level
from mangrove.jobs.vaults.mirror import PHASES, MirrorBody
from mangrove.jobs.verifications.verify import phases_of
from unit.jobs.conftest import Bench

CELLAR = MirrorSpec("1", "cellar", "file:///cellar")
SILENT = StorageUnavailableError("nobody answers there")
GONE = StorageUnavailableError("the vault attic cannot be read")


@dataclass
class FakeMirror:
    """A mirror that notes the evidence it is given; it or its vault may be away."""

    problem: MangroveError | None = None
    source_problem: MangroveError | None = None
    source_lasts: int = 0
    evidence: list[BackupId] = field(default_factory=list)
    spec: MirrorSpec = CELLAR

    def require_source(self) -> None:
        self.source_lasts -= 1
        if self.source_problem is not None and self.source_lasts < 0:
            raise self.source_problem

    def greet(self) -> None:
        self.total_bytes()

    def total_bytes(self) -> int:
        if self.problem is not None:
            raise self.problem
        return 0

    def copy_all(self, _passing: Passing) -> Iterator[str]:
        yield "one"

    def copy_evidence(self, backup: BackupId) -> None:
        self.total_bytes()
        self.evidence.append(backup)

    def abort(self) -> None:
        """Nothing here blocks."""


@pytest.mark.parametrize("lasts", [0, 1], ids=["from-the-first", "broken-off"])
def test_a_vault_that_is_gone_fails_the_copy_and_blames_no_mirror(bench: Bench, lasts: int) -> None:
    mirror = FakeMirror(SILENT, GONE, lasts)

    status = bench.run(MirrorBody(lambda: (mirror,)), *PHASES)  # type: ignore[arg-type,return-value]  # as much as is asked

    assert status.state is RunState.FAILED
    assert status.problem is not None
    assert (status.problem.code, status.problem.message) == (GONE.code, GONE.message)


def test_a_mirror_that_is_away_is_a_loss_and_the_next_is_served(bench: Bench) -> None:
    mirrors = (FakeMirror(SILENT), FakeMirror())

    status = bench.run(MirrorBody(lambda: mirrors), *PHASES)  # type: ignore[arg-type,return-value]  # as much as is asked

    assert status.result is not None
    assert [loss.subject for loss in status.result.losses] == ["mirror cellar"]
    assert "1 object or backup copied" in status.result.summary


def test_new_evidence_goes_to_every_mirror_and_one_that_is_away_is_a_warning(
    backed_up: Bench,
) -> None:
    away, there = FakeMirror(SILENT), FakeMirror()
    body = backed_up.verify(Level.STORED, mirrors=(away, there))

    status = backed_up.run(body, *phases_of(Level.STORED))

    assert there.evidence == [new_id()]
    assert len(backed_up.vault.open().evidence(new_id())) == 1
    assert status.result is not None
    assert "nobody answers there" in status.result.warnings[0]
    assert not status.result.losses
