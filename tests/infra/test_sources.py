"""What git tracks is packaged, as it is in the folder; an unpacked archive is packaged whole."""

import os
import subprocess
from pathlib import Path

import pytest

from infra import package as packaging
from infra.package import main
from infra.sources import CannotListError, Sources, list_sources

pytestmark = pytest.mark.skipif(
    subprocess.run(["git", "--version"], capture_output=True, check=False).returncode != 0,  # noqa: S607
    reason="git is not here",
)
FILES = ("app.py", "chalicelib/__init__.py", "chalicelib/judgement/rules.toml", "README.md")


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with sources, in no checkout, and a git without a person's settings."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    root = tmp_path / "Front desk é"
    for name in FILES:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(f"# {name}\n")
    return root


def git(folder: Path, *words: str) -> None:
    who = ["-c", "user.name=Kim", "-c", "user.email=kim@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True)  # noqa: S603, S607


def commit(root: Path) -> None:
    git(root, "init", "--quiet")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "All")


def names(sources: Sources) -> list[str]:
    return [file.as_posix() for file in sources.files]


OURS = ["app.py", "chalicelib/__init__.py", "chalicelib/judgement/rules.toml"]


def test_what_is_committed_is_packaged_and_nothing_is_told(root: Path) -> None:
    commit(root)
    assert list_sources(root) == Sources(tuple(Path(name) for name in OURS))


def test_what_git_does_not_know_is_left_out_and_told(root: Path) -> None:
    commit(root)
    (root / "chalicelib" / "secret.txt").write_text("a password")
    (root / "chalicelib" / "notes été.py").write_text("")
    (root / "elsewhere.txt").write_text("")
    sources = list_sources(root)
    assert names(sources) == OURS
    [line] = sources.told
    assert line.endswith("what belongs): chalicelib/notes été.py, chalicelib/secret.txt")
    # What was added belongs, though it is not committed.
    git(root, "add", "chalicelib/notes été.py")
    sources = list_sources(root)
    assert "chalicelib/notes été.py" in names(sources)
    assert [line.partition(":")[0] for line in sources.told] == [
        "Packaged as they are here, not as committed",
        "Left out, as git does not know them (git add what belongs)",
    ]


def test_only_what_is_listed_goes_to_chalice_and_the_rest_is_told(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    commit(root)
    (root / "chalicelib" / "secret.txt").write_text("a password")
    (root / ".chalice").symlink_to(packaging.ROOT / ".chalice")
    monkeypatch.setattr(packaging, "ROOT", root)
    (tmp_path / "build").mkdir()
    packaging._copy_sources(tmp_path / "build", "prod", "arm64")
    built = [p.relative_to(tmp_path / "build").as_posix() for p in (tmp_path / "build").rglob("*")]
    assert sorted(name for name in built if "." in name[1:]) == [".chalice/config.json", *OURS]
    assert capsys.readouterr().out.endswith("(git add what belongs): chalicelib/secret.txt\n")


def test_what_is_ignored_is_left_out(root: Path) -> None:
    (root / ".gitignore").write_text("*.pyc\n.env\n")
    commit(root)
    for name in ("chalicelib/a.pyc", "chalicelib/.env"):
        (root / name).write_text("")
    assert list_sources(root) == Sources(tuple(Path(name) for name in OURS))


def test_a_change_that_is_not_committed_is_packaged_and_told(root: Path) -> None:
    commit(root)
    (root / "app.py").write_text("# mended in haste\n")
    (root / "chalicelib" / "judgement" / "rules.toml").unlink()
    (root / "README.md").write_text("not packaged, so not told")
    sources = list_sources(root)
    assert names(sources) == OURS[:2]
    assert sources.told == (
        "Packaged as they are here, not as committed: app.py, chalicelib/judgement/rules.toml",
    )


@pytest.mark.parametrize("flag", ["--assume-unchanged", "--skip-worktree"])
def test_a_change_that_git_was_told_not_to_look_at_is_told(root: Path, flag: str) -> None:
    commit(root)
    git(root, "update-index", flag, "app.py", "chalicelib/__init__.py")
    assert list_sources(root).told == ()
    # Of the same length, and no committed time is compared.
    (root / "app.py").write_text("# app.PY\n")
    sources = list_sources(root)
    assert names(sources) == OURS
    assert sources.told == ("Packaged as they are here, not as committed: app.py",)


def test_hashes_are_gits_also_of_a_link_and_in_a_repository_of_sha_256(root: Path) -> None:
    (root / "chalicelib" / "link").symlink_to("__init__.py")
    git(root, "init", "--quiet", "--object-format=sha256")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "All")
    assert list_sources(root).told == ()
    git(root, "update-index", "--assume-unchanged", "chalicelib/link")
    (root / "chalicelib" / "link").unlink()
    (root / "chalicelib" / "link").symlink_to("judgement/rules.toml")
    assert list_sources(root).told == ("Packaged as they are here, not as committed: chalicelib/link",)


def test_of_many_files_the_first_are_told(root: Path) -> None:
    commit(root)
    for number in range(10):
        (root / "chalicelib" / f"note{number}.txt").write_text("")
    [line] = list_sources(root).told
    assert line.endswith("chalicelib/note6.txt, chalicelib/note7.txt and 2 more")


def test_an_unpacked_archive_is_packaged_whole(root: Path) -> None:
    (root / "chalicelib" / "__pycache__").mkdir()
    (root / "chalicelib" / "__pycache__" / "a.pyc").write_text("")
    (root / "chalicelib" / ".hidden").write_text("")
    assert list_sources(root) == Sources(tuple(Path(name) for name in OURS))


