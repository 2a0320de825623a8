"""The icon in the system's tray: how the jobs stand, and what can be done without a window."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from PySide6.QtCore import QObject, QTimer, Slot
from PySide6.QtWidgets import QMenu, QSystemTrayIcon, QWidget

from mangrove.core.alerts.alert import Glance
from mangrove.core.errors import MangroveError
from mangrove.core.jobs.job import Rest
from mangrove.core.jobs.outlook import Outlook
from mangrove.core.run import RunId, RunStatus
from mangrove.services.bundle import Services
from mangrove.ui import text
from mangrove.ui.alert_words import severity_tone
from mangrove.ui.bridge import ActivityBridge, Calls
from mangrove.ui.dialogs.pause_dialog import PauseDialog
from mangrove.ui.job_words import outlook_tone, outlook_words
from mangrove.ui.theme.style import theme
from mangrove.ui.theme.tokens import Tone
from mangrove.ui.theme.tray_icon import tray_icon

_LOOK_MS = 20_000
_SOON_MS = 300
_SHOWN_MS = 8_000
_MORNING = 8
_FROM_WORST = (Tone.EXPOSED, Tone.UNPROVEN, Tone.RUNNING, Tone.NEUTRAL, Tone.PROVEN)


@dataclass(frozen=True, slots=True)
class TrayActs:
    """What the tray asks of the window.

    Attributes:
        open_window: Show it, in front of others.
        open_progress: Show how far a run is.
        quit: End the program, once that is agreed.
    """

    open_window: Callable[[], None]
    open_progress: Callable[[RunId], None]
    quit: Callable[[], None]


@dataclass(frozen=True, slots=True)
class _Found:
    outlook: Outlook
    jobs: tuple[str, ...]
    rest: Rest | None
    alerts: Glance


class Tray(QObject):
    """Shows the worst state as its icon; lives as long as the window does, shown or not."""

    def __init__(
        self,
        window: QWidget,
        services: Services,
        calls: Calls,
        bridge: ActivityBridge,
        acts: TrayActs,
    ) -> None:
        super().__init__(window)
        self._window, self._services, self._calls = window, services, calls
        self._acts = acts
        self._found: _Found | None = None
        self._states: dict[RunId, object] = {}
        self._has_told = False
        self.menu = QMenu(window)
        self.icon = QSystemTrayIcon(self)
        self.icon.setContextMenu(self.menu)
        self.icon.activated.connect(self._on_activated)
        self.icon.messageClicked.connect(acts.open_window)
        self._again, self._soon = QTimer(self), QTimer(self)
        self._again.setInterval(_LOOK_MS)
        self._soon.setInterval(_SOON_MS)
        self._soon.setSingleShot(True)
        for timer in (self._again, self._soon):
            timer.timeout.connect(self.look)
        self.menu.aboutToShow.connect(self._fill)
        bridge.run_changed.connect(self._on_run_changed)
        theme().changed.connect(self._draw)
        self._fill()
        self.look()

    @staticmethod
    def is_possible() -> bool:
        """Whether this desktop has a tray at all."""
        return QSystemTrayIcon.isSystemTrayAvailable()

    def show(self) -> None:
        """Show the icon, and keep it up to date."""
        self._draw()
        self.icon.show()
        self._again.start()

    def hide(self) -> None:
        """Take the icon away."""
        self._again.stop()
        self.icon.hide()

    def say_it_goes_on(self) -> None:
        """Say once that a closed window ends nothing."""
        if not self._has_told:
            self._has_told = True
            self.icon.showMessage(
                self.tr("Mangrove keeps running"),
                self.tr("Jobs run on time. Open or quit it from this icon."),
                self.icon.icon(),
                _SHOWN_MS,
            )

    @Slot()
    def look(self) -> None:
        """Fetch anew how the jobs stand."""
        self._calls.run(self, self._fetched, self._on_fetched, self._on_failed)

    # --- what was fetched ----------------------------------------------------------------

    def _fetched(self) -> _Found:
        agent, alerts = self._services.agent, self._services.alerts
        return _Found(agent.outlook(), self._services.jobs.names(), agent.rest(), alerts.glance())

    def _on_fetched(self, found: _Found) -> None:
        self._found = found
        self._draw()

    def _on_failed(self, error: MangroveError) -> None:
        self.icon.setToolTip(f"Mangrove: {error.message}")

    @Slot(object)
    def _on_run_changed(self, status: RunStatus) -> None:
        """Look again when a run changes its state, and not whenever it gets a little further."""
        if self._states.get(status.run_id) is not status.state:
            self._states[status.run_id] = status.state
            if status.state.is_over:
                del self._states[status.run_id]
            self._soon.start()

    @Slot()
    def _draw(self) -> None:
        if self._found is not None:
            self.icon.setIcon(tray_icon(_worst(self._found)))
            self.icon.setToolTip(f"Mangrove: {self._sentence()}")
        else:
            self.icon.setIcon(theme().window_icon())

    def _sentence(self) -> str:
        if self._found is None:
            return self.tr("Looking…")
        words = outlook_words(self._found.outlook, self._services.clock.now())
        count = self._found.alerts.count
        return self.tr("{words} Open alerts: {n}.").format(words=words, n=count) if count else words

    # --- the menu ------------------------------------------------------------------------

    @Slot()
    def _fill(self) -> None:
        self.menu.clear()
        self.menu.addAction(self._sentence()).setEnabled(False)
        self.menu.addSeparator()
        opening = self.menu.addAction(self.tr("&Open Mangrove"), self._acts.open_window)
        self.menu.setDefaultAction(opening)
        self._add_run_now()
        self._add_pause()
        self._add_running()
        self.menu.addSeparator()
        self.menu.addAction(self.tr("&Quit"), self._acts.quit)

    def _add_run_now(self) -> None:
        part = self.menu.addMenu(self.tr("&Run now"))
        for name in self._found.jobs if self._found else ():
            part.addAction(_escaped(name), partial(self._start, name))
        part.setEnabled(not part.isEmpty())

    def _add_pause(self) -> None:
        if self._found and self._found.rest:
            until = text.moment(self._found.rest.until, self._services.clock.now()).text
            words = self.tr("Re&sume jobs (paused until {moment}: {why})")
            caption = words.format(moment=until, why=_escaped(self._found.rest.why))
            self.menu.addAction(caption, self._resume)
            return
        part = self.menu.addMenu(self.tr("&Pause all jobs until"))
        now = self._services.clock.now().astimezone()
        tomorrow = (now + timedelta(days=1)).replace(
            hour=_MORNING, minute=0, second=0, microsecond=0
        )
        for caption, until_at in (
            (self.tr("in &one hour…"), now + timedelta(hours=1)),
            (self.tr("&tomorrow morning…"), tomorrow),
            (self.tr("another &moment…"), now + timedelta(days=1)),
        ):
            part.addAction(caption, partial(self._pause, until_at))
        part.setEnabled(bool(self._found and self._found.jobs))

    def _add_running(self) -> None:
        runs = self._services.activity.running()
        part = self.menu.addMenu(self.tr("&What runs ({count})").format(count=len(runs)))
        for run in runs:
            part.addAction(_escaped(run.title), partial(self._open_run, run.run_id))
        part.setEnabled(bool(runs))

    # --- what a person does --------------------------------------------------------------

    @Slot(QSystemTrayIcon.ActivationReason)
    def _on_activated(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        if reason is QSystemTrayIcon.ActivationReason.Trigger:
            self._acts.open_window()

    def _start(self, name: str) -> None:
        self._calls.run(self, lambda: self._services.jobs.start(name), self._on_done, self._tell)

    def _pause(self, until: datetime) -> None:
        now = self._services.clock.now()
        points = self._services.points
        chosen = PauseDialog.ask(self._window, self.tr("all jobs"), points, now, until)
        if chosen is not None:
            rest = self._services.agent.rest_until
            self._calls.run(self, lambda: rest(*chosen), self._on_done, self._tell)

    def _resume(self) -> None:
        self._calls.run(self, self._services.agent.end_rest, self._on_done, self._tell)

    def _open_run(self, run_id: RunId) -> None:
        self._acts.open_window()
        self._acts.open_progress(run_id)

    def _on_done(self, _result: object) -> None:
        self.look()

    def _tell(self, error: MangroveError) -> None:
        words = text.sentence(error.message)
        self.icon.showMessage("Mangrove", words, QSystemTrayIcon.MessageIcon.Warning, _SHOWN_MS)


def _worst(found: _Found) -> Tone:
    """Return the worse of how the jobs stand and of what is alarming."""
    tones = [outlook_tone(found.outlook)]
    if found.alerts.worst is not None:
        tones.append(severity_tone(found.alerts.worst))
    return min(tones, key=_FROM_WORST.index)


def _escaped(name: str) -> str:
    return name.replace("&", "&&")
