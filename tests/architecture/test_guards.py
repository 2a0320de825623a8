"""The guards catch what they are there for; each is shown an offence in a test run of its own."""

import pytest

pytest_plugins = ["pytester"]

OFFENCES = {
    "logged without being announced": """
        import logging
        def test_offence():
            logging.getLogger("mangrove.x").warning("disk is slow")
    """,
    "outlives the test": """
        import threading
        def test_offence():
            threading.Thread(target=threading.Event().wait, daemon=True).start()
    """,
    "widgets left behind": """
        from PySide6.QtWidgets import QWidget
        def test_offence(qapp):
            global left
            left = QWidget()
            left.show()
    """,
}
CONFTEST = """
import sys
sys.path.insert(0, {tests!r})
pytest_plugins = ["guards"]
"""
INNOCENT = """
    import logging, os, threading
    import keyring
    from PySide6.QtWidgets import QWidget

    def test_innocence(log_guard, qtbot, home_guard):
        log_guard.expect("disk is slow")
        logging.getLogger("mangrove.x").warning("disk is slow")
        thread = threading.Thread(target=threading.Event().wait, args=(0.01,))
        thread.start()
        widget = QWidget()
        qtbot.addWidget(widget)
        widget.show()
        keyring.set_password("mangrove", "a", "b")
        assert keyring.get_password("mangrove", "a") == "b"
        assert os.path.expanduser("~") == str(home_guard)
"""


@pytest.fixture
def guarded(pytester: pytest.Pytester, request: pytest.FixtureRequest) -> pytest.Pytester:
    pytester.makeconftest(CONFTEST.format(tests=str(request.config.rootpath / "tests")))
    return pytester


@pytest.mark.slow
@pytest.mark.parametrize("complaint", OFFENCES)
def test_guard_fails_a_test_that_offends(guarded: pytest.Pytester, complaint: str) -> None:
    guarded.makepyfile(OFFENCES[complaint])

    result = guarded.runpytest_subprocess("-p", "no:randomly")

    result.stdout.fnmatch_lines([f"*{complaint}*"])
    assert result.ret == pytest.ExitCode.TESTS_FAILED


@pytest.mark.slow
def test_guards_let_a_tidy_test_pass(guarded: pytest.Pytester) -> None:
    guarded.makepyfile(INNOCENT)

    result = guarded.runpytest_subprocess("-p", "no:randomly")

    result.assert_outcomes(passed=1)
