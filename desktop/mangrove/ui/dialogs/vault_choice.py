"""Parts of dialogs that put something into a vault: which one, how packed, and its warning."""

from collections.abc import Sequence

from PySide6.QtWidgets import QWidget

from mangrove.core.backup import Compression
from mangrove.core.vaults.vault import VaultSpec
from mangrove.ui.widgets.banner import BannerKind, LastingBanner
from mangrove.ui.widgets.fields.choice_box import ChoiceBox


class VaultBox(ChoiceBox):
    """Offers vaults by their names."""

    def __init__(self, vaults: Sequence[VaultSpec], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._vaults = {spec.name: spec for spec in vaults}
        self.addItems(list(self._vaults))

    @property
    def spec(self) -> VaultSpec | None:
        """The vault chosen; None when there is none."""
        return self._vaults.get(self.currentText())


class CompressionBox(ChoiceBox):
    """Offers the ways of packing; its data are ``Compression`` values, or None for the vault's."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.addItem(self.tr("zstd: small and quick"), Compression.ZSTD)
        self.addItem(self.tr("gzip: opens everywhere"), Compression.GZIP)
        self.addItem(self.tr("none: quickest, largest"), Compression.NONE)

    def offer_vaults_own(self) -> None:
        """Offer what the vault does anyway, and choose that."""
        self.insertItem(0, self.tr("As the vault says"), None)
        self.setCurrentIndex(0)


class PlainVaultWarning(LastingBanner):
    """Says that a vault is not encrypted, when it is not."""

    def show_for(self, spec: VaultSpec | None) -> None:
        """Look at another vault."""
        if spec is None or spec.is_encrypted:
            self.clear()
            return
        words = self.tr(
            "The vault {name} is not encrypted: whoever can read its storage can read the data."
        )
        self.show_message(BannerKind.WARNING, words.format(name=spec.name))
