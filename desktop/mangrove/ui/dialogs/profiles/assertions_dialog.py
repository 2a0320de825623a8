"""What is expected of a deployment's data: the list, and a form for one more with a live try."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QGridLayout,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from mangrove.core.assertion import Assertion, AssertionResult, Verdict
from mangrove.core.assertion_words import asks, expects, found_words
from mangrove.core.errors import MangroveError
from mangrove.services.bundle import Services
from mangrove.ui import text
from mangrove.ui.bridge import Calls
from mangrove.ui.dialogs.profiles.assertion_form import AssertionForm
from mangrove.ui.dialogs.question_dialog import QuestionDialog
from mangrove.ui.theme.style import set_icon
from mangrove.ui.theme.tokens import Size, Space, Tone
from mangrove.ui.widgets.card import clear_layout
from mangrove.ui.widgets.labels import TextLabel
from mangrove.ui.widgets.state_mark import StateMark

_TONES = {
    Verdict.HELD: Tone.PROVEN,
    Verdict.BROKEN: Tone.EXPOSED,
    Verdict.UNANSWERED: Tone.UNPROVEN,
}


class AssertionsDialog(QuestionDialog):
    """The verb adds and stays; every change holds at once.

    Signals:
        answered(): An answer came from the service.
    """

    answered = Signal()

    def __init__(
        self, parent: QWidget | None, services: Services, calls: Calls, profile: str
    ) -> None:
        super().__init__(parent, "", "")
        self.setWindowTitle(self.tr("What is expected of {profile}").format(profile=profile))
        self._services, self._calls, self._profile = services, calls, profile
        self._results: dict[str, AssertionResult] = {}
        self.no.setText(self.tr("Close"))
        self.yes.setText(self.tr("&Add assertion"))
        self.yes.clicked.disconnect(self.accept)
        self.yes.clicked.connect(self._on_add_clicked)
        self.try_it = QPushButton(self.tr("&Try it live"))
        self.try_all = QPushButton(self.tr("Try all li&ve"))
        self.rows, self.form = QVBoxLayout(), AssertionForm()
        self.found = TextLabel("", "small").wrapping().selectable()
        self._lay_out_parts()
        self.form.changed.connect(self._on_changed)
        self.try_it.clicked.connect(self._on_try_clicked)
        self.try_all.clicked.connect(self._on_try_all_clicked)
        self._show()
        self._on_changed()

    @classmethod
    def show_for(
        cls, parent: QWidget | None, services: Services, calls: Calls, profile: str
    ) -> None:
        """Show it until it is closed."""
        dialog = cls(parent, services, calls, profile)
        dialog.exec()
        dialog.deleteLater()

    def _lay_out_parts(self) -> None:
        words = self.tr(
            "Asked of every copy that a verification or drill restores, and kept as evidence. An"
            " age counts from the moment the data were taken."
        )
        self.rows.setSpacing(Space.S)
        self.body.addWidget(TextLabel(words, "muted").wrapping())
        self.body.addLayout(self.rows)
        self.add_section(self.tr("One more"), self.form)
        self.body.addWidget(self.try_it, 0, Qt.AlignmentFlag.AlignLeft)
        self.body.addWidget(self.found)
        self.body.addStretch()
        self.add_lower_button(self.try_all)
        self.take_room(Size.DIALOG_WIDTH, Size.DIALOG_HEIGHT + Space.XXL)

    def _show(self) -> None:
        clear_layout(self.rows)
        assertions = self._services.assertions.of(self._profile)
        for assertion in assertions:
            self.rows.addWidget(self._row(assertion))
        if not assertions:
            words = self.tr("Nothing yet. Such as: orders, how many documents, at least 1,000,000.")
            self.rows.addWidget(TextLabel(words, "muted").wrapping())
        self.try_all.setVisible(bool(assertions))

    def _row(self, assertion: Assertion) -> QWidget:
        row, question = QWidget(), assertion.question
        grid = QGridLayout(row)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(Space.S)
        grid.setVerticalSpacing(0)
        grid.setColumnStretch(1, 1)
        result = self._results.get(assertion.name)
        tone = _TONES[result.verdict] if result is not None else Tone.NEUTRAL
        remove = QToolButton()
        set_icon(remove, "trash")
        words = self.tr("Remove {name}").format(name=assertion.name)
        remove.setToolTip(words)
        remove.setAccessibleName(words)
        remove.clicked.connect(lambda: self._remove(assertion.name))
        grid.addWidget(StateMark(tone), 0, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(TextLabel(assertion.name, "strong").wrapping(), 0, 1)
        said = f"{asks(question)}: {expects(question)}"
        grid.addWidget(TextLabel(said, "small").wrapping().selectable(), 1, 1)
        grid.addWidget(remove, 0, 2, 2, 1)
        if result is not None:
            role = "small" if result.verdict is Verdict.HELD else "error"
            found = TextLabel(self._live_words(result), role).wrapping().selectable()
            grid.addWidget(found, 2, 1, 1, 2)
        return row

    def _live_words(self, result: AssertionResult) -> str:
        words = {
            Verdict.HELD: self.tr("Holds live now: {found}"),
            Verdict.BROKEN: self.tr("Does not hold live now: {found}"),
            Verdict.UNANSWERED: self.tr("Got no answer: {found}"),
        }
        return words[result.verdict].format(found=found_words(result))

    @Slot()
    def _on_changed(self) -> None:
        self.found.setText("")
        can = False
        try:
            self.say(self._sentence())
            can = not self.form.is_blank
        except MangroveError as error:
            self.say(text.sentence(error.message), is_error=True)
        self.yes.setEnabled(can)
        self.try_it.setEnabled(can)

    def _sentence(self) -> str:
        """Say what will be asked.

        Raises:
            InvalidAssertionError, InvalidSelectionError: If a field makes no sense.
        """
        if self.form.is_blank:
            return self.tr("Say of which collection, and in which range the figure is expected.")
        question = self._services.assertions.checked(self.form.question())
        words = self.tr("From now on every restored copy is asked: {asked}; expected: {expected}.")
        return words.format(asked=asks(question), expected=expects(question))

    @Slot()
    def _on_add_clicked(self) -> None:
        try:
            self._services.assertions.add(
                self._profile, self.form.name.text(), self.form.question()
            )
        except MangroveError as error:
            self.say(text.sentence(error.message), is_error=True)
            return
        self.form.clear()
        self._show()

    def _remove(self, name: str) -> None:
        self._services.assertions.remove(self._profile, name)
        self._show()

    @Slot()
    def _on_try_clicked(self) -> None:
        name, question = self.form.name.text(), self.form.question()
        self.found.setText(self.tr("Asking {profile}…").format(profile=self._profile))
        self._calls.run(
            self,
            lambda: self._services.assertions.try_live(self._profile, name, question),
            self._on_tried,
            self._on_failed,
        )

    def _on_tried(self, result: AssertionResult) -> None:
        self.found.setText(self._live_words(result))
        self.answered.emit()

    @Slot()
    def _on_try_all_clicked(self) -> None:
        self.try_all.setEnabled(False)
        self._calls.run(
            self,
            lambda: self._services.assertions.run_live(self._profile),
            self._on_all_tried,
            self._on_failed,
        )

    def _on_all_tried(self, results: Sequence[AssertionResult]) -> None:
        self._results = {result.name: result for result in results}
        self.try_all.setEnabled(True)
        self._show()
        self.answered.emit()

    def _on_failed(self, error: MangroveError) -> None:
        self.try_all.setEnabled(True)
        self.found.setText("")
        self.say(text.sentence(error.message), is_error=True)
        self.answered.emit()
