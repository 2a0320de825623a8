"""The steps of a trial, told one by one to whoever waits for it."""

from collections.abc import Callable

StepListener = Callable[[str, str], None]
"""Called with a step's name and "" when it begins, then its result in words."""
