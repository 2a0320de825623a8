"""The part of a dialog that shows databases and collections to be ticked, with a search field."""

from collections.abc import Sequence

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from mangrove.core.manifest import Manifest
from mangrove.ui.models.contents_model import rows_of_manifest
from mangrove.ui.models.namespace_rows import STORED_COLUMNS, Chosen, TreeColumn
from mangrove.ui.models.namespace_tree_model import NamespaceTreeModel
from mangrove.ui.theme.tokens import Space
from mangrove.ui.widgets.fields.search_field import SearchField
from mangrove.ui.widgets.labels import SectionTitle, TextLabel
from mangrove.ui.widgets.tables.namespace_tree import NamespaceTree


class WhatPart(QWidget):
    """A tree of what there is to be taken, everything ticked; a sentence while nobody knows.

    Signals:
        changed(): Other collections are ticked.
    """

    changed = Signal()

    def __init__(
        self,
        columns: Sequence[TreeColumn] = STORED_COLUMNS,
        parent: QWidget | None = None,
        *,
        is_titled: bool = True,
    ) -> None:
        super().__init__(parent)
        self.model = NamespaceTreeModel(columns, checkable=True, parent=self)
        self.tree = NamespaceTree(self.model)
        self.tree.setMinimumHeight(Space.XXL * 3)  # leaves what follows in sight
        self.search = SearchField(self.tr("Find a collection"))
        self.waiting = TextLabel("", "muted").wrapping()
        head = QHBoxLayout()
        if is_titled:
            head.addWidget(SectionTitle(self.tr("What")))
        head.addStretch()
        head.addWidget(self.search)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(Space.S)
        column.addLayout(head)
        column.addWidget(self.waiting)
        column.addWidget(self.tree)
        self.search.filter_changed.connect(self.tree.filter_by)
        self.model.choice_changed.connect(self.changed)
        self.model.modelReset.connect(self._on_model_reset)
        self._on_model_reset()

    def wait(self, sentence: str) -> None:
        """Say what is being found out, or why there is nothing, while there are no rows."""
        self.waiting.setText(sentence)
        self._on_model_reset()

    def show_manifest(self, manifest: Manifest) -> None:
        """Show what the backup holds."""
        self.model.set_rows(rows_of_manifest(manifest))

    @property
    def chosen(self) -> Chosen:
        """What is ticked."""
        return self.model.chosen()

    @Slot()
    def _on_model_reset(self) -> None:
        has_rows = bool(self.model.databases)
        self.tree.setVisible(has_rows)
        self.search.setEnabled(has_rows)
        self.waiting.setVisible(not has_rows and bool(self.waiting.text()))
