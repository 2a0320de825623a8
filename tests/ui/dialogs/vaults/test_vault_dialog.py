import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from fakes.readable import cut_off
from fakes.services import FakeServices
from mangrove.core.backup import Compression
from mangrove.core.errors import StorageDeniedError
from mangrove.core.secret import Secret
from mangrove.core.vaults.object_lock import ObjectLock, ObjectLockMode
from mangrove.core.vaults.url import StorageKind
from mangrove.services.vaults import VaultDraft
from mangrove.ui.dialogs.vaults.vault_dialog import VaultDialog, VaultStart
from mangrove.ui.dialogs.vaults.vault_fields import VaultPlace
from ui.conftest import Ends

FRIEND = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj"


def opened(qtbot: QtBot, ends: Ends, start: VaultStart | None = None) -> VaultDialog:
    dialog = VaultDialog(None, ends.services, ends.calls, start)
    qtbot.addWidget(dialog)
    dialog.show()
    return dialog


def filled_bucket(dialog: VaultDialog) -> None:
    dialog.name.setText("minio")
    dialog.where.kind.choose(StorageKind.S3)
    form = dialog.where.form
    form.type_in("bucket", "dumps")
    form.type_in("endpoint", "https://minio.example:9000")
    form.type_in("access_key", "writer")
    form.type_in("secret", "hush")


def test_a_folder_is_encrypted_unless_somebody_turns_it_off(qtbot: QtBot, ends: Ends) -> None:
    dialog = opened(qtbot, ends)

    dialog.name.setText(" disk ")
    dialog.where.form.type_in("folder", "/mnt/disk")

    assert dialog.yes.isEnabled()
    assert dialog.answer().draft == VaultDraft("disk", "file:///mnt/disk")
    assert dialog.warning.text == ""


def test_turning_encryption_off_says_plainly_what_it_means(qtbot: QtBot, ends: Ends) -> None:
    dialog = opened(qtbot, ends)
    dialog.name.setText("disk")
    dialog.where.form.type_in("folder", "/mnt/disk")

    dialog.encrypted.setChecked(False)

    assert "can read every document" in dialog.warning.text
    assert dialog.summary == "Make the vault disk, not encrypted."
    assert not dialog.answer().draft.encrypted
    assert not dialog.recipients_row.isVisible()


def test_a_bucket_carries_its_keys_apart_from_its_url(qtbot: QtBot, ends: Ends) -> None:
    dialog = opened(qtbot, ends)

    filled_bucket(dialog)

    draft = dialog.answer().draft
    assert draft.url == "s3://dumps?endpoint=https://minio.example:9000"
    assert (draft.access_key, draft.secret_key) == ("writer", Secret("hush"))


def test_a_lock_is_asked_of_a_bucket_and_of_nothing_else(qtbot: QtBot, ends: Ends) -> None:
    dialog = opened(qtbot, ends)
    filled_bucket(dialog)
    assert dialog.answer().draft.object_lock is None
    assert not dialog.where.object_lock.firm.isEnabled()

    dialog.where.object_lock.days.setValue(30)
    dialog.where.object_lock.firm.setChecked(True)

    lock = ObjectLock(30, ObjectLockMode.COMPLIANCE)
    answer = dialog.answer()
    assert answer.draft.object_lock == lock
    problem = StorageDeniedError("no")
    again = opened(qtbot, ends, VaultStart(answer.place, answer.draft, problem))
    assert again.where.object_lock.value() == lock
    dialog.where.kind.choose(StorageKind.FOLDER)
    assert not dialog.where.object_lock.isVisible()
    assert dialog.answer().draft.object_lock is None


def test_keys_of_a_bucket_do_not_stay_with_a_folder(qtbot: QtBot, ends: Ends) -> None:
    dialog = opened(qtbot, ends)
    filled_bucket(dialog)

    dialog.where.kind.choose(StorageKind.FOLDER)
    dialog.where.form.type_in("folder", "/mnt/disk")

    draft = dialog.answer().draft
    assert (draft.access_key, draft.secret_key) == ("", None)


def test_a_relative_folder_is_an_error_at_its_field(qtbot: QtBot, ends: Ends) -> None:
    dialog = opened(qtbot, ends)
    dialog.name.setText("disk")

    dialog.where.form.type_in("folder", "backups")

    assert "absolute path" in dialog.where.form.first_row.error
    assert not dialog.yes.isEnabled()


def test_a_taken_name_is_an_error_at_its_field(qtbot: QtBot, ends: Ends) -> None:
    dialog = opened(qtbot, ends)
    dialog.where.form.type_in("folder", "/mnt/disk")

    dialog.name.setText("Cloud")

    assert dialog.name_row.error == "Another vault has this name."
    assert not dialog.yes.isEnabled()


def test_more_recipients_are_checked_and_kept(qtbot: QtBot, ends: Ends) -> None:
    dialog = opened(qtbot, ends)
    dialog.name.setText("disk")
    dialog.where.form.type_in("folder", "/mnt/disk")

    dialog.recipients.setPlainText(f"{FRIEND}\nnobody")
    assert "nobody" in dialog.recipients_row.error
    assert not dialog.yes.isEnabled()
    dialog.recipients.setPlainText(FRIEND)

    assert dialog.yes.isEnabled()
    assert dialog.answer().draft.extra_recipients == (FRIEND,)


