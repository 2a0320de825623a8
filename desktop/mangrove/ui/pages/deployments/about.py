"""What the last probe of a deployment found: version, members, oplog, privileges, sizes."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from mangrove.core.deployment import DeploymentReport, Member, OplogWindow, PrivilegeFinding
from mangrove.core.profile import Profile
from mangrove.ui import text
from mangrove.ui.models.profiles_model import Live, Probe
from mangrove.ui.theme.tokens import Space, Tone
from mangrove.ui.widgets.card import Card, ScrolledColumn
from mangrove.ui.widgets.key_value_grid import KeyValueGrid
from mangrove.ui.widgets.labels import TextLabel
from mangrove.ui.widgets.oplog_bar import OplogBar
from mangrove.ui.widgets.state_badge import StateBadge
from mangrove.ui.widgets.state_mark import StateMark
from mangrove.ui.wording import counted

_STATES = {"PRIMARY": Tone.PROVEN, "SECONDARY": Tone.PROVEN, "ARBITER": Tone.NEUTRAL}


class AboutTab(ScrolledColumn):
    """Cards with the figures of one deployment."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.facts = KeyValueGrid()
        self.oplog = _OplogCard()
        self.members = _MembersCard()
        self.privileges = _PrivilegesCard()
        self.waiting = TextLabel("", "muted").wrapping()
        about = Card(self.tr("Deployment"))
        about.body.addWidget(self.facts)
        about.body.addStretch()
        self._found = QWidget()
        grid = QGridLayout(self._found)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(Space.M)
        grid.addWidget(about, 0, 0, 2, 1)
        grid.addWidget(self.oplog, 0, 1)
        grid.addWidget(self.privileges, 1, 1)
        grid.addWidget(self.members, 2, 0, 1, 2)
        grid.setColumnStretch(0, 1)
        grid.setColumnStretch(1, 1)
        self.column.setContentsMargins(0, Space.M, 0, 0)
        self.column.addWidget(self.waiting)
        self.column.addWidget(self._found)
        self.column.addStretch()

    def show_probe(self, profile: Profile, probe: Probe) -> None:
        """Show what a probe found, or that none has answered yet."""
        report = probe.report
        self._found.setVisible(report is not None)
        self.waiting.setText(self._waiting_words(profile, probe))
        self.waiting.setVisible(bool(self.waiting.text()))
        if report is not None:
            self.facts.set_rows(self._facts(profile, report))
            self.oplog.show_window(report.oplog)
            self.members.show_members(report.members)
            self.privileges.show_findings(report.privileges)

    def _waiting_words(self, profile: Profile, probe: Probe) -> str:
        if probe.live is Live.PROBING and probe.report is None:
            return self.tr("Looking at {hosts}…").format(hosts=profile.hosts_text)
        if probe.live is Live.DOWN and probe.report is not None:
            return self.tr("What follows was found by an earlier look.")
        if probe.live is Live.DOWN:
            return self.tr("Nothing is known of this deployment until it answers.")
        return ""

    def _facts(self, profile: Profile, report: DeploymentReport) -> list[tuple[str, str]]:
        documents = sum(d.documents for d in report.databases)
        return [
            (self.tr("Address"), profile.hosts_text),
            (self.tr("Version"), self._version(report)),
            *((self.tr("Warning"), text.sentence(said)) for said in report.warnings),
            (self.tr("Topology"), self._topology(report)),
            (self.tr("Signed in as"), report.user or self.tr("nobody: no access control")),
            (self.tr("TLS"), self.tr("encrypted") if report.tls else self.tr("not encrypted")),
            (self.tr("Latency"), text.duration(report.latency)),
            (self.tr("Documents"), text.count(documents)),
            (self.tr("Data"), text.size(sum(d.data_bytes for d in report.databases))),
            (self.tr("On disk"), text.size(sum(d.storage_bytes for d in report.databases))),
            (self.tr("Indexes"), text.size(sum(d.index_bytes for d in report.databases))),
        ]

    def _version(self, report: DeploymentReport) -> str:
        if not report.feature_version:
            return report.version
        words = self.tr("{version} (compatible with {feature})")
        return words.format(version=report.version, feature=report.feature_version)

    def _topology(self, report: DeploymentReport) -> str:
        if not report.replica_set:
            return report.topology.value
        members = counted(len(report.members), self.tr("member"), self.tr("members"))
        return f"{report.topology.value} {report.replica_set}, {members}"


