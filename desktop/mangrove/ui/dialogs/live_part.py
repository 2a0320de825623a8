"""The part of a dialog that shows what a deployment holds, and asks it for that."""

from collections.abc import Sequence

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QWidget

from mangrove.core.backup import Selection
from mangrove.core.errors import MangroveError
from mangrove.services.profiles import Profiles
from mangrove.ui.bridge import Calls
from mangrove.ui.dialogs.what_part import WhatPart
from mangrove.ui.models.contents_model import rows_of_deployment
from mangrove.ui.models.namespace_rows import LIVE_COLUMNS, NamespaceRow
from mangrove.ui.newest_call import NewestCall
from mangrove.ui.widgets.banner import Banner


class LivePart(WhatPart):
    """Databases and collections as they are now; only the newest answer counts.

    Signals:
        changed(): Other collections are ticked, or the deployment answered or did not.

    Attributes:
        is_known: Whether what is shown is what the deployment holds.
        is_partial: Whether the user sees only some of its databases.
        banner: Says why it did not answer, and asks again.
    """

    def __init__(
        self,
        profiles: Profiles,
        calls: Calls,
        banner: Banner,
        parent: QWidget | None = None,
        *,
        is_titled: bool = True,
    ) -> None:
        super().__init__(LIVE_COLUMNS, parent, is_titled=is_titled)
        self._profiles = profiles
        self._newest = NewestCall(calls, self)
        self._name = ""
        self._preset = ("", Selection())
        self._failed = False
        self.is_known, self.is_partial = False, False
        self.banner = banner
        banner.action_triggered.connect(self._on_again)

    def tick_at_first(self, name: str, selection: Selection) -> None:
        """Tick only this once that deployment is listed."""
        self._preset = (name, selection)

    def turn_to(self, name: str) -> None:
        """Look at another deployment, or anew at the same."""
        self._name, self._failed = name, False
        self.is_known, self.is_partial = False, False
        self.banner.clear()
        self.wait(self.tr("Looking at the databases of {name}…").format(name=name) if name else "")
        self.model.set_rows(())
        if name:
            self._newest.ask(
                lambda: self._looked(name),
                lambda found: self._on_listed(*found),
                self._on_list_failed,
            )
        else:
            self._newest.forget()

    @property
    def missing(self) -> str:
        """Why nothing can be chosen yet; "" when it can."""
        if self._failed:
            return self.tr("The databases are not known.")
        return "" if self.is_known else self.tr("The databases are being looked at.")

    def _looked(self, name: str) -> tuple[Sequence[NamespaceRow], bool]:
        """Return what there is, and whether that is everything; runs on a worker thread."""
        rows = rows_of_deployment(self._profiles.collections(name))
        return rows, self._profiles.sees_everything(name)

    def _on_listed(self, rows: Sequence[NamespaceRow], sees_everything: bool) -> None:  # noqa: FBT001 - an answer
        self.is_known, self.is_partial = True, not sees_everything
        self.wait(
            self.tr("There is no database but the server's own.")
            if sees_everything
            else self.tr("The user is shown no database: the role backup is missing.")
        )
        self.model.set_rows(rows)
        name, wanted = self._preset
        if name == self._name and not wanted.is_whole:
            self.model.choose(wanted.databases, wanted.collections)

    def _on_list_failed(self, error: MangroveError) -> None:
        self._failed = True
        self.wait("")
        self.banner.show_error(error, self.tr("Try again"))
        self.changed.emit()

    @Slot()
    def _on_again(self) -> None:
        self.turn_to(self._name)
