"""The timeline page: to which moments one can return, with what, and how to go there."""

from PySide6.QtCore import QTimer, Slot
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QComboBox, QStackedWidget
from typing_extensions import override

from mangrove.core.backup import BackupId
from mangrove.core.deployment import DeploymentReport
from mangrove.core.errors import InvalidSelectionError, MangroveError
from mangrove.core.pitr.moments import Edge, Moment
from mangrove.core.pitr.planning import Base
from mangrove.core.pitr.rewind_answer import RewindAnswer
from mangrove.core.profile import Profile
from mangrove.core.run import RunStatus
from mangrove.services.bundle import Services
from mangrove.ui import text
from mangrove.ui.bridge import ActivityBridge, Calls
from mangrove.ui.models.spans_model import Span
from mangrove.ui.navigation import Navigator, PageName
from mangrove.ui.newest_call import NewestCall
from mangrove.ui.pages.timeline.advice import advice
from mangrove.ui.pages.timeline.kept import Kept, keeper_at
from mangrove.ui.pages.timeline.parts import TimelineParts
from mangrove.ui.pages.timeline.picture import Picture, picture_of
from mangrove.ui.theme.tokens import Size
from mangrove.ui.widgets.banner import Banner, BannerKind
from mangrove.ui.widgets.empty_state import EmptyState
from mangrove.ui.widgets.fields.choice_box import ChoiceBox
from mangrove.ui.widgets.page_header import Page

_REFRESH_MS = 60_000  # the present moves on
_PAUSE_MS = 60  # an arrow key that is held down asks this often at most
_EMPTY, _CONTENT = 0, 1