def test_an_archive_unpacked_inside_another_checkout_is_packaged_whole(root: Path) -> None:
    """Even where that other checkout ignores it."""
    (root.parent / ".gitignore").write_text("*\n")
    git(root.parent, "init", "--quiet")
    assert names(list_sources(root)) == OURS


def test_a_folder_of_a_larger_checkout_is_packaged_as_tracked_there(root: Path) -> None:
    commit(root.parent)
    (root / "chalicelib" / "secret.txt").write_text("a password")
    (root / "app.py").write_text("# mended in haste\n")
    sources = list_sources(root)
    assert names(sources) == OURS
    assert [line.rpartition(": ")[2] for line in sources.told] == ["app.py", "chalicelib/secret.txt"]


def test_a_checkout_without_a_commit_is_not_packaged(root: Path) -> None:
    git(root, "init", "--quiet")
    git(root, "add", "app.py", "chalicelib/__init__.py")
    with pytest.raises(CannotListError, match="git cannot say what belongs to this checkout"):
        list_sources(root)


def test_a_checkout_of_which_git_cannot_tell_is_not_packaged(
    root: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    commit(root)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CannotListError, match=r"git is not installed.*unpacked archive"):
        list_sources(root)
    (root / ".git" / "HEAD").write_text("broken")
    monkeypatch.undo()
    with pytest.raises(CannotListError, match=r"\(fatal: .*unpacked archive"):
        list_sources(root)
    (root / ".chalice").symlink_to(packaging.ROOT / ".chalice")
    monkeypatch.setattr(packaging, "ROOT", root)
    assert main(["--template-only", "--out", str(tmp_path / "dist")]) == 1
    told = capsys.readouterr().err
    assert told.startswith("git cannot say what belongs to this checkout (fatal: ")
    assert told.count("\n") == 1


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a folder away")
def test_a_checkout_of_another_owner_is_packaged_all_the_same(root: Path) -> None:
    """As in a container into which it was mounted."""
    commit(root)
    for path in (root, *root.rglob("*")):
        os.chown(path, 12345, 12345)
    assert names(list_sources(root)) == OURS


def test_hooks_variables_do_not_lead_elsewhere(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit(root)
    (tmp_path / "other").mkdir()
    git(tmp_path / "other", "init", "--quiet")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "other" / ".git"))
    assert names(list_sources(root)) == OURS


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a folder away")
def test_settings_of_anothers_checkout_above_run_no_command(root: Path) -> None:
    """An archive that was unpacked in /tmp, where anybody can make a checkout."""
    git(root.parent, "init", "--quiet")
    planted = root.parent / "planted.sh"
    planted.write_text(f"#!/bin/sh\ntouch '{root.parent}/was-run'\n")
    planted.chmod(0o755)
    git(root.parent, "config", "core.fsmonitor", str(planted))
    for path in (root.parent, *(root.parent / ".git").rglob("*"), root.parent / ".git"):
        os.chown(path, 12345, 12345)
    with pytest.raises(CannotListError, match="dubious ownership"):
        list_sources(root)
    assert not (root.parent / "was-run").exists()


def test_a_folder_of_a_larger_checkout_of_which_git_cannot_tell_is_not_packaged(
    root: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Else everything that lies there went along, and nobody was told."""
    commit(root.parent)
    (root / "chalicelib" / "secret.txt").write_text("a password")
    (root.parent / ".git" / "index").write_bytes(b"broken")
    with pytest.raises(CannotListError, match="fatal: "):
        list_sources(root)
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    with pytest.raises(CannotListError, match="git is not installed"):
        list_sources(root)


def test_what_git_tracks_and_is_not_here_is_told(root: Path) -> None:
    """As in a sparse checkout: git calls it no change, and the zip would lack it in silence."""
    commit(root)
    git(root, "update-index", "--skip-worktree", "chalicelib/judgement/rules.toml")
    (root / "chalicelib" / "judgement" / "rules.toml").unlink()
    sources = list_sources(root)
    assert names(sources) == OURS[:2]
    [line] = sources.told
    assert line == (
        "Left out, as git tracks them and no file of that name is here: chalicelib/judgement/rules.toml"
    )


def test_a_name_in_another_encoding_is_told(root: Path) -> None:
    commit(root)
    Path(os.fsdecode(os.fsencode(root / "chalicelib") + b"/caf\xe9.txt")).write_text("")
    [line] = list_sources(root).told
    assert line.endswith(r"what belongs): chalicelib/caf\xe9.txt")


def test_a_checkout_has_the_same_bytes_whatever_git_is_told_of_line_ends(tmp_path: Path) -> None:
    """Else the same commit makes another zip on Windows, and where core.autocrlf is set."""
    (tmp_path / "app.py").write_bytes((packaging.ROOT / "app.py").read_bytes())
    (tmp_path / ".gitattributes").write_bytes((packaging.ROOT / ".gitattributes").read_bytes())
    commit(tmp_path)
    (tmp_path / "app.py").unlink()
    git(tmp_path, "-c", "core.autocrlf=true", "checkout", "app.py")
    assert b"\r" not in (tmp_path / "app.py").read_bytes()
    git(
        tmp_path, "-c", "core.autocrlf=true", "archive", "--format=tar", "--output=made.tar", "HEAD", "app.py"
    )
    assert b"\r\n" not in (tmp_path / "made.tar").read_bytes()


@pytest.mark.parametrize("in_git", [True, False])
def test_a_link_that_leads_out_of_the_folder_is_refused(root: Path, tmp_path: Path, in_git: bool) -> None:
    (tmp_path / "secret").write_text("a password")
    (root / "chalicelib" / "note").symlink_to(tmp_path / "secret")
    if in_git:
        commit(root)
    with pytest.raises(CannotListError, match="chalicelib/note is a link that leads elsewhere"):
        list_sources(root)
