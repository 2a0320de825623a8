"""The dialogs about Atlas."""

from dataclasses import replace

import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from fakes.atlas import ACCOUNT, CLUSTERS, NOW, PROJECT, sample_snapshots
from fakes.services import FakeServices
from mangrove.core.atlas.account import SignIn
from mangrove.core.atlas.link import Located
from mangrove.core.atlas.policy import parse_item
from mangrove.core.atlas.restore import Part, PointInTime, WriteStrategy
from mangrove.core.atlas.windows import continuous
from mangrove.core.errors import AtlasSignInError
from mangrove.core.secret import Secret
from mangrove.services.atlas.accounts import AccountDraft
from mangrove.ui.dialogs.atlas.account_dialog import AccountStart, AtlasAccountDialog
from mangrove.ui.dialogs.atlas.delete_dialog import DeleteSnapshotDialog
from mangrove.ui.dialogs.atlas.link_dialog import LinkDialog
from mangrove.ui.dialogs.atlas.restore_dialog import AtlasRestoreDialog, RestoreStart
from mangrove.ui.dialogs.atlas.schedule_dialog import ScheduleDialog
from mangrove.ui.dialogs.atlas.take_dialog import TakeSnapshotDialog

PLACES = tuple(Located(ACCOUNT, PROJECT, cluster) for cluster in CLUSTERS)
LIVE = PLACES[1]


@pytest.fixture
def parent(qtbot: QtBot) -> QWidget:
    owner = QWidget()
    qtbot.addWidget(owner)
    return owner


def restoring(qtbot: QtBot, parent: QWidget, fakes: FakeServices) -> AtlasRestoreDialog:
    snapshots = sample_snapshots()
    reach = continuous(LIVE.cluster, 3, snapshots, [], NOW)
    usable = next(s for s in snapshots if s.is_usable)
    dialog = AtlasRestoreDialog(parent, fakes.points, RestoreStart(LIVE, usable, reach, PLACES))
    qtbot.addWidget(dialog)
    dialog.show()
    return dialog


def test_an_account_needs_name_id_and_secret(qtbot: QtBot, parent: QWidget) -> None:
    dialog = AtlasAccountDialog(parent)
    qtbot.addWidget(dialog)
    assert not dialog.yes.isEnabled()

    dialog.name.setText("work")
    dialog.user.setText("abcdefgh")
    dialog.secret.setText("s3cret")
    dialog.kind.choose(SignIn.API_KEY)

    assert dialog.yes.isEnabled()
    draft = dialog.answer()
    assert (draft.sign_in, draft.user) == (SignIn.API_KEY, "abcdefgh")
    assert "s3cret" not in repr(draft)


def test_an_account_that_does_not_sign_in_is_asked_again_as_typed(
    qtbot: QtBot, parent: QWidget
) -> None:
    draft = AccountDraft("work", SignIn.API_KEY, "abcdefgh", Secret("typo"))
    start = AccountStart(draft, AtlasSignInError("Atlas refused the account"))

    dialog = AtlasAccountDialog(parent, start)
    qtbot.addWidget(dialog)

    assert dialog.answer() == draft
    assert "refused the account" in dialog.banner.text


def test_a_restore_over_a_cluster_waits_for_its_typed_name(
    qtbot: QtBot, parent: QWidget, fakes: FakeServices
) -> None:
    dialog = restoring(qtbot, parent, fakes)
    assert "ALL data of the cluster live" in dialog.effect.text()
    assert not dialog.yes.isEnabled()

    dialog.typed.field.setText("live")
    assert dialog.yes.isEnabled()
    dialog.target.setCurrentIndex(3)
    assert not dialog.yes.isEnabled()  # another target, another name
    dialog.typed.field.setText("staging")

    order = dialog.answer().order
    assert dialog.yes.isEnabled()
    assert (order.target_cluster, order.confirmed) == ("staging", "staging")


def test_a_target_that_does_not_fit_is_refused_in_words(
    qtbot: QtBot, parent: QWidget, fakes: FakeServices
) -> None:
    dialog = restoring(qtbot, parent, fakes)

    dialog.target.setCurrentIndex(0)
    dialog.typed.field.setText("analytics")

    assert not dialog.yes.isEnabled()
    assert "goes into a replica set only" in dialog.summary


