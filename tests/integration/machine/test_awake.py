"""The machine is kept awake while something works: by a real bus, and by stand-ins for the rest."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from mangrove.connectors.machine.awake import (
    ES_CONTINUOUS,
    ES_SYSTEM_REQUIRED,
    Caffeinated,
    ExecutionState,
    wakefulness,
)
from mangrove.connectors.machine.network import RoutedNetwork
from servers.logind import Logind


@pytest.mark.skipif(sys.platform != "linux", reason="logind is a part of systemd")
def test_logind_holds_sleep_back_until_the_work_is_done(logind: Logind) -> None:
    with wakefulness().hold("Back up shop") as agreed:
        assert agreed
        assert logind.held() == 1
    assert logind.is_free()
    assert logind.asked == [("sleep", "Mangrove", "Back up shop", "block")]


@pytest.mark.skipif(sys.platform != "linux", reason="logind is a part of systemd")
def test_a_logind_that_refuses_keeps_nothing_from_running(logind: Logind) -> None:
    logind.refuses = True

    with wakefulness().hold("Back up shop") as agreed:
        assert not agreed


@pytest.mark.skipif(sys.platform != "linux", reason="logind is a part of systemd")
def test_a_machine_without_a_bus_keeps_nothing_from_running(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={tmp_path / 'nothing'}")

    with wakefulness().hold("Back up shop") as agreed:
        assert not agreed


@pytest.mark.skipif(sys.platform != "linux", reason="logind is a part of systemd")
def test_a_killed_program_keeps_no_machine_awake(logind: Logind) -> None:
    """The system closes the file of a process that is gone; nothing is left to clean up."""
    code = (
        "from mangrove.connectors.machine.awake import wakefulness\n"
        "with wakefulness().hold('x'):\n    print('held', flush=True)\n    input()\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with child:
        assert child.stdout is not None
        assert child.stdout.readline() == "held\n"
        assert logind.held() == 1
        child.send_signal(signal.SIGKILL)
    assert logind.is_free()


@pytest.mark.skipif(sys.platform == "win32", reason="a script stands for the program")
def test_caffeinate_runs_as_long_as_the_work_and_ends_with_us(tmp_path: Path) -> None:
    program, told = tmp_path / "caffeinate", tmp_path / "told"
    program.write_text(f'#!/bin/sh\necho "$@" > {told}.new\nmv {told}.new {told}\nexec sleep 600\n')
    program.chmod(0o755)

    with Caffeinated(str(program)).hold("Back up shop") as agreed:
        assert agreed
        _wait_for(told)
        assert told.read_text().split()[:3] == ["-i", "-s", "-w"]
    with Caffeinated(str(tmp_path / "nothing")).hold("Back up shop") as agreed:
        assert not agreed


def test_windows_is_told_at_the_begin_and_at_the_end_on_one_thread() -> None:
    told: list[int] = []

    def set_state(flags: int) -> int:
        told.append(flags)
        return ES_CONTINUOUS

    with ExecutionState(set_state).hold("Back up shop") as agreed:
        assert agreed
        assert told == [ES_CONTINUOUS | ES_SYSTEM_REQUIRED]
    assert told[1:] == [ES_CONTINUOUS]
    with ExecutionState(lambda _: 0).hold("Back up shop") as agreed:
        assert not agreed


def test_this_machine_always_has_a_way_to_itself() -> None:
    network = RoutedNetwork()

    assert network.leads_to(())
    assert network.leads_to(("127.0.0.1", "localhost"))


@pytest.mark.skipif(sys.platform != "linux", reason="a network namespace is a part of Linux")
def test_without_a_network_there_is_only_a_way_to_itself() -> None:
    code = (
        "from mangrove.connectors.machine.network import RoutedNetwork as N\n"
        "n = N()\n"
        "print(n.leads_to(['127.0.0.1']), n.leads_to(['localhost']), n.leads_to(['10.0.0.7']),"
        " n.leads_to(['db1.example.net']), n.leads_to(['127.0.0.1', '2001:db8::7']))\n"
    )
    up = (  # Source: netdevice(7): SIOCSIFFLAGS takes the name and IFF_UP | IFF_RUNNING
        "import fcntl, socket, struct\n"
        "with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:\n"
        "    fcntl.ioctl(s, 0x8914, struct.pack('16sH14x', b'lo', 0x41))\n"
    )
    done = subprocess.run(
        ["unshare", "--net", sys.executable, "-c", up + code],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert done.stdout.split() == ["True", "True", "False", "False", "False"], done.stderr


def _wait_for(file: Path) -> None:
    done = subprocess.run(
        ["/bin/sh", "-c", f"until [ -e {file} ]; do sleep 0.05; done"], timeout=30, check=False
    )
    assert done.returncode == 0
