"""Where our files are: state, catalog, logs and cache of this user, and the program's resources."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from platformdirs import PlatformDirs

from mangrove.core.errors import NotFoundError, StateUnavailableError

HOME_VARIABLE = "MANGROVE_HOME"
_NAME = "mangrove"
_PRIVATE = 0o700


@dataclass(frozen=True, slots=True)
class AppPaths:
    """The folders of one user.

    Attributes:
        state: Profiles, vaults and history: the only copy of what the person typed.
        catalog: The index of all vaults' backups, which can be rebuilt.
        logs: Rotating log files.
        cache: What may be deleted at any time.
    """

    state: Path
    catalog: Path
    logs: Path
    cache: Path

    @property
    def resources(self) -> Path:
        """The folder with icons, themes and templates; raises NotFoundError if it is missing."""
        return find_resources()

    def ensure(self) -> None:
        """Create what is missing, open to its owner only.

        Raises:
            StateUnavailableError: If a folder cannot be made.
        """
        for folder in (self.state, self.catalog, self.logs, self.cache):
            _make_private(folder)


def app_paths(environ: Mapping[str, str]) -> AppPaths:
    """Choose the folders: all under ``MANGROVE_HOME`` if that is set, else the system's places."""
    if home_text := environ.get(HOME_VARIABLE, ""):
        home = Path(home_text).expanduser().absolute()
        return AppPaths(home / "state", home / "catalog", home / "logs", home / "cache")
    places = PlatformDirs(_NAME, appauthor=False)
    data = places.user_data_path
    return AppPaths(data / "state", data / "catalog", places.user_log_path, places.user_cache_path)


def find_resources() -> Path:
    """Return the folder with icons, themes and templates.

    It is looked for in a frozen bundle, inside an installed package, in the source tree, and
    where a wheel's data files go.

    Raises:
        NotFoundError: If the installation is not whole.
    """
    package = Path(__file__).resolve().parents[1]
    bundle = getattr(sys, "_MEIPASS", None)  # set by PyInstaller's loader in a frozen program
    candidates = [
        *([Path(bundle) / "resources"] if bundle else []),
        package / "resources",
        package.parents[1] / "resources",
        Path(sys.prefix) / "share" / _NAME / "resources",
    ]
    found = next((c for c in candidates if (c / "theme").is_dir()), None)
    if found is None:
        raise NotFoundError(
            "the program's resources folder is missing", hint="install Mangrove again"
        )
    return found


def _make_private(folder: Path) -> None:
    missing = [p for p in (folder, *folder.parents) if not p.exists()]
    try:
        for path in reversed(missing):
            path.mkdir(mode=_PRIVATE, exist_ok=True)
        folder.chmod(_PRIVATE)
    except OSError as error:
        raise StateUnavailableError(
            f"the folder '{folder}' cannot be made ({error.strerror}); nothing was changed",
            hint=f"correct its permissions, or choose another place with {HOME_VARIABLE}",
            path=str(folder),
        ) from error
