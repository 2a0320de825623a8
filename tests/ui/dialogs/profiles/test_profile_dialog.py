import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from fakes.readable import cut_off
from fakes.services import FakeServices
from mangrove.core.errors import AuthenticationFailedError, NameTakenError
from mangrove.core.profile import Colour
from mangrove.core.secret import Secret
from mangrove.services.profiles import ProfileDraft
from mangrove.ui.dialogs.profiles.profile_dialog import ProfileDialog, ProfileStart
from mangrove.ui.theme.tokens import Tone
from ui.conftest import Ends

PASTED = "mongodb://admin:s%40cret@h1:27017,h2/shop?replicaSet=rs0&authSource=admin"


def opened(qtbot: QtBot, ends: Ends, start: ProfileStart | None = None) -> ProfileDialog:
    dialog = ProfileDialog(None, ends.services, ends.calls, start)
    qtbot.addWidget(dialog)
    dialog.show()
    return dialog


def test_a_pasted_string_spreads_over_the_fields(qtbot: QtBot, ends: Ends) -> None:
    dialog = opened(qtbot, ends)

    dialog.form.uri.setText(PASTED)

    form = dialog.form
    assert (form.hosts.text(), form.user.text(), form.database.text()) == (
        "h1:27017, h2",
        "admin",
        "shop",
    )
    assert form.auth_source.text() == "admin"


def test_a_pasted_password_moves_out_of_the_string_at_once(qtbot: QtBot, ends: Ends) -> None:
    dialog = opened(qtbot, ends)

    dialog.form.uri.setText(PASTED)

    assert "cret" not in dialog.form.uri.text()
    assert dialog.form.password.secret() == Secret("s@cret")
    assert "replicaSet=rs0" in dialog.answer().uri_text
    assert "cret" not in dialog.answer().uri_text


def test_the_password_of_a_client_key_moves_too(qtbot: QtBot, ends: Ends) -> None:
    dialog = opened(qtbot, ends)

    dialog.form.uri.setText("mongodb://h/?tls=true&tlsCertificateKeyFilePassword=pem")

    assert dialog.form.certificate_password.secret() == Secret("pem")
    assert "pem" not in dialog.form.uri.text()


def test_an_edited_field_shows_in_the_string(qtbot: QtBot, ends: Ends) -> None:
    dialog = opened(qtbot, ends)
    dialog.form.uri.setText("mongodb://h1/?appName=x")

    dialog.form.hosts.clear()
    qtbot.keyClicks(dialog.form.hosts, "h2:1")
    dialog.form.direct.setChecked(True)
    dialog.form.ca_file.line.setText("/etc/ca.pem")

    uri = dialog.answer().uri_text
    assert uri == "mongodb://h2:1/?appName=x&directConnection=true&tlsCAFile=/etc/ca.pem"


def test_a_malformed_string_is_an_error_at_its_field(qtbot: QtBot, ends: Ends) -> None:
    dialog = opened(qtbot, ends)
    dialog.name.setText("test")

    dialog.form.uri.setText("mongodb://a@b@c")

    assert "unescaped" in dialog.form.uri_row.error
    assert not dialog.yes.isEnabled()
    assert not dialog.test.isEnabled()


def test_a_taken_name_is_an_error_at_its_field(qtbot: QtBot, ends: Ends) -> None:
    dialog = opened(qtbot, ends)
    dialog.form.uri.setText("mongodb://h")

    dialog.name.setText("Production")

    assert dialog.name_row.error == "Another deployment has this name."
    assert not dialog.yes.isEnabled()


def test_it_can_be_saved_without_a_test(qtbot: QtBot, ends: Ends) -> None:
    dialog = opened(qtbot, ends)
    dialog.name.setText("  fresh ")
    dialog.form.uri.setText("mongodb://h")
    dialog.colour.setCurrentIndex(dialog.colour.findData(Colour.RED))

    assert dialog.yes.isEnabled()
    assert dialog.answer() == ProfileDraft("fresh", "mongodb://h", colour=Colour.RED)


def test_each_step_of_a_test_ticks(qtbot: QtBot, ends: Ends) -> None:
    dialog = opened(qtbot, ends)
    dialog.form.uri.setText("mongodb://h")

    dialog.test.click()

    qtbot.waitUntil(lambda: "It works" in dialog.outcome.text)
    steps = dialog.steps.texts()
    assert [step for step, _, _ in steps][:3] == ["name resolved", "port open", "TLS"]
    assert {tone for _, _, tone in steps} == {Tone.PROVEN}


