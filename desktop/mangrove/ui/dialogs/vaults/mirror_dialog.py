"""Asks where one more copy of a vault shall be."""

from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QLineEdit, QWidget

from mangrove.core.errors import InvalidProfileError, MangroveError
from mangrove.core.profile import checked_name
from mangrove.core.vaults.url import parse_vault_url
from mangrove.core.vaults.vault import VaultSpec
from mangrove.services.bundle import Services
from mangrove.services.mirrors import MirrorDraft
from mangrove.services.vaults import VaultDraft
from mangrove.ui import text
from mangrove.ui.bridge import Calls
from mangrove.ui.dialogs.question_dialog import QuestionDialog, asked
from mangrove.ui.dialogs.vaults.place_part import PlacePart, Try
from mangrove.ui.dialogs.vaults.vault_fields import VaultPlace
from mangrove.ui.theme.tokens import Size, Space
from mangrove.ui.widgets.banner import Banner
from mangrove.ui.widgets.fields.form import FormRow
from mangrove.ui.widgets.labels import TextLabel


@dataclass(frozen=True, slots=True)
class MirrorAnswer:
    """The draft, and the fields it was made of."""

    place: VaultPlace
    draft: MirrorDraft


@dataclass(frozen=True, slots=True)
class MirrorStart:
    """What was typed in an earlier round that could not be saved, and why it could not."""

    place: VaultPlace
    draft: MirrorDraft
    problem: MangroveError


class MirrorDialog(QuestionDialog):
    """A name and a place of its own; nothing is copied by adding it."""

    def __init__(
        self,
        parent: QWidget | None,
        services: Services,
        calls: Calls,
        vault: VaultSpec,
        start: MirrorStart | None = None,
    ) -> None:
        super().__init__(parent, "", "")
        self._services, self._vault = services, vault
        self.setWindowTitle(self.tr("Add a mirror of {vault}").format(vault=vault.name))
        self.yes.setText(self.tr("Add mirror"))
        self.banner, self.name = Banner(), QLineEdit()
        self.name.setPlaceholderText(self.tr("second-building"))
        self.name_row = FormRow(self.tr("&Name"), self.name)
        self.where = PlacePart(calls, self._trial)
        words = self.tr(
            "Every backup is copied here too, as it is stored: encrypted and signed. Take another"
            " disk, or better another building."
        )
        self.body.addWidget(self.banner)
        self.body.addWidget(TextLabel(words, "muted").wrapping())
        self.body.addWidget(self.name_row)
        self.add_section(self.tr("Where"), self.where)
        self.body.addStretch()
        self.add_lower_button(self.where.test)
        self.take_room(Size.DIALOG_WIDTH, Size.DIALOG_HEIGHT + Space.XXL * 2)
        if start is not None:
            self._fill_again(start)
        self.name.textChanged.connect(self._on_changed)
        self.where.changed.connect(self._on_changed)
        self.where.outcome_shown.connect(self._on_outcome_shown)
        self._on_changed()

    @classmethod
    def ask(
        cls,
        parent: QWidget | None,
        services: Services,
        calls: Calls,
        vault: VaultSpec,
        start: MirrorStart | None = None,
    ) -> MirrorAnswer | None:
        """Ask, and return the answer; None when the person left."""
        dialog = cls(parent, services, calls, vault, start)
        return asked(dialog, dialog.answer)

    def answer(self) -> MirrorAnswer:
        """Return the draft as the fields stand."""
        place, where = self.where.place(), self.where
        draft = MirrorDraft(
            self.name.text().strip(), place.url(), where.access_key(), where.secret(), where.lock()
        )
        return MirrorAnswer(place, draft)

    def _fill_again(self, start: MirrorStart) -> None:
        draft = start.draft
        self.name.setText(draft.name)
        self.where.show_again(start.place, draft.access_key, draft.secret, draft.object_lock)
        self.banner.show_error(start.problem)

    def _trial(self) -> Try:
        draft = self.answer().draft
        place = VaultDraft(
            draft.name or self._vault.name,
            draft.url,
            access_key=draft.access_key,
            secret_key=draft.secret,
            object_lock=draft.object_lock,
        )
        return partial(self._services.vaults.test, place)

    @Slot()
    def _on_changed(self) -> None:
        name = self._name_problem()
        self.name_row.set_error(name if self.name.text() else "")
        problem = self.where.problem() or self._same_place()
        if not problem and not name:
            words = self.tr("Keep one more copy of {vault}: {mirror}.")
            self.say(words.format(vault=self._vault.name, mirror=self.name.text().strip()))
        else:
            self.say(self._same_place() or self.tr("Give a name and a place."))
        self.yes.setEnabled(not (problem or name))

    def _name_problem(self) -> str:
        try:
            name = checked_name(self.name.text())
        except InvalidProfileError as error:
            return text.sentence(error.message.replace("profile", "mirror"))
        if name.casefold() in {m.name.casefold() for m in self._vault.mirrors}:
            return self.tr("Another mirror has this name.")
        return ""

    def _same_place(self) -> str:
        """Say that a copy is there already; a second one in the same place is none."""
        if self.where.problem():
            return ""
        places = (self._vault.url, *(mirror.url for mirror in self._vault.mirrors))
        if parse_vault_url(self.where.place().url()) in set(map(parse_vault_url, places)):
            return self.tr("This place holds a copy of the vault already.")
        return ""

    @Slot()
    def _on_outcome_shown(self) -> None:
        self.bring_into_view(self.where.outcome)
