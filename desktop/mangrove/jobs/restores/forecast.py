"""Adds to a plan what it will need; asks the target, changes nothing."""

from collections.abc import Iterable
from dataclasses import replace

from mangrove.core.backup import IndexChoice, RestoreRequest
from mangrove.core.manifest import Manifest
from mangrove.core.ports.restore import RestoreSink
from mangrove.core.restores.forecast import (
    Forecast,
    Measured,
    secondary_indexes,
    space_forecast,
    time_forecast,
)
from mangrove.core.restores.plan import RestorePlan
from mangrove.core.restores.version_conflicts import version_conflicts


def with_forecast(
    plan: RestorePlan,
    manifest: Manifest,
    request: RestoreRequest,
    sink: RestoreSink,
    measured: Iterable[Measured],
) -> RestorePlan:
    """Return the plan with its forecast.

    Args:
        plan: Made for this request.
        manifest: Of what is restored.
        request: What was asked for.
        sink: The target.
        measured: Earlier restores to the same deployment.

    Raises:
        ConnectError: If the target cannot be asked.
    """
    databases = [*plan.occupied, *plan.creates]
    moved = [(p.entry, p.target) for p in plan.namespaces]
    new = [(p.entry, p.target) for p in plan.namespaces if not p.fills]
    with_indexes = request.indexes is not IndexChoice.NEVER
    space = space_forecast(
        moved,
        sink.free_space(databases),
        filtered=frozenset(q.namespace for q in manifest.selection.queries),
        with_indexes=with_indexes,
        replaced_bytes=plan.replaced_bytes,
    )
    forecast = Forecast(
        collections=len(plan.namespaces),
        documents=plan.documents,
        plain_bytes=plan.plain_bytes,
        documents_known=plan.documents_known,
        bytes_known=plan.bytes_known,
        buckets=plan.buckets,
        indexes=secondary_indexes(new) if with_indexes else 0,
        space=space,
        time=time_forecast(plan.plain_bytes, measured, plan.profile, plan.bytes_known),
        privileges=sink.privilege(databases, plan.validated),
        conflicts=version_conflicts(new, sink.facts()),
    )
    return replace(plan, forecast=forecast)
