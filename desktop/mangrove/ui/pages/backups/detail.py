"""The pane beside the backups table: one backup explained, with its contents and evidence."""

from collections.abc import Callable, Iterator
from datetime import datetime

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from mangrove.core.assertion import Verdict
from mangrove.core.assertion_words import result_sentence
from mangrove.core.backup import BackupId
from mangrove.core.backup_record import BackupRecord, BackupState
from mangrove.core.errors import MangroveError
from mangrove.core.manifest import Manifest, NotIncluded
from mangrove.core.verification import EMBEDDED, Evidence, most_telling_first
from mangrove.services.backups import BackupExplanation
from mangrove.ui import text
from mangrove.ui.models.backup_rows import BackupRow
from mangrove.ui.models.backup_words import state_tip, state_word
from mangrove.ui.models.contents_model import rows_of_manifest
from mangrove.ui.models.namespace_rows import TreeColumn
from mangrove.ui.models.namespace_tree_model import NamespaceTreeModel
from mangrove.ui.option_words import in_window
from mangrove.ui.theme.tokens import Space, Tone
from mangrove.ui.widgets.banner import Banner, BannerKind
from mangrove.ui.widgets.card import Card, ScrolledColumn, clear_layout
from mangrove.ui.widgets.key_value_grid import KeyValueGrid
from mangrove.ui.widgets.labels import ElidedLabel, TextLabel
from mangrove.ui.widgets.long_text import LongText, value_label
from mangrove.ui.widgets.state_badge import StateBadge
from mangrove.ui.widgets.state_mark import StateMark
from mangrove.ui.widgets.tables.backup_delegate import tone_of
from mangrove.ui.widgets.tables.namespace_tree import NamespaceTree
from mangrove.ui.wording import counted

_MOST_ROWS = 14
_COLUMNS = (TreeColumn.NAME, TreeColumn.DOCUMENTS, TreeColumn.SIZE)