def test_a_draft_that_could_not_be_saved_comes_back_whole(qtbot: QtBot, ends: Ends) -> None:
    first = opened(qtbot, ends)
    filled_bucket(first)
    first.compression.setCurrentIndex(first.compression.findData(Compression.GZIP))
    answer = first.answer()
    problem = StorageDeniedError("the bucket refuses the key")

    again = opened(qtbot, ends, VaultStart(answer.place, answer.draft, problem))

    assert again.answer() == answer
    assert "The bucket refuses the key" in again.banner.text


def test_every_kind_makes_its_address_and_keeps_its_secret_apart(qtbot: QtBot, ends: Ends) -> None:
    dialog = opened(qtbot, ends)
    typed = {
        StorageKind.AZURE: {"account": "ours", "bucket": "dumps", "secret": "hush"},
        StorageKind.GOOGLE: {"bucket": "dumps", "prefix": "/team/", "secret": "hush"},
        StorageKind.SFTP: {
            "server": "ann@nas:2222",
            "folder": "/srv/a b",
            "key_file": "/home/ann/.ssh/id",
            "secret": "hush",
        },
        StorageKind.RCLONE: {
            "bucket": "drive:",
            "prefix": "backups",
            "secret": "[drive]\ntype = drive",
        },
    }
    for kind, fields in typed.items():
        for name, words in fields.items():
            dialog.where.forms[kind].type_in(name, words)

    made = {}
    for kind in dialog.where.forms:
        dialog.where.kind.choose(kind)
        draft = dialog.answer().draft
        made[kind] = (draft.url, draft.secret_key.reveal() if draft.secret_key else "")

    assert made[StorageKind.AZURE] == ("az://dumps?account=ours", "hush")
    assert made[StorageKind.GOOGLE] == ("gs://dumps/team", "hush")
    sftp_url = "sftp://ann@nas:2222/srv/a%20b?key=/home/ann/.ssh/id"
    assert made[StorageKind.SFTP] == (sftp_url, "hush")
    assert made[StorageKind.RCLONE] == ("rclone://drive/backups", "[drive]\ntype = drive\n")


@pytest.mark.parametrize("kind", list(StorageKind))
def test_every_kind_comes_back_whole(qtbot: QtBot, ends: Ends, kind: StorageKind) -> None:
    first = opened(qtbot, ends)
    first.name.setText("far")
    first.where.kind.choose(kind)
    place = VaultPlace(
        kind, "/f", "b", "p", "https://e.example", "eu", "acc", "ann@nas", "/key", "/known"
    )
    first.where.form.show_place(place)
    first.where.form.show_secret("writer", Secret("hush\n"))
    answer = first.answer()

    again = opened(qtbot, ends, VaultStart(answer.place, answer.draft, StorageDeniedError("no")))

    assert again.answer() == answer
    assert first.yes.isEnabled(), first.summary


def test_a_place_is_tested_before_anything_is_made(
    qtbot: QtBot, ends: Ends, fakes: FakeServices
) -> None:
    dialog = opened(qtbot, ends)
    assert not dialog.where.test.isEnabled()
    dialog.where.form.type_in("folder", "/mnt/disk")

    dialog.where.test.click()

    qtbot.waitUntil(lambda: "can be used" in dialog.where.outcome.text)
    assert [step for step, _, _ in dialog.where.steps.texts()] == ["reached", "written"]
    assert fakes.vaults.drafts == []


def test_a_place_that_fails_its_test_says_why(
    qtbot: QtBot, ends: Ends, fakes: FakeServices
) -> None:
    dialog = opened(qtbot, ends)
    dialog.where.form.type_in("folder", "/mnt/disk")
    fakes.vaults.problem = StorageDeniedError("the disk is read-only")

    dialog.where.test.click()

    qtbot.waitUntil(lambda: "The disk is read-only" in dialog.where.outcome.text)
    assert dialog.where.test.isEnabled()


@pytest.mark.usefixtures("large_text")
@pytest.mark.parametrize("kind", list(StorageKind))
def test_no_form_is_cut_off_at_double_size(qtbot: QtBot, ends: Ends, kind: StorageKind) -> None:
    dialog = opened(qtbot, ends)
    dialog.where.kind.choose(kind)

    qtbot.waitUntil(lambda: cut_off(dialog) == [])


@pytest.mark.usefixtures("large_text")
def test_nothing_is_cut_off_at_double_size(qtbot: QtBot, ends: Ends) -> None:
    dialog = opened(qtbot, ends)
    filled_bucket(dialog)

    qtbot.waitUntil(lambda: cut_off(dialog) == [])


def test_dialog_opens_from_right_to_left(qtbot: QtBot, ends: Ends) -> None:
    dialog = opened(qtbot, ends)

    dialog.setLayoutDirection(Qt.LayoutDirection.RightToLeft)

    assert not dialog.grab().isNull()