def test_single_collections_replace_nothing_unless_asked(
    qtbot: QtBot, parent: QWidget, fakes: FakeServices
) -> None:
    dialog = restoring(qtbot, parent, fakes)

    dialog.only.setPlainText("shop.orders = shop.orders_old\nstock")
    assert dialog.yes.isEnabled()
    assert dialog.answer().order.parts == (Part("shop.orders", "shop.orders_old"), Part("stock"))
    dialog.overwrite.setChecked(True)

    assert not dialog.yes.isEnabled()
    assert dialog.answer().order.write is WriteStrategy.OVERWRITE


def test_a_moment_is_checked_against_the_windows(
    qtbot: QtBot, parent: QWidget, fakes: FakeServices
) -> None:
    dialog = restoring(qtbot, parent, fakes)
    dialog.origin.choose("moment")
    dialog.typed.field.setText("live")
    assert not dialog.yes.isEnabled()

    second = int(NOW.timestamp()) - 7200
    dialog.moment.setText(f"{second}:3")
    assert dialog.yes.isEnabled()
    assert dialog.answer().order.point == PointInTime(second, 3)
    dialog.moment.setText("2001-01-01 00:00")

    assert not dialog.yes.isEnabled()
    assert "before the restore window" in dialog.summary


def test_a_schedule_shows_what_it_comes_to_and_what_atlas_would_refuse(
    qtbot: QtBot, parent: QWidget, fakes: FakeServices
) -> None:
    schedules = fakes.atlas.schedules
    dialog = ScheduleDialog(parent, schedules, LIVE, schedules.show(LIVE))
    qtbot.addWidget(dialog)
    dialog.show()
    assert [row.count.text() for row in dialog.rows] == [
        "21 snapshots",
        "6 snapshots",
        "3 snapshots",
        "12 snapshots",
        "1 snapshot",
    ]
    assert not dialog.yes.isEnabled()

    dialog.rows[0].value.setValue(9)
    assert "at least as long" in dialog.broken.text()
    assert not dialog.yes.isEnabled()
    dialog.rows[1].value.setValue(9)
    assert dialog.yes.isEnabled()

    ids = [item.item_id for item in dialog.change().items or ()]
    assert ids == [item.item_id for item in schedules.show(LIVE).schedule.items]


def test_lines_of_a_schedule_come_and_go(
    qtbot: QtBot, parent: QWidget, fakes: FakeServices
) -> None:
    fakes.atlas_fakes.api.plan = replace(
        fakes.atlas_fakes.api.plan, items=(parse_item("daily keep 7 days"),)
    )
    schedules = fakes.atlas.schedules
    dialog = ScheduleDialog(parent, schedules, LIVE, schedules.show(LIVE))
    qtbot.addWidget(dialog)
    dialog.show()

    assert not dialog.yes.isEnabled()  # a copy names weekly snapshots, and no line takes any
    dialog.copies.setPlainText("AWS/EU_WEST_1=hourly,oplog")
    dialog.add.click()
    dialog.add.click()
    dialog.rows[0].remove.click()

    written = [i.as_written for i in dialog.change().items or ()]
    assert written == ["hourly 1 keep 7 days", "weekly monday keep 7 days"]
    assert [c.as_written for c in dialog.change().copies or ()] == ["AWS/EU_WEST_1=hourly,oplog"]
    assert dialog.yes.isEnabled()


def test_deleting_waits_for_the_name(qtbot: QtBot, parent: QWidget) -> None:
    dialog = DeleteSnapshotDialog(parent, "live", "the snapshot of yesterday")
    qtbot.addWidget(dialog)

    dialog.typed.field.setText("liv")
    assert not dialog.yes.isEnabled()
    dialog.typed.field.setText("live")
    assert dialog.yes.isEnabled()


def test_linking_offers_profiles_and_none(qtbot: QtBot, parent: QWidget) -> None:
    dialog = LinkDialog(parent, "Shop/live", ("production", "staging"), "staging")
    qtbot.addWidget(dialog)
    assert not dialog.yes.isEnabled()

    dialog.profile.setCurrentIndex(1)

    assert dialog.yes.isEnabled()
    assert "like your own backups" in dialog.summary


def test_taking_says_how_long_it_stays(qtbot: QtBot, parent: QWidget) -> None:
    dialog = TakeSnapshotDialog(parent, "Shop/live")
    qtbot.addWidget(dialog)

    dialog.days.setValue(3)

    assert "keeps it for 3 days" in dialog.summary
    assert dialog.answer().days == 3
