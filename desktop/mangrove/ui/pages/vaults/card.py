"""One vault as a card: its place, its keys, what it holds, and what lies around in it."""

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QMenu, QPushButton, QToolButton, QWidget

from mangrove.core.errors import MangroveError
from mangrove.core.growth import Growth
from mangrove.core.vaults.key_changes import holders
from mangrove.core.vaults.url import StorageKind, parse_vault_url
from mangrove.core.vaults.vault import VaultHealth, VaultSpec
from mangrove.ui import text
from mangrove.ui.pages.vaults.kit_part import KitPart
from mangrove.ui.pages.vaults.mirror_part import MirrorPart
from mangrove.ui.theme.style import set_icon
from mangrove.ui.theme.tokens import Space, Tone
from mangrove.ui.widgets.banner import Banner, BannerKind
from mangrove.ui.widgets.card import Card
from mangrove.ui.widgets.key_value_grid import KeyValueGrid
from mangrove.ui.widgets.state_badge import StateBadge
from mangrove.ui.wording import counted

_KEY_SHOWN = 20


class VaultCard(Card):
    """Draws a vault and its newest check.

    Signals:
        check_wanted, clean_wanted, rebuild_wanted, forget_wanted, backups_wanted,
            retention_wanted, accept_wanted, sync_wanted, add_mirror_wanted, inspect_wanted,
            bring_back_wanted: The name.
        remove_mirror_wanted: The name, and that of a mirror.
    """

    check_wanted = Signal(str)
    clean_wanted = Signal(str)
    rebuild_wanted = Signal(str)
    forget_wanted = Signal(str)
    backups_wanted = Signal(str)
    retention_wanted = Signal(str)
    accept_wanted = Signal(str)
    sync_wanted = Signal(str)
    inspect_wanted = Signal(str)
    bring_back_wanted = Signal(str)
    add_mirror_wanted = Signal(str)
    remove_mirror_wanted = Signal(str, str)

    def __init__(self, spec: VaultSpec, parent: QWidget | None = None) -> None:
        super().__init__(spec.name, parent)
        self.spec = spec
        self.badge = StateBadge(Tone.RUNNING, self.tr("checking"))
        self.encryption = StateBadge(Tone.NEUTRAL, "")
        self.banner, self.plain, self.debris = Banner(), Banner(), Banner()
        self.missing = Banner()
        self.mirrors = MirrorPart()
        self.kit = KitPart(spec)
        self.facts = KeyValueGrid()
        self.check = QPushButton(self.tr("Check now"))
        self.backups = QPushButton(self.tr("Show backups"))
        self.retention = QPushButton(self.tr("Retention"))
        self.rebuild = QPushButton(self.tr("Rebuild catalog"))
        self.more = QToolButton()
        self.add_mirror = QAction(self.tr("Add a &mirror…"), self)
        self.inspect = QAction(self.tr("&Look through everything"), self)
        self.bring_back = QAction(self.tr("&Bring back what is missing"), self)
        keeps = spec.keeping is not None and spec.keeping.has_versions
        self.bring_back.setEnabled(bool(spec.mirrors) or keeps)
        self.forget = QAction(self.tr("&Forget vault…"), self)
        self.health: VaultHealth | None = None
        self._growth: Growth | None = None
        self._lay_out()
        self._say_encryption()
        self._connect()
        self.facts.set_rows(self._facts())
        if spec.mirrors:
            self.mirrors.set_mirrors(tuple((m.name, m.url) for m in spec.mirrors))

    def show_checking(self) -> None:
        """Say that the storage is being looked at."""
        self.badge.set_state(Tone.RUNNING, self.tr("checking"))
        self.check.setEnabled(False)

    def show_health(self, health: VaultHealth) -> None:
        """Show what a check found."""
        self.health = health
        self.check.setEnabled(True)
        self.banner.clear()
        if not health.reachable or health.problem:
            word = self.tr("not usable") if health.reachable else self.tr("not reachable")
            self.badge.set_state(Tone.EXPOSED, word)
            self.banner.show_message(BannerKind.ERROR, text.sentence(health.problem))
        elif not self._has_keys(health):
            self.badge.set_state(Tone.UNPROVEN, self.tr("keys missing"))
        elif health.missing:
            self.badge.set_state(Tone.EXPOSED, self.tr("backups missing"))
        elif not self.kit.is_safe:
            self.badge.set_state(Tone.UNPROVEN, self.tr("recovery kit not stored"))
        else:
            self.badge.set_state(Tone.PROVEN, self.tr("in order"))
        self.facts.set_rows(self._facts())
        self._show_missing(health)
        self._show_debris(health)

    def show_growth(self, growth: Growth) -> None:
        """Show what comes a day, and when the storage is full at that pace."""
        self._growth = growth
        self.facts.set_rows(self._facts())

    def _has_keys(self, health: VaultHealth) -> bool:
        """Whether this computer has the keys it was set up to have."""
        reads = health.has_identity or not self.spec.is_encrypted or self.spec.is_write_only
        return reads and health.has_signing_key

    def show_problem(self, error: MangroveError) -> None:
        """Say why the check failed."""
        self.check.setEnabled(True)
        self.badge.set_state(Tone.EXPOSED, self.tr("not reachable"))
        self.banner.show_error(error)

    def debris_lines(self) -> tuple[str, ...]:
        """Say what a cleaning would remove, a line for each unfinished backup."""
        if self.health is None:
            return ()
        return tuple(
            self.tr("{objects}, {size}, of {what}").format(
                objects=counted(item.blobs, self.tr("object"), self.tr("objects")),
                size=text.size(item.size_bytes),
                what=item.backup or self.tr("no backup at all"),
            )
            for item in self.health.debris
        )

    def _lay_out(self) -> None:
        self.header.addWidget(self.encryption)
        self.header.addWidget(self.badge)
        self.more.setAccessibleName(self.tr("More actions"))
        self.more.setToolTip(self.tr("More actions"))
        set_icon(self.more, "more")
        menu = QMenu(self.more)
        menu.addActions(self.kit.offers)
        menu.addAction(self.inspect)
        menu.addAction(self.bring_back)
        menu.addAction(self.add_mirror)
        menu.addSeparator()
        menu.addAction(self.forget)
        self.more.setMenu(menu)
        self.more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.plain.keep_open()
        self.debris.keep_open()
        self.missing.keep_open()
        for part in (
            self.plain,
            self.banner,
            self.missing,
            self.kit,
            self.facts,
            self.mirrors,
            self.debris,
        ):
            self.body.addWidget(part)
        buttons = QHBoxLayout()
        buttons.setSpacing(Space.S)
        for button in (self.backups, self.retention, self.check, self.rebuild):
            buttons.addWidget(button)
        buttons.addStretch()
        buttons.addWidget(self.more)
        self.body.addSpacing(Space.HALF)
        self.body.addLayout(buttons)

    def _connect(self) -> None:
        self.check.clicked.connect(self._on_check_clicked)
        self.backups.clicked.connect(self._on_backups_clicked)
        self.retention.clicked.connect(self._on_retention_clicked)
        self.rebuild.clicked.connect(self._on_rebuild_clicked)
        self.forget.triggered.connect(self._on_forget_triggered)
        self.debris.action_triggered.connect(self._on_clean_triggered)
        self.mirrors.sync_wanted.connect(self._on_sync_wanted)
        self.mirrors.bring_back_wanted.connect(self._on_bring_back_wanted)
        self.bring_back.triggered.connect(self._on_bring_back_wanted)
        self.inspect.triggered.connect(self._on_inspect_triggered)
        self.mirrors.remove_wanted.connect(self._on_remove_mirror_wanted)
        self.add_mirror.triggered.connect(self._on_add_mirror_triggered)
        self.missing.action_triggered.connect(self._on_accept_triggered)

    def _say_encryption(self) -> None:
        if self.spec.is_encrypted:
            self.encryption.set_state(Tone.PROVEN, self.tr("encrypted"))
            return
        self.set_tone(Tone.EXPOSED)
        self.encryption.set_state(Tone.EXPOSED, self.tr("not encrypted"))
        words = self.tr("Whoever can read this storage can read every document in it.")
        self.plain.show_message(BannerKind.ERROR, words)

    def _facts(self) -> list[tuple[str, str] | tuple[str, str, str]]:
        spec, health = self.spec, self.health
        place, tip = self._place()
        facts: list[tuple[str, str] | tuple[str, str, str]] = [(self.tr("Place"), place, tip)]
        if health is not None:
            facts += [
                (self.tr("Holds"), self._held(health)),
                (self.tr("Free"), self._free(health)),
            ]
        if self._growth is not None and self._growth.per_day_bytes is not None:
            facts.append((self.tr("Grows"), self._pace(self._growth)))
        if spec.is_encrypted:
            everybody = holders(spec)
            shown = ", ".join(h.name or f"{h.recipient[:_KEY_SHOWN]}…" for h in everybody)
            facts.append((self.tr("Openable by"), shown, "\n".join(spec.recipients)))
        if health is not None:
            facts.append((self.tr("Keys here"), self._keys(health)))
        facts.append((self.tr("Compression"), spec.compression.value))
        if spec.keeping is not None:
            facts.append((self.tr("What is removed"), text.sentence(spec.keeping.sentence)))
        if spec.object_lock is not None:
            facts.append((self.tr("What is written"), text.sentence(spec.object_lock.words)))
        return facts

    def _place(self) -> tuple[str, str]:
        address = parse_vault_url(self.spec.url)
        host, words = address.option("endpoint"), "{root}"
        match address.kind:
            case StorageKind.FOLDER:
                pass
            case StorageKind.S3:
                words, host = self.tr("bucket {root} at {host}"), host or "Amazon S3"
            case StorageKind.GOOGLE:
                words, host = self.tr("bucket {root} at {host}"), host or "Google Cloud Storage"
            case StorageKind.AZURE:
                words = self.tr("container {root} of the account {host}")
                host = address.option("account")
            case StorageKind.SFTP:
                words = self.tr("{root} over SFTP")
            case StorageKind.RCLONE:
                words = self.tr("{root} through rclone")
        return words.format(root=address.root, host=host), self.spec.url

    def _held(self, health: VaultHealth) -> str:
        backups = counted(health.backups, self.tr("backup"), self.tr("backups"))
        return f"{backups}, {text.size(health.stored_bytes)}"

    def _free(self, health: VaultHealth) -> str:
        if health.free_bytes is None:
            return self.tr("not told by this storage")
        return text.size(health.free_bytes)

    def _pace(self, growth: Growth) -> str:
        pace = self.tr("{size} a day").format(size=text.size(growth.per_day_bytes or 0))
        if growth.full_at is None:
            return pace
        words = self.tr("{pace}; full on {day} if nothing is deleted")
        return words.format(pace=pace, day=f"{growth.full_at.astimezone():%Y-%m-%d}")

    def _keys(self, health: VaultHealth) -> str:
        here, gone = self.tr("in the keyring"), self.tr("missing")
        signing = here if health.has_signing_key else gone
        words = self.tr("signing key {signing}")
        if self.spec.is_encrypted:
            words = self.tr("age identity {identity}, signing key {signing}")
        if self.spec.is_write_only:
            gone = self.tr("elsewhere (this computer writes and does not read)")
        return words.format(identity=here if health.has_identity else gone, signing=signing)

    def _show_missing(self, health: VaultHealth) -> None:
        if not health.missing:
            self.missing.clear()
            return
        backups = counted(len(health.missing), self.tr("backup"), self.tr("backups"))
        words = self.tr("Gone, though this computer has seen it here: {backups} ({names}).").format(
            backups=backups, names=", ".join(health.missing[:3])
        )
        turned = f" {text.sentence(health.rolled_back)}" if health.rolled_back else ""
        self.missing.show_message(BannerKind.ERROR, words + turned, self.tr("That was on purpose…"))

    def _show_debris(self, health: VaultHealth) -> None:
        if not health.debris:
            self.debris.clear()
            return
        words = self.tr(
            "{objects} ({size}) were left by runs that did not finish. They belong to no backup."
        )
        number = sum(item.blobs for item in health.debris)
        shown = words.format(
            objects=counted(number, self.tr("object"), self.tr("objects")),
            size=text.size(sum(item.size_bytes for item in health.debris)),
        )
        self.debris.show_message(BannerKind.WARNING, shown, self.tr("Clean…"))

    @Slot()
    def _on_check_clicked(self) -> None:
        self.check_wanted.emit(self.spec.name)

    @Slot()
    def _on_backups_clicked(self) -> None:
        self.backups_wanted.emit(self.spec.name)

    @Slot()
    def _on_retention_clicked(self) -> None:
        self.retention_wanted.emit(self.spec.name)

    @Slot()
    def _on_rebuild_clicked(self) -> None:
        self.rebuild_wanted.emit(self.spec.name)

    @Slot()
    def _on_forget_triggered(self) -> None:
        self.forget_wanted.emit(self.spec.name)

    @Slot()
    def _on_clean_triggered(self) -> None:
        self.clean_wanted.emit(self.spec.name)

    @Slot()
    def _on_accept_triggered(self) -> None:
        self.accept_wanted.emit(self.spec.name)

    @Slot()
    def _on_sync_wanted(self) -> None:
        self.sync_wanted.emit(self.spec.name)

    @Slot()
    def _on_bring_back_wanted(self) -> None:
        self.bring_back_wanted.emit(self.spec.name)

    @Slot()
    def _on_inspect_triggered(self) -> None:
        self.inspect_wanted.emit(self.spec.name)

    @Slot()
    def _on_add_mirror_triggered(self) -> None:
        self.add_mirror_wanted.emit(self.spec.name)

    @Slot(str)
    def _on_remove_mirror_wanted(self, mirror: str) -> None:
        self.remove_mirror_wanted.emit(self.spec.name, mirror)
