"""Asks where the alerts of one job go: everywhere, nowhere, or to chosen channels."""

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QCheckBox, QVBoxLayout, QWidget

from mangrove.core.alerts.policy import DESKTOP
from mangrove.services.bundle import Services
from mangrove.ui.dialogs.question_dialog import QuestionDialog, asked
from mangrove.ui.theme.tokens import Size, Space
from mangrove.ui.widgets.fields.choice_box import ChoiceBox
from mangrove.ui.widgets.fields.choice_list import ChoiceList, Option
from mangrove.ui.widgets.fields.form import Form

Route = tuple[str, tuple[str, ...] | None]
_ALL, _SOME, _NONE = "all", "some", "none"


class RouteDialog(QuestionDialog):
    """A job, and the channels that its failures, losses and missed times are told to."""

    def __init__(self, parent: QWidget | None, services: Services, job: str = "") -> None:
        super().__init__(parent, "", "")
        self.setWindowTitle(self.tr("Where a job's alerts go"))
        self.yes.setText(self.tr("&Save"))
        self._channels = services.channels
        self.job = ChoiceBox()
        self.job.addItems(services.jobs.names())
        self.job.setCurrentIndex(max(0, self.job.findText(job)))
        words = self.tr("Its failures, losses and missed times are told to all of them.")
        self.choice = ChoiceList(
            [
                Option(_ALL, self.tr("Every channel"), words),
                Option(_SOME, self.tr("Chosen channels"), self.tr("Only to those ticked below.")),
                Option(_NONE, self.tr("Nowhere"), self.tr("They are shown in this window only.")),
            ]
        )
        names = [view.channel.name for view in self._channels.all()]
        self.boxes = {name: QCheckBox(name.replace("&", "&&")) for name in names}
        self.boxes[DESKTOP] = QCheckBox(self.tr("This desktop"))
        self._arrange()
        self.take_room(Size.DIALOG_WIDTH * 3 // 4, Size.DIALOG_HEIGHT)
        self.job.currentIndexChanged.connect(self._on_job_changed)
        self.choice.chosen.connect(self._on_changed)
        for box in self.boxes.values():
            box.toggled.connect(self._on_changed)
        self._on_job_changed()

    @classmethod
    def ask(cls, parent: QWidget | None, services: Services, job: str = "") -> Route | None:
        """Ask, and return job and channels (None for all); None when the person left."""
        dialog = cls(parent, services, job)
        return asked(dialog, dialog.answer)

    def answer(self) -> Route:
        """Return the job's name and where its alerts go."""
        ticked = tuple(name for name, box in self.boxes.items() if box.isChecked())
        routes: dict[str, tuple[str, ...] | None] = {_ALL: None, _SOME: ticked, _NONE: ()}
        return self.job.currentText(), routes[self.choice.value]

    @Slot()
    def _on_job_changed(self) -> None:
        job = self.job.currentText()
        route = self._channels.route(job) if job else None
        names = () if route is None else self._channels.names_of(route)
        for name, box in self.boxes.items():
            box.setChecked(name in names)
        self.choice.choose(_ALL if route is None else _SOME if names else _NONE)
        self._on_changed()

    @Slot()
    def _on_changed(self) -> None:
        for box in self.boxes.values():
            box.setEnabled(self.choice.value == _SOME)
        job, route = self.answer()
        self.yes.setEnabled(bool(job) and (self.choice.value != _SOME or bool(route)))
        if not job:
            self.say(self.tr("There is no job yet."), is_error=True)
        elif self.choice.value == _SOME and not route:
            self.say(self.tr("Tick at least one channel."))
        else:
            where = self.tr("every channel") if route is None else ", ".join(route)
            words = self.tr("Alerts of {job} go to: {where}.")
            self.say(words.format(job=job, where=where or self.tr("nowhere")))

    def _arrange(self) -> None:
        form = Form()
        form.add_row(self.tr("&Job"), self.job)
        ticks = QVBoxLayout()
        ticks.setContentsMargins(Space.L, 0, 0, 0)
        ticks.setSpacing(Space.HALF)
        for box in self.boxes.values():
            ticks.addWidget(box)
        self.body.addWidget(form)
        self.body.addWidget(self.choice)
        self.body.addLayout(ticks)
        self.body.addStretch()
