"""The overview's figures: exposure of each profile, and what needs somebody."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from mangrove.core.explain import duration_text
from mangrove.core.metrics import Exposure, Light, exposure, worst_first
from mangrove.core.ports import Catalog, Clock
from mangrove.core.profile import UnreadableProfile
from mangrove.core.wording import counted
from mangrove.services.profiles import Profiles
from mangrove.services.vaults import Vaults


@dataclass(frozen=True, slots=True)
class Need:
    """One thing that needs somebody.

    Attributes:
        sentence: What is wrong.
        action: What mends it: ``add-profile``, ``add-vault``, ``backup``, ``verify``,
            ``open-deployments``, ``open-backups``.
        subject: The profile or backup concerned.
    """

    sentence: str
    action: str
    subject: str


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything the overview page draws.

    Attributes:
        headline: The answer, in one or two sentences.
    """

    exposures: tuple[Exposure, ...]
    headline: str
    needs: tuple[Need, ...]
    backups: int
    stored_bytes: int


Reach = Callable[[str], datetime | None]
"""Tells the newest moment of a profile that replaying the oplog leads to."""


class Metrics:
    """Figures, computed from the catalog each time; absence counts."""

    def __init__(
        self, profiles: Profiles, vaults: Vaults, catalog: Catalog, clock: Clock, reach: Reach
    ) -> None:
        self._profiles = profiles
        self._vaults = vaults
        self._catalog = catalog
        self._clock = clock
        self._reach = reach

    def exposures(self) -> tuple[Exposure, ...]:
        """Judge every profile, the worst first."""
        records, now = self._catalog.all(), self._clock.now()
        return worst_first(
            [
                exposure(p.slug, p.name, records, now, reached_at=self._reach(p.name))
                for p in self._profiles.all()
                if not isinstance(p, UnreadableProfile)
            ]
        )

    def overview(self) -> Overview:
        """Gather everything the overview page draws."""
        exposures = self.exposures()
        records = self._catalog.all()
        return Overview(
            exposures=exposures,
            headline=_headline(exposures),
            needs=self._needs(exposures),
            backups=len(records),
            stored_bytes=sum(r.stored_bytes for r in records),
        )

    def _needs(self, exposures: tuple[Exposure, ...]) -> tuple[Need, ...]:
        needs = []
        profiles = self._profiles.all()
        if not profiles:
            needs.append(Need("No deployment is known yet.", "add-profile", ""))
        if not self._vaults.all():
            needs.append(Need("There is no vault to keep backups in.", "add-vault", ""))
        needs += [
            Need(f"The profile {p.name} is damaged: {p.reason}.", "open-deployments", p.name)
            for p in profiles
            if isinstance(p, UnreadableProfile)
        ]
        for item in exposures:
            needs += _needs_of(item)
        return tuple(needs)


def _needs_of(item: Exposure) -> list[Need]:
    if item.newest is None:
        return [Need(_nothing_whole(item), "backup", item.profile_name)]
    needs = []
    if item.lose_at_most is not None and item.lose_at_most > item.objective:
        age = duration_text(item.lose_at_most)
        needs.append(
            Need(
                f"The newest data of {item.profile_name} that can be restored are {age} old.",
                "backup",
                item.profile_name,
            )
        )
    if item.newest.failed_evidence is not None:
        sentence = f"The last verification of {item.newest.backup} failed."
        needs.append(Need(sentence, "open-backups", item.newest.backup))
    elif item.light is not Light.PROVEN and item.newest.proven is None:
        sentence = f"The newest backup of {item.profile_name} is not proven."
        needs.append(Need(sentence, "verify", item.newest.backup))
    return needs


def _nothing_whole(item: Exposure) -> str:
    """Say that no backup holds everything; no sentence begins with a name, whose case matters."""
    if not item.partial:
        return f"There is no backup of {item.profile_name}."
    those = counted(item.partial, "backup holds", "backups hold")
    return f"No backup holds all of {item.profile_name}: {those} a part of it."


def _headline(exposures: tuple[Exposure, ...]) -> str:
    if not exposures:
        return "Nothing is protected yet."
    worst = exposures[0]
    if worst.lose_at_most is None and worst.partial:
        return (
            f"If {worst.profile_name} died now, everything on it that no backup of a part holds "
            "would be lost."
        )
    if worst.lose_at_most is None:
        return f"If {worst.profile_name} died now, everything on it would be lost."
    lose = duration_text(worst.lose_at_most)
    answer = f"If {worst.profile_name} died now you would lose at most {lose}."
    if worst.restore_took is None:
        return f"{answer} How long until it is back is unknown: no restore was ever measured."
    return f"{answer} Back in about {duration_text(worst.restore_took)}, measured."
