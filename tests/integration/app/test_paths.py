import stat
import sys
from pathlib import Path

import pytest

from mangrove.app.paths import app_paths, find_resources
from mangrove.core.errors import StateUnavailableError


def test_mangrove_home_holds_everything(tmp_path: Path) -> None:
    paths = app_paths({"MANGROVE_HOME": str(tmp_path / "home")})

    folders = (paths.state, paths.catalog, paths.logs, paths.cache)
    assert all(folder.is_relative_to(tmp_path / "home") for folder in folders)
    assert len(set(folders)) == 4


def test_a_relative_home_is_fixed_at_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    assert app_paths({"MANGROVE_HOME": "here"}).state == tmp_path / "here" / "state"


@pytest.mark.parametrize("environ", [{}, {"MANGROVE_HOME": ""}], ids=["unset", "empty"])
def test_without_it_the_systems_places_are_taken(environ: dict[str, str], home_guard: Path) -> None:
    paths = app_paths(environ)

    assert all(
        folder.is_relative_to(home_guard) and "mangrove" in folder.parts
        for folder in (paths.state, paths.catalog, paths.logs, paths.cache)
    )


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps no such modes")
def test_every_folder_made_is_for_its_owner_only(tmp_path: Path) -> None:
    paths = app_paths({"MANGROVE_HOME": str(tmp_path / "a" / "b")})
    paths.logs.mkdir(parents=True, mode=0o755)
    paths.logs.chmod(0o755)

    paths.ensure()
    paths.ensure()

    for folder in (paths.state, paths.catalog, paths.logs, paths.cache):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_home_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(StateUnavailableError, match="nothing was changed"):
        app_paths({"MANGROVE_HOME": str(tmp_path / "file")}).ensure()


def test_resources_are_found_from_the_source_tree() -> None:
    assert (find_resources() / "icons").is_dir()


def test_a_frozen_bundle_brings_its_own_resources(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "resources" / "theme").mkdir(parents=True)
    monkeypatch.setattr(sys, "_MEIPASS", str(tmp_path), raising=False)

    assert find_resources() == tmp_path / "resources"
