"""Asks for the address of a watch outside that raises the alarm when it hears nothing."""

from datetime import timedelta

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QPushButton, QSpinBox, QWidget

from mangrove.core.alerts.address import check_web_address
from mangrove.core.alerts.policy import HEARTBEAT_EVERY
from mangrove.core.errors import MangroveError
from mangrove.core.secret import Secret
from mangrove.services.bundle import Services
from mangrove.ui import text
from mangrove.ui.bridge import Calls
from mangrove.ui.dialogs.question_dialog import QuestionDialog, asked
from mangrove.ui.theme.tokens import Size
from mangrove.ui.widgets.banner import Banner, BannerKind
from mangrove.ui.widgets.fields.choice_box import ChoiceBox
from mangrove.ui.widgets.fields.form import Form
from mangrove.ui.widgets.fields.password_field import PasswordField

Draft = tuple[Secret, str, timedelta]
_LONGEST_MIN = 24 * 60


class HeartbeatDialog(QuestionDialog):
    """Whose signs, where to, and how often."""

    def __init__(self, parent: QWidget | None, services: Services, calls: Calls) -> None:
        super().__init__(parent, "", "")
        self.setWindowTitle(self.tr("Set a heartbeat"))
        self.yes.setText(self.tr("&Set heartbeat"))
        self._services, self._calls = services, calls
        self.subject, self.url, self.every = ChoiceBox(), PasswordField(), QSpinBox()
        self.url.setPlaceholderText("https://hc-ping.com/your-id")
        self.subject.addItem(self.tr("The agent itself"), "")
        for name in services.jobs.names():
            self.subject.addItem(name, name)
        self.every.setRange(1, _LONGEST_MIN)
        self.every.setValue(int(HEARTBEAT_EVERY.total_seconds() // 60))
        self.every.setSuffix(self.tr(" min"))
        self.banner = Banner()
        self.test = QPushButton(self.tr("&Give a sign now"))
        form = Form()
        form.add_row(self.tr("Signs &of"), self.subject)
        self._url_row = form.add_row(
            self.tr("&Address"),
            self.url,
            self.tr(
                "As healthchecks.io and alike give it out; it goes to the keyring. A start is"
                " told at /start below it, a failure at /fail."
            ),
        )
        self._every_row = form.add_row(self.tr("&Every"), self.every)
        self.body.addWidget(form)
        self.body.addWidget(self.banner)
        self.body.addStretch()
        self.add_lower_button(self.test)
        self.take_room(Size.DIALOG_WIDTH * 3 // 4, Size.DIALOG_HEIGHT * 3 // 4)
        self.test.clicked.connect(self._on_test_clicked)
        self.url.textChanged.connect(self._on_changed)
        self.subject.currentIndexChanged.connect(self._on_changed)
        self._on_changed()

    @classmethod
    def ask(cls, parent: QWidget | None, services: Services, calls: Calls) -> Draft | None:
        """Ask, and return address, job ("" for the agent) and span; None when the person left."""
        dialog = cls(parent, services, calls)
        return asked(dialog, dialog.answer)

    def answer(self) -> Draft:
        """Return what the fields say."""
        url = self.url.secret() or Secret("")
        every = timedelta(minutes=self.every.value())
        return url, str(self.subject.currentData()), every

    @Slot()
    def _on_changed(self) -> None:
        url, job, _ = self.answer()
        self._every_row.setVisible(not job)
        try:
            check_web_address(url)
        except MangroveError as error:
            self._url_row.set_error(text.sentence(error.hint) if url else "")
            self.say(self.tr("Give the address of the watch outside."), is_error=bool(url))
            self.yes.setEnabled(False)
            self.test.setEnabled(False)
            return
        self._url_row.set_error("")
        self.yes.setEnabled(True)
        self.test.setEnabled(True)
        of_job = self.tr("The watch is told when {job} begins and how it ends.").format(job=job)
        of_agent = self.tr(
            "The watch hears of the agent as long as it runs and can see; it raises the alarm when"
            " it does not."
        )
        self.say(of_job if job else of_agent)

    @Slot()
    def _on_test_clicked(self) -> None:
        url, _, _ = self.answer()
        self.test.setEnabled(False)
        self._calls.run(
            self,
            lambda: self._services.channels.try_heartbeat(url),
            self._on_tested,
            self._on_test_failed,
        )

    def _on_tested(self, _result: None) -> None:
        self.test.setEnabled(True)
        self.banner.show_message(BannerKind.GOOD, self.tr("The sign arrived."))

    def _on_test_failed(self, error: MangroveError) -> None:
        self.test.setEnabled(True)
        self.banner.show_message(BannerKind.ERROR, text.sentence(error.message))
