"""The finer selection of a backup: patterns, and which documents of a collection."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from PySide6.QtCore import QTimer, Signal, Slot
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from mangrove.core.backup import CollectionQuery, Selection
from mangrove.core.errors import InvalidSelectionError, MangroveError
from mangrove.core.globs import matches_any, without_match
from mangrove.core.namespace import Namespace
from mangrove.services.queries import collection_query
from mangrove.ui import text
from mangrove.ui.bridge import Calls
from mangrove.ui.models.namespace_rows import NamespaceRow
from mangrove.ui.theme.tokens import Space
from mangrove.ui.widgets.fields.form import FormRow
from mangrove.ui.widgets.fields.lines_edit import LinesEdit
from mangrove.ui.widgets.fold import Fold
from mangrove.ui.widgets.labels import TextLabel
from mangrove.ui.wording import counted

COUNT_PAUSE_MS = 400
VIEW = "view"
Count = Callable[[str, Namespace, str], int | None]


@dataclass(frozen=True, slots=True)
class PatternsFound:
    """What ticks and patterns come to: what is taken, of how many, and a pattern without match."""

    taken: tuple[NamespaceRow, ...]
    all: int
    idle: str = ""


def patterns_found(
    selection: Selection, rows: Sequence[NamespaceRow], ticked: Sequence[NamespaceRow]
) -> PatternsFound:
    """Add a selection's patterns to what is ticked of all that a deployment lists."""
    if not (selection.include or selection.exclude):
        return PatternsFound(tuple(ticked), len(rows))
    names = {row: str(row.namespace) for row in rows}
    idle = without_match((*selection.include, *selection.exclude), names.values())
    is_ticked = set(ticked)
    taken = tuple(
        row
        for row, name in names.items()
        if (row in is_ticked or matches_any(selection.include, name))
        and not matches_any(selection.exclude, name)
    )
    return PatternsFound(taken, len(rows), idle[0] if idle else "")


class PatternsPart(QWidget):
    """Patterns for what comes besides the ticks and what stays out, folded at first.

    Signals:
        changed(): A pattern is another.
    """

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._is_whole = False
        self.fold = Fold(self.tr("Patterns"))
        self.include, self.exclude = LinesEdit("shop.*_2026"), LinesEdit("*.tmp_*")
        self.count = TextLabel("", "small").wrapping()
        hint = self.tr("One per line, on database.collection; * is anything, all else is itself.")
        self.fold.column.addWidget(FormRow(self.tr("&Take also"), self.include))
        self.fold.column.addWidget(FormRow(self.tr("&Leave out"), self.exclude, hint))
        self.fold.column.addWidget(self.count)
        _column(self).addWidget(self.fold)
        self.include.textChanged.connect(self.changed)
        self.exclude.textChanged.connect(self.changed)

    def applied(self, selection: Selection) -> Selection:
        """Return a selection with the patterns added; to all there is nothing to be added."""
        include = () if self._is_whole else self.include.entries
        return replace(selection, include=include, exclude=self.exclude.entries)

    def turn_to(self, *, whole: bool) -> None:
        """Say whether the whole deployment is meant, which leaves nothing to be added."""
        self._is_whole = whole
        self.include.setEnabled(not whole)

    def show_found(self, found: PatternsFound | None) -> None:
        """Show what the patterns come to; None while nobody knows."""
        if found is None:
            self.count.setText("")
            return
        every = counted(found.all, self.tr("collection"), self.tr("collections"))
        words = self.tr("Selects {chosen} of {all}.")
        self.count.setText(words.format(chosen=f"{len(found.taken):,}", all=every))


