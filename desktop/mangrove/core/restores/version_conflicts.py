"""What a server of another version will not take of a backup, by name, before anything is sent.

Only what is known is said: each rule was measured on MongoDB 4.4.2, 5.0.4 and 6.0.5, or is from
the release notes named beside it. A rule says from which version on something exists, and, for
what was taken away, up to which.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from mangrove.core.deployment import ServerFacts
from mangrove.core.manifest import NamespaceEntry
from mangrove.core.namespace import Namespace

Version: TypeAlias = tuple[int, ...]
Fields: TypeAlias = Mapping[str, object]
ALWAYS: Version = (0,)
NEVER: Version = (10_000,)


class Effect(StrEnum):
    """What becomes of a thing that the target does not take."""

    NOT_CREATED = "not created"
    INDEX_MISSING = "index not built"
    CHANGED = "kept without it"


@dataclass(frozen=True, slots=True)
class VersionConflict:
    """One thing that the target will not take.

    Attributes:
        subject: The collection at the target, with the index if it is one.
        needs: What it has that the target lacks, such as ``a clustered collection``.
        effect: What becomes of it.
        since: The first version that takes it, such as "5.3"; "" if the target is too new.
    """

    subject: str
    needs: str
    effect: Effect
    since: str = ""

    @property
    def sentence(self) -> str:
        """Say it in one sentence, which no name begins: its case matters."""
        when = f"which MongoDB has since {self.since}" if self.since else "which it took away"
        what = {
            Effect.NOT_CREATED: f"the target will not create {self.subject}: it is or uses",
            Effect.INDEX_MISSING: f"the target will not build {self.subject}: it is or uses",
            Effect.CHANGED: f"the target will keep {self.subject} without",
        }[self.effect]
        return f"{what} {self.needs}, {when}"


@dataclass(frozen=True, slots=True)
class _Span:
    """The versions that take a thing: from ``since`` on, without those from ``gone`` on."""

    words: str
    since: Version = ALWAYS
    gone: Version = NEVER

    def refuses(self, version: Version) -> bool:
        return not self.since <= version < self.gone

    def conflict(self, subject: str, effect: Effect, version: Version) -> VersionConflict:
        shown = ".".join(map(str, self.since)) if version < self.since else ""
        return VersionConflict(subject, self.words, effect, shown)


# Source: measured; release notes of 5.3 (clustered collections), 6.0 (change stream images).
_TIME_SERIES = _Span("a time series", (5, 0))
_OPTIONS: Mapping[str, tuple[_Span, Effect]] = {
    "clusteredIndex": (_Span("a clustered index", (5, 3)), Effect.CHANGED),
    "encryptedFields": (_Span("encrypted fields", (6, 0)), Effect.CHANGED),
    "changeStreamPreAndPostImages": (_Span("pre- and post-images", (6, 0)), Effect.CHANGED),
}
# Source: MongoDB 6.3 release notes, "Time Series Collections"; 6.0 refuses it (measured).
_OWN_BUCKETS = _Span("own bucket limits of a time series", (6, 3))
_SERIES_MEASUREMENT = _Span("an index on measurements of a time series", (6, 0))
_SERIES_PARTIAL = _Span("a partial index of a time series", (6, 0))
# Source: measured; MongoDB 5.0 release notes (geoHaystack), 7.0 (compound wildcard).
_HAYSTACK = _Span("a geoHaystack index", gone=(5, 0))
_COMPOUND_WILDCARD = _Span("a compound wildcard index", (7, 0))
_COMPOUND_HASHED = _Span("a compound hashed index", (4, 4))
_SAME_FIELDS = _Span("a second index on the same fields", (5, 0))
_HIDDEN = _Span("the option hidden", (4, 4))
_PREPARE_UNIQUE = _Span("the option prepareUnique", (6, 0))
_WIDE_FILTER = _Span("a partial filter with $or, $in or $geoWithin", (6, 0))
# Source: measured, 6.0.5 refuses it, 5.0.4 takes it; MongoDB 7.1 release notes.
_TTL_CAPPED = _Span("a TTL index of a capped collection", (7, 1))
_TTL_CAPPED_REFUSED_FROM: Version = (6, 0)
# Source: measured on the three; MongoDB 7.0 and 6.3 release notes for what 6.0 lacks.
_WORDS_SINCE: Mapping[Version, frozenset[str]] = {
    (5, 0): frozenset(
        {"$setWindowFields", "$dateAdd", "$dateDiff", "$dateSubtract", "$dateTrunc"}
        | {"$getField", "$setField", "$unsetField"}
    ),
    (5, 1): frozenset({"$densify", "$tsIncrement", "$tsSecond"}),
    (5, 2): frozenset(
        {"$bottom", "$bottomN", "$firstN", "$lastN", "$maxN", "$minN", "$sortArray", "$top"}
        | {"$topN", "$locf"}
    ),
    (5, 3): frozenset({"$fill", "$linearFill"}),
    (6, 3): frozenset({"$bitAnd", "$bitNot", "$bitOr", "$bitXor"}),
    (7, 0): frozenset({"$median", "$percentile"}),
}
_WIDE_OPERATORS = frozenset({"$or", "$in", "$geoWithin"})


def version_conflicts(
    moved: Sequence[tuple[NamespaceEntry, Namespace]], target: ServerFacts
) -> tuple[VersionConflict, ...]:
    """Name everything of these collections that the target will not take.

    Args:
        moved: Each collection and where it goes.
        target: The server; its feature compatibility version counts where it is the lower one.
    """
    version = effective_version(target)
    return tuple(conflict for entry, where in moved for conflict in _of(entry, str(where), version))


def effective_version(facts: ServerFacts) -> Version:
    """Return major and minor version that a server acts as.

    Source: MongoDB manual, "setFeatureCompatibilityVersion".
    """
    own = facts.version[:2]
    parts = facts.feature_version.split(".")
    feature = tuple(int(p) for p in parts if p.isdecimal())
    return min(own, feature) if len(feature) == len(own) else own


def _of(entry: NamespaceEntry, name: str, version: Version) -> Iterator[VersionConflict]:
    options = _document(entry.options)
    lacking = [*_lacking_options(entry, options, name, version)]
    yield from lacking
    if any(found.effect is Effect.NOT_CREATED for found in lacking):
        return  # its indexes are no further news
    seen: set[str] = set()
    for text in entry.indexes:
        index = _document(text)
        subject = f"{name} index {index.get('name', '?')}"
        fields = json.dumps([index.get("key"), index.get("collation")])
        if "key" in index and fields in seen and _SAME_FIELDS.refuses(version):
            yield _SAME_FIELDS.conflict(subject, Effect.INDEX_MISSING, version)
            continue
        lost = [*_spans_of_index(index, entry.kind, options, version)]
        if all(effect is not Effect.INDEX_MISSING for _, effect in lost):
            seen.add(fields)  # one that is not built is in nobody's way
        for span, effect in lost:
            yield span.conflict(subject, effect, version)


def _lacking_options(
    entry: NamespaceEntry, options: Fields, name: str, version: Version
) -> Iterator[VersionConflict]:
    if entry.kind == "timeseries":
        series = options.get("timeseries")
        has_own = isinstance(series, Mapping) and "bucketRoundingSeconds" in series
        for span in (_TIME_SERIES, *((_OWN_BUCKETS,) if has_own else ())):
            if span.refuses(version):
                yield span.conflict(name, Effect.NOT_CREATED, version)
                return
    for option, (span, effect) in _OPTIONS.items():
        if option in options and span.refuses(version):
            yield span.conflict(name, effect, version)
    if entry.kind == "view":
        yield from _lacking_words(options.get("pipeline"), name, version)


def _lacking_words(pipeline: object, name: str, version: Version) -> Iterator[VersionConflict]:
    used = frozenset(_keys(pipeline))
    for since, words in sorted(_WORDS_SINCE.items()):
        if version < since and (found := sorted(used & words)):
            span = _Span(", ".join(found), since)
            yield span.conflict(name, Effect.NOT_CREATED, version)
            return


def _spans_of_index(
    index: Fields, kind: str, options: Fields, version: Version
) -> Iterator[tuple[_Span, Effect]]:
    wanted = [*_features_of_key(index)]
    changes = [
        s for s, n in ((_HIDDEN, "hidden"), (_PREPARE_UNIQUE, "prepareUnique")) if n in index
    ]
    filters = index.get("partialFilterExpression")
    if frozenset(_keys(filters)) & _WIDE_OPERATORS:
        wanted.append(_WIDE_FILTER)
    if kind == "timeseries":
        wanted += _features_of_series(index, options)
    is_ttl_capped = "expireAfterSeconds" in index and bool(options.get("capped"))
    if is_ttl_capped and version >= _TTL_CAPPED_REFUSED_FROM:
        wanted.append(_TTL_CAPPED)
    refused = next((span for span in wanted if span.refuses(version)), None)
    if refused is not None:
        yield refused, Effect.INDEX_MISSING
        return
    for span in changes:
        if span.refuses(version):
            yield span, Effect.CHANGED


def _features_of_key(index: Fields) -> Iterator[_Span]:
    key = index.get("key")
    if not isinstance(key, Mapping):
        return
    if "geoHaystack" in key.values():
        yield _HAYSTACK
    is_compound = len(key) > 1
    if is_compound and any(name.endswith("$**") for name in key):
        yield _COMPOUND_WILDCARD
    if is_compound and "hashed" in key.values():
        yield _COMPOUND_HASHED


def _features_of_series(index: Fields, options: Fields) -> Iterator[_Span]:
    series, key = options.get("timeseries"), index.get("key")
    if not (isinstance(series, Mapping) and isinstance(key, Mapping)):
        return
    meta = series.get("metaField")
    own = {series.get("timeField"), meta}
    if any(name not in own and not name.startswith(f"{meta}.") for name in key):
        yield _SERIES_MEASUREMENT
    if "partialFilterExpression" in index:
        yield _SERIES_PARTIAL


def _keys(value: object) -> Iterator[str]:
    """Yield every field name in a value, however deep."""
    waiting = [value]
    while waiting:
        found = waiting.pop()
        if isinstance(found, Mapping):
            yield from map(str, found)
            waiting += found.values()
        elif isinstance(found, list):
            waiting += found


def _document(text: str) -> Fields:
    """Read extended JSON for its field names and texts; what cannot be read has none."""
    try:
        found = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
