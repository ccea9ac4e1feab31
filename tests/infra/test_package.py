"""Packaging: the zip is reproducible, failures are told in words, findings are compared with answers."""

import os
from pathlib import Path
from zipfile import ZipFile, ZipInfo

import pytest

from infra import package as packaging
from infra.findings import Finding, compare, read_answers, read_report
from infra.package import ROOT, main
from infra.zips import write_zip


def make_zip(path: Path, *names: str, year: int = 2026) -> Path:
    with ZipFile(path, "w") as made:
        for name in names:
            made.writestr(ZipInfo(name, (year, 1, 1, 0, 0, 0)), f"content of {name}")
    return path


def test_the_same_files_make_the_same_zip(tmp_path: Path) -> None:
    for folder, names in (("one", ("a.py", "b/c.py")), ("other", ("b/c.py", "a.py"))):
        for name in names:
            (tmp_path / folder / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / folder / name).write_text(f"content of {name}")
    os.utime(tmp_path / "one" / "a.py", (1, 1))
    (tmp_path / "other" / "a.py").chmod(0o700)
    write_zip(tmp_path / "one", tmp_path / "1.zip")
    write_zip(tmp_path / "other", tmp_path / "2.zip")
    assert (tmp_path / "1.zip").read_bytes() == (tmp_path / "2.zip").read_bytes()
    with ZipFile(tmp_path / "1.zip") as made:
        assert made.namelist() == ["a.py", "b/c.py"]
        assert made.read("b/c.py") == b"content of b/c.py"


@pytest.mark.parametrize(
    ("pinned", "complaint"),
    [
        (f"harmless==1.0 --hash=sha256:{'0' * 64}", "DO NOT MATCH THE HASHES"),
        ("harmless==1.0", "Hashes are required in --require-hashes mode"),
    ],
)
def test_a_wrong_or_missing_hash_stops_the_packaging(
    pinned: str,
    complaint: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """What pip is given must be checked: a wheel that is not the one of the lock gets into no zip."""
    folder = tmp_path / "index"
    folder.mkdir()
    wheel = make_zip(folder / "harmless-1.0-py3-none-any.whl", "harmless.py")
    with ZipFile(wheel, "a") as made:
        made.writestr(
            "harmless-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: harmless\nVersion: 1.0\n"
        )
        made.writestr("harmless-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        made.writestr("harmless-1.0.dist-info/RECORD", "")
    root = tmp_path / "project"
    root.mkdir()
    for name in ("app.py", "chalicelib", ".chalice"):
        (root / name).symlink_to(ROOT / name)
    (root / "requirements.txt").write_text(f"{pinned}\n")
    monkeypatch.setattr(packaging, "ROOT", root)
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    assert main(["--out", str(tmp_path / "dist")]) == 1
    assert complaint in capsys.readouterr().err
    assert not (tmp_path / "dist" / "deployment.zip").exists()


def test_a_stage_that_is_not_deployed_is_told_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--stage", "local", "--out", str(tmp_path)]) == 1
    assert capsys.readouterr().err == "Stage local is not one that is deployed: see .chalice/config.json\n"


def test_the_locks_have_hashes_and_name_no_index() -> None:
    locks = [ROOT / "requirements.txt", *(ROOT / "requirements").glob("*.txt")]
    assert len(locks) > 3
    for lock in locks:
        text = lock.read_text()
        pinned = [line for line in text.splitlines() if "==" in line and not line.startswith((" ", "#"))]
        assert all(line.endswith("\\") for line in pinned), lock.name
        assert "index-url" not in text, lock.name
        assert "://" not in text, lock.name


def test_findings_and_answers_are_compared_both_ways() -> None:
    found = {Finding("CKV_AWS_1", "A"), Finding("CKV_AWS_1", "B")}
    answered = read_answers(
        "# Title\n\n| check | resources | answer |\n|---|---|---|\n| CKV_AWS_1 | B, C | So. |\n"
    )
    assert answered == {Finding("CKV_AWS_1", "B"), Finding("CKV_AWS_1", "C")}
    assert compare(found, found) == []
    new, gone = compare(found, answered)
    assert new == "CKV_AWS_1 on A: fix it, or answer it in docs/checkov.md"
    assert gone == "CKV_AWS_1 on C: no longer found, take its answer out of docs/checkov.md"


def test_a_report_on_nothing_is_no_good_news() -> None:
    with pytest.raises(ValueError, match="could not read"):
        read_report({"summary": {"passed": 0, "failed": 0, "parsing_errors": 0}})


def test_every_answer_is_about_a_resource_of_the_stack(resources: dict[str, object]) -> None:
    answers = read_answers((ROOT / "docs" / "checkov.md").read_text())
    # SAM makes the API's stage.
    assert {answer.resource for answer in answers} <= {*resources, "RestAPIapiStage"}
    assert len(answers) > 20