class FilterPart(QWidget):
    """A query for the collection that is picked in the tree; checked and counted while typed.

    Signals:
        changed(): A query is another.

    Attributes:
        profile: The deployment that is counted on.
    """

    changed = Signal()

    def __init__(self, calls: Calls, count: Count, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._calls, self._count = calls, count
        self._texts: dict[Namespace, str] = {}
        self._row: NamespaceRow | None = None
        self.profile = ""
        self.field = QLineEdit()
        self.field.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.field.setPlaceholderText('{"status": "open"}')
        self.field.setClearButtonEnabled(True)
        self.row = FormRow(self.tr("Only documents that &match"), self.field)
        self.said = TextLabel("", "small").wrapping()
        self.others = TextLabel("", "small").wrapping()
        column = _column(self)
        column.addWidget(self.row)
        column.addWidget(self.said)
        column.addWidget(self.others)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(COUNT_PAUSE_MS)
        self._pause.timeout.connect(self._on_pause_timeout)
        self.field.textChanged.connect(self._on_text_changed)
        self.show_row(None)

    def turn_to(self, profile: str) -> None:
        """Forget every query: another deployment is meant."""
        self.profile = profile
        self._texts.clear()
        self.show_row(None)

    def show_row(self, row: NamespaceRow | None) -> None:
        """Edit the query of this collection; None for none."""
        self._row = None
        self.field.setText(self._texts.get(row.namespace, "") if row is not None else "")
        self._row = row
        self.row.setVisible(row is not None)
        if row is not None:
            is_view = row.kind == VIEW
            self.field.setEnabled(not is_view)
            name = self.tr("Only documents of {name} that match").format(name=row.namespace)
            self.row.set_label(name.replace("&", "&&"))
            self.field.setAccessibleName(name)
        self._check()

    def queries(self, selection: Selection) -> tuple[CollectionQuery, ...]:
        """Return the queries of what is selected.

        Raises:
            InvalidSelectionError: If one is not understood.
        """
        wanted = [(n, t) for n, t in self._texts.items() if t and selection.matches(n)]
        return tuple(collection_query(namespace, words) for namespace, words in wanted)

    @Slot(str)
    def _on_text_changed(self, words: str) -> None:
        if self._row is None:
            return
        self._texts[self._row.namespace] = words.strip()
        self._check()
        self.changed.emit()

    def _check(self) -> None:
        """Say at once what is wrong; what is right is counted after a pause."""
        self._pause.stop()
        row, words = self._row, self.field.text().strip()
        self.said.setText("")
        self.row.set_error("")
        filtered = ", ".join(str(n) for n, t in self._texts.items() if t)
        self.others.setText(
            self.tr("Filtered, so no full protection: {names}").format(names=filtered)
            if filtered
            else ""
        )
        self.others.setVisible(bool(filtered))
        if row is None:
            self.said.setText(
                self.tr("Pick a ticked collection to take only some documents of it.")
            )
            return
        if row.kind == VIEW:
            self.said.setText(self.tr("A view has no documents of its own to filter."))
        elif words:
            try:
                collection_query(row.namespace, words)
            except InvalidSelectionError as error:
                self.row.set_error(text.sentence(error.message))
                return
            self.said.setText(self.tr("Counting…"))
            self._pause.start()

    @Slot()
    def _on_pause_timeout(self) -> None:
        row, words = self._row, self.field.text().strip()
        if row is None or not words:
            return
        profile, namespace = self.profile, row.namespace
        asked = (profile, namespace, words)
        self._calls.run(
            self,
            lambda: self._count(profile, namespace, words),
            lambda found: self._on_counted(asked, found),
            lambda error: self._on_count_failed(asked, error),
        )

    def _on_counted(self, asked: tuple[str, Namespace, str], found: int | None) -> None:
        if not self._is_current(asked) or self._row is None:
            return
        if found is None:
            self.said.setText(self.tr("Counting takes too long; the query itself is understood."))
            return
        every = counted(self._row.documents, self.tr("document"), self.tr("documents"))
        words = self.tr("{found} of about {all} match now.")
        self.said.setText(words.format(found=f"{found:,}", all=every))

    def _on_count_failed(self, asked: tuple[str, Namespace, str], error: MangroveError) -> None:
        if self._is_current(asked):
            self.said.setText("")
            self.row.set_error(text.sentence(error.message))

    def _is_current(self, asked: tuple[str, Namespace, str]) -> bool:
        shown = self._row.namespace if self._row is not None else None
        return (self.profile, shown, self.field.text().strip()) == asked


def _column(part: QWidget) -> QVBoxLayout:
    column = QVBoxLayout(part)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(Space.S)
    return column
