"""Counts with their noun in the right number."""


def counted(number: int, one: str, many: str = "") -> str:
    """Write a count with its noun: ``1 collection``, ``3,000 collections``, ``2 indexes``.

    Args:
        number: How many.
        one: The noun for one.
        many: The noun for any other number; with an "s" unless given.
    """
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def is_or_are(number: int) -> str:
    """Return the verb that goes with a count."""
    return "is" if number == 1 else "are"
