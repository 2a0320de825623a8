from dataclasses import replace

import pytest
from pytestqt.qtbot import QtBot

from fakes import sample_data
from mangrove.core.profile import tunnel_secret_ref
from mangrove.core.secret import Secret
from mangrove.core.tunnel import TunnelAuth, TunnelSpec
from mangrove.ui.dialogs.profiles.profile_dialog import ProfileDialog, ProfileStart
from ui.conftest import Ends

URI = "mongodb://ann@db1.internal/?replicaSet=rs0"
BY_KEY = TunnelSpec("jump", "ann", 2222, TunnelAuth.KEY_FILE, "/home/ann/.ssh/id")


def opened(qtbot: QtBot, ends: Ends, start: ProfileStart | None = None) -> ProfileDialog:
    dialog = ProfileDialog(None, ends.services, ends.calls, start)
    qtbot.addWidget(dialog)
    dialog.show()
    return dialog


def filled(qtbot: QtBot, ends: Ends, uri: str = URI) -> ProfileDialog:
    dialog = opened(qtbot, ends)
    dialog.name.setText("far")
    dialog.form.uri.setText(uri)
    dialog.tunnel.wanted.setChecked(True)
    dialog.tunnel.server.setText("jump:2222")
    dialog.tunnel.user.setText("ann")
    return dialog


def choose(dialog: ProfileDialog, auth: TunnelAuth) -> None:
    dialog.tunnel.auth.setCurrentIndex(dialog.tunnel.auth.findData(auth))


def test_a_tunnel_is_folded_away_until_it_is_wanted(qtbot: QtBot, ends: Ends) -> None:
    dialog = opened(qtbot, ends)
    assert not dialog.tunnel.server.isVisible()
    assert dialog.answer().tunnel is None

    dialog.tunnel.wanted.setChecked(True)

    assert dialog.tunnel.server.isVisible()


def test_the_fields_become_the_tunnel_of_the_draft(qtbot: QtBot, ends: Ends) -> None:
    dialog = filled(qtbot, ends)
    assert dialog.answer().tunnel == TunnelSpec("jump", "ann", 2222)

    choose(dialog, TunnelAuth.KEY_FILE)
    dialog.tunnel.key_file.line.setText("/home/ann/.ssh/id")
    dialog.tunnel.secret_field.setText("open")

    assert dialog.yes.isEnabled()
    assert dialog.answer().tunnel == BY_KEY
    assert dialog.answer().tunnel_secret == Secret("open")


def test_a_tick_taken_away_goes_straight(qtbot: QtBot, ends: Ends) -> None:
    dialog = filled(qtbot, ends)

    dialog.tunnel.wanted.setChecked(False)

    assert dialog.yes.isEnabled()
    assert dialog.answer().tunnel is None


def test_only_the_fields_of_the_chosen_proof_are_there(qtbot: QtBot, ends: Ends) -> None:
    dialog = filled(qtbot, ends)
    shown = {}

    for auth in TunnelAuth:
        choose(dialog, auth)
        tunnel = dialog.tunnel
        shown[auth] = (tunnel.key_file.isVisible(), tunnel.secret_field.isVisible())

    assert shown == {
        TunnelAuth.AGENT: (False, False),
        TunnelAuth.KEY_FILE: (True, True),
        TunnelAuth.PASSWORD: (False, True),
    }


@pytest.mark.parametrize(
    ("server", "user", "uri", "words"),
    [
        ("jump:99999", "ann", URI, "out of range"),
        ("a b", "ann", URI, "malformed"),
        ("jump", "", URI, "lacks the user's name"),
        ("jump", "ann", "mongodb://a,b/", "leads to one host"),
        ("jump", "ann", "mongodb+srv://cluster.example.net/", "leads to one host"),
        ("jump", "ann", "mongodb://db/?tls=true", "cannot be checked through an SSH tunnel"),
    ],
)
def test_what_is_missing_is_said_and_nothing_can_be_saved(
    qtbot: QtBot, ends: Ends, server: str, user: str, uri: str, words: str
) -> None:
    dialog = filled(qtbot, ends, uri)

    dialog.tunnel.server.setText(server)
    dialog.tunnel.user.setText(user)

    assert words in dialog.tunnel.problem
    assert not dialog.yes.isEnabled()
    assert not dialog.test.isEnabled()


def test_a_stored_tunnel_is_shown_and_its_secret_kept(qtbot: QtBot, ends: Ends) -> None:
    plain = sample_data.profile("far", URI, sample_data.Colour.GREY)
    stored = replace(BY_KEY, secret=tunnel_secret_ref(plain.profile_id))

    dialog = opened(qtbot, ends, ProfileStart(replace(plain, tunnel=stored)))

    assert dialog.answer().tunnel == BY_KEY
    assert dialog.answer().tunnel_secret is None
    assert "stored" in dialog.tunnel.secret_field.placeholderText()
    dialog.tunnel.key_file.line.setText("/another")
    assert dialog.tunnel.secret_field.placeholderText() == ""


def test_a_round_that_could_not_be_saved_comes_back_whole(qtbot: QtBot, ends: Ends) -> None:
    first = filled(qtbot, ends)
    choose(first, TunnelAuth.PASSWORD)
    first.tunnel.secret_field.setText("open")

    again = opened(qtbot, ends, ProfileStart(draft=first.answer()))

    assert again.answer() == first.answer()
