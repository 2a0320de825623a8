"""The mirrors of the fake vaults: kept in memory, never compared."""

from dataclasses import replace
from typing import Protocol

from mangrove.core.errors import MangroveError
from mangrove.core.run import RunId
from mangrove.core.vaults.mirror import MirrorSpec, MirrorState
from mangrove.core.vaults.vault import VaultSpec
from mangrove.services.mirrors import MirrorDraft


class Desk(Protocol):
    """Where the fake vaults are."""

    rows: list[VaultSpec]

    def find(self, name: str) -> VaultSpec: ...


class FakeMirrors:
    """Adds and forgets mirrors of the vaults that the fake desk has."""

    def __init__(self, vaults: Desk) -> None:
        self._vaults = vaults
        self.problem: MangroveError | None = None
        self.synced: list[str] = []

    def add(self, vault: str, draft: MirrorDraft) -> MirrorSpec:
        if self.problem is not None:
            raise self.problem
        made = MirrorSpec(draft.name, draft.name, draft.url, draft.access_key)
        self._change(vault, (*self._vaults.find(vault).mirrors, made))
        return made

    def remove(self, vault: str, name: str) -> None:
        kept = (m for m in self._vaults.find(vault).mirrors if m.name != name)
        self._change(vault, tuple(kept))

    def states(self, vault: str) -> tuple[MirrorState, ...]:
        return tuple(MirrorState(m.name, m.url) for m in self._vaults.find(vault).mirrors)

    def start_sync(self, vault: str) -> RunId:
        self.synced.append(vault)
        return RunId("sync")

    def _change(self, vault: str, mirrors: tuple[MirrorSpec, ...]) -> None:
        rows = self._vaults.rows
        place = next(n for n, row in enumerate(rows) if row.name == vault)
        rows[place] = replace(rows[place], mirrors=mirrors)
