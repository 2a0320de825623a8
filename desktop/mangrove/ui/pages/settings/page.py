"""The settings page: as few as possible."""

from PySide6.QtCore import QSettings, Slot
from PySide6.QtWidgets import QButtonGroup, QRadioButton, QWidget

from mangrove.ui.theme.style import theme
from mangrove.ui.theme.tokens import SchemeChoice, Size
from mangrove.ui.widgets.card import Card
from mangrove.ui.widgets.labels import TextLabel
from mangrove.ui.widgets.page_header import Page

SCHEME_KEY = "appearance/scheme"


class SettingsPage(Page):
    """Appearance, and the cards it is given; what belongs to a profile or a vault is set there."""

    def __init__(self, settings: QSettings, *cards: QWidget) -> None:
        super().__init__("")
        self.header.title.setText(self.tr("Settings"))
        self._settings = settings
        card = Card(self.tr("Appearance"))
        card.setMaximumWidth(Size.DIALOG_WIDTH)
        self.choices: dict[SchemeChoice, QRadioButton] = {
            SchemeChoice.SYSTEM: QRadioButton(self.tr("&Like the system")),
            SchemeChoice.LIGHT: QRadioButton(self.tr("L&ight")),
            SchemeChoice.DARK: QRadioButton(self.tr("&Dark")),
        }
        self._group = QButtonGroup(self)
        for choice, button in self.choices.items():
            self._group.addButton(button)
            card.body.addWidget(button)
            button.setChecked(choice is theme().choice)
        self._group.buttonClicked.connect(self._on_button_clicked)
        self.content.addWidget(card)
        hint = self.tr("Text follows the system's font size.")
        card.body.addWidget(TextLabel(hint, "small"))
        for other in cards:
            self.content.addWidget(other)
        self.content.addStretch()

    @Slot()
    def _on_button_clicked(self) -> None:
        for choice, button in self.choices.items():
            if button.isChecked():
                self._settings.setValue(SCHEME_KEY, choice.value)
                theme().choose(choice)
