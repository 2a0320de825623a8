"""Stand-ins for assertions, drills and evidence reports."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from fakes.activity import FakeActivity
from fakes.sample_data import NOW, RECORDS
from mangrove.core.assertion import (
    Answer,
    Assertion,
    AssertionId,
    AssertionResult,
    Measure,
    Question,
    checked_question,
    judged,
)
from mangrove.core.drill import DrillPlan, DrillRequest
from mangrove.core.errors import MangroveError, NameTakenError
from mangrove.core.namespace import Namespace
from mangrove.core.oplog import OplogTimestamp
from mangrove.core.profile import ProfileId
from mangrove.core.reports.report import Report, ReportKind
from mangrove.core.run import RunId, RunKind
from mangrove.core.verification import Drill
from mangrove.services.evidence_reports import ReportForm, SignedReport, WrittenReport

ORDERS = Namespace("shop", "orders")
PLENTY = Question(ORDERS, at_least=1_000_000)
FRESH = Question(ORDERS, Measure.AGE, "placed_at", at_most=26 * 3600.0)


def _assertion(name: str, question: Question) -> Assertion:
    return Assertion(AssertionId(name), ProfileId("p"), name, question, NOW)


@dataclass
class FakeAssertions:
    """Assertions in memory; the live deployment says whatever ``answer`` holds."""

    kept: list[Assertion] = field(
        default_factory=lambda: [
            _assertion("enough orders", PLENTY),
            _assertion("orders are fresh", FRESH),
        ]
    )
    answer: Answer = field(default_factory=lambda: Answer(1_204_933.0))
    problem: MangroveError | None = None

    def of(self, profile: str) -> tuple[Assertion, ...]:
        del profile
        return tuple(self.kept)

    def add(self, profile: str, name: str, question: Question) -> Assertion:
        del profile
        if any(a.name == name for a in self.kept):
            raise NameTakenError(f"an assertion named '{name}' exists; nothing was saved")
        self.kept.append(_assertion(name, self.checked(question)))
        return self.kept[-1]

    def remove(self, profile: str, name: str) -> None:
        del profile
        self.kept = [a for a in self.kept if a.name != name]

    def checked(self, question: Question) -> Question:
        return checked_question(question)

    def try_live(self, profile: str, name: str, question: Question) -> AssertionResult:
        del profile
        if self.problem is not None:
            raise self.problem
        return judged(name, question, self.answer, NOW)

    def run_live(self, profile: str) -> tuple[AssertionResult, ...]:
        return tuple(self.try_live(profile, a.name, a.question) for a in self.kept)


@dataclass
class FakeDrills:
    """Plans to one moment, and starts drills that stay queued."""

    activity: FakeActivity
    requests: list[DrillRequest] = field(default_factory=list)
    planned: list[DrillRequest] = field(default_factory=list)
    problem: MangroveError | None = None

    def plan(self, request: DrillRequest) -> DrillPlan:
        self.planned.append(request)
        if self.problem is not None:
            raise self.problem
        record = RECORDS[0]
        limit = request.at or OplogTimestamp(int(record.data_at.timestamp()), 1)
        return DrillPlan(record, None, Drill(limit, request.seed))

    def start(self, request: DrillRequest) -> RunId:
        self.requests.append(request)
        return self.activity.begin(RunKind.DRILL, f"Drill a recovery of {request.profile}", "", "")


@dataclass
class FakeEvidenceReports:
    """Reports that say nothing, written nowhere."""

    written: list[tuple[Report, str, tuple[ReportForm, ...]]] = field(default_factory=list)

    def of_backup(self, backup: str) -> SignedReport:
        return _signed(ReportKind.BACKUP, backup)

    def of_profile(self, profile: str) -> SignedReport:
        return _signed(ReportKind.PROFILE, profile)

    def of_month(self, month: str, profile: str = "") -> SignedReport:
        return _signed(ReportKind.MONTH, f"{month} {profile}".strip())

    def write(
        self, signed: SignedReport, folder: str, forms: Sequence[ReportForm]
    ) -> WrittenReport:
        self.written.append((signed.report, folder, tuple(forms)))
        files = tuple(Path(folder) / f"{signed.report.stem}.{form}" for form in forms)
        return WrittenReport(signed.report, files, "attic", "RWQkey")


def _signed(kind: ReportKind, subject: str) -> SignedReport:
    report = Report(kind, subject, "", NOW, (), f"evidence-{subject}".replace(" ", "-"))
    return SignedReport(report, RECORDS[0].vault_id)
