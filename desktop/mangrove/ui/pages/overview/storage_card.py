"""What is kept: bytes over time by profile or by tier, when the room is used up, what goes next."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QComboBox, QPushButton, QWidget

from mangrove.core.figures.answer import Overview
from mangrove.core.figures.sizes import SizeSeries
from mangrove.ui import text
from mangrove.ui.navigation import Navigator, PageName
from mangrove.ui.pages.overview.plots import by_profile, by_tier, sizes_plot, sizes_summary
from mangrove.ui.widgets.card import Card
from mangrove.ui.widgets.charts.chart import Chart
from mangrove.ui.widgets.charts.legend import legend_entries
from mangrove.ui.widgets.fields.choice_box import ChoiceBox
from mangrove.ui.widgets.labels import TextLabel
from mangrove.ui.widgets.legend import Legend
from mangrove.ui.wording import counted

_BY_PROFILE, _BY_TIER = 0, 1


class StorageCard(Card):
    """The chart of one vault or of all, with two ways to split it."""

    def __init__(self, navigator: Navigator, parent: QWidget | None = None) -> None:
        super().__init__("", parent)
        self._navigator = navigator
        self._shown: Overview | None = None
        self.vault, self.split = ChoiceBox(), ChoiceBox()
        self.vault.setAccessibleName(self.tr("Vault that is shown"))
        self.split.setAccessibleName(self.tr("What the areas are"))
        self.split.addItems([self.tr("by profile"), self.tr("by how long it stays")])
        for box in (self.vault, self.split):
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
            box.activated.connect(self._on_choice_activated)
        self.amount = TextLabel("", "strong").wrapping()
        self.words = TextLabel("", "small").wrapping()
        self.chart, self.legend = Chart(), Legend()
        self.retention = QPushButton(self.tr("Show what stays and why"))
        self.retention.setProperty("kind", "link")
        self.retention.clicked.connect(self._on_retention_clicked)
        self.header.addWidget(TextLabel(self.tr("Storage"), "section"))
        self.header.addStretch()
        self.header.addWidget(self.vault)
        self.header.addWidget(self.split)
        self.body.addLayout(self.header)
        for widget in (self.amount, self.words, self.chart, self.legend):
            self.body.addWidget(widget)
        self.body.addWidget(self.retention, 0, Qt.AlignmentFlag.AlignLeft)
        self.body.addStretch()

    def show_overview(self, overview: Overview) -> None:
        """Offer the vaults of these figures; the chosen one stays chosen."""
        self._shown = overview
        names = [self.tr("all vaults"), *(v.name for v in overview.vaults)]
        if names != [self.vault.itemText(n) for n in range(self.vault.count())]:
            chosen = self.vault.currentText()
            self.vault.clear()
            self.vault.addItems(names)
            self.vault.setCurrentIndex(names.index(chosen) if chosen in names else 0)
        self.vault.setVisible(len(overview.vaults) > 1)
        self._draw()

    def _draw(self) -> None:
        if self._shown is None:
            return
        number = self.vault.currentIndex() - 1
        vault = self._shown.vaults[number] if number >= 0 else None
        series = vault.sizes if vault else self._shown.sizes
        backups = vault.backups if vault else self._shown.backups
        stored = vault.stored_bytes if vault else self._shown.stored_bytes
        plot = sizes_plot(series, self._layers(series), self._title(), self._shown.at)
        self.chart.set_plot(plot)
        self.legend.set_entries(legend_entries(plot))
        many = counted(backups, self.tr("backup"), self.tr("backups"))
        words = self.tr("{size} in {backups}").format(size=text.size(stored), backups=many)
        outside = sum(profile.kept_elsewhere for profile in self._shown.profiles)
        if vault is None and outside:
            words += self.tr("; {number} more kept elsewhere").format(number=text.count(outside))
        self.amount.setText(words)
        self.words.setText(sizes_summary(series))
        self.retention.setVisible(vault is not None or len(self._shown.vaults) == 1)

    def _layers(self, series: SizeSeries) -> Sequence[tuple[str, Sequence[int]]]:
        if self.split.currentIndex() == _BY_TIER:
            return by_tier(series.points)
        return by_profile(series.points, self._names())

    def _names(self) -> Mapping[str, str]:
        profiles = self._shown.profiles if self._shown else ()
        return {p.profile_slug: p.profile_name for p in profiles}

    def _title(self) -> str:
        return self.tr("What is kept in {vault}, {split}").format(
            vault=self.vault.currentText(), split=self.split.currentText()
        )

    @Slot()
    def _on_choice_activated(self) -> None:
        self._draw()

    @Slot()
    def _on_retention_clicked(self) -> None:
        vaults = self._shown.vaults if self._shown else ()
        number = max(0, self.vault.currentIndex() - 1)
        if number < len(vaults):
            self._navigator.open_page(PageName.VAULTS, retention=vaults[number].name)
