"""Counts with their noun in the right number."""

from mangrove.ui.text import count


def counted(number: int, one: str, many: str) -> str:
    """Write a count with its noun: ``1 collection``, ``3 collections``; words come translated."""
    return f"{count(number)} {one if number == 1 else many}"
