from dataclasses import replace

import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from fakes.sample_data import VAULTS
from mangrove.core.errors import WrongIdentityError
from mangrove.core.secret import Secret
from mangrove.core.vaults.key_changes import Holder, with_holder
from mangrove.ui.dialogs.vaults.keys_dialog import KeyChange, KeysDialog, KeyWish
from mangrove.ui.dialogs.vaults.kit_dialogs import (
    ConfirmKitDialog,
    KitToOpen,
    KitWish,
    MakeKitDialog,
    OpenKitDialog,
)

SPEC = VAULTS[0]
OTHER = VAULTS[1].recipients[0]
WORDS = "tide turns mangrove roots"


def shown(qtbot: QtBot, dialog: QWidget) -> None:
    qtbot.addWidget(dialog)
    dialog.show()


def test_a_kit_needs_a_strong_passphrase_typed_twice(qtbot: QtBot) -> None:
    dialog = MakeKitDialog(None, SPEC)
    shown(qtbot, dialog)
    dialog.path.line.setText("/mnt/usb/kit")
    states = []
    for first, again in (("short", "short"), (WORDS, ""), (WORDS, WORDS + "!"), (WORDS, WORDS)):
        dialog.passphrase.setText(first)
        dialog.again.setText(again)
        states.append(dialog.yes.isEnabled())

    assert states == [False, False, False, True]
    assert dialog.answer() == KitWish("/mnt/usb/kit", Secret(WORDS), with_storage_key=False)


def test_the_storage_key_is_offered_only_where_there_is_one(qtbot: QtBot) -> None:
    with_key, without = MakeKitDialog(None, SPEC), MakeKitDialog(None, VAULTS[1])
    shown(qtbot, with_key)
    shown(qtbot, without)

    assert with_key.storage_key.isVisible()
    assert not without.storage_key.isVisible()


def test_a_code_must_be_typed(qtbot: QtBot) -> None:
    dialog = ConfirmKitDialog(None, SPEC)
    shown(qtbot, dialog)
    assert not dialog.yes.isEnabled()

    dialog.code.setText("ABCD-EFGH-2345")

    assert dialog.yes.isEnabled()
    assert SPEC.name in dialog.summary


def test_a_kit_to_open_comes_back_as_typed_with_what_was_wrong(qtbot: QtBot) -> None:
    start = KitToOpen("/mnt/usb/kit.age", Secret(WORDS), "file:///mnt/vault", "attic", Secret("k"))
    dialog = OpenKitDialog(None, start, WrongIdentityError("the passphrase does not open it"))
    shown(qtbot, dialog)

    assert dialog.answer() == start
    assert "passphrase does not open it" in dialog.banner.text
    assert dialog.yes.isEnabled()


def test_a_place_that_is_none_is_marked(qtbot: QtBot) -> None:
    dialog = OpenKitDialog(None, KitToOpen("/kit.age", Secret(WORDS), "nowhere"))
    shown(qtbot, dialog)

    assert not dialog.yes.isEnabled()
    assert dialog.url_row.error


def test_a_recipient_is_added_with_its_name(qtbot: QtBot) -> None:
    dialog = KeysDialog(None, SPEC)
    shown(qtbot, dialog)
    assert not dialog.yes.isEnabled()

    dialog.recipient.setText("age1nonsense")
    assert dialog.recipient_row.error
    dialog.recipient.setText(OTHER)
    dialog.name.setText("Ana")

    assert dialog.yes.isEnabled()
    assert dialog.answer() == KeyWish(KeyChange.ADD, Holder(OTHER, "Ana"))


def test_the_last_recipient_cannot_be_taken_away(qtbot: QtBot) -> None:
    alone = KeysDialog(None, SPEC)
    both = KeysDialog(None, with_holder(SPEC, Holder(OTHER, "Ana")))
    for dialog in (alone, both):
        shown(qtbot, dialog)
        dialog.change.choose(KeyChange.REMOVE)
    both.who.setCurrentIndex(1)

    assert not alone.yes.isEnabled()
    assert "only recipient" in alone.summary
    assert both.answer() == KeyWish(KeyChange.REMOVE, Holder(OTHER, "Ana"))


@pytest.mark.parametrize("change", [KeyChange.REWRAP, KeyChange.ROTATE])
def test_the_button_says_what_will_happen(qtbot: QtBot, change: KeyChange) -> None:
    dialog = KeysDialog(None, SPEC)
    shown(qtbot, dialog)

    dialog.change.choose(change)

    assert dialog.yes.isEnabled()
    words = {KeyChange.REWRAP: "Re-wrap backups", KeyChange.ROTATE: "Change signing key"}
    assert dialog.yes.text() == words[change]
    assert dialog.answer() == KeyWish(change)


def test_an_imported_key_is_a_secret(qtbot: QtBot) -> None:
    dialog = KeysDialog(None, SPEC)
    shown(qtbot, dialog)
    dialog.change.choose(KeyChange.IMPORT)
    dialog.identity.setText("AGE-SECRET-KEY-1X")

    assert "AGE-SECRET" not in repr(dialog.answer())
    assert dialog.answer().identity == Secret("AGE-SECRET-KEY-1X")


def test_of_an_unencrypted_vault_only_the_signing_key_can_change(qtbot: QtBot) -> None:
    dialog = KeysDialog(None, replace(SPEC, recipients=()))
    shown(qtbot, dialog)

    assert dialog.change.value is KeyChange.ROTATE
