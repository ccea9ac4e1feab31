"""The data folder belongs to one run, and what is secret in it to its owner."""

import os
import stat
from pathlib import Path

import pytest

from infra.local.errors import CannotRunError
from infra.local.folder import locked, open_folder
from infra.local.tokens import ensure_tokens


def test_second_run_is_refused_with_the_remedy(tmp_path: Path) -> None:
    folder = open_folder(tmp_path / "data")
    with (
        locked(folder),
        pytest.raises(CannotRunError, match=f"process {os.getpid()}.*FRONTDESK_DATA"),
        locked(folder),
    ):
        pass


def test_folder_is_free_again_after_a_run(tmp_path: Path) -> None:
    folder = open_folder(tmp_path / "data")
    for _ in range(2):
        with locked(folder):
            pass


def test_folder_is_its_owners_alone(tmp_path: Path) -> None:
    assert stat.S_IMODE(open_folder(tmp_path / "data").root.stat().st_mode) == 0o700


def test_folder_that_cannot_be_made_is_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CannotRunError, match="cannot be made"):
        open_folder(tmp_path / "file" / "data")


def test_working_tokens_are_kept_and_others_replaced(tmp_path: Path) -> None:
    file = tmp_path / "tokens.json"
    first = ensure_tokens(file, {}, lambda _e, role, _n: f"first {role}", lambda *_: False)
    second = ensure_tokens(
        file, {}, lambda _e, role, _n: f"second {role}", lambda _e, _secret, role: role != "admin"
    )
    assert first["moderator"] == second["moderator"] == "first moderator"
    assert second["admin"] == "second admin"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
