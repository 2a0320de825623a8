import threading

import pytest

from mangrove.core.errors import RunCancelled
from mangrove.jobs.lanes import Claim, Lanes

VAULT = (Claim("vault attic"),)
DEPLOYMENT = (Claim("deployment shop", 2),)


def test_a_lane_is_full_at_its_limit() -> None:
    lanes, never = Lanes(), threading.Event()
    with lanes.hold(DEPLOYMENT, never):
        assert lanes.blocked_by(DEPLOYMENT) is None
        with lanes.hold(DEPLOYMENT, never):
            assert lanes.blocked_by(DEPLOYMENT) == "deployment shop"
    assert lanes.blocked_by(DEPLOYMENT) is None


def test_other_lanes_stay_free() -> None:
    lanes, never = Lanes(), threading.Event()
    with lanes.hold(VAULT, never), lanes.hold(DEPLOYMENT, never):
        assert lanes.blocked_by((Claim("vault cellar"),)) is None
        assert lanes.blocked_by((*DEPLOYMENT, *VAULT)) == "vault attic"


def test_a_waiting_run_goes_on_as_soon_as_the_lane_is_free() -> None:
    lanes, never = Lanes(), threading.Event()
    waits, inside = threading.Event(), threading.Event()

    def second() -> None:
        waits.set()
        with lanes.hold(VAULT, never):
            inside.set()

    thread = threading.Thread(target=second)
    with lanes.hold(VAULT, never):
        thread.start()
        assert waits.wait(10)
        assert not inside.is_set()
    assert inside.wait(10)
    thread.join(10)


def test_a_cancelled_run_stops_waiting_and_takes_nothing() -> None:
    lanes, never, cancelled = Lanes(), threading.Event(), threading.Event()
    cancelled.set()

    def wait_for_both() -> None:
        with lanes.hold((*DEPLOYMENT, *VAULT), cancelled):
            pytest.fail("it was cancelled")

    with lanes.hold(VAULT, never), pytest.raises(RunCancelled):
        wait_for_both()
    assert lanes.blocked_by((*DEPLOYMENT, *VAULT)) is None


def test_a_lane_is_free_again_after_a_failure() -> None:
    lanes, never = Lanes(), threading.Event()

    def fail() -> None:
        with lanes.hold(VAULT, never):
            raise RuntimeError("broken")

    with pytest.raises(RuntimeError):
        fail()

    assert lanes.blocked_by(VAULT) is None
