"""The alerts page: what is wrong now, what was, and who is told."""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QTimer, Slot
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout
from typing_extensions import override

from mangrove.core.alerts.alert import Action, Alert
from mangrove.core.alerts.delivery import Delivery, DeliveryState
from mangrove.core.alerts.policy import DESKTOP, AlertPolicy
from mangrove.core.backup import BackupId
from mangrove.core.errors import MangroveError
from mangrove.core.run import RunStatus
from mangrove.services.bundle import Services
from mangrove.services.channels import ChannelView, HeartbeatView
from mangrove.ui import text
from mangrove.ui.bridge import ActivityBridge, Calls
from mangrove.ui.dialogs.alerts.channel_dialog import ChannelDialog
from mangrove.ui.dialogs.alerts.heartbeat_dialog import HeartbeatDialog
from mangrove.ui.dialogs.alerts.mute_dialog import KnowDialog, MuteDialog
from mangrove.ui.dialogs.alerts.quiet_dialog import QuietDialog
from mangrove.ui.dialogs.alerts.route_dialog import RouteDialog
from mangrove.ui.dialogs.confirm_dialog import Confirmation, ConfirmDialog
from mangrove.ui.navigation import Navigator, PageName
from mangrove.ui.pages.alerts.alert_row import AlertRow
from mangrove.ui.pages.alerts.where_cards import (
    ChannelsCard,
    HeartbeatsCard,
    QuietCard,
    RoutesCard,
    SentCard,
)
from mangrove.ui.theme.tokens import Space
from mangrove.ui.widgets.banner import Banner, BannerKind
from mangrove.ui.widgets.card import ScrolledColumn, clear_layout
from mangrove.ui.widgets.fold import Fold
from mangrove.ui.widgets.labels import TextLabel
from mangrove.ui.widgets.page_header import Page
from mangrove.ui.wording import counted

_REFRESH_MS = 30_000
_SIDE_WIDTH = 352
_SHOWN_OVER = 20


@dataclass(frozen=True, slots=True)
class _Facts:
    """Everything the page draws, fetched in one call."""

    alerts: tuple[Alert, ...]
    channels: tuple[ChannelView, ...]
    heartbeats: tuple[HeartbeatView, ...]
    policy: AlertPolicy
    deliveries: tuple[Delivery, ...]
    routes: tuple[tuple[str, tuple[str, ...]], ...]
    notice: str


