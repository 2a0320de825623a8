"""The dialogs about alerts: what they take, what they refuse, and what they try."""

from datetime import timedelta

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from fakes.sample_alerts import ALERTS, CHAT
from fakes.sample_data import NOW
from fakes.services import FakeServices
from mangrove.core.alerts.address import MailSecurity
from mangrove.core.alerts.alert import Severity
from mangrove.core.alerts.policy import AlertPolicy, quiet_hours
from mangrove.ui.dialogs.alerts.channel_dialog import ChannelDialog
from mangrove.ui.dialogs.alerts.channel_form import AddressForm
from mangrove.ui.dialogs.alerts.heartbeat_dialog import HeartbeatDialog
from mangrove.ui.dialogs.alerts.mute_dialog import KnowDialog, MuteDialog
from mangrove.ui.dialogs.alerts.quiet_dialog import QuietDialog
from mangrove.ui.dialogs.alerts.route_dialog import RouteDialog
from ui.conftest import Ends

MAIL, WEB, OTHER = range(3)


@pytest.fixture
def dialog(qtbot: QtBot, ends: Ends) -> ChannelDialog:
    made = ChannelDialog(None, ends.services, ends.calls)
    qtbot.addWidget(made)
    made.show()
    return made


def test_a_mailbox_is_made_of_its_parts(dialog: ChannelDialog) -> None:
    assert not dialog.yes.isEnabled()
    dialog.mail.to.setText("ann@example.org")
    dialog.mail.server.setText("mail.example.org")
    dialog.mail.user.setText("ann")
    dialog.mail.password.setText("s3cret")
    assert dialog.test.isEnabled()
    assert not dialog.yes.isEnabled()
    dialog.name.setText("Mail to me")

    draft = dialog.answer()

    assert dialog.yes.isEnabled()
    assert "Mail to me gets warnings and what is critical" in dialog.summary
    assert draft.url is not None
    assert draft.url.reveal().startswith("mailtos://ann:s3cret@mail.example.org:587?")
    dialog.mail.security.setCurrentIndex(dialog.mail.security.findData(MailSecurity.TLS))
    assert ":465?" in (dialog.answer().url or draft.url).reveal()


def test_what_is_no_address_is_said_where_it_stands(dialog: ChannelDialog) -> None:
    dialog.mail.to.setText("nobody")
    assert "'nobody' is no mail address" in dialog.summary

    dialog.kind.setCurrentIndex(WEB)
    assert dialog.summary == "Say where messages shall go."
    assert not dialog.is_refused
    form = dialog.form
    assert isinstance(form, AddressForm)
    form.field.setText("ftp://example.org")
    assert "no web address" in dialog.summary
    assert dialog.is_refused
    assert not dialog.test.isEnabled()


def test_a_test_message_is_sent_before_anything_is_saved(
    qtbot: QtBot, dialog: ChannelDialog, ends: Ends, fakes: FakeServices
) -> None:
    dialog.kind.setCurrentIndex(WEB)
    form = dialog.form
    assert isinstance(form, AddressForm)
    form.field.setText("https://example.org/hook")
    dialog.name.setText("hook")
    url = dialog.answer().url
    assert url is not None
    assert url.reveal() == "jsons://example.org/hook"

    qtbot.mouseClick(dialog.test, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: ends.calls.waiting == 0)
    assert dialog.banner.text == "The test message was taken (webhook). See whether it arrived."
    fakes.alerts_desk.world.problem = "connection refused"
    qtbot.mouseClick(dialog.test, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: ends.calls.waiting == 0)

    assert dialog.banner.text.startswith("Connection refused. Nothing was kept yet.")
    assert len(fakes.alerts_desk.world.sent) == 1
    assert len(fakes.channels.all()) == 3


def test_a_channel_is_edited_without_its_address_being_shown(qtbot: QtBot, ends: Ends) -> None:
    edited = ChannelDialog(None, ends.services, ends.calls, CHAT)
    qtbot.addWidget(edited)
    edited.show()

    assert edited.kind.currentIndex() == OTHER
    assert edited.form.is_blank
    assert "Its address stays as it is." in edited.summary
    edited.is_on.setChecked(False)
    draft = edited.answer()

    assert (draft.url, draft.least, draft.is_on) == (None, Severity.CRITICAL, False)


def test_quiet_hours_need_a_zone_that_there_is(qtbot: QtBot) -> None:
    dialog = QuietDialog(None, AlertPolicy(), "Europe/Berlin")
    qtbot.addWidget(dialog)
    dialog.show()
    assert dialog.answer() == AlertPolicy()
    assert not dialog.zone.isEnabled()

    dialog.is_quiet.setChecked(True)
    dialog.through.setChecked(False)
    dialog.reminds.setChecked(False)
    wanted = quiet_hours("22:00", "07:00", "Europe/Berlin", critical_waits=True)
    assert dialog.answer() == AlertPolicy(wanted, reminds=False)
    dialog.zone.setText("Mars/X")

    assert not dialog.yes.isEnabled()

    dialog.zone.setText("UTC")
    dialog.end.setTime(dialog.start.time())
    assert not dialog.yes.isEnabled()
    assert "an end that is not the beginning" in dialog.summary
    dialog.is_quiet.setChecked(False)
    assert dialog.yes.isEnabled()


def test_a_heartbeat_is_tried_and_set(qtbot: QtBot, ends: Ends, fakes: FakeServices) -> None:
    dialog = HeartbeatDialog(None, ends.services, ends.calls)
    qtbot.addWidget(dialog)
    dialog.show()
    assert not dialog.yes.isEnabled()
    dialog.url.setText("https://hc-ping.com/x")
    dialog.every.setValue(10)

    dialog.test.click()
    qtbot.waitUntil(lambda: ends.calls.waiting == 0)
    assert dialog.banner.text == "The sign arrived."
    fakes.alerts_desk.world.problem = "no answer in time"
    dialog.test.click()
    qtbot.waitUntil(lambda: ends.calls.waiting == 0)
    assert dialog.banner.text == "No answer in time."

    url, job, every = dialog.answer()
    assert (url.reveal(), job, every) == ("https://hc-ping.com/x", "", timedelta(minutes=10))
    dialog.subject.setCurrentIndex(1)
    assert "begins and how it ends" in dialog.summary


def test_how_long_to_be_silent_is_chosen(qtbot: QtBot, ends: Ends) -> None:
    dialog = MuteDialog(None, ALERTS[0], ends.services.points, NOW)
    qtbot.addWidget(dialog)
    dialog.until.spans.choose(timedelta(days=7))
    know = KnowDialog(None, ALERTS[0])
    qtbot.addWidget(know)

    assert dialog.answer() == NOW + timedelta(days=7)
    assert "Its end is told." in know.summary


def test_a_job_chooses_its_channels(qtbot: QtBot, ends: Ends, fakes: FakeServices) -> None:
    dialog = RouteDialog(None, ends.services, "nightly")
    qtbot.addWidget(dialog)
    dialog.show()
    assert dialog.answer() == ("nightly", None)

    dialog.choice.choose("some")
    assert not dialog.yes.isEnabled()
    dialog.boxes[CHAT.name].setChecked(True)
    assert dialog.answer() == ("nightly", (CHAT.name,))
    fakes.channels.set_route(*dialog.answer())
    dialog.choice.choose("none")
    assert dialog.answer() == ("nightly", ())

    again = RouteDialog(None, ends.services, "nightly")
    qtbot.addWidget(again)
    assert again.answer() == ("nightly", (CHAT.name,))
    assert fakes.channels.routed_jobs() == (("nightly", (CHAT.name,)),)
