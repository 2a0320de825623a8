r"""Renaming on restore: ``FROM=TO`` with databases, namespaces, stars or ``$variables$``.

==================  ==========================================================================
``shop=store``      every collection of a database, with the rest of its name as it is
``shop.a=shop.b``   one collection
``prod.*=dev.*``    stars keep their order and number; ``*`` takes dots too
``$d$.$c$=$c$.$d$`` named variables: each once in FROM, in TO at will; the first dot splits
==================  ==========================================================================

Patterns are held against the source name, that of the time series and never of its buckets. If
several fit, the last one wins, and only that one is applied.

Source: MongoDB Database Tools, mongorestore, ``--nsFrom`` and ``--nsTo``.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from mangrove.core import globs
from mangrove.core.backup import Rename
from mangrove.core.errors import InvalidSelectionError
from mangrove.core.namespace import Namespace
from mangrove.core.wording import counted

MAX_NAMESPACE_BYTES = 255
_SIGN = "$"
_HINT = "write FROM=TO with two databases, two namespaces, or patterns such as 'prod.*=dev.*'"


@dataclass(frozen=True, slots=True)
class _Side:
    """One side of a rule: literals, and between them the names of variables."""

    literals: tuple[str, ...]
    variables: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """A renaming understood.

    Attributes:
        text: As it was given, for messages.
    """

    text: str
    source: _Side
    target: _Side

    def renamed(self, name: str) -> str | None:
        """Return the new name; None if the rule does not fit."""
        found = globs.captures(self.source.literals, name)
        if found is None:
            return None
        values = dict(zip(self.source.variables, found, strict=True))
        head, *rest = self.target.literals
        pairs = zip(self.target.variables, rest, strict=True)
        return head + "".join(values[variable] + text for variable, text in pairs)


def parse_rename(text: str) -> Rename:
    """Split ``FROM=TO`` at its first equals sign.

    Raises:
        InvalidSelectionError: If one side is empty.
    """
    source, _, target = text.partition("=")
    if not (source and target):
        raise InvalidSelectionError(f"'{text}' is no renaming", hint=_HINT)
    return Rename(source, target)


def rule_of(rename: Rename) -> Rule:
    """Understand a renaming.

    Raises:
        InvalidSelectionError: Saying what is wrong with it.
    """
    text = f"{rename.source}={rename.target}"
    source, target = _sides(rename, text)
    if not source.variables and not target.variables and _is_database(source, target, text):
        star = ("*",)
        source = _Side((f"{source.literals[0]}.", ""), star)
        target = _Side((f"{target.literals[0]}.", ""), star)
    return Rule(text, source, target)


def renamed(name: Namespace, rules: Sequence[Rule]) -> Namespace | None:
    """Apply the last rule that fits; None if none does.

    Raises:
        InvalidSelectionError: If the new name lacks database or collection, or cannot be one.
    """
    for rule in reversed(rules):
        new = rule.renamed(str(name))
        if new is not None:
            return _checked(name, new, rule)
    return None


def _checked(name: Namespace, new: str, rule: Rule) -> Namespace:
    database, _, collection = new.partition(".")
    if not (database and collection):
        raise InvalidSelectionError(
            f"'{rule.text}' turns {name} into '{new}', which names no collection; "
            "nothing was changed",
            hint="a target is database.collection",
        )
    own = collection.startswith("system.") and collection != name.collection
    if own or "$" in collection or "\0" in collection:
        raise InvalidSelectionError(
            f"'{rule.text}' turns {name} into '{new}', a name that the server keeps for itself; "
            "nothing was changed"
        )
    if len(new.encode(errors="surrogatepass")) > MAX_NAMESPACE_BYTES:
        raise InvalidSelectionError(
            f"'{rule.text}' gives {name} a name of more than {MAX_NAMESPACE_BYTES} bytes; "
            "nothing was changed"
        )
    return Namespace(database, collection)


def _sides(rename: Rename, text: str) -> tuple[_Side, _Side]:
    if not _has_sign(rename.source, _SIGN):
        if _has_sign(rename.target, _SIGN):
            raise InvalidSelectionError(
                f"'{text}' uses a variable that its first side does not have",
                hint=r"write a dollar sign that is part of a name as \$",
            )
        source, target = (_starred(side) for side in (rename.source, rename.target))
        if len(source.variables) != len(target.variables):
            raise InvalidSelectionError(
                f"'{text}' has {counted(len(source.variables), 'star')} on its first side and "
                f"{len(target.variables)} on its second",
                hint="as many stars on both sides; a star that is part of a name is written \\*",
            )
        return source, target
    source, target = _named(rename.source, text), _named(rename.target, text)
    if len(set(source.variables)) != len(source.variables):
        raise InvalidSelectionError(f"'{text}' has a variable twice on its first side")
    if strange := sorted(set(target.variables) - set(source.variables)):
        raise InvalidSelectionError(
            f"'{text}' uses ${strange[0]}$, which its first side does not have"
        )
    return source, target


def _starred(side: str) -> _Side:
    literals = globs.pieces(side)
    return _Side(literals, tuple(str(n) for n in range(len(literals) - 1)))


def _named(side: str, text: str) -> _Side:
    parts, is_open = [""], False
    for character, is_escaped in globs.tokens(side):
        if character == _SIGN and not is_escaped:
            parts.append("")
            is_open = not is_open
        elif character == globs.STAR and not is_escaped:
            raise InvalidSelectionError(
                f"'{text}' mixes stars and variables", hint="use either stars or $names$"
            )
        else:
            parts[-1] += character
    if is_open or not all(parts[1::2]):
        raise InvalidSelectionError(
            f"'{text}' has a dollar sign too many or too few",
            hint=r"a variable is $name$; a dollar sign that is part of a name is written \$",
        )
    return _Side(tuple(parts[::2]), tuple(parts[1::2]))


def _has_sign(side: str, sign: str) -> bool:
    return (sign, False) in globs.tokens(side)


def _is_database(source: _Side, target: _Side, text: str) -> bool:
    """Whether plain names are those of databases; a database never becomes a collection."""
    kinds = ["." in side.literals[0] for side in (source, target)]
    if kinds[0] != kinds[1]:
        raise InvalidSelectionError(
            f"'{text}' renames a database to a collection or the other way round", hint=_HINT
        )
    return not kinds[0]
