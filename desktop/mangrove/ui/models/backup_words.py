"""How a backup stands in words, for the table and the pane beside it alike."""

from PySide6.QtCore import QCoreApplication

from mangrove.core.backup_record import BackupRecord, BackupState
from mangrove.core.figures.lights import Light
from mangrove.ui.models.backup_rows import BackupRow


def _tr(words: str) -> str:
    return QCoreApplication.translate("Backup", words)


def state_word(row: BackupRow) -> str:
    """Say how a backup stands; that a query filtered it goes before its proof."""
    if row.record.state is BackupState.UNREADABLE:
        return _tr("unreadable")
    if row.light is Light.EXPOSED:
        return _tr("check failed")
    if row.record.is_filtered:
        return _tr("filtered")
    return _tr("proven") if row.light is Light.PROVEN else _tr("not proven")


def state_tip(record: BackupRecord) -> str:
    """Say what the state's word leaves out; "" when that is nothing."""
    if record.problem or not record.is_filtered:
        return record.problem
    return _tr("A query left out documents, so it never counts as full protection.")


def what_words(record: BackupRecord) -> str:
    """Say what a backup holds."""
    if record.is_whole and not record.is_filtered:
        return _tr("everything")
    chosen = record.selection or ", ".join(record.databases)
    return _tr("filtered: {what}").format(what=chosen) if record.is_filtered else chosen