class BackupDetail(QWidget):
    """Explains the chosen backup; its manifest comes a moment later.

    Signals:
        restore_wanted, verify_wanted, export_wanted: A ``BackupId``.
        report_wanted: A profile's name and a ``BackupId``.
    """

    restore_wanted = Signal(object)
    verify_wanted = Signal(object)
    export_wanted = Signal(object)
    report_wanted = Signal(str, object)

    def __init__(self, now: Callable[[], datetime], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._now = now
        self._row: BackupRow | None = None
        self.title = ElidedLabel("", "section")
        self.badge = StateBadge(Tone.NEUTRAL, "")
        self.banner, self.warning = Banner(), Banner()
        self.restore = QPushButton(self.tr("&Restore…"))
        self.verify = QPushButton(self.tr("&Verify…"))
        self.export = QPushButton(self.tr("E&xport…"))
        self.report = QPushButton(self.tr("Evidence re&port…"))
        self.paragraph = LongText("")
        self.facts = KeyValueGrid()
        self.model = NamespaceTreeModel(_COLUMNS, parent=self)
        self.tree = NamespaceTree(self.model)
        self.missing, self.evidence = QVBoxLayout(), QVBoxLayout()
        self.contents_card = Card(self.tr("Contents"))
        self.missing_card = Card(self.tr("Not included"))
        self.evidence_card = Card(self.tr("Evidence"))
        self._fate = ""
        self._manifest: Manifest | None = None
        self._lay_out()
        self.restore.clicked.connect(self._on_restore_clicked)
        self.verify.clicked.connect(self._on_verify_clicked)
        self.export.clicked.connect(self._on_export_clicked)
        self.report.clicked.connect(self._on_report_clicked)

    def show_row(self, row: BackupRow) -> None:
        """Show what the catalog knows; the manifest is on its way."""
        self._row, self._fate, self._manifest = row, "", None
        record = row.record
        self.title.setText(
            f"{record.profile_name}, {text.moment(record.data_at, self._now()).text}"
        )
        self.title.setToolTip(text.moment(record.data_at, self._now()).tooltip)
        self.badge.set_state(tone_of(row.light), state_word(row))
        self.badge.setToolTip(state_tip(record))
        is_whole = record.state is BackupState.COMPLETE
        self.restore.setEnabled(is_whole)
        self.verify.setEnabled(is_whole)
        self.export.setEnabled(is_whole and not record.is_physical)
        why = self.tr("It holds a server's files, which are no dump. Restore brings them out.")
        self.export.setToolTip(why if record.is_physical else "")
        self.report.setEnabled(is_whole)
        self._warn(row)
        self.banner.clear()
        self.paragraph.setText(self.tr("Reading the manifest…") if is_whole else record.problem)
        self.facts.set_rows(self._facts(row))
        self.model.set_rows(())
        for card in (self.contents_card, self.missing_card, self.evidence_card):
            card.hide()

    def show_explanation(self, explanation: BackupExplanation) -> None:
        """Show what manifest and evidence say."""
        if self._row is None or explanation.record.backup != self._row.record.backup:
            return
        self.paragraph.setText(in_window(explanation.text))
        self.model.set_rows(rows_of_manifest(explanation.manifest))
        self.tree.fit_rows(_MOST_ROWS)
        self._manifest = explanation.manifest
        self.facts.set_rows(self._facts(self._row, self._manifest))
        self.contents_card.show()
        self._show_missing(explanation.manifest.not_included)
        self._show_evidence(explanation.evidence)

    def show_fate(self, backup: BackupId, sentence: str) -> None:
        """Show whether a backup stays or when it goes, and why."""
        if self._row is not None and backup == self._row.record.backup:
            self._fate = text.sentence(sentence)
            self.facts.set_rows(self._facts(self._row, self._manifest))

    def show_problem(self, error: MangroveError) -> None:
        """Say why the manifest could not be read."""
        self.paragraph.setText("")
        self.banner.show_error(error)

    def _lay_out(self) -> None:
        self.warning.keep_open()
        head = QHBoxLayout()
        head.setSpacing(Space.S)
        head.addWidget(self.title, 1)
        head.addWidget(self.badge)
        buttons = QHBoxLayout()
        buttons.setSpacing(Space.S)
        buttons.addWidget(self.restore)
        buttons.addWidget(self.verify)
        buttons.addWidget(self.export)
        buttons.addStretch()
        about = Card(self.tr("This backup"))
        about.body.addWidget(self.paragraph)
        about.body.addWidget(self.facts)
        self.contents_card.body.addWidget(self.tree)
        self.missing.setSpacing(Space.S)
        self.evidence.setSpacing(Space.S)
        self.missing_card.body.addLayout(self.missing)
        self.evidence_card.body.addLayout(self.evidence)
        self.evidence_card.body.addWidget(self.report, 0, Qt.AlignmentFlag.AlignLeft)
        scroll = ScrolledColumn()
        cards = (about, self.evidence_card, self.contents_card, self.missing_card)
        for part in (self.banner, self.warning, *cards):
            scroll.column.addWidget(part)
        scroll.column.addStretch()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(Space.S + Space.HALF)
        column.addLayout(head)
        column.addLayout(buttons)
        column.addWidget(scroll, 1)

    def _warn(self, row: BackupRow) -> None:
        if row.record.is_encrypted:
            self.warning.clear()
            return
        words = self.tr("Not encrypted: whoever can read the vault {vault} can read this data.")
        self.warning.show_message(BannerKind.WARNING, words.format(vault=row.vault))

    def _facts(
        self, row: BackupRow, manifest: Manifest | None = None
    ) -> list[tuple[str, str] | tuple[str, str, str]]:
        record = row.record
        took = record.finished_at - record.started_at
        started = text.moment(record.started_at, self._now())
        facts: list[tuple[str, str] | tuple[str, str, str]] = [
            (self.tr("Backup"), record.backup),
            (self.tr("Started"), started.text, started.tooltip),
            (self.tr("Took"), text.duration(took)),
            (self.tr("Server"), f"MongoDB {record.server_version}"),
            (self.tr("Vault"), row.vault),
            (self.tr("Documents"), text.count(record.documents)),
            (self.tr("Size"), self._sizes(record)),
        ]
        if self._fate:
            facts.append((self.tr("Retention"), self._fate))
        if manifest is not None:
            facts.append((self.tr("Consistency"), text.sentence(manifest.consistency_reason)))
            facts.append((self.tr("Objects"), self._objects(manifest)))
            held = manifest.users_and_roles
            facts.append((self.tr("Users and roles"), held.describe() if held else self.tr("none")))
        return facts

    def _sizes(self, record: BackupRecord) -> str:
        words = self.tr("{plain}, stored as {stored} ({compression})")
        return words.format(
            plain=text.size(record.plain_bytes),
            stored=text.size(record.stored_bytes),
            compression=record.compression.value,
        )

    def _objects(self, manifest: Manifest) -> str:
        number = len(manifest.blobs)
        objects = counted(number, self.tr("object"), self.tr("objects"))
        words = self.tr("{objects}, {size}, {encryption}")
        encrypted = self.tr("encrypted") if manifest.encrypted else self.tr("not encrypted")
        size = text.size(manifest.stored_bytes)
        return words.format(objects=objects, size=size, encryption=encrypted)

    def _show_missing(self, missing: tuple[NotIncluded, ...]) -> None:
        clear_layout(self.missing)
        for item in missing:
            self.missing.addWidget(value_label(item.what, "strong"))
            self.missing.addWidget(TextLabel(text.sentence(item.reason), "muted").wrapping())
        self.missing_card.setVisible(bool(missing))

    def _show_evidence(self, evidence: tuple[Evidence, ...]) -> None:
        clear_layout(self.evidence)
        if not evidence:
            words = self.tr("Nobody has verified this backup since it was made.")
            self.evidence.addWidget(TextLabel(words, "muted").wrapping())
        for item in most_telling_first(evidence):
            self.evidence.addWidget(self._evidence_line(item))
        self.evidence_card.show()

    def _evidence_line(self, item: Evidence) -> QWidget:
        line = QWidget()
        grid = QGridLayout(line)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(Space.S)
        grid.setVerticalSpacing(0)
        grid.setColumnStretch(1, 1)
        tone = Tone.PROVEN if item.passed else Tone.EXPOSED
        words = self.tr("{level}: passed") if item.passed else self.tr("{level}: failed")
        note = TextLabel(self._evidence_note(item), "small").wrapping()
        note.setToolTip(text.moment(item.finished_at, self._now()).tooltip)
        grid.addWidget(StateMark(tone), 0, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(TextLabel(words.format(level=item.level.value)), 0, 1)
        grid.addWidget(note, 1, 1)
        for number, label in enumerate(self._evidence_details(item), start=2):
            grid.addWidget(label, number, 1)
        return line

    def _evidence_details(self, item: Evidence) -> Iterator[QWidget]:
        if item.drill is not None:
            words = self.tr("Back to {moment}: {steps}")
            took = (f"{name} {text.duration(length)}" for name, length in item.steps)
            goal, steps = item.drill.goal, ", ".join(took)
            yield value_label(words.format(moment=goal, steps=steps), "small")
            if item.drill.compared_with:
                same = self.tr("Compared with {backup}, which stands there")
                yield value_label(same.format(backup=item.drill.compared_with), "small")
        for finding in item.findings:
            yield value_label(f"{finding.subject}: {finding.problem}", "error")
        for result in item.assertions:
            if result.verdict is not Verdict.BROKEN:  # those are findings
                yield value_label(text.sentence(result_sentence(result)), "small")

    def _evidence_note(self, item: Evidence) -> str:
        took, ago = text.duration(item.duration), text.ago(item.finished_at, self._now())
        if not item.target:
            return self.tr("{ago}, took {duration}").format(ago=ago, duration=took)
        target = self.tr("a throw-away server") if item.target == EMBEDDED else item.target
        words = self.tr("{ago}, took {duration}, on {target} with MongoDB {version}")
        return words.format(ago=ago, duration=took, target=target, version=item.server_version)

    @Slot()
    def _on_restore_clicked(self) -> None:
        if self._row is not None:
            self.restore_wanted.emit(self._row.record.backup)

    @Slot()
    def _on_verify_clicked(self) -> None:
        if self._row is not None:
            self.verify_wanted.emit(self._row.record.backup)

    @Slot()
    def _on_export_clicked(self) -> None:
        if self._row is not None:
            self.export_wanted.emit(self._row.record.backup)

    @Slot()
    def _on_report_clicked(self) -> None:
        if self._row is not None:
            record = self._row.record
            self.report_wanted.emit(record.profile_name, record.backup)
