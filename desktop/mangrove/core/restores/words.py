"""What a restore will do, in words: its sentence, and what a careful person should know."""

from collections.abc import Iterator, Sequence

from mangrove.core.backup import IndexChoice, OnExisting, OnRefusal, RestoreRequest
from mangrove.core.known import documents_phrase, together
from mangrove.core.manifest import Manifest
from mangrove.core.restores.naming import rules_of
from mangrove.core.restores.plan import PlannedNamespace
from mangrove.core.restores.view_references import notes_on_views
from mangrove.core.wording import buckets_in, counted


def sentence_for(
    planned: Sequence[PlannedNamespace], request: RestoreRequest, occupied: Sequence[str]
) -> str:
    """Say what will happen, in one sentence.

    Args:
        planned: What goes where.
        request: What the person asked for.
        occupied: Target databases that hold data already.
    """
    names = ", ".join(sorted({p.target.database for p in planned}))
    documents = sum(p.entry.documents for p in planned)
    known = together((p.entry.documents_known for p in planned), documents)
    buckets = buckets_in((p.entry.kind, p.entry.documents) for p in planned)
    held = documents_phrase(documents, known, buckets)
    what = f"{counted(len(planned), 'collection')} with {held}"
    start = f"Restore {what} into {names} on {request.profile}."
    replaced = [str(p.target) for p in planned if p.replaces]
    if replaced:
        which = "collection is" if len(replaced) == 1 else "collections are"
        return f"{start} {len(replaced)} existing {which} dropped and replaced."
    filled = [str(p.target) for p in planned if p.fills]
    if filled:
        which = "collection gets" if len(filled) == 1 else "collections get"
        return f"{start} {len(filled)} existing {which} only the documents missing there."
    if occupied:
        return f"{start} Existing collections stay as they are."
    return f"{start} Nothing existing is changed."


def notes_on(
    manifest: Manifest, request: RestoreRequest, planned: Sequence[PlannedNamespace]
) -> Iterator[str]:
    """Yield what the sentence leaves out."""
    chosen = {p.entry.namespace for p in planned}
    for query in manifest.selection.queries:
        if query.namespace in chosen:
            yield (
                f"of {query.namespace} the backup holds only the documents that a query chose: "
                f"{query.text}"
            )
    for rule in rules_of(request):
        if all(rule.renamed(str(name)) is None for name in chosen):
            yield f"the renaming '{rule.text}' fits nothing that is restored"
    yield from notes_on_views(
        [p.entry for p in planned if not p.fills], {p.entry.namespace: p.target for p in planned}
    )
    yield from _notes_on_choices(request, planned)


def _notes_on_choices(
    request: RestoreRequest, planned: Sequence[PlannedNamespace]
) -> Iterator[str]:
    if request.on_existing is OnExisting.ONLY_MISSING:
        if any(p.fills for p in planned):
            yield (
                "documents whose _id is there already stay as they are, indexes and options of "
                "existing collections too; what exists is not compared with the backup"
            )
        else:
            yield (
                "none of the targets exists, so everything is missing; to fill up existing "
                "collections name their database, such as --rename shop=shop"
            )
    match request.indexes:
        case IndexChoice.BEFORE:
            yield "indexes are built before the documents: slower, and unique ones refuse documents"
        case IndexChoice.NEVER:
            yield "no secondary index is built"
        case IndexChoice.AFTER:
            pass
    if request.on_refusal is OnRefusal.STOP:
        yield "the first refused document or failed index ends the run; what it created is dropped"
