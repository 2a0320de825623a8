"""Asks what Atlas shall restore, where to, and for the name of what it would replace."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QCheckBox, QLineEdit, QSizePolicy, QVBoxLayout, QWidget

from mangrove.core.atlas.cluster import Wish
from mangrove.core.atlas.link import Located
from mangrove.core.atlas.restore import (
    Delivery,
    Part,
    PointInTime,
    RestoreOrder,
    WriteStrategy,
    consequence,
    require_possible,
)
from mangrove.core.atlas.snapshot import AtlasSnapshot
from mangrove.core.atlas.windows import Continuous, require_reachable
from mangrove.core.errors import MangroveError
from mangrove.services.points import Points
from mangrove.ui import text
from mangrove.ui.dialogs.question_dialog import QuestionDialog, asked
from mangrove.ui.theme.tokens import Size, Space
from mangrove.ui.widgets.fields.choice_box import ChoiceBox
from mangrove.ui.widgets.fields.choice_list import ChoiceList, Option
from mangrove.ui.widgets.fields.form import FormRow
from mangrove.ui.widgets.fields.lines_edit import LinesEdit
from mangrove.ui.widgets.fields.typed_confirmation import TypedConfirmation
from mangrove.ui.widgets.labels import TextLabel


@dataclass(frozen=True, slots=True)
class RestoreStart:
    """What the dialog knows when it opens; it asks nobody.

    Attributes:
        snapshot: The chosen one.
        reach: Which seconds can be restored.
        targets: Every cluster that is seen.
        moment: The moment that somebody came with; "" for none.
    """

    place: Located
    snapshot: AtlasSnapshot | None
    reach: Continuous
    targets: Sequence[Located]
    moment: str = ""


@dataclass(frozen=True, slots=True)
class RestoreAnswer:
    """The order, and where it goes."""

    order: RestoreOrder
    target: Located


class AtlasRestoreDialog(QuestionDialog):
    """What, where, and what that does there.

    Attributes:
        origin: A snapshot or a moment.
        typed: Where the target's name is typed, if something there would go away.
    """

    def __init__(self, parent: QWidget | None, points: Points, start: RestoreStart) -> None:
        super().__init__(parent, "", "")
        self.setWindowTitle(self.tr("Restore {cluster}").format(cluster=start.place.text))
        self.yes.setText(self.tr("Restore"))
        self.yes.setDefault(False)
        self._points, self._start = points, start
        self.origin = ChoiceList(
            [
                Option("snapshot", self.tr("The &snapshot"), self._snapshot_words()),
                Option("moment", self.tr("A &moment"), self._reach_words()),
            ]
        )
        self.moment, self.target = QLineEdit(start.moment), ChoiceBox()
        self.only = LinesEdit("shop.orders")
        self.overwrite = QCheckBox(self.tr("Re&place what has these names there"))
        self._typing = QVBoxLayout()
        self.typed = TypedConfirmation("")
        self._fill()
        self._build()
        self._connect()
        self._on_target_changed()

    @classmethod
    def ask(
        cls, parent: QWidget | None, points: Points, start: RestoreStart
    ) -> RestoreAnswer | None:
        """Ask; None when the person left."""
        dialog = cls(parent, points, start)
        return asked(dialog, dialog.answer)

    def answer(self) -> RestoreAnswer:
        """Return the order as the fields say it; call it only when all is well.

        Raises:
            MangroveError: If it makes no sense.
        """
        target = self._chosen()
        parts = tuple(map(_part, self.only.entries))
        is_moment = self.origin.value == "moment"
        write = WriteStrategy.OVERWRITE if self.overwrite.isChecked() else WriteStrategy.CREATE_NEW
        order = RestoreOrder(
            Delivery.POINT_IN_TIME if is_moment else Delivery.AUTOMATED,
            target_project=target.project.project_id,
            target_cluster=target.cluster.name,
            parts=parts,
            write=write,
            confirmed=self.typed.field.text(),
        )
        if not is_moment:
            snapshot = self._start.snapshot
            found = snapshot.snapshot_id if snapshot else None
            return RestoreAnswer(replace(order, snapshot=found), target)
        limit = self._points.moment(self.moment.text()).limit
        point = PointInTime(limit.seconds, limit.increment or None)
        return RestoreAnswer(replace(order, point=point), target)

    # --- inside --------------------------------------------------------------------------

    def _chosen(self) -> Located:
        return self._start.targets[self.target.currentIndex()]

    def _fill(self) -> None:
        for place in self._start.targets:
            self.target.addItem(f"{place.text}  ({place.cluster.describe})")
        own = [p.text for p in self._start.targets]
        self.target.setCurrentIndex(own.index(self._start.place.text))
        cluster = self._start.place.cluster
        has_moments = bool(self._start.reach.windows)
        self.origin.set_choice_enabled("moment", enabled=has_moments)
        self.origin.set_choice_enabled("snapshot", enabled=self._start.snapshot is not None)
        if has_moments and (self._start.moment or self._start.snapshot is None):
            self.origin.choose("moment")
        for widget in (self.only, self.overwrite):
            widget.setEnabled(not cluster.why_not(Wish.PART))

    def _snapshot_words(self) -> str:
        snapshot = self._start.snapshot
        if snapshot is None or snapshot.created_at is None:
            return self.tr("None is chosen.")
        words = self.tr("Of {moment} UTC, {origin}.")
        return words.format(
            moment=f"{snapshot.created_at:%Y-%m-%d %H:%M:%S}", origin=snapshot.origin
        )

    def _reach_words(self) -> str:
        reach = self._start.reach
        if not reach.windows:
            return text.sentence(reach.why_none)
        words = self.tr("Any second from {start} to {end} UTC.")
        first, last = reach.windows[0], reach.windows[-1]
        return words.format(
            start=f"{first.start:%Y-%m-%d %H:%M:%S}", end=f"{last.end:%Y-%m-%d %H:%M:%S}"
        )

    def _build(self) -> None:
        hint = self.tr("A time such as 2026-11-25 14:29:59, one with a zone, or TS:INC.")
        self.moment_row = FormRow(self.tr("&As it was at"), self.moment, hint)
        cluster = self._start.place.cluster
        why = cluster.why_not(Wish.PART)
        part_hint = (
            text.sentence(why)
            if why
            else self.tr(
                "A database or database.collection a line; a new name after an =. Empty for all."
            )
        )
        self.add_section(self.tr("What"), self.origin)
        self.body.addWidget(self.moment_row)
        parts_row = FormRow(self.tr("&Only these"), self.only, part_hint)
        parts_row.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.body.addWidget(parts_row)
        self.add_section(self.tr("Where"), FormRow(self.tr("&Cluster"), self.target))
        self.body.addWidget(self.overwrite)
        self.effect = TextLabel("", "error").wrapping()
        self.body.addWidget(self.effect)
        self.body.addLayout(self._typing)
        self.body.addStretch()
        self.body.setSpacing(Space.S + Space.HALF)
        self.take_room(Size.DIALOG_WIDTH, Size.DIALOG_HEIGHT + 220)

    def _connect(self) -> None:
        self.origin.chosen.connect(self._on_changed)
        self.moment.textChanged.connect(self._on_changed)
        self.only.textChanged.connect(self._on_changed)
        self.overwrite.toggled.connect(self._on_changed)
        self.target.currentIndexChanged.connect(self._on_target_changed)

    @Slot()
    def _on_target_changed(self) -> None:
        """Ask for another name; what was typed for the first one does not count."""
        self._typing.removeWidget(self.typed)
        self.typed.hide()
        self.typed.deleteLater()
        words = self.tr("Type {name} to agree")
        self.typed = TypedConfirmation(self._chosen().cluster.name, words)
        self._typing.addWidget(self.typed)
        self.typed.field.textChanged.connect(self._on_changed)
        self._on_changed()

    @Slot()
    def _on_changed(self) -> None:
        self.moment_row.setVisible(self.origin.value == "moment")
        self.overwrite.setVisible(bool(self.only.entries))
        self.moment_row.set_error("")
        try:
            found = self.answer()
        except MangroveError as error:
            self.moment_row.set_error(text.sentence(error.message))
            self._refuse(self.tr("Say which moment."))
            return
        order, target = found.order, found.target
        replaces = order.replaces
        self.effect.setText(text.sentence(consequence(order, target.cluster)))
        self.typed.setVisible(replaces)
        try:
            agreed = replace(order, confirmed=target.cluster.name)
            require_possible(agreed, self._start.place.cluster, target.cluster)
            if order.point is not None:
                require_reachable(order.point, self._start.reach)
        except MangroveError as error:
            self._refuse(text.sentence(error.message))
            return
        self.yes.setEnabled(not replaces or self.typed.is_confirmed)
        what = ", ".join(p.source for p in order.parts) or self.tr("the whole cluster")
        words = self.tr("Atlas restores {what} from {origin} into {target}.")
        self.say(words.format(what=what, origin=self._origin_words(order), target=target.text))

    def _origin_words(self, order: RestoreOrder) -> str:
        snapshot = self._start.snapshot
        if order.point is not None or snapshot is None or snapshot.created_at is None:
            return order.origin
        words = self.tr("the snapshot of {moment} UTC")
        return words.format(moment=f"{snapshot.created_at:%Y-%m-%d %H:%M}")

    def _refuse(self, sentence: str) -> None:
        self.yes.setEnabled(False)
        self.say(sentence, is_error=True)


def _part(line: str) -> Part:
    source, _, target = line.partition("=")
    return Part(source.strip(), target.strip())
