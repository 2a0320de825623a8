"""The part of a dialog that names a dump of another tool, and looks into it meanwhile."""

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QFileDialog, QLineEdit, QVBoxLayout, QWidget

from mangrove.core.errors import MangroveError
from mangrove.core.known import Known, together
from mangrove.core.manifest import Manifest
from mangrove.services.dumps import Dumps
from mangrove.ui import text
from mangrove.ui.bridge import Calls
from mangrove.ui.newest_call import NewestCall
from mangrove.ui.theme.tokens import Space
from mangrove.ui.widgets.fields.form import FormRow
from mangrove.ui.widgets.fields.path_field import Browse, PathField
from mangrove.ui.widgets.labels import SectionTitle, TextLabel
from mangrove.ui.wording import counted

_MOST_NOTES = 4


class DumpPart(QWidget):
    """Path and database of a dump, and what was found there.

    Signals:
        changed(): The dump is another, or somebody looked into it.

    Attributes:
        found: What can be taken; None until somebody looked.
        problem: Why nothing can; "" when that is not known.
    """

    changed = Signal()

    def __init__(self, dumps: Dumps, calls: Calls, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._dumps = dumps
        self._newest = NewestCall(calls, self)
        self.found: Manifest | None = None
        self.problem = ""
        ways = (
            Browse(self.tr("Browse f&older…"), self._pick_folder),
            Browse(self.tr("Browse fi&le…"), self._pick_file),
        )
        self.field = PathField(self.tr("Path of the dump"), ways, "/srv/dumps/shop")
        self.database_field = QLineEdit()
        self.contents = TextLabel("", "muted").wrapping()
        self._lay_out()
        self.field.path_changed.connect(self._on_changed)
        self.database_field.textChanged.connect(self._on_changed)

    @property
    def path(self) -> str:
        """Where the dump is; "" while nothing is typed."""
        return self.field.path

    @property
    def database(self) -> str:
        """The name for the database of a lone file or folder; "" when it has its own."""
        return self.database_field.text().strip()

    def _lay_out(self) -> None:
        self._path_row = FormRow(
            self.tr("&Path"),
            self.field,
            self.tr("A mongodump directory, one of its folders, a .bson file, or an archive."),
        )
        database_row = FormRow(
            self.tr("Data&base name"),
            self.database_field,
            self.tr("Only for a single file or the folder of one database."),
        )
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(Space.S)
        column.addWidget(SectionTitle(self.tr("The dump")))
        for part in (self._path_row, self.contents, database_row):
            column.addWidget(part)
        self.contents.hide()

    @Slot()
    def _on_changed(self) -> None:
        path, database = self.path, self.database
        self.found, self.problem = None, ""
        if path:
            self._newest.ask(
                lambda: self._dumps.look(path, database), self._on_found, self._on_look_failed
            )
        else:
            self._newest.forget()
        self._show()

    def _on_found(self, manifest: Manifest) -> None:
        self.found = manifest
        self._show()

    def _on_look_failed(self, error: MangroveError) -> None:
        self.problem = text.sentence(error.message)
        self._show()

    def _show(self) -> None:
        words = self._words()
        self._path_row.set_error(self.problem)
        self.contents.setText(words)
        self.contents.setVisible(bool(words))
        self.changed.emit()

    def _words(self) -> str:
        if self.found is None:
            is_looking = self.path and not self.problem
            return self.tr("Looking into the dump…") if is_looking else ""
        left_out = self.found.not_included
        lines = [self._figures(self.found)]
        lines += [f"{n.what}: {text.sentence(n.reason)}" for n in left_out[:_MOST_NOTES]]
        if len(left_out) > _MOST_NOTES:
            more = counted(len(left_out) - _MOST_NOTES, self.tr("more part"), self.tr("more parts"))
            lines.append(self.tr("Not taken over of the dump: {parts}.").format(parts=more))
        return "\n".join(lines)

    def _figures(self, manifest: Manifest) -> str:
        entries = manifest.namespaces
        size_bytes = sum(e.plain_bytes for e in entries)
        words = self.tr("Holds {collections} of {databases}, {size}.")
        known = together((e.bytes_known for e in entries), size_bytes)
        if known is Known.AT_LEAST:
            words = self.tr("Holds {collections} of {databases}, at least {size}.")
        elif known is Known.UNKNOWN:
            words = self.tr("Holds {collections} of {databases}, of unknown size.")
        return words.format(
            collections=counted(len(entries), self.tr("collection"), self.tr("collections")),
            databases=", ".join(sorted({e.namespace.database for e in entries})),
            size=text.size(size_bytes),
        )

    def _pick_folder(self, start: str) -> str:
        return QFileDialog.getExistingDirectory(self, self.tr("Folder of the dump"), start)

    def _pick_file(self, start: str) -> str:
        kinds = self.tr("Dumps (*.archive *.gz *.bson);;All files (*)")
        return QFileDialog.getOpenFileName(self, self.tr("Archive or data file"), start, kinds)[0]
