"""A running run as a terminal shows it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Picture:
    """A running run as a terminal shows it.

    Attributes:
        fraction: How much is done, 0 to 1; None draws a bar without an end.
        below: One line for each active namespace.
    """

    head: str
    fraction: float | None
    figures: str
    below: tuple[str, ...]
