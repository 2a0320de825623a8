"""Asks where a deployment's oplog shall be kept, and how often it is stored."""

from datetime import timedelta

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QHBoxLayout, QWidget

from mangrove.core.pitr.capture import CaptureRequest, OnGap
from mangrove.core.pitr.planning import base_of, newest_base
from mangrove.core.pitr.slices import DEFAULT_SLICE
from mangrove.core.vaults.vault import VaultId
from mangrove.services.bundle import Services
from mangrove.ui import text
from mangrove.ui.dialogs.question_dialog import QuestionDialog, asked
from mangrove.ui.dialogs.vault_choice import PlainVaultWarning, VaultBox
from mangrove.ui.theme.tokens import Space
from mangrove.ui.widgets.banner import BannerKind, LastingBanner
from mangrove.ui.widgets.fields.choice_box import ChoiceBox
from mangrove.ui.widgets.fields.choice_list import ChoiceList, Option
from mangrove.ui.widgets.fields.form import FormRow
from mangrove.ui.widgets.labels import SectionTitle

_LENGTHS = tuple(timedelta(minutes=n) for n in (1, 5, 15, 30, 60))
_WIDTH, _HEIGHT = 640, 520


class CaptureDialog(QuestionDialog):
    """The vault, the length of slices, and what happens when a new base is needed."""

    def __init__(self, parent: QWidget | None, services: Services, profile: str) -> None:
        super().__init__(parent, "", "")
        self.setWindowTitle(self.tr("Capture the oplog of {profile}").format(profile=profile))
        self.yes.setText(self.tr("&Start capture"))
        self._profile = profile
        vaults = services.vaults.all()
        self.vault = VaultBox(vaults)
        self._base_vault = _vault_of_base(services, profile)
        for spec in vaults:
            if spec.vault_id == self._base_vault:
                self.vault.setCurrentText(spec.name)
        self.length = ChoiceBox()
        for length in _LENGTHS:
            self.length.addItem(text.rough_duration(length), length)
        self.length.setCurrentIndex(_LENGTHS.index(DEFAULT_SLICE))
        self.on_gap = ChoiceList(self._ways())
        self.warning, self.no_base = PlainVaultWarning(), LastingBanner()
        self._lay_out_parts()
        self.vault.currentIndexChanged.connect(self._on_changed)
        self.length.currentIndexChanged.connect(self._on_changed)
        self.on_gap.chosen.connect(self._on_changed)
        self.take_room(_WIDTH, _HEIGHT)
        self._on_changed()

    @classmethod
    def ask(cls, parent: QWidget | None, services: Services, profile: str) -> CaptureRequest | None:
        """Ask, and return the request; None when the person left."""
        dialog = cls(parent, services, profile)
        return asked(dialog, dialog.answer)

    def answer(self) -> CaptureRequest:
        """Return the request as the choices stand."""
        return CaptureRequest(
            profile=self._profile,
            vault=self.vault.currentText(),
            slice_length=self._length,
            on_gap=self.on_gap.value,
        )

    @property
    def _length(self) -> timedelta:
        length = self.length.currentData()
        return length if isinstance(length, timedelta) else DEFAULT_SLICE

    def _ways(self) -> tuple[Option[OnGap], ...]:
        return (
            Option(
                OnGap.TAKE_BASE,
                self.tr("Take a &backup by itself"),
                self.tr("Windows go on as soon as it is there."),
            ),
            Option(
                OnGap.ASK,
                self.tr("&Ask me"),
                self.tr("The timeline shows a gap until somebody takes a backup."),
            ),
        )

    def _lay_out_parts(self) -> None:
        vault_row = FormRow(
            self.tr("Into &vault"),
            self.vault,
            self.tr("Slices can be replayed onto backups in the same vault."),
        )
        length_row = FormRow(
            self.tr("Store at &least every"),
            self.length,
            self.tr("What was not stored yet is lost with this computer."),
        )
        row = QHBoxLayout()
        row.setSpacing(Space.M)
        row.addWidget(vault_row, 1, Qt.AlignmentFlag.AlignTop)
        row.addWidget(length_row, 1, Qt.AlignmentFlag.AlignTop)
        self.body.addLayout(row)
        for part in (
            self.warning,
            self.no_base,
            SectionTitle(self.tr("When a new base is needed")),
            self.on_gap,
        ):
            self.body.addWidget(part)
        self.body.addStretch()

    @Slot()
    def _on_changed(self) -> None:
        spec = self.vault.spec
        self.warning.show_for(spec)
        self._show_base(has_base=spec is not None and spec.vault_id == self._base_vault)
        self.yes.setEnabled(spec is not None)
        words = self.tr(
            "Follow the oplog of {profile} into {vault} until it is stopped, and store it at least"
            " every {length}. Nothing on the deployment is changed."
        )
        self.say(
            words.format(
                profile=self._profile,
                vault=self.vault.currentText(),
                length=text.rough_duration(self._length),
            )
        )

    def _show_base(self, *, has_base: bool) -> None:
        if has_base:
            self.no_base.clear()
            return
        is_taken = self.on_gap.value is OnGap.TAKE_BASE
        if is_taken:
            words = self.tr("No backup in this vault can be a base yet; capture takes one first.")
        else:
            words = self.tr(
                "No backup in this vault can be a base yet: until one is taken, nothing can be"
                " restored from what is captured."
            )
        self.no_base.show_message(BannerKind.INFO if is_taken else BannerKind.WARNING, words)


def _vault_of_base(services: Services, profile: str) -> VaultId | None:
    """Return the vault that holds the newest base; None when none does."""
    records = services.backups.all(profile=profile)
    base = newest_base([base_of(record) for record in records])
    return base.vault_id if base is not None else None