class AlertsPage(Page):
    """Open alerts at the left, where they go at the right."""

    def __init__(
        self, services: Services, calls: Calls, bridge: ActivityBridge, navigator: Navigator
    ) -> None:
        super().__init__("")
        self.header.title.setText(self.tr("Alerts"))
        self._services, self._calls, self._navigator = services, calls, navigator
        self.test_button = self.header.add_action(self.tr("Send a &test"), "verify")
        self.add_button = self.header.add_primary(self.tr("&Add channel…"), "plus")
        self.banner = Banner()
        self.opened = ScrolledColumn()
        self.rows: list[AlertRow] = []
        self.over = Fold("")
        self.over.heading.addStretch()
        self.channels = ChannelsCard(self.tr("Channels"))
        self.heartbeats = HeartbeatsCard(self.tr("Watches outside"))
        self.quiet = QuietCard(self.tr("When alerts are told"))
        self.routes = RoutesCard(self.tr("Jobs of their own"))
        self.sent = SentCard(self.tr("Sent lately"))
        self._lay_out()
        self._timer = QTimer(self)
        self._timer.setInterval(_REFRESH_MS)
        self._connect(bridge)
        self.reload()

    @Slot()
    def reload(self) -> None:
        """Look at everything anew."""
        self._calls.run(self, self._fetched, self._on_loaded, self._on_failed)

    def select(self, alert: str = "") -> None:
        """Bring an alert into view, by its id."""
        row = next((r for r in self.rows if r.alert.alert_id == alert), None)
        if row is not None:
            self.opened.ensureWidgetVisible(row)

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.reload()
        self._timer.start()

    @override
    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._timer.stop()

    # --- what was fetched ----------------------------------------------------------------

    def _fetched(self) -> _Facts:
        alerts, channels = self._services.alerts, self._services.channels
        return _Facts(
            alerts.all(),
            channels.all(),
            channels.heartbeats(),
            channels.policy(),
            alerts.deliveries(),
            channels.routed_jobs(),
            channels.notice(),
        )

    def _on_loaded(self, facts: _Facts) -> None:
        now = self._services.clock.now()
        opened = [alert for alert in facts.alerts if alert.is_open]
        over = [alert for alert in facts.alerts if not alert.is_open][:_SHOWN_OVER]
        self._show_alerts(opened, over)
        names = {str(v.channel.channel_id): v.channel.name for v in facts.channels}
        names[DESKTOP] = self.tr("this desktop")
        self.channels.show_channels(facts.channels, now)
        self.heartbeats.show_heartbeats(facts.heartbeats, now)
        self.quiet.show_policy(facts.policy)
        self.routes.show_routes(facts.routes)
        self.sent.show_sent(facts.deliveries, names, now)
        self.test_button.setEnabled(bool(facts.channels) or facts.policy.uses_desktop)
        if facts.notice and facts.channels:
            self.banner.show_message(BannerKind.WARNING, text.sentence(facts.notice))

    def _show_alerts(self, opened: list[Alert], over: list[Alert]) -> None:
        now = self._services.clock.now()
        column = self.opened.column
        self.over.setParent(None)
        clear_layout(column)
        clear_layout(self.over.column)
        self.rows = [self._row(alert) for alert in opened]
        if not self.rows:
            column.addWidget(TextLabel(self.tr("Nothing is wrong."), "headline"))
            hint = self.tr("What is missing, late, failed or about to run out is shown here.")
            column.addWidget(TextLabel(hint, "muted").wrapping())
        for row in self.rows:
            column.addWidget(row)
        number = counted(len(over), self.tr("alert that is over"), self.tr("alerts that are over"))
        self.over.button.setText(number)
        for alert in over:
            self.over.column.addWidget(AlertRow(alert, now))
        column.addWidget(self.over)
        self.over.setVisible(bool(over))  # only now: without a parent it would be a window
        column.addStretch()

    def _row(self, alert: Alert) -> AlertRow:
        row = AlertRow(alert, self._services.clock.now())
        row.mended.connect(self._on_mended)
        row.known.connect(self._on_known)
        row.muted.connect(self._on_muted)
        row.unmuted.connect(self._on_unmuted)
        return row

    def _on_failed(self, error: MangroveError) -> None:
        self.banner.show_error(error)

    @Slot(object)
    def _on_run_changed(self, status: RunStatus) -> None:
        if status.state.is_over and self.isVisible():
            self.reload()

    # --- what a person does about an alert -----------------------------------------------

    @Slot(object)
    def _on_mended(self, alert: Alert) -> None:
        subject, go = alert.trouble.subject, self._navigator
        deeds: dict[Action, Callable[[], None]] = {
            Action.NONE: lambda: None,
            Action.OPEN_JOB: lambda: go.open_page(PageName.JOBS, job=subject),
            Action.OPEN_BACKUP: lambda: go.open_page(PageName.BACKUPS, backup=subject),
            Action.OPEN_TIMELINE: lambda: go.open_page(PageName.TIMELINE, profile=subject),
            Action.OPEN_VAULT: lambda: go.open_page(PageName.VAULTS, vault=subject),
            Action.OPEN_ATLAS: lambda: go.open_page(PageName.ATLAS, profile=subject),
            Action.BACK_UP: lambda: go.open_backup(subject),
            Action.VERIFY: lambda: go.open_verify(BackupId(subject)),
            Action.MAKE_KIT: lambda: go.open_make_kit(subject),
        }
        deeds[alert.trouble.action]()

    @Slot(object)
    def _on_known(self, alert: Alert) -> None:
        note = KnowDialog.ask(self, alert)
        if note is not None:
            self._do(lambda: self._services.alerts.acknowledge(alert.key, note))

    @Slot(object)
    def _on_muted(self, alert: Alert) -> None:
        until = MuteDialog.ask(self, alert, self._services.points, self._services.clock.now())
        if until is not None:
            self._do(lambda: self._services.alerts.mute(alert.key, until))

    @Slot(object)
    def _on_unmuted(self, alert: Alert) -> None:
        self._do(lambda: self._services.alerts.unmute(alert.key))

    # --- where alerts go -----------------------------------------------------------------

    @Slot()
    def _on_add_wanted(self) -> None:
        draft = ChannelDialog.ask(self, self._services, self._calls)
        if draft is not None:
            self._do(lambda: self._services.channels.add(draft))

    @Slot(str)
    def _on_edit_wanted(self, name: str) -> None:
        channel = self._services.channels.find(name)
        draft = ChannelDialog.ask(self, self._services, self._calls, channel)
        if draft is not None:
            self._do(lambda: self._services.channels.change(channel.channel_id, draft))

    @Slot(str)
    def _on_remove_wanted(self, name: str) -> None:
        wanted = Confirmation(
            self.tr("Remove channel"),
            self.tr("Forget the channel {name}?").format(name=name),
            (self.tr("its address in the keyring"), self.tr("messages that wait to be sent there")),
            self.tr("Alerts go on elsewhere."),
            self.tr("Remove channel {name}").format(name=name),
        )
        if ConfirmDialog.ask(self, wanted):
            self._do(lambda: self._services.channels.remove(name))

    @Slot(str)
    def _on_test_wanted(self, name: str) -> None:
        self.banner.show_message(BannerKind.INFO, self.tr("Sending a test message…"))
        test = self._services.channels.test
        self._calls.run(self, lambda: ((name, test(name)),), self._on_tested, self._on_failed)

    @Slot()
    def _on_test_all_clicked(self) -> None:
        self.banner.show_message(BannerKind.INFO, self.tr("Sending test messages…"))
        test = self._services.channels.test_all
        self._calls.run(self, test, self._on_tested, self._on_failed)

    def _on_tested(self, tried: tuple[tuple[str, Delivery], ...]) -> None:
        failed = [(name, d) for name, d in tried if d.state is not DeliveryState.SENT]
        if failed:
            lines = [f"{name}: {delivery.problem}" for name, delivery in failed]
            self.banner.show_message(BannerKind.ERROR, "\n".join(lines))
        else:
            names = ", ".join(name for name, _ in tried)
            words = self.tr("The test message arrived: {names}.").format(names=names)
            self.banner.show_message(BannerKind.GOOD, words)
        self.reload()

    @Slot()
    def _on_heartbeat_wanted(self) -> None:
        draft = HeartbeatDialog.ask(self, self._services, self._calls)
        if draft is not None:
            url, job, every = draft
            self._do(lambda: self._services.channels.set_heartbeat(url, job, every))

    @Slot(str)
    def _on_heartbeat_removed(self, job: str) -> None:
        self._do(lambda: self._services.channels.remove_heartbeat(job))

    @Slot()
    def _on_quiet_wanted(self) -> None:
        channels = self._services.channels
        chosen = QuietDialog.ask(self, channels.policy(), self._services.clock.zone_name())
        if chosen is not None:
            self._do(lambda: channels.set_policy(chosen))

    @Slot(str)
    def _on_route_wanted(self, job: str) -> None:
        chosen = RouteDialog.ask(self, self._services, job)
        if chosen is not None:
            self._do(lambda: self._services.channels.set_route(*chosen))

    def _do(self, work: Callable[[], object]) -> None:
        self._calls.run(self, work, self._on_done, self._on_failed)

    def _on_done(self, _result: object) -> None:
        self.banner.clear()
        self._navigator.tell_data_changed()
        self.reload()

    # --- how it is built -----------------------------------------------------------------

    def _lay_out(self) -> None:
        side = ScrolledColumn()
        side.setFixedWidth(_SIDE_WIDTH)
        for card in (self.channels, self.heartbeats, self.quiet, self.routes, self.sent):
            side.column.addWidget(card)
        side.column.addStretch()
        row = QHBoxLayout()
        row.setSpacing(Space.M)
        row.addWidget(self.opened, 1)
        row.addWidget(side)
        self.content.addWidget(self.banner)
        self.content.addLayout(row, 1)

    def _connect(self, bridge: ActivityBridge) -> None:
        self.test_button.clicked.connect(self._on_test_all_clicked)
        self.add_button.clicked.connect(self._on_add_wanted)
        self.channels.added.connect(self._on_add_wanted)
        self.channels.tested.connect(self._on_test_wanted)
        self.channels.edited.connect(self._on_edit_wanted)
        self.channels.removed.connect(self._on_remove_wanted)
        self.heartbeats.added.connect(self._on_heartbeat_wanted)
        self.heartbeats.removed.connect(self._on_heartbeat_removed)
        self.quiet.changed.connect(self._on_quiet_wanted)
        self.routes.chosen.connect(self._on_route_wanted)
        self._timer.timeout.connect(self.reload)
        bridge.run_changed.connect(self._on_run_changed)
