"""Dumps in mongodump's formats: a backup leaves as one, and one becomes a backup."""

import secrets
from dataclasses import replace
from functools import partial
from pathlib import Path

from mangrove.core.accounts import UsersAndRoles
from mangrove.core.backup import BackupId, BackupRequest, Consistency, Selection, backup_id
from mangrove.core.dump import STANDARD_OUTPUT, DumpForm, ExportRequest, ImportRequest
from mangrove.core.errors import UnusableDumpError
from mangrove.core.manifest import Manifest
from mangrove.core.profile import checked_name, slug_of
from mangrove.core.run import Phase, RunId, RunKind
from mangrove.jobs.backup import PHASES as BACKUP_PHASES
from mangrove.jobs.backup import BackupBody, Origin
from mangrove.jobs.export_dump import PHASES as EXPORT_PHASES
from mangrove.jobs.export_dump import ExportBody
from mangrove.jobs.foreign_source import opened_dump
from mangrove.jobs.lanes import Claim
from mangrove.jobs.restores.transit import Transit
from mangrove.jobs.runner import Ticket
from mangrove.services.backups import Backups, BackupTools

IMPORT_PHASES = (Phase.CONNECT, *BACKUP_PHASES[1:])
IMPORTED = "imported"


class Dumps:
    """Export and import."""

    def __init__(self, tools: BackupTools, backups: Backups) -> None:
        self._tools = tools
        self._backups = backups

    def start_export(self, request: ExportRequest) -> RunId:
        """Start writing a backup as a dump, and return at once.

        Raises:
            BackupNotFoundError, VaultNotFoundError: Nothing was started.
            UnusableDumpError: If the path is in use.
        """
        record = self._backups.find(request.backup)
        spec = self._tools.vaults.by_id(record.vault_id)
        path = self.checked_target(request.path, request.form)
        absolute = replace(request, backup=record.backup, path=str(path))
        body = ExportBody(
            absolute,
            self._tools.mirrors.open_nearest(spec),
            self._tools.tool_version,
            self._tools.parallel,
        )
        ticket = Ticket(
            kind=RunKind.EXPORT,
            title=f"Export {record.backup}",
            phases=EXPORT_PHASES,
            profile=record.profile_name,
            vault=spec.name,
            backup=record.backup,
            claims=(Claim(f"backup {record.backup}"),),
        )
        return self._tools.runner.start(ticket, body)

    def checked_target(self, path_text: str, form: DumpForm) -> Path:
        """Return where an export would go, as an absolute path; blocking, it looks there.

        Raises:
            UnusableDumpError: If the path is in use, or the folder above it does not exist.
        """
        path = _absolute(path_text)
        if str(path) == STANDARD_OUTPUT and form is DumpForm.ARCHIVE:
            return path
        is_empty_folder = path.is_dir() and not any(path.iterdir())
        if path.exists() and not (is_empty_folder and form is DumpForm.DIRECTORY):
            raise UnusableDumpError(
                f"{path} exists already; it was not touched", hint="choose another path"
            )
        if not path.parent.is_dir():
            raise UnusableDumpError(f"there is no folder {path.parent}", hint="make it first")
        return path

    def lies_at(self, path_text: str) -> bool:
        """Whether there is a file or a folder; relative paths begin where the program does."""
        try:
            return _absolute(path_text).exists()
        except (OSError, RuntimeError, ValueError):  # no name that a file can have
            return False

    def look(self, path_text: str, database: str = "") -> Manifest:
        """Open a dump and say what could be taken from it; blocking, it reads an archive once.

        Raises:
            UnusableDumpError, InvalidSelectionError: If there is no dump at the path.
            MalformedDumpError: If it is damaged.
        """
        path = _absolute(path_text)
        if path.is_fifo():
            raise UnusableDumpError(
                f"{path} is a pipe: it can be read only once, and was not touched",
                hint="use the command line, or choose a file",
            )
        everything = Selection(users_and_roles=UsersAndRoles.INCLUDE)
        with (
            opened_dump(path, database) as source,
            source.open(everything, Consistency.NONE) as dump,
        ):
            return Transit(dump, path.name, self._tools.clock.now()).manifest(BackupId(""))

    def start_import(self, request: ImportRequest) -> RunId:
        """Start making a backup of a dump, and return at once.

        Raises:
            VaultNotFoundError, InvalidProfileError: Nothing was started.
            UnusableDumpError: If there is nothing at the path.
        """
        tools = self._tools
        spec = tools.vaults.find(request.vault)
        path = _absolute(request.path)
        if not path.exists():
            raise UnusableDumpError(f"there is nothing at {path}", hint="check the path")
        name = checked_name(request.name or f"{path.name}"[:60])
        origin = Origin(f"{name} ({IMPORTED})", f"{IMPORTED}-{slug_of(name)}"[:40].strip("-"))
        body = BackupBody(
            request=BackupRequest(
                name,
                spec.name,
                Selection(users_and_roles=request.users_and_roles),
                compression=request.compression,
                plain_credentials=request.plain_credentials,
            ),
            backup=backup_id(tools.clock.now(), origin.slug, secrets.token_hex(2)),
            origin=origin,
            open_source=partial(opened_dump, path, request.database),
            vault=tools.keeper.open(spec),
            catalog=tools.catalog,
            clock=tools.clock,
            tool_version=tools.tool_version,
            parallel=tools.parallel,
            copy_on=tools.copy_on(spec),
        )
        ticket = Ticket(
            kind=RunKind.IMPORT,
            title=f"Import {path.name}",
            phases=IMPORT_PHASES,
            vault=spec.name,
            backup=body.backup,
            claims=(Claim(f"vault {spec.name}"),),
        )
        return tools.runner.start(ticket, body)


def _absolute(path_text: str) -> Path:
    return Path(path_text).expanduser().absolute()
