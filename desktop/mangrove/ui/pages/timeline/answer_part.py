"""What is known of the chosen moment: base and slices, evidence and time; or why not, and where."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, tzinfo

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from mangrove.core.atlas.kept import KEEPER
from mangrove.core.backup_record import BackupState
from mangrove.core.elsewhere import Elsewhere, KeptGap
from mangrove.core.oplog import OplogTimestamp
from mangrove.core.pitr.planning import Base, Gap, RewindPlan
from mangrove.core.pitr.rewind_answer import RewindAnswer
from mangrove.core.verification import Level
from mangrove.ui import text
from mangrove.ui.pages.timeline.kept import Kept
from mangrove.ui.pages.timeline.picture import gap_words, proof_word, what_mends
from mangrove.ui.theme.tokens import Space
from mangrove.ui.widgets.banner import BannerKind, LastingBanner
from mangrove.ui.widgets.card import clear_layout
from mangrove.ui.widgets.key_value_grid import KeyValueGrid
from mangrove.ui.widgets.labels import TextLabel
from mangrove.ui.widgets.timeline.words import exact_both, exact_local
from mangrove.ui.wording import counted

Facts = list[tuple[str, str] | tuple[str, str, str]]


class AnswerPart(QWidget):
    """Says one of: choose a moment; this is how; this is why not; this backup stands alone.

    Attributes:
        restore: The one primary button; whoever holds this part gives it a place.

    Signals:
        restore_wanted(): The moment that is shown shall be restored.
        backup_wanted: A ``BackupId`` shall be restored as it is.
        moment_wanted: Another moment, as the ``TS:INC`` before which it ends.
        mend_wanted: What ends a gap: ``capture``, ``backup`` or ``vault``.
        elsewhere_wanted(): What Atlas keeps shall be shown.
    """

    restore_wanted = Signal()
    backup_wanted = Signal(object)
    moment_wanted = Signal(str)
    mend_wanted = Signal(str)
    elsewhere_wanted = Signal()

    def __init__(
        self,
        now: Callable[[], datetime],
        zone: tzinfo | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._now, self._zone = now, zone
        self.headline = TextLabel("", "strong").wrapping().selectable()
        self.note = TextLabel("", "muted").wrapping()
        self.facts = KeyValueGrid()
        self.problem = LastingBanner()
        self.restore = QPushButton(self.tr("&Restore to here…"))
        self.restore.setProperty("kind", "primary")
        self._steps = QVBoxLayout()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(Space.S)
        for part in (self.headline, self.note, self.facts, self.problem):
            column.addWidget(part)
        self._steps.setSpacing(Space.S)
        column.addLayout(self._steps)
        self.restore.clicked.connect(self._on_restore_clicked)
        self.show_nothing()

    @property
    def words(self) -> str:
        """Everything that is said now, for whoever listens."""
        parts = (self.headline, self.note)
        said = [part.text() for part in parts if not part.isHidden() and part.text()]
        facts = self.facts.texts() if not self.facts.isHidden() else []
        said += [f"{name}: {value}" for name, value in zip(facts[::2], facts[1::2], strict=True)]
        return "\n".join([*said, self.problem.text]).strip()

    def show_nothing(self) -> None:
        """Say how to choose a moment."""
        self._say(
            "", self.tr("Click on the timeline, step with the arrow keys, or write a moment.")
        )

    def show_answer(self, answer: RewindAnswer) -> None:
        """Say how to get to a moment, or why there is no way."""
        limit = answer.moment.limit
        if answer.plan is not None:
            until = self._until(limit) if answer.plan.slices else self._as_of(answer.plan.base)
            self._say(self._how(answer.plan), until, self._facts(answer, answer.plan))
            self.headline.setToolTip(exact_both(limit.seconds, self._zone))
            self.restore.show()
        elif answer.problem is not None:
            self._say("", "")
            self.problem.show_message(BannerKind.WARNING, text.sentence(answer.problem.message))
            self._offer_nearest(answer.problem.details)

    def add_keeper(self, by: Elsewhere) -> None:
        """Say that somebody else can bring back the moment which we cannot."""
        words = self.tr("{keeper} can restore this very second ({place}).")
        self.note.setText(words.format(keeper=by.keeper, place=by.place))
        self.note.show()
        self._offer_elsewhere(by)

    def show_kept(self, kept: Kept) -> None:
        """Show a backup that somebody else keeps."""
        point, by = kept.point, kept.by
        at = text.moment(point.data_at, self._now())
        facts: Facts = [(self.tr("Kept by"), f"{by.keeper}, {by.place}"), ("Id", point.name)]
        if point.expires_at is not None:
            until = text.moment(point.expires_at, self._now())
            facts.append((self.tr("Kept until"), until.text, until.tooltip))
        if point.problem:
            facts.append((self.tr("Evidence"), text.sentence(point.problem)))
        self._say(
            f"{point.words}, {at.text}",
            self.tr("Seen {ago}.").format(ago=text.ago(by.seen_at, self._now())),
            facts,
        )
        self._offer_elsewhere(by)

    def show_gap(self, gap: Gap | KeptGap) -> None:
        """Say why nothing can be restored there, and what ends it."""
        since = exact_local(_seconds(gap.start), self._zone)
        until = self.tr("now") if gap.end is None else exact_local(_seconds(gap.end), self._zone)
        self._say(self.tr("Gap from {start} to {end}").format(start=since, end=until), "")
        self.problem.show_message(BannerKind.WARNING, gap_words(gap))
        remedy = what_mends(gap)
        captions = {
            "capture": self.tr("Start &capture…"),
            "backup": self.tr("&Back up now…"),
            "vault": self.tr("Check &vault"),
        }
        if remedy:
            self._offer(captions[remedy], lambda: self.mend_wanted.emit(remedy))
        if isinstance(gap, KeptGap):
            return
        self._offer(self.tr("Last moment before"), lambda: self._want(gap.start.following))
        if gap.end is not None:
            after = gap.end.following
            self._offer(self.tr("First moment after"), lambda: self._want(after))

    def show_backup(self, base: Base) -> None:
        """Show a backup that no moment can be reached from but its own."""
        record = base.record
        at = text.moment(record.data_at, self._now())
        self._say(
            self.tr("Backup of {moment}").format(moment=at.text),
            text.sentence(base.why_not or self.tr("this backup stands alone")),
            [(self.tr("Backup"), record.backup), self._evidence(base)],
        )
        if record.state is BackupState.COMPLETE:
            backup = record.backup
            self._offer(self.tr("Restore this &backup…"), lambda: self.backup_wanted.emit(backup))

    # --- words ---------------------------------------------------------------------------

    def _how(self, plan: RewindPlan) -> str:
        at = text.moment(plan.base.stands_at.at, self._now()).text
        if not plan.slices:
            return self.tr("Base {moment}, as it is").format(moment=at)
        slices = counted(len(plan.slices), self.tr("slice"), self.tr("slices"))
        words = self.tr("Base {moment} + {slices}").format(moment=at, slices=slices)
        if plan.passed_over is not None:
            newer = text.moment(plan.passed_over.stands_at.at, self._now()).text
            skipped = self.tr("the check of the newer one of {moment} failed")
            words += f" ({skipped.format(moment=newer)})"
        return words

    def _as_of(self, base: Base) -> str:
        words = self.tr("Everything as it was at {moment}, oplog entry {entry}.")
        moment = exact_local(base.stands_at.seconds, self._zone)
        return words.format(moment=moment, entry=str(base.stands_at))

    def _until(self, limit: OplogTimestamp) -> str:
        if limit.increment:
            words = self.tr("With everything before oplog entry {entry}, {moment}.")
            moment = exact_local(limit.seconds, self._zone)
            return words.format(entry=str(limit), moment=moment)
        words = self.tr("With everything up to {moment}, and nothing of that second.")
        return words.format(moment=exact_local(limit.seconds, self._zone))

    def _facts(self, answer: RewindAnswer, plan: RewindPlan) -> Facts:
        base = plan.base
        facts: Facts = [(self.tr("Base"), base.backup, self._moment(base.stands_at))]
        if plan.slices:
            entries = counted(plan.entries, self.tr("entry"), self.tr("entries"))
            size = text.size(sum(s.blob.size_bytes for s in plan.slices))
            facts.append((self.tr("Replay"), f"{entries}, {size}"))
        facts.append(self._evidence(base))
        facts.append((self.tr("Takes about"), self._takes(answer, plan)))
        return facts

    def _evidence(self, base: Base) -> tuple[str, str] | tuple[str, str, str]:
        proof = base.record.failed_evidence or base.record.proven
        word = proof_word(base.record)
        if proof is None:
            return (self.tr("Evidence"), word)
        ago = text.ago(proof.finished_at, self._now())
        is_restored = proof.level.depth >= Level.RESTORED.depth
        words = self.tr("{proof} {ago}") if is_restored else self.tr("{proof}; {level} {ago}")
        return (
            self.tr("Evidence"),
            words.format(proof=word, level=proof.level.value, ago=ago),
            text.moment(proof.finished_at, self._now()).tooltip,
        )

    def _takes(self, answer: RewindAnswer, plan: RewindPlan) -> str:
        if answer.base_takes is None or answer.measured is None:
            return self._foretold(answer, plan)
        takes = text.rough_duration(max(answer.base_takes, timedelta(seconds=1)))
        ago = text.ago(answer.measured.finished_at, self._now())
        if not plan.slices:
            return self.tr("{duration}, measured {ago}").format(duration=takes, ago=ago)
        words = self.tr("{duration} for the base, measured {ago}; for the replay unknown")
        return words.format(duration=takes, ago=ago)

    def _foretold(self, answer: RewindAnswer, plan: RewindPlan) -> str:
        """Say what other restores tell of this one's base."""
        if answer.forecast is None or answer.forecast.likely is None:
            return self.tr("unknown: no restore of this size was ever measured")
        words = answer.forecast.sentence
        if not plan.slices:
            return words
        return self.tr("the base {forecast}; for the replay unknown").format(forecast=words)

    def _moment(self, at: OplogTimestamp) -> str:
        return f"{exact_both(at.seconds, self._zone)}\n{at}"

    # --- parts ---------------------------------------------------------------------------

    def _say(self, headline: str, note: str, facts: Facts | None = None) -> None:
        """Show this and nothing else."""
        self.headline.setText(headline)
        self.headline.setToolTip("")
        self.headline.setVisible(bool(headline))
        self.note.setText(note)
        self.note.setVisible(bool(note))
        self.facts.set_rows(facts or [])
        self.facts.setVisible(bool(facts))
        self.problem.clear()
        self.restore.hide()
        clear_layout(self._steps)

    def _offer_elsewhere(self, by: Elsewhere) -> None:
        if by.keeper == KEEPER:
            self._offer(self.tr("Show in &Atlas"), self.elsewhere_wanted.emit, by.restore_command)

    def _offer_nearest(self, details: Mapping[str, object]) -> None:
        captions = (
            ("nearest_before", self.tr("Go to {moment}, the last before")),
            ("nearest_after", self.tr("Go to {moment}, the first after")),
        )
        for name, caption in captions:
            found = details.get(name)
            if isinstance(found, str) and found:
                self._offer_limit(caption, OplogTimestamp.parse(found))

    def _offer_limit(self, caption: str, limit: OplogTimestamp) -> None:
        at = text.moment(limit.at, self._now())
        self._offer(caption.format(moment=at.text), lambda: self._want(limit), at.tooltip)

    def _offer(self, caption: str, action: Callable[[], None], tip: str = "") -> None:
        button = QPushButton(caption)
        button.setToolTip(tip)
        button.clicked.connect(lambda _=False: action())
        self._steps.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)

    def _want(self, limit: OplogTimestamp) -> None:
        self.moment_wanted.emit(str(limit))

    @Slot()
    def _on_restore_clicked(self) -> None:
        self.restore_wanted.emit()


def _seconds(at: OplogTimestamp | datetime) -> int:
    return at.seconds if isinstance(at, OplogTimestamp) else int(at.timestamp())