class TimelinePage(Page):
    """One profile's moments: the strip above, the chosen moment and the list below."""

    def __init__(
        self, services: Services, calls: Calls, bridge: ActivityBridge, navigator: Navigator
    ) -> None:
        super().__init__("")
        self.header.title.setText(self.tr("Timeline"))
        self._services, self._calls, self._navigator = services, calls, navigator
        self._newest = NewestCall(calls, self, _PAUSE_MS)
        self.picture: Picture | None = None
        self._shown_profile = ""
        self._is_stale = True
        self._base: Base | None = None
        self._answer: RewindAnswer | None = None
        self._reports: dict[str, DeploymentReport | None] = {}
        self.profile = ChoiceBox()
        self.banner = Banner()
        self.parts = TimelineParts(services)
        self.advice, self.card, self.spans = self.parts.advice, self.parts.card, self.parts.spans
        self.strip, self.form, self.answer = self.card.strip, self.parts.form, self.parts.answer
        self.empty = EmptyState("timeline", "")
        self._stack = QStackedWidget()
        self._timer = QTimer(self)
        self._lay_out()
        self._connect(bridge)
        self._list_profiles()

    def select(self, **selection: str) -> None:
        """Show the profile that another page means, and the moment if it says one."""
        number = self.profile.findText(selection.get("profile", ""))
        if number >= 0:
            self.profile.setCurrentIndex(number)
        if moment := selection.get("moment", ""):
            self.form.write_entry(moment, Edge.BEFORE)
            self._ask()

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._timer.start()
        self._follow()
        if self._is_stale:
            self.reload()
        elif self.picture is not None:
            self._advise(self.picture)

    def _follow(self) -> None:
        """Show the profile that was looked at elsewhere, unless a moment of another is written."""
        number = self.profile.findText(self._navigator.profile)
        if number >= 0 and not self.form.text:
            self.profile.setCurrentIndex(number)

    @override
    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._timer.stop()

    @Slot()
    def reload(self) -> None:
        """Work out the timeline anew; asks neither server nor storage."""
        name = self.profile.currentText()
        self._is_stale = False
        if not name:
            self._show_empty()
            return
        points, now = self._services.points, self._services.clock.now
        self._calls.run(
            self,
            lambda: picture_of(points.timeline(name), now()),
            lambda picture: self._on_loaded(name, picture),
            self.banner.show_error,
        )

    # --- what comes in -------------------------------------------------------------------

    def _on_loaded(self, name: str, picture: Picture) -> None:
        if name != self.profile.currentText():
            return
        is_same = name == self._shown_profile
        self.banner.clear()
        self.picture, self._shown_profile = picture, name
        self.card.show_picture(picture, keep_view=is_same)
        self.spans.set_spans(picture.spans)
        self.spans.setVisible(bool(picture.spans))
        if not picture.points and not picture.spans and not picture.timeline.slices:
            self._show_empty()
            return
        self._stack.setCurrentIndex(_CONTENT)
        self._advise(picture)
        if is_same and self.form.text:
            self._ask()
        elif not is_same and not self.form.text:
            self.answer.show_nothing()

    def _show_empty(self) -> None:
        name = self.profile.currentText()
        if name:
            words = self.tr(
                "No backup of {profile} yet. The timeline begins with the first one; from then on"
                " capture makes any second restorable."
            )
            self.empty.set_text(words.format(profile=name), self.tr("Back up now"))
        else:
            words = self.tr(
                "No deployment yet. The timeline shows every moment of one that can be restored."
            )
            self.empty.set_text(words, self.tr("Add deployment"))
        self._stack.setCurrentIndex(_EMPTY)
        self.advice.clear()

    def _advise(self, picture: Picture) -> None:
        """Say what is missing where nothing was ever captured; look at the deployment once."""
        name = self._shown_profile
        has_kept = any(by.spans for by in picture.timeline.elsewhere)
        if picture.timeline.slices or not picture.timeline.bases or has_kept:
            self.advice.clear()
            return
        if name not in self._reports and self.isVisible():
            self._reports[name] = None
            self._calls.run(
                self,
                lambda: self._services.profiles.test(name, _no_steps),
                lambda report: self._on_looked(name, report),
                lambda _error: None,  # it may be down: that is when one comes here
            )
        found = advice(name, self._reports.get(name))
        caption = self.tr("Start capture…") if found.can_capture else ""
        self.advice.show_message(BannerKind.INFO, found.words, caption)

    def _on_looked(self, name: str, report: DeploymentReport) -> None:
        self._reports[name] = report
        if self.picture is not None and name == self._shown_profile:
            self._advise(self.picture)

    # --- the chosen moment ---------------------------------------------------------------

    def _ask(self) -> None:
        """Ask what is known of the moment that is written."""
        self._answer = None
        self.answer.restore.setEnabled(False)
        picture, words, edge = self.picture, self.form.text, self.form.edge
        if picture is None or not words:
            self._newest.forget()
            self.form.set_error("")
            self.strip.choose(None)
            self.answer.show_nothing()
            return
        points, name = self._services.points, self._shown_profile
        self._newest.ask(
            lambda: points.answer(name, picture.timeline, points.moment(words, edge)),
            self._on_answered,
            self._on_not_answered,
        )

    def _on_answered(self, answer: RewindAnswer) -> None:
        self._answer = answer
        self.form.set_error("")
        limit = answer.moment.limit
        is_whole_second = limit.increment == 0 and self.form.edge is Edge.INCLUDING
        self.strip.choose(float(limit.seconds - is_whole_second))
        is_other = answer.plan is None or answer.plan.base.backup != getattr(
            self._base, "backup", None
        )
        if self._base is not None and is_other:
            self.answer.show_backup(self._base)
        else:
            self.answer.show_answer(answer)
            if answer.plan is None and self.picture is not None:
                keeper = keeper_at(self.picture.timeline, limit)
                if keeper is not None:
                    self.answer.add_keeper(keeper)
        self.answer.restore.setEnabled(answer.plan is not None)
        self.strip.tell(self.answer.words)

    def _on_not_answered(self, error: MangroveError) -> None:
        self.answer.show_nothing()
        if isinstance(error, InvalidSelectionError):
            hint = f" {text.sentence(error.hint)}" if error.hint else ""
            self.form.set_error(text.sentence(error.message) + hint)
        else:
            self.banner.show_error(error)

    @Slot()
    def _on_form_changed(self) -> None:
        self._base = None
        self.strip.choose_gap(None)
        self.spans.clear_choice()
        self._ask()

    @Slot(float)
    def _on_moment_chosen(self, moment_s: float) -> None:
        self._base = None
        self.strip.choose_gap(None)
        self.form.write_second(moment_s)
        self.spans.clear_choice()
        self._ask()

    @Slot(int)
    def _on_tick_chosen(self, number: int) -> None:
        if self.picture is None:
            return
        point = self.picture.points[number]
        if isinstance(point, Kept):
            self._show_kept(point)
            return
        self._base = point
        self.form.write_entry(str(self._base.stands_at), Edge.INCLUDING)
        self.spans.clear_choice()
        self._ask()

    def _show_kept(self, kept: Kept) -> None:
        self._newest.forget()
        self._answer = self._base = None
        self.form.clear()
        self.strip.choose(kept.point.data_at.timestamp())
        self.spans.clear_choice()
        self.answer.show_kept(kept)
        self.strip.tell(self.answer.words)

    @Slot(int)
    def _on_gap_chosen(self, number: int) -> None:
        if self.picture is None:
            return
        self._newest.forget()
        self._answer = None
        self.form.clear()
        self.strip.choose(None)
        self.strip.choose_gap(number)
        self.spans.choose_gap(number)
        self.answer.show_gap(self.picture.gaps[number])
        self.strip.tell(self.answer.words)

    @Slot(object)
    def _on_span_chosen(self, span: Span) -> None:
        self.strip.show_stretch(span.start_s, span.end_s)
        if span.gap is not None:
            self._on_gap_chosen(span.gap)

    @Slot(str)
    def _on_moment_wanted(self, limit: str) -> None:
        self._base = None
        self.strip.choose_gap(None)
        self.form.write_entry(limit, Edge.BEFORE)
        self._ask()

    # --- wishes --------------------------------------------------------------------------

    @Slot()
    def _on_restore_wanted(self) -> None:
        if self._answer is None or self._answer.plan is None:
            return
        moment = self._answer.moment
        if self.form.edge is Edge.INCLUDING:  # said exactly, as what it is just before
            moment = Moment(moment.limit, str(moment.limit))
        self._navigator.open_rewind(self._shown_profile, moment)

    @Slot()
    def _on_elsewhere_wanted(self) -> None:
        self._navigator.open_page(PageName.ATLAS, profile=self._shown_profile)

    @Slot(object)
    def _on_backup_wanted(self, backup: BackupId) -> None:
        self._navigator.open_restore(backup)

    @Slot(str)
    def _on_mend_wanted(self, remedy: str) -> None:
        match remedy:
            case "capture":
                self._navigator.open_capture(self._shown_profile)
            case "vault":
                self._navigator.open_page(PageName.VAULTS)
            case _:
                self._navigator.open_backup(self._shown_profile)

    @Slot()
    def _on_capture_clicked(self) -> None:
        self._navigator.open_capture(self._shown_profile)

    @Slot()
    def _on_empty_action_triggered(self) -> None:
        if name := self.profile.currentText():
            self._navigator.open_backup(name)
        else:
            self._navigator.open_add_profile()

    @Slot()
    def _on_profile_chosen(self) -> None:
        if self.isVisible():
            self._navigator.profile = self.profile.currentText()
        self._newest.forget()
        self._base = self._answer = None
        self.form.clear()
        self.answer.show_nothing()
        self.strip.choose(None)
        self.reload()

    @Slot(object)
    def _on_run_changed(self, status: RunStatus) -> None:
        if status.state.is_over:
            self._refresh()

    @Slot()
    def _on_data_changed(self) -> None:
        self._list_profiles()
        self._refresh()

    @Slot()
    def _refresh(self) -> None:
        self._is_stale = True
        if self.isVisible():
            self.reload()

    def _list_profiles(self) -> None:
        """List the profiles, and keep the chosen one."""
        chosen = self.profile.currentText()
        names = [p.name for p in self._services.profiles.all() if isinstance(p, Profile)]
        was_blocked = self.profile.blockSignals(True)  # noqa: FBT003 - Qt's own signature
        self.profile.clear()
        self.profile.addItems(sorted(names, key=str.casefold))
        self.profile.setCurrentIndex(max(0, self.profile.findText(chosen)) if names else -1)
        self.profile.blockSignals(was_blocked)
        self.profile.setVisible(bool(names))

    # --- parts ---------------------------------------------------------------------------

    def _connect(self, bridge: ActivityBridge) -> None:
        self.profile.currentIndexChanged.connect(self._on_profile_chosen)
        self.strip.moment_chosen.connect(self._on_moment_chosen)
        self.strip.tick_chosen.connect(self._on_tick_chosen)
        self.strip.gap_chosen.connect(self._on_gap_chosen)
        self.form.changed.connect(self._on_form_changed)
        self.spans.span_chosen.connect(self._on_span_chosen)
        self.answer.restore_wanted.connect(self._on_restore_wanted)
        self.answer.backup_wanted.connect(self._on_backup_wanted)
        self.answer.moment_wanted.connect(self._on_moment_wanted)
        self.answer.mend_wanted.connect(self._on_mend_wanted)
        self.answer.elsewhere_wanted.connect(self._on_elsewhere_wanted)
        self.advice.action_triggered.connect(self._on_capture_clicked)
        self.empty.action_triggered.connect(self._on_empty_action_triggered)
        self._navigator.data_changed.connect(self._on_data_changed)
        bridge.run_changed.connect(self._on_run_changed)
        self._timer.setInterval(_REFRESH_MS)
        self._timer.timeout.connect(self.reload)

    def _lay_out(self) -> None:
        self.profile.setAccessibleName(self.tr("Deployment"))
        self.profile.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.profile.setMinimumWidth(Size.RAIL)
        self.header.add_widget(self.profile)
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self.parts)
        self.content.addWidget(self.banner)
        self.content.addWidget(self._stack, 1)


def _no_steps(_step: str, _result: str) -> None:
    """Take no notice of a look's steps: the page says what it came to."""
