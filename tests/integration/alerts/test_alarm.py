"""From a trouble to a message that arrived: real mail and web servers, a clock that is moved."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from guards import LogGuard
from integration.alerts.alarm_world import HOUR, NIGHTLY, TUESDAY, FakeDesktop, World
from mangrove.connectors.state.database import FILE_NAME, StateDatabase
from mangrove.core.alerts.alert import AlertKind, Severity
from mangrove.core.alerts.delivery import DeliveryKind, DeliveryState
from mangrove.core.alerts.policy import AlertPolicy, quiet_hours
from mangrove.core.errors import (
    AlertNotFoundError,
    InvalidChannelError,
    KeyringLockedError,
    NameTakenError,
)
from mangrove.core.jobs.job import FiringState
from mangrove.core.secret import Secret
from mangrove.services.channels import ChannelDraft
from servers.mail import MailServer
from servers.receiver import Receiver

MINUTE = timedelta(minutes=1)


def test_failure_and_recovery_arrive_by_mail_and_webhook_once_each(
    world: World, mail_server: MailServer, receiver: Receiver
) -> None:
    world.adds("mail", mail_server.url())
    world.adds("hook", receiver.url())

    world.fails()
    world.after(MINUTE)
    world.after(HOUR)
    world.ends(FiringState.SUCCEEDED)
    world.after(HOUR)
    world.after(HOUR)

    assert mail_server.subjects == ["Mangrove: nightly: failed", "Mangrove: over: nightly: failed"]
    assert [c.document["type"] for c in receiver.calls] == ["warning", "success"]
    assert "cannot reach db1" in receiver.calls[0].document["message"]
    (alert,) = world.alerts.all()
    assert not alert.is_open


def test_a_job_that_failed_in_another_process_is_told_soon_and_keeps_its_beginning(
    world: World, receiver: Receiver
) -> None:
    world.adds("hook", receiver.url())
    world.after()
    with closing(StateDatabase.open(world.folder)) as database:
        other = replace(world, database=database, is_ours=False)
        failed_at = world.clock.now()
        world.fails()
        other.alarm.heed(NIGHTLY, world.jobs.firings(NIGHTLY.job_id, 1)[0])
        other.alarm.close()

        seen = []
        for _ in range(2):
            world.clock.advance(timedelta(seconds=5))
            seen += [alert.opened_at for alert in other.alerts.all()]
        assert receiver.calls == []
        assert world.alarm.go_round()  # as after each look of the agent, far from its next own one
        seen += [alert.opened_at for alert in other.alerts.all()]
        world.clock.advance(timedelta(seconds=15))
        assert world.alarm.go_round()

    assert set(seen) == {failed_at}
    assert len(receiver.calls) == 1
    assert [alert.times_told for alert in world.alerts.all()] == [1]


def test_a_mail_server_that_is_down_is_tried_again_and_shown_and_survives_a_crash(
    world: World, mail_server: MailServer
) -> None:
    world.adds("mail", mail_server.url())
    mail_server.is_up = False
    world.fails()
    world.after()

    (view,) = world.channels.all()
    assert (view.health.waiting, view.health.sent_at) == (1, None)
    assert "did not arrive" in view.health.problem

    with world.restarted(after=2 * MINUTE) as later:  # nothing was said to the alarm: a crash
        mail_server.is_up = True
        later.after()

        assert mail_server.subjects == ["Mangrove: nightly: failed"]
        (view,) = later.channels.all()
        assert (view.health.waiting, view.health.problem) == (0, "")
        assert view.health.sent_at == later.clock.now()


def test_nothing_overtakes_what_waits(world: World, mail_server: MailServer) -> None:
    world.adds("mail", mail_server.url())
    mail_server.answer = "451 try later"
    world.fails()
    world.after()
    world.ends(FiringState.SUCCEEDED)
    world.after(30 * timedelta(seconds=1))  # the first one is not due again yet
    mail_server.answer = "250 taken"

    world.after(5 * MINUTE)

    assert mail_server.subjects == ["Mangrove: nightly: failed", "Mangrove: over: nightly: failed"]


def test_a_channel_that_never_answers_is_given_up_after_three_days(
    world: World, receiver: Receiver
) -> None:
    receiver.status = 500
    world.adds("hook", receiver.url())
    world.fails()

    for _ in range(80):
        world.after(HOUR)

    first = world.alerts.deliveries()[-1]
    assert first.state is DeliveryState.GIVEN_UP
    assert "500" in first.problem


def test_in_the_night_only_what_is_critical_comes_and_the_rest_in_the_morning(
    world: World, receiver: Receiver
) -> None:
    world.channels.set_policy(AlertPolicy(quiet_hours("22:00", "07:00", "UTC"), uses_desktop=False))
    world.adds("hook", receiver.url())
    world.clock.advance(11 * HOUR)  # 23:00

    world.fails()
    world.after()
    assert receiver.calls == []
    for _ in range(2):
        world.clock.advance(MINUTE)
        world.fails()
    world.after()

    (critical,) = receiver.calls
    assert "3 times in a row" in critical.document["message"]
    world.ends(FiringState.SUCCEEDED_WITH_WARNINGS)
    world.after(HOUR)
    assert len(receiver.calls) == 2  # that it is over is as urgent as it was
    world.after(8 * HOUR)
    assert "done with losses" in receiver.calls[2].document["title"]


def test_a_job_chooses_its_channels_and_a_channel_what_is_urgent_enough(
    world: World, receiver: Receiver
) -> None:
    world.adds("all", receiver.url("/all"))
    world.adds("some", receiver.url("/some"))
    world.channels.set_route("nightly", ("all",))

    world.fails()
    world.after()
    assert receiver.paths == ["/all"]

    world.channels.set_route("nightly", ())
    world.ends(FiringState.SUCCEEDED)
    world.after(HOUR)
    assert receiver.paths == ["/all"]

    world.channels.set_route("nightly", None)
    some = world.channels.find("some").channel_id
    world.channels.change(some, ChannelDraft("some", None, Severity.CRITICAL))
    world.ends(FiringState.SUCCEEDED_WITH_WARNINGS)
    world.after(HOUR)
    assert receiver.paths == ["/all", "/all"]


def test_the_count_is_that_of_the_list_also_before_the_agent_looked(world: World) -> None:
    world.after()
    world.clock.advance(MINUTE)
    world.fails()

    assert world.alerts.glance().count == 1
    assert len([alert for alert in world.alerts.all() if alert.is_open]) == 1

    world.ends(FiringState.SUCCEEDED)
    world.alerts.all()
    assert world.alerts.glance().count == 0


def test_what_somebody_knows_is_not_repeated_and_what_is_muted_not_told(
    world: World, receiver: Receiver
) -> None:
    world.adds("hook", receiver.url())
    world.fails()
    world.after()
    (alert,) = world.alerts.all()

    world.alerts.acknowledge(alert.alert_id[:4], "the disk is on its way")
    world.after(48 * HOUR)
    told = [call for call in receiver.calls if "still" in call.document["title"]]
    assert told == []
    assert world.alerts.glance().quiet >= 1

    world.alerts.mute(alert.alert_id, world.clock.now() + 2 * HOUR)
    before = len(receiver.calls)
    world.ends(FiringState.SUCCEEDED)
    world.after(HOUR)
    assert len([c for c in receiver.calls[before:] if "failed" in c.document["title"]]) == 0
    with pytest.raises(AlertNotFoundError, match="is over"):
        world.alerts.acknowledge(alert.alert_id)


@pytest.mark.parametrize("code", ["keyring-locked", "keyring-unavailable"])
def test_a_keyring_locked_at_three_is_an_alert_that_still_arrives(
    world: World, mail_server: MailServer, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.adds("mail", mail_server.url())
    world.after()  # the agent started in the evening, with an open keyring

    def locked(*_: object) -> Secret:
        raise KeyringLockedError("the keyring is locked and was not unlocked")

    monkeypatch.setattr(world.secrets, "fetch", locked)
    world.ends(FiringState.FAILED, "the keyring is locked and was not unlocked", code)
    world.after(15 * HOUR)

    assert mail_server.subjects[0] == "Mangrove: the keyring cannot be used, and 1 more"
    kinds = {alert.trouble.kind for alert in world.alerts.all()}
    assert AlertKind.KEYRING in kinds
    assert AlertKind.FAILED not in kinds


def test_a_keyring_locked_from_the_start_keeps_the_message_and_shows_it_here(
    world: World, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.adds("mail", mail_server.url())
    world.desktop.is_there = True
    world.ends(FiringState.FAILED, "the keyring is locked", "keyring-locked")

    def locked(*_: object) -> Secret:
        raise KeyringLockedError("the keyring is locked and was not unlocked")

    with world.restarted() as later:
        with monkeypatch.context() as night:
            night.setattr(later.secrets, "fetch", locked)
            later.after()
        shown = [message.title for message in later.desktop.shown]
        assert shown == ["Mangrove: the keyring cannot be used"]
        assert "keyring is locked" in later.channels.all()[0].health.problem

        later.after(2 * MINUTE)

        assert mail_server.subjects == ["Mangrove: the keyring cannot be used"]


def test_a_desktop_that_is_not_there_is_not_waited_for(world: World) -> None:
    world.fails()
    world.after()

    assert len(world.alerts.all()) == 1
    assert world.alerts.deliveries() == ()


def test_the_window_shows_messages_while_it_is_there(world: World) -> None:
    window = FakeDesktop()
    window.is_there = world.desktop.is_there = True
    world.alerts.show_through(window)
    world.fails()
    world.after()

    world.alerts.show_through(None)
    world.ends(FiringState.SUCCEEDED)
    world.after(HOUR)

    assert (len(window.shown), len(world.desktop.shown)) == (1, 1)


def test_only_one_process_tells(world: World, receiver: Receiver) -> None:
    world.adds("hook", receiver.url())
    world.fails()
    world.is_ours = False

    assert world.alarm.go_round(looks=True) is False

    assert receiver.calls == []
    assert len(world.alerts.all()) == 1  # whoever asks is told all the same
    assert world.store.recent(9) == ()


# --- the agent was not there -------------------------------------------------------------


def test_after_days_without_agent_the_next_start_says_so(world: World, receiver: Receiver) -> None:
    world.adds("hook", receiver.url())
    world.after()

    with world.restarted(after=60 * HOUR) as later:
        later.ends(FiringState.SUCCEEDED)  # caught up before anybody looked
        later.after()
        (call,) = receiver.calls
        assert call.document["title"] == "Mangrove: no agent ran"
        assert "No agent ran for 2 d 12 h" in call.document["message"]
        assert "2 times of 1 job went by" in call.document["message"]

        later.after(2 * HOUR)
        assert [c.document["title"] for c in receiver.calls[1:]] == ["Mangrove: over: no agent ran"]


def test_a_night_asleep_is_noted_but_sends_nobody_a_message(
    world: World, receiver: Receiver
) -> None:
    world.adds("hook", receiver.url())
    world.clock.advance(10 * HOUR)
    world.after()
    world.clock.advance(8 * HOUR)
    world.jobs.save_firing(
        replace(
            world.jobs.firings(NIGHTLY.job_id, 1)[0],
            slot_at=TUESDAY + 14 * HOUR,
            begun_at=world.clock.now(),
            state=FiringState.RUNNING,
        )
    )

    world.after()

    notes = [a for a in world.alerts.all() if a.trouble.kind is AlertKind.AGENT]
    assert [a.severity for a in notes] == [Severity.NOTE]
    assert receiver.calls == []


# --- heartbeats --------------------------------------------------------------------------


def test_a_watch_outside_hears_of_the_agent_as_long_as_there_is_one(
    world: World, receiver: Receiver
) -> None:
    world.channels.set_heartbeat(Secret(receiver.url("/agent")), every=10 * MINUTE)

    for _ in range(6):
        world.after(5 * MINUTE)

    assert receiver.paths == ["/agent"] * 3
    (view,) = world.channels.heartbeats()
    assert view.beat is not None
    assert view.beat.problem == ""
    assert world.alerts.deliveries() == ()


def test_a_dead_agent_is_noticed_outside_and_said_at_the_next_start(
    world: World, receiver: Receiver
) -> None:
    """The watch knows a period and a grace time, as healthchecks.io does."""
    signs: list[datetime] = []
    world.channels.set_heartbeat(Secret(receiver.url("/agent")), every=10 * MINUTE)

    def is_down(now: datetime) -> bool:
        return now - signs[-1] > 10 * MINUTE + 5 * MINUTE

    for _ in range(12):
        before = len(receiver.calls)
        world.after(5 * MINUTE)
        signs += [world.clock.now()] * (len(receiver.calls) - before)
        assert not is_down(world.clock.now())
    with world.restarted(after=50 * HOUR) as later:  # the agent was killed; nobody is there
        assert is_down(later.clock.now())
        later.after()

        assert receiver.paths[-1] == "/agent"
        (alert,) = [a for a in later.alerts.all() if a.trouble.title == "no agent ran"]
        assert alert.severity is Severity.CRITICAL
        assert alert.times_told == 1


def test_the_watch_is_told_when_the_agent_cannot_look(
    world: World, receiver: Receiver, log_guard: LogGuard
) -> None:
    log_guard.expect("alerts met a bug")
    world.channels.set_heartbeat(Secret(receiver.url("/agent")))

    def broken(_now: object) -> None:
        raise OSError("a fault")

    world.alarm.facts = broken  # type: ignore[assignment]
    world.after()

    assert receiver.paths == ["/agent/fail"]


def test_a_job_tells_its_watch_when_it_begins_and_how_it_ends(
    world: World, receiver: Receiver
) -> None:
    world.channels.set_heartbeat(Secret(receiver.url("/job")), "nightly")
    firing = world.jobs.firings(NIGHTLY.job_id, 1)[0]

    for state in (FiringState.RUNNING, FiringState.FAILED):
        world.alarm.heed(NIGHTLY, replace(firing, state=state, problem="cannot reach db1"))
        world.clock.advance(MINUTE)
    world.alarm.close()

    assert receiver.paths == ["/job/start", "/job/fail"]
    assert receiver.calls[1].body == "cannot reach db1"
    runs = {call.path.partition("rid=")[2] for call in receiver.calls}
    assert len(runs) == 1
    assert runs != {""}


def test_a_sign_that_did_not_arrive_is_tried_again_but_not_for_ever(
    world: World, receiver: Receiver
) -> None:
    receiver.status = 503
    world.channels.set_heartbeat(Secret(receiver.url("/job")), "nightly")
    world.alarm.heed(NIGHTLY, world.jobs.firings(NIGHTLY.job_id, 1)[0])
    world.alarm.close()
    world.after(2 * MINUTE)
    assert receiver.paths == ["/job"] * 2

    world.after(2 * HOUR)
    world.after(2 * HOUR)

    (view,) = world.channels.heartbeats()
    assert view.beat is not None
    assert "503" in view.beat.problem
    assert len(receiver.calls) == 3


# --- channels ----------------------------------------------------------------------------


def test_no_address_is_in_the_state_file_and_it_goes_when_the_channel_goes(
    world: World, receiver: Receiver
) -> None:
    world.adds("hook", receiver.url("/hook/t0k3n-very-secret"))
    world.channels.set_heartbeat(Secret(receiver.url("/ping/t0k3n-very-secret")))
    receiver.status = 500
    world.fails()
    world.after()
    with sqlite3.connect(world.folder / FILE_NAME) as raw:
        dump = "\n".join(raw.iterdump())
    raw.close()

    assert "nightly: failed" in dump
    assert "t0k3n" not in dump
    assert len(world.secrets.kept) == 2
    world.channels.remove("hook")
    world.channels.remove_heartbeat()
    assert world.secrets.kept == {}


def test_a_channel_is_tested_before_and_after_it_is_saved(
    world: World, mail_server: MailServer, receiver: Receiver
) -> None:
    assert world.channels.try_url(Secret(receiver.url())) == "JSON"
    world.adds("mail", mail_server.url())
    world.adds("down", receiver.url("/down"))
    receiver.status = 500

    results = {name: delivery.state for name, delivery in world.channels.test_all()}

    assert results == {
        "mail": DeliveryState.SENT,
        "down": DeliveryState.GIVEN_UP,
        "this desktop": DeliveryState.GIVEN_UP,
    }
    assert mail_server.subjects == ["Mangrove: a test message"]
    kinds = {delivery.kind for delivery in world.alerts.deliveries()}
    assert kinds == {DeliveryKind.TEST}


def test_a_channel_is_changed_without_typing_its_address_again(
    world: World, receiver: Receiver
) -> None:
    world.adds("hook", receiver.url("/old"))
    channel = world.channels.find("HOOK")
    world.channels.change(channel.channel_id, ChannelDraft("webhook", None))
    world.channels.test("webhook")
    new = ChannelDraft("webhook", Secret(receiver.url("/new")))
    world.channels.change(channel.channel_id, new)
    world.clock.advance(MINUTE)
    world.channels.test("webhook")

    assert receiver.paths == ["/old", "/new"]


def test_what_cannot_be_saved_leaves_nothing_behind(world: World, receiver: Receiver) -> None:
    world.adds("hook", receiver.url())
    kept = dict(world.secrets.kept)

    with pytest.raises(NameTakenError):
        world.adds("Hook", receiver.url("/other"))
    with pytest.raises(InvalidChannelError):
        world.adds("odd", "nonsense://x")
    with pytest.raises(InvalidChannelError):
        world.channels.set_heartbeat(Secret("ftp://example.org"))
    with pytest.raises(AlertNotFoundError):
        world.channels.set_heartbeat(Secret(receiver.url()), "no such job")
    with pytest.raises(InvalidChannelError, match="once a minute"):
        world.channels.set_heartbeat(Secret(receiver.url()), every=timedelta())
    with pytest.raises(AlertNotFoundError):
        world.channels.set_route("nightly", ("no such channel",))

    assert world.secrets.kept == kept
    assert world.channels.route("nightly") is None
