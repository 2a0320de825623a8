import os
import signal

import pytest
from pytestqt.qtbot import QtBot

from mangrove.ui.shell.terminal_signals import TerminalSignals


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_signal_ends_the_loop_with_the_code_a_shell_expects(
    qtbot: QtBot, number: signal.Signals, code: int
) -> None:
    before = signal.getsignal(number)
    codes: list[int] = []
    signals = TerminalSignals(codes.append)

    os.kill(os.getpid(), number)

    qtbot.waitUntil(lambda: codes == [code])
    signals.stop()
    assert signal.getsignal(number) == before
