from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton
from pytestqt.qtbot import QtBot

from fakes.sample_data import RECORDS, VAULTS
from mangrove.ui.dialogs.atlas.account_dialog import AtlasAccountDialog
from mangrove.ui.dialogs.atlas.take_dialog import TakeSnapshotDialog
from mangrove.ui.dialogs.backup_dialog import BackupDialog, BackupPreset
from mangrove.ui.dialogs.capture_dialog import CaptureDialog
from mangrove.ui.dialogs.copy_dialog import CopyDialog
from mangrove.ui.dialogs.drill_dialog import DrillDialog
from mangrove.ui.dialogs.evidence_report_dialog import EvidenceReportDialog
from mangrove.ui.dialogs.export_dialog import ExportDialog
from mangrove.ui.dialogs.import_dialog import ImportDialog
from mangrove.ui.dialogs.profiles.assertions_dialog import AssertionsDialog
from mangrove.ui.dialogs.profiles.objectives_dialog import ObjectivesDialog
from mangrove.ui.dialogs.profiles.profile_dialog import ProfileDialog
from mangrove.ui.dialogs.question_dialog import QuestionDialog
from mangrove.ui.dialogs.restore_dialog import RestoreDialog
from mangrove.ui.dialogs.restore_dump_dialog import RestoreDumpDialog
from mangrove.ui.dialogs.vaults.keys_dialog import KeysDialog
from mangrove.ui.dialogs.vaults.kit_dialogs import ConfirmKitDialog, MakeKitDialog, OpenKitDialog
from mangrove.ui.dialogs.vaults.mirror_dialog import MirrorDialog
from mangrove.ui.dialogs.vaults.vault_dialog import VaultDialog
from mangrove.ui.dialogs.verify_dialog import VerifyDialog
from ui.conftest import Ends

Make = Callable[[Ends], QuestionDialog]
DIALOGS: dict[str, Make] = {
    "profile": lambda e: ProfileDialog(None, e.services, e.calls),
    "make kit": lambda _: MakeKitDialog(None, VAULTS[0]),
    "confirm kit": lambda _: ConfirmKitDialog(None, VAULTS[0]),
    "open kit": lambda _: OpenKitDialog(None),
    "keys": lambda _: KeysDialog(None, VAULTS[0]),
    "vault": lambda e: VaultDialog(None, e.services, e.calls),
    "mirror": lambda e: MirrorDialog(None, e.services, e.calls, VAULTS[0]),
    "atlas account": lambda _: AtlasAccountDialog(None),
    "atlas take": lambda _: TakeSnapshotDialog(None, "Shop/live"),
    "backup": lambda e: BackupDialog(None, e.services, e.calls, BackupPreset("production")),
    "verify": lambda e: VerifyDialog(None, e.services, RECORDS[0]),
    "export": lambda e: ExportDialog(None, e.services, e.calls, RECORDS[0]),
    "import": lambda e: ImportDialog(None, e.services, e.calls),
    "copy": lambda e: CopyDialog(None, e.services, e.calls, "production"),
    "capture": lambda e: CaptureDialog(None, e.services, "production"),
    "objectives": lambda e: ObjectivesDialog(
        None, e.services.figures.profile("production"), e.services.objectives.of("production")
    ),
    "restore dump": lambda e: RestoreDumpDialog(None, e.services, e.calls),
    "drill": lambda e: DrillDialog(None, e.services, e.calls, "production"),
    "report": lambda e: EvidenceReportDialog(None, e.services, "production", RECORDS[0].backup),
    "assertions": lambda e: AssertionsDialog(None, e.services, e.calls, "production"),
    "restore": lambda e: RestoreDialog(None, e.services, e.calls, RECORDS[0]),
}


@pytest.fixture(params=list(DIALOGS))
def dialog(request: pytest.FixtureRequest, qtbot: QtBot, ends: Ends) -> QuestionDialog:
    """Each dialog that asks, shown."""
    made = DIALOGS[request.param](ends)
    qtbot.addWidget(made)
    made.show()
    qtbot.waitExposed(made)
    return made


def test_escape_leaves_without_effect(qtbot: QtBot, dialog: QuestionDialog) -> None:
    with qtbot.waitSignal(dialog.rejected):
        qtbot.keyClick(dialog, Qt.Key.Key_Escape)


def test_tab_ends_on_the_buttons_with_the_verb_last(dialog: QuestionDialog) -> None:
    chain = [dialog.nextInFocusChain()]
    while chain[-1] is not dialog:
        following = chain[-1].nextInFocusChain()
        assert following is not None
        chain.append(following)

    assert chain.index(dialog.no) + 1 == chain.index(dialog.yes)
    assert dialog.focusWidget() not in (dialog.no, dialog.yes)


def test_every_button_can_be_named_aloud(dialog: QuestionDialog) -> None:
    silent = [
        button
        for button in dialog.findChildren(QAbstractButton)
        if button.isVisible() and not (button.text() or button.accessibleName())
    ]

    # QLineEdit makes its own buttons for actions; they speak by their tooltip.
    assert [b for b in silent if not b.toolTip() and b.isEnabled() and b.focusPolicy()] == []


def test_the_window_has_a_title_and_the_verb_is_no_ok(dialog: QuestionDialog) -> None:
    assert dialog.windowTitle()
    assert dialog.yes.text().replace("&", "").lower() not in ("", "ok", "yes")