def test_a_failed_test_marks_its_step_and_says_why(
    qtbot: QtBot, ends: Ends, fakes: FakeServices
) -> None:
    fakes.profiles.problem = AuthenticationFailedError("the server refused user admin")
    dialog = opened(qtbot, ends)
    dialog.name.setText("fresh")
    dialog.form.uri.setText("mongodb://h")

    dialog.test.click()

    qtbot.waitUntil(lambda: "refused user admin" in dialog.outcome.text)
    assert dialog.steps.texts() == (("name resolved", "", Tone.EXPOSED),)
    assert dialog.yes.isEnabled()


def test_the_reason_of_a_failed_test_is_scrolled_into_view_and_no_field_moves(
    qtbot: QtBot, ends: Ends, fakes: FakeServices
) -> None:
    fakes.profiles.problem = AuthenticationFailedError("the server refused user admin")
    dialog = opened(qtbot, ends)
    dialog.form.uri.setText("mongodb://h")
    wide = dialog.form.uri.width()

    dialog.test.click()

    qtbot.waitUntil(lambda: "refused user admin" in dialog.outcome.text)
    qtbot.waitUntil(lambda: not dialog.outcome.visibleRegion().isEmpty())
    assert dialog.outcome.visibleRegion().boundingRect().height() == dialog.outcome.height()
    assert dialog.form.uri.width() == wide


def test_a_dialog_closed_during_its_test_takes_no_harm(
    qtbot: QtBot, ends: Ends, fakes: FakeServices
) -> None:
    fakes.background.hold = True
    dialog = opened(qtbot, ends)
    dialog.form.uri.setText("mongodb://h")
    dialog.test.click()
    with qtbot.waitSignal(dialog.destroyed):
        dialog.reject()
        dialog.deleteLater()

    fakes.background.release()

    qtbot.waitUntil(lambda: ends.calls.waiting == 0)


def test_where_secrets_go_is_said(qtbot: QtBot, ends: Ends, fakes: FakeServices) -> None:
    dialog = opened(qtbot, ends)
    qtbot.waitUntil(lambda: "keyring" in dialog.secrets_note.text)

    fakes.profiles.notice = "no usable keyring: passwords are kept for this session only"
    other = opened(qtbot, ends)

    qtbot.waitUntil(lambda: "for this session only" in other.secrets_note.text)


def test_editing_keeps_the_stored_password_only_for_the_same_user(
    qtbot: QtBot, ends: Ends, fakes: FakeServices
) -> None:
    dialog = opened(qtbot, ends, ProfileStart(fakes.profiles.find("production")))
    assert "leave empty to keep it" in dialog.form.password.placeholderText()
    assert dialog.answer().password is None
    assert dialog.yes.isEnabled()

    dialog.form.user.clear()
    qtbot.keyClicks(dialog.form.user, "other")

    assert dialog.form.password.placeholderText() == ""


def test_a_draft_that_could_not_be_saved_comes_back_whole(qtbot: QtBot, ends: Ends) -> None:
    draft = ProfileDraft("again", "mongodb://u@h", Secret("pw"), None, Colour.BLUE)
    problem = NameTakenError("there is a profile 'again' already")

    dialog = opened(qtbot, ends, ProfileStart(None, draft, problem))

    assert dialog.answer() == draft
    assert "There is a profile 'again' already" in dialog.banner.text


def test_weak_tls_is_warned_of(qtbot: QtBot, ends: Ends) -> None:
    dialog = opened(qtbot, ends)

    dialog.form.uri.setText("mongodb://h/?tls=true&tlsAllowInvalidCertificates=true")

    assert "identity is not checked" in dialog.form.tls_warning.text


def test_escape_leaves_without_effect(qtbot: QtBot, ends: Ends) -> None:
    dialog = opened(qtbot, ends)
    dialog.form.uri.setText("mongodb://h")

    with qtbot.waitSignal(dialog.rejected):
        qtbot.keyClick(dialog, Qt.Key.Key_Escape)


def test_the_first_field_has_the_keyboard(qtbot: QtBot, ends: Ends) -> None:
    dialog = opened(qtbot, ends)

    assert dialog.focusWidget() is dialog.name


@pytest.mark.usefixtures("large_text")
def test_nothing_is_cut_off_at_double_size(qtbot: QtBot, ends: Ends) -> None:
    dialog = opened(qtbot, ends)
    dialog.form.uri.setText("mongodb://h/?tls=true")

    qtbot.waitUntil(lambda: cut_off(dialog) == [])


def test_dialog_opens_from_right_to_left(qtbot: QtBot, ends: Ends) -> None:
    dialog = opened(qtbot, ends)

    dialog.setLayoutDirection(Qt.LayoutDirection.RightToLeft)

    assert not dialog.grab().isNull()
