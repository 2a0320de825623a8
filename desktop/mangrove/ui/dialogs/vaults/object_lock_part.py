"""Asks for how long a bucket shall lock what is written to it."""

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QSpinBox, QVBoxLayout, QWidget

from mangrove.core.vaults.object_lock import MOST_DAYS, ObjectLock, ObjectLockMode
from mangrove.ui.theme.tokens import Space
from mangrove.ui.widgets.fields.form import FormRow


class ObjectLockPart(QWidget):
    """Days, and whether nobody may lift the lock; no days for no lock."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.days = QSpinBox()
        self.days.setRange(0, MOST_DAYS)
        self.days.setSpecialValueText(self.tr("do not lock"))
        self.days.setSuffix(self.tr(" days"))
        self.firm = QCheckBox(self.tr("&Nobody can lift it, not even the bucket's owner"))
        hint = self.tr(
            "Needs a bucket that was made with object lock. What is locked cannot be removed,"
            " by an attacker or by pruning, until its time is over."
        )
        field = QWidget()
        line = QHBoxLayout(field)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(Space.M)
        line.addWidget(self.days)
        line.addWidget(self.firm)
        line.addStretch()
        field.setFocusProxy(self.days)
        self.days.setAccessibleName(self.tr("Days to lock"))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(FormRow(self.tr("&Lock what is written"), field, hint))
        self.days.valueChanged.connect(self._on_days_changed)
        self._on_days_changed()

    def value(self) -> ObjectLock | None:
        """Return what is asked of the bucket."""
        mode = ObjectLockMode.COMPLIANCE if self.firm.isChecked() else ObjectLockMode.GOVERNANCE
        return ObjectLock(self.days.value(), mode) if self.days.value() else None

    def show_value(self, lock: ObjectLock | None) -> None:
        """Put in what was asked for before."""
        self.days.setValue(lock.days if lock else 0)
        self.firm.setChecked(lock is not None and lock.mode is ObjectLockMode.COMPLIANCE)

    @Slot()
    def _on_days_changed(self) -> None:
        self.firm.setEnabled(self.days.value() > 0)