class _OplogCard(Card):
    """The oplog's window in hours; absence is said, not hidden."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName(self.tr("Oplog window"))
        self.length = TextLabel("", "figure")
        self.bar = OplogBar()
        self.note = TextLabel("", "small").wrapping()
        self.body.addWidget(TextLabel(self.tr("Oplog window"), "section"))
        for part in (self.length, self.bar, self.note):
            self.body.addWidget(part)
        self.body.addStretch()

    def show_window(self, window: OplogWindow | None) -> None:
        self.bar.setVisible(window is not None)
        if window is None:
            self.length.setText(self.tr("none"))
            self.note.setText(
                self.tr("Without an oplog, a backup cannot hold one moment of all collections.")
            )
            return
        self.bar.set_length(window.length)
        self.length.setText(
            f"{self.bar.hours:,.1f} h"
            if self.bar.hours >= 1
            else text.rough_duration(window.length)
        )
        self.note.setText(self._used(window))

    def _used(self, window: OplogWindow) -> str:
        if window.size_bytes is None or window.max_bytes is None:
            return self.tr("Its size is not readable for this user.")
        words = self.tr("{used} of {allowed} used")
        return words.format(used=text.size(window.size_bytes), allowed=text.size(window.max_bytes))


class _MembersCard(Card):
    """Each node with its state and how far behind it is."""

    def __init__(self) -> None:
        super().__init__()
        self._rows = QWidget()
        self.body.addWidget(TextLabel(self.tr("Members"), "section"))
        self.body.addWidget(self._rows)

    def show_members(self, members: tuple[Member, ...]) -> None:
        self.setVisible(bool(members))
        rows = QWidget()
        grid = QGridLayout(rows)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(Space.M)
        grid.setVerticalSpacing(Space.S)
        grid.setColumnStretch(0, 1)
        for line, member in enumerate(members):
            tone = _STATES.get(member.state, Tone.UNPROVEN)
            grid.addWidget(TextLabel(member.host).selectable(), line, 0)
            grid.addWidget(StateBadge(tone, member.state.lower()), line, 1)
            lag = TextLabel(self._lag(member), "muted")
            grid.addWidget(lag, line, 2, Qt.AlignmentFlag.AlignTrailing)
        self.body.replaceWidget(self._rows, rows)
        self._rows.deleteLater()
        self._rows = rows

    def _lag(self, member: Member) -> str:
        if member.state == "PRIMARY":
            return ""
        if member.lag is None:
            return self.tr("lag unknown")
        if not member.lag:
            return self.tr("in step")
        return self.tr("{duration} behind").format(duration=text.duration(member.lag))


class _PrivilegesCard(Card):
    """What the user may do here; what is missing is named with the role that would help."""

    def __init__(self) -> None:
        super().__init__()
        self._rows = QWidget()
        self.body.addWidget(TextLabel(self.tr("Privileges"), "section"))
        self.body.addWidget(self._rows)
        self.body.addStretch()

    def show_findings(self, findings: tuple[PrivilegeFinding, ...]) -> None:
        rows = QWidget()
        grid = QGridLayout(rows)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(Space.S)
        grid.setVerticalSpacing(Space.S)
        grid.setColumnStretch(1, 1)
        for line, finding in enumerate(findings):
            grid.addWidget(StateMark(_tone(finding)), line, 0, Qt.AlignmentFlag.AlignTop)
            words = QVBoxLayout()
            words.setSpacing(0)
            words.addWidget(TextLabel(self._words(finding)).wrapping())
            if missing := self._missing(finding):
                words.addWidget(TextLabel(missing, "small").wrapping().selectable())
            grid.addLayout(words, line, 1)
        self.body.replaceWidget(self._rows, rows)
        self._rows.deleteLater()
        self._rows = rows

    def _words(self, finding: PrivilegeFinding) -> str:
        purpose = {
            "dump": self.tr("Back up"),
            "restore": self.tr("Restore"),
            "oplog": self.tr("Read the oplog"),
        }.get(finding.purpose, finding.purpose)
        answer = {
            True: self.tr("allowed"),
            False: self.tr("not allowed"),
            None: self.tr("not known"),
        }[finding.allowed]
        if finding.some:
            answer = self.tr("only some of it: {what}").format(what=", ".join(finding.some))
        return f"{purpose}: {answer}"

    def _missing(self, finding: PrivilegeFinding) -> str:
        if finding.allowed:
            return ""
        parts = []
        if finding.missing:
            parts.append(self.tr("Missing: {what}.").format(what=", ".join(finding.missing)))
        if finding.role:
            parts.append(self.tr("The role {role} would allow it.").format(role=finding.role))
        return " ".join(parts)


def _tone(finding: PrivilegeFinding) -> Tone:
    if finding.some:
        return Tone.UNPROVEN
    return {True: Tone.PROVEN, False: Tone.EXPOSED, None: Tone.NEUTRAL}[finding.allowed]
