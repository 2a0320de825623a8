"""Asks how to reach a deployment: paste a connection string, look at its parts, try it, save it."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QGridLayout, QLineEdit, QPushButton, QWidget

from mangrove.core.deployment import DeploymentReport
from mangrove.core.errors import InvalidProfileError, MangroveError
from mangrove.core.profile import Colour, Profile, checked_name
from mangrove.services.bundle import Services
from mangrove.services.profiles import ProfileDraft
from mangrove.ui import text
from mangrove.ui.bridge import Calls
from mangrove.ui.dialogs.profiles.profile_form import ProfileForm
from mangrove.ui.dialogs.profiles.tunnel_form import TunnelForm
from mangrove.ui.dialogs.question_dialog import QuestionDialog, asked
from mangrove.ui.dialogs.step_relay import StepRelay
from mangrove.ui.theme.style import profile_colour, set_icon
from mangrove.ui.theme.tokens import Size, Space
from mangrove.ui.widgets.banner import Banner, BannerKind
from mangrove.ui.widgets.fields.choice_box import ChoiceBox
from mangrove.ui.widgets.fields.form import FormRow
from mangrove.ui.widgets.step_list import StepList


@dataclass(frozen=True, slots=True)
class ProfileStart:
    """What the dialog starts with.

    Attributes:
        profile: The one to edit; None to add one.
        draft: What was typed in an earlier round that could not be saved.
        problem: Why it could not.
    """

    profile: Profile | None = None
    draft: ProfileDraft | None = None
    problem: MangroveError | None = None


class ProfileDialog(QuestionDialog):
    """Adds or edits a profile; it can be saved without a successful test."""

    def __init__(
        self,
        parent: QWidget | None,
        services: Services,
        calls: Calls,
        start: ProfileStart | None = None,
    ) -> None:
        super().__init__(parent, "", "")
        self._services, self._calls = services, calls
        self._start = start or ProfileStart()
        self._test_number = 0
        self._relay = StepRelay(self)
        edits = self._start.profile is not None
        self.setWindowTitle(self.tr("Edit deployment") if edits else self.tr("Add a deployment"))
        self.yes.setText(self.tr("Save changes") if edits else self.tr("Add deployment"))
        taken = (p.name.casefold() for p in services.profiles.all())
        own = self._start.profile.name.casefold() if self._start.profile else None
        self._taken = frozenset(name for name in taken if name != own)
        self.name, self.colour, self.form = QLineEdit(), ChoiceBox(), ProfileForm()
        self.tunnel = TunnelForm()
        self.banner, self.secrets_note, self.outcome = Banner(), Banner(), Banner()
        self.steps = StepList()
        self.test = QPushButton(self.tr("&Test connection"))
        self._lay_out_parts()
        self._fill()
        self._connect()
        self._ask_about_keyring()
        self._on_changed()

    @classmethod
    def ask(
        cls,
        parent: QWidget | None,
        services: Services,
        calls: Calls,
        start: ProfileStart | None = None,
    ) -> ProfileDraft | None:
        """Ask, and return the draft; None when the person left."""
        dialog = cls(parent, services, calls, start)
        return asked(dialog, dialog.answer)

    def answer(self) -> ProfileDraft:
        """Return the draft as the fields stand."""
        uri = self.form.parsed
        return ProfileDraft(
            name=self.name.text().strip(),
            uri_text=uri.text() if uri is not None else self.form.uri.text(),
            password=self.form.password.secret(),
            certificate_password=self.form.certificate_password.secret(),
            colour=self.colour.currentData(),
            tunnel=self.tunnel.spec(),
            tunnel_secret=self.tunnel.secret(),
        )

    def _lay_out_parts(self) -> None:
        self.secrets_note.keep_open()
        self.name_row = FormRow(self.tr("&Name"), self.name)
        top = QGridLayout()
        top.setHorizontalSpacing(Space.M)
        top.addWidget(self.name_row, 0, 0, Qt.AlignmentFlag.AlignTop)
        colour_row = FormRow(self.tr("C&olour"), self.colour)
        top.addWidget(colour_row, 0, 1, Qt.AlignmentFlag.AlignTop)
        top.setColumnStretch(0, 3)
        top.setColumnStretch(1, 1)
        self.body.addWidget(self.banner)
        self.body.addLayout(top)
        self.body.addWidget(self.form)
        self.body.addWidget(self.tunnel)
        self.body.addWidget(self.secrets_note)
        self.body.addWidget(self.steps)
        self.body.addWidget(self.outcome)
        self.body.addStretch()
        self.steps.hide()
        set_icon(self.test, "plug")
        self.add_lower_button(self.test)
        self.take_room(Size.DIALOG_WIDTH, Size.DIALOG_HEIGHT + Space.XXL * 3)

    def _fill(self) -> None:
        self.name.setPlaceholderText(self.tr("production"))
        for colour in Colour:
            self.colour.addItem(_dot(colour), self._colour_word(colour), colour)
        profile, draft = self._start.profile, self._start.draft
        if profile is not None:
            self._fill_from_profile(profile)
        if draft is not None:
            self._fill_from_draft(draft)
        if self._start.problem is not None:
            self.banner.show_error(self._start.problem)

    def _fill_from_profile(self, profile: Profile) -> None:
        self.name.setText(profile.name)
        self.colour.setCurrentIndex(self.colour.findData(profile.colour))
        self.form.show_uri(profile.uri)
        self.tunnel.show_tunnel(profile.tunnel)
        self.tunnel.remember_stored(profile.tunnel)
        if profile.certificate_password is not None:
            self.form.certificate_password.setPlaceholderText(self._kept())

    def _fill_from_draft(self, draft: ProfileDraft) -> None:
        self.name.setText(draft.name)
        self.colour.setCurrentIndex(self.colour.findData(draft.colour))
        self.form.uri.setText(draft.uri_text)
        if draft.password is not None:
            self.form.password.setText(draft.password.reveal())
        if draft.certificate_password is not None:
            self.form.certificate_password.setText(draft.certificate_password.reveal())
        self.tunnel.show_tunnel(draft.tunnel, draft.tunnel_secret)

    def _connect(self) -> None:
        self.name.textChanged.connect(self._on_changed)
        self.form.changed.connect(self._on_changed)
        self.tunnel.changed.connect(self._on_changed)
        self.test.clicked.connect(self._on_test_clicked)
        self._relay.step_reported.connect(
            self._on_step_reported, Qt.ConnectionType.QueuedConnection
        )

    def _ask_about_keyring(self) -> None:
        self._calls.run(
            self, self._services.profiles.secrets_notice, self._on_notice, self._on_notice_failed
        )

    def _on_notice(self, notice: str) -> None:
        if notice:
            self.secrets_note.show_message(BannerKind.WARNING, text.sentence(notice))
        else:
            self.secrets_note.show_message(
                BannerKind.INFO,
                self.tr("Passwords go to this computer's keyring and nowhere else."),
            )

    def _on_notice_failed(self, error: MangroveError) -> None:
        self.secrets_note.show_error(error)

    @Slot()
    def _on_changed(self) -> None:
        self._hint_at_stored_password()
        self.tunnel.lead_to(self.form.parsed)
        problem = self._name_problem()
        shown = problem if self.name.text() else ""
        self.name_row.set_error(shown)
        can_connect = self.form.parsed is not None and self.tunnel.is_ready
        is_ready = not problem and can_connect
        self.yes.setEnabled(is_ready)
        self.test.setEnabled(can_connect)
        self.say(self._sentence() if is_ready else self._lack())

    def _hint_at_stored_password(self) -> None:
        """Another user's password is of no use: only the same user keeps the stored one."""
        profile = self._start.profile
        if profile is not None and profile.password is not None:
            is_same = (self.form.user.text() or None) == profile.uri.user
            self.form.password.setPlaceholderText(self._kept() if is_same else "")

    def _kept(self) -> str:
        return self.tr("stored; leave empty to keep it")

    def _name_problem(self) -> str:
        try:
            name = checked_name(self.name.text())
        except InvalidProfileError as error:
            return text.sentence(error.message)
        if name.casefold() in self._taken:
            return self.tr("Another deployment has this name.")
        return ""

    def _sentence(self) -> str:
        uri = self.form.parsed
        words = self.tr("{name} leads to {hosts}. Saving it changes nothing on the server.")
        hosts = ", ".join(uri.hosts) if uri is not None else ""
        way = self.tunnel.spec()
        if way is not None:
            through = self.tr("{hosts} through {server}")
            hosts = through.format(hosts=hosts, server=way.address)
        return words.format(name=self.name.text().strip(), hosts=hosts)

    def _lack(self) -> str:
        if self.tunnel.problem and self.form.parsed is not None:
            return self.tr("Complete the SSH tunnel.")
        return self.tr("Give a name and a connection string.")

    @Slot()
    def _on_test_clicked(self) -> None:
        self._test_number += 1
        number, draft = self._test_number, self._draft_to_test()
        profile = self._start.profile
        profile_id = profile.profile_id if profile is not None else None
        self.steps.clear()
        self.steps.show()
        self.outcome.clear()
        self.test.setEnabled(False)
        tell: Callable[[str, str], None] = self._relay.tell
        self._calls.run(
            self,
            lambda: self._services.profiles.test_draft(draft, tell, profile_id),
            lambda report: self._on_tested(number, report),
            lambda error: self._on_test_failed(number, error),
        )

    def _draft_to_test(self) -> ProfileDraft:
        draft = self.answer()
        if draft.name and not self._name_problem():
            return draft
        return replace(draft, name=self.tr("unnamed"))

    @Slot(str, str)
    def _on_step_reported(self, step: str, result: str) -> None:
        self.steps.show_step(step, result)

    def _on_tested(self, number: int, report: DeploymentReport) -> None:
        if number == self._test_number:
            self.test.setEnabled(True)
            words = self.tr("It works: MongoDB {version}, {topology}, answers in {latency}.")
            self.outcome.show_message(
                BannerKind.GOOD,
                words.format(
                    version=report.version,
                    topology=report.topology.value,
                    latency=text.duration(report.latency),
                ),
            )
            self.bring_into_view(self.outcome)

    def _on_test_failed(self, number: int, error: MangroveError) -> None:
        if number == self._test_number:
            self.test.setEnabled(True)
            self.steps.fail()
            self.outcome.show_error(error)
            self.bring_into_view(self.outcome)

    def _colour_word(self, colour: Colour) -> str:
        match colour:
            case Colour.GREY:
                return self.tr("Grey")
            case Colour.RED:
                return self.tr("Red")
            case Colour.ORANGE:
                return self.tr("Orange")
            case Colour.GREEN:
                return self.tr("Green")
            case Colour.BLUE:
                return self.tr("Blue")
            case Colour.PURPLE:
                return self.tr("Purple")


def _dot(colour: Colour) -> QIcon:
    pixmap = QPixmap(QSize(Size.SMALL_ICON, Size.SMALL_ICON) * 2)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(profile_colour(colour.value))
    painter.drawEllipse(pixmap.rect().adjusted(2, 2, -2, -2))
    painter.end()
    pixmap.setDevicePixelRatio(2)
    return QIcon(pixmap)
