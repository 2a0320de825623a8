"""Secrets: a reference that may be stored, and a value that refuses to print."""

from dataclasses import dataclass
from typing import NoReturn, Self, SupportsIndex

from typing_extensions import override

MASK = "Secret(***)"


@dataclass(frozen=True, slots=True)
class SecretRef:
    """Where a secret is kept: the keyring's service is ours, this is the user-name part.

    Examples: ``profile/3f2a…/password``, ``vault/9c1d…/age-identity``.
    """

    name: str


class Secret:
    """A secret text that prints as ``Secret(***)`` in every format and cannot be serialised."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the text; call it only in the very call that uses it."""
        return self._text

    @override
    def __repr__(self) -> str:
        return MASK

    @override
    def __str__(self) -> str:
        return MASK

    @override
    def __format__(self, format_spec: str) -> str:
        return MASK

    @override
    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._text == other._text

    @override
    def __hash__(self) -> int:
        return hash((Secret, self._text))

    def __bool__(self) -> bool:
        return bool(self._text)

    def __copy__(self) -> Self:
        raise TypeError("a secret is not copied")

    def __deepcopy__(self, memo: object) -> Self:
        raise TypeError("a secret is not copied")

    @override
    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        raise TypeError("a secret is not serialised")
