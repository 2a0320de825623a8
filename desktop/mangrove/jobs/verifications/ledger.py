"""What a verification has found so far: findings, counts, and how long each step took."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from mangrove.core.assertion import AssertionResult
from mangrove.core.errors import (
    BlobNotFoundError,
    CorruptBackupError,
    MangroveError,
    WrongIdentityError,
)
from mangrove.core.ports.clock import Clock
from mangrove.core.run import Loss
from mangrove.core.verification import Finding, NamespaceResult, StepName
from mangrove.jobs.context import RunContext

BAD_BACKUP = (CorruptBackupError, BlobNotFoundError, WrongIdentityError)


@dataclass(slots=True)
class Ledger:
    """Filled by the steps of one verification, and read when they are over.

    Attributes:
        results: By namespace; a deeper step replaces what one before it counted.
        amounts: What the steps moved.
        unanswered: What could not be found out and says nothing against the backup.
        server_version: Of the server that it was restored to.
    """

    ctx: RunContext
    clock: Clock
    findings: list[Finding] = field(default_factory=list)
    results: dict[str, NamespaceResult] = field(default_factory=dict)
    steps: list[tuple[str, timedelta]] = field(default_factory=list)
    amounts: dict[str, int] = field(default_factory=dict)
    assertions: list[AssertionResult] = field(default_factory=list)
    unanswered: list[Loss] = field(default_factory=list)
    server_version: str = ""

    def find(self, subject: str, problem: str) -> None:
        """Note something that is wrong."""
        self.findings.append(Finding(subject, problem))
        self.ctx.log(f"{subject}: {problem}")

    @contextmanager
    def finding(
        self, subject: str, bad: tuple[type[MangroveError], ...] = BAD_BACKUP
    ) -> Iterator[None]:
        """Turn what shows the backup to be bad into a finding; let everything else pass."""
        try:
            yield
        except bad as error:
            self.find(subject, error.message)

    @contextmanager
    def step(self, name: StepName | str) -> Iterator[None]:
        """Measure a step, however it ends."""
        started_s = self.clock.monotonic_s()
        try:
            yield
        finally:
            self.took(name, timedelta(seconds=self.clock.monotonic_s() - started_s))

    def took(self, name: StepName | str, duration: timedelta) -> None:
        """Note how long a step took."""
        self.steps.append((str(name), duration))
