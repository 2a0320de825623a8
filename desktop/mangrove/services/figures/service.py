"""The overview's figures: one answer for the window, the terminal and the alerts."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC

from mangrove.core.command_line import command_line
from mangrove.core.explain import duration_text
from mangrove.core.figures.answer import Overview, ProfileFigures, VaultFigures, worst_first
from mangrove.core.figures.needs import Need, NeedKind, Remedy, Urgency, most_pressing_first
from mangrove.core.figures.profile import profile_figures
from mangrove.core.figures.sizes import SizeSeries, sizes_of, together
from mangrove.core.profile import Profile, UnreadableProfile
from mangrove.core.run import RunKind
from mangrove.core.vaults.vault import VaultId, VaultSpec
from mangrove.services.figures.gathering import Gathered, gather
from mangrove.services.figures.job_needs import job_needs, run_needs
from mangrove.services.figures.profile_needs import profile_needs
from mangrove.services.figures.reaching import other_attempts, was_reached
from mangrove.services.figures.sources import FigureSources
from mangrove.services.figures.vault_needs import check_needs, key_needs, vault_needs


class Figures:
    """Figures, computed from the catalog each time; absence counts.

    Calls look into local files only. They take a while with many backups: not for a GUI thread.
    """

    def __init__(self, sources: FigureSources) -> None:
        self._sources = sources

    def overview(self) -> Overview:
        """Gather everything that the overview draws."""
        known = gather(self._sources)
        profiles = worst_first(
            [_figures(known, p) for p in known.profiles if isinstance(p, Profile)]
        )
        totals = [total for held in known.totals.values() for total in held]
        vaults = tuple(_vault(known, spec) for spec in known.vaults)
        return Overview(
            at=known.now,
            profiles=profiles,
            headline=headline(profiles),
            needs=most_pressing_first(list(self._needs(known, profiles, vaults))),
            vaults=vaults,
            jobs=known.jobs,
            sizes=_together(known, vaults),
            backups=sum(t.complete + t.unreadable for t in totals),
            stored_bytes=sum(t.stored_bytes for t in totals),
            days_from=known.first_day,
        )

    def reached(self) -> Mapping[VaultId, bool | None]:
        """Return for each vault whether the last attempt reached it; None where none tells."""
        asked = self._sources
        seen, kinds = asked.sightings.vaults(), (RunKind.BACKUP, RunKind.CHECK)
        runs = [run for kind in kinds for run in asked.runs.newest(kind)]
        runs += other_attempts(asked.runs)
        return {
            spec.vault_id: was_reached(spec, seen.get(spec.vault_id), runs)
            for spec in asked.vaults.all()
        }

    def profile(self, name: str) -> ProfileFigures:
        """Return the figures of one profile.

        Raises:
            ProfileNotFoundError: If there is none, or it is damaged.
        """
        profile = self._sources.profiles.find(name)
        return _figures(gather(self._sources), profile)

    def _needs(
        self, known: Gathered, profiles: Sequence[ProfileFigures], vaults: Sequence[VaultFigures]
    ) -> Iterator[Need]:
        yield from _first_steps(known)
        for item in profiles:
            yield from profile_needs(item, known.now)
        used = frozenset(v.name for v in vaults if v.backups)
        yield from key_needs(known.readers, used)
        fires = self._sources.fires() is not None
        of_jobs = tuple(job_needs(known.jobs, is_anybody_firing=fires))
        yield from of_jobs
        told = {need.profile for need in of_jobs}
        names = frozenset(p.profile_name for p in profiles) - told
        yield from run_needs(known.newest_backups, names)
        yield from vault_needs(vaults, known.now)
        yield from check_needs(known.newest_checks, frozenset(v.name for v in vaults))


def headline(profiles: Sequence[ProfileFigures]) -> str:
    """Say in one or two sentences how bad the worst profile is."""
    if not profiles:
        return "Nothing is protected yet."
    worst = profiles[0]
    name = worst.profile_name
    if worst.lose_at_most is None and worst.unlisted and worst.partial:
        return f"If {name} died now, everything on it that no backup of a part holds would be lost."
    if worst.lose_at_most is None and worst.backups:
        lost = [d.name for d in worst.databases if d.exposure.is_unprotected]
        return f"If {name} died now, {', '.join(lost) or 'everything on it'} would be lost."
    if worst.lose_at_most is None:
        return f"If {name} died now, everything on it would be lost."
    answer = f"If {name} died now you would lose at most {duration_text(worst.lose_at_most)}."
    return f"{answer} {_way_back(worst)}"


def _way_back(worst: ProfileFigures) -> str:
    if worst.is_disproven:
        return "But its last verification found something wrong."
    if worst.restore_takes is None:
        return f"How long until it is back is unknown: {worst.restore.why_unknown}."
    return f"Back in about {duration_text(worst.restore_takes)}, measured."


def _figures(known: Gathered, profile: Profile) -> ProfileFigures:
    zone = known.sources.zone()
    return profile_figures(known.facts_of(profile), known.now, zone, known.first_day)


def _vault(known: Gathered, spec: VaultSpec) -> VaultFigures:
    days = [d for held in known.days.values() for d in held if d.vault_id == spec.vault_id]
    totals = [t for held in known.totals.values() for t in held if t.vault_id == spec.vault_id]
    today = known.now.astimezone(UTC).date()
    seen = known.storages.get(spec.vault_id)
    return VaultFigures(
        vault_id=spec.vault_id,
        name=spec.name,
        backups=sum(t.complete + t.unreadable for t in totals),
        stored_bytes=sum(t.stored_bytes for t in totals),
        sizes=sizes_of(days, totals, known.first_day, today, seen.free_bytes if seen else None),
        seen_at=seen.seen_at if seen else None,
        is_reachable=_was_reached(known, spec) is not False,
        late_mirrors=seen.late_mirrors if seen else (),
        vanished=seen.missing if seen else 0,
        unreadable=sum(t.unreadable for t in totals),
    )


def _was_reached(known: Gathered, spec: VaultSpec) -> bool | None:
    runs = (*known.newest_backups, *known.newest_checks, *known.other_attempts)
    return was_reached(spec, known.storages.get(spec.vault_id), runs)


def _together(known: Gathered, vaults: Sequence[VaultFigures]) -> SizeSeries:
    today = known.now.astimezone(UTC).date()
    if not vaults:
        return sizes_of((), (), known.first_day, today)
    return together([vault.sizes for vault in vaults])


def _first_steps(known: Gathered) -> Iterator[Need]:
    if not known.profiles:
        yield Need(
            NeedKind.NO_PROFILE,
            Urgency.NOW,
            "No deployment is known yet.",
            Remedy.ADD_PROFILE,
            command="mangrove profile add NAME --uri URI",
        )
    if not known.vaults:
        yield Need(
            NeedKind.NO_VAULT,
            Urgency.NOW,
            "There is no vault to keep backups in.",
            Remedy.ADD_VAULT,
            command="mangrove vault add NAME --url URL",
        )
    for item in known.profiles:
        if isinstance(item, UnreadableProfile):
            sentence = f"The profile {item.name} is damaged: {item.reason}."
            yield Need(
                NeedKind.DAMAGED_PROFILE,
                Urgency.NOW,
                sentence,
                Remedy.OPEN_DEPLOYMENTS,
                item.name,
                profile=item.name,
                command=command_line("profile", "remove", item.name),
            )
