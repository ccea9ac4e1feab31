"""Checking a rules file, and asking a changed one about what is stored."""

import json
from pathlib import Path
from typing import Any

import pytest

from chalicelib.commands.rules import main
from tests.acts import add_comment, answer, decide, everything_stored, post_enquiry, publish
from tests.judgement.submissions import DOCUMENT
from tests.stack import Stack


@pytest.fixture(autouse=True)
def keep_spam(stack: Stack) -> None:
    """The command's clock is the machine's: by it the test's spam would have expired."""
    stack.settings["SPAM_RETENTION_DAYS"] = "3650"


def write(tmp_path: Path, *changes: tuple[str, str]) -> str:
    document = DOCUMENT
    for old, new in changes:
        assert document.count(old) == 1, old
        document = document.replace(old, new)
    file = tmp_path / "rules.toml"
    file.write_text(document)
    return str(file)


def dry_run(stack: Stack, file: str, capsys: pytest.CaptureFixture[str], *more: str) -> Any:
    assert main(["dry-run", file, "--json", *more], stack.environ("staff")) == 0
    return json.loads(capsys.readouterr().out)


BLOCK_CASINO = ("phrases = []", 'phrases = ["casino"]')


def test_right_file_is_told_with_its_rules(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", write(tmp_path)], {}) == 0
    assert capsys.readouterr().out.startswith("Version 1: honeypot, form_token, ")


def test_wrong_file_is_told_with_every_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write(tmp_path, ("version = 1", "version = 0"), ("most = 0", "mots = 0"))
    for command in ("check", "dry-run"):
        assert main([command, file], {}) == 1
        said = capsys.readouterr().err.splitlines()
        assert len(said) == 3
        assert all(line.startswith(f"{file}, line ") for line in said)
    assert main(["check", f"{file}.none"], {}) == 2


def test_same_rules_find_the_same(stack: Stack, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    add_comment(stack, message="see evil.com", website="x")
    add_comment(stack, message="do you take Aetna")
    post_enquiry(stack, message="where can I get fentanyl")
    report = dry_run(stack, write(tmp_path), capsys)
    assert report["looked_at"] == {"comment": 2, "enquiry": 1}
    assert report["otherwise"] == []
    assert report["codes"]["honeypot"] == {
        "before": 1,
        "after": 1,
        "after_of_wanted": 0,
        "after_of_unwanted": 0,
    }


def test_false_alarms_and_misses_are_told(
    stack: Stack, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    approved = publish(stack, message="I lost my house in a casino")
    waiting = add_comment(stack, message="Casino!")
    other = add_comment(stack, message="rubbish", form_token="")
    decide(stack, other, '"1"', status="spam")
    report = dry_run(stack, write(tmp_path, BLOCK_CASINO, ("version = 1", "version = 9")), capsys)
    assert report["version"] == 9
    assert report["false_alarms"] == 1
    by_id = {one["id"]: one for one in report["otherwise"]}
    assert by_id.keys() == {approved, waiting}
    assert by_id[approved] == {
        "kind": "comment",
        "id": approved,
        "status": "approved",
        "gained": ["blocked_word"],
        "lost": [],
        "spam": True,
        "false_alarm": True,
    }
    assert by_id[waiting]["spam"]
    assert not by_id[waiting]["false_alarm"]
    assert report["unwanted_without_reason"] == 0
    off = ('name = "form_token"', 'name = "form_token"\non = false')
    report = dry_run(stack, write(tmp_path, off), capsys)
    assert report["unwanted_without_reason"] == 1
    assert all(one["lost"] == ["form_token_missing"] for one in report["otherwise"])


def test_what_would_be_spam_no_more_is_told(
    stack: Stack, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    comment_id = add_comment(stack, website="x")
    softer = (
        'name = "honeypot"\nfor = ["comment", "enquiry"]\ndoes = "spam"',
        'name = "honeypot"\nfor = ["comment", "enquiry"]\ndoes = "hold"',
    )
    [one] = dry_run(stack, write(tmp_path, softer), capsys)["otherwise"]
    assert (one["id"], one["spam"], one["gained"], one["lost"]) == (comment_id, False, [], [])


def test_dry_run_changes_nothing_but_says_that_it_has_read(
    stack: Stack, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    comment_id = publish(stack, message="I lost my house in a casino")
    answer_id = answer(stack, comment_id, "casino").json["id"]
    reference = post_enquiry(stack).json["reference"]
    before = everything_stored(stack)
    report = dry_run(stack, write(tmp_path, BLOCK_CASINO), capsys)
    after = everything_stored(stack)
    read = [item for item in after["AuditTable"] if item not in before["AuditTable"]]
    assert {**after, "AuditTable": []} == {**before, "AuditTable": []}
    assert {item["subject"]["S"] for item in read} == {"comments/command", "enquiries/command"}
    assert comment_id in repr(read)
    assert reference in repr(read)
    # What staff wrote themselves is not judged.
    assert answer_id not in repr(report)


def test_report_says_nothing_of_what_was_written(
    stack: Stack, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    add_comment(stack, name="Robin Canary", email="canary@visitor.example", message="my casino canary")
    post_enquiry(stack, message="my other canary at a casino")
    for more in ([], ["--json"]):
        assert main(["dry-run", write(tmp_path, BLOCK_CASINO), *more], stack.environ("staff")) == 0
        told = "".join(capsys.readouterr())
        assert "blocked_word" in told
        assert "canary" not in told.lower()


def test_since_and_limit_bound_what_is_read(
    stack: Stack, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(3):
        add_comment(stack, message=f"casino {number}")
    stack.later(days=2)
    new = add_comment(stack, message="casino today")
    file = write(tmp_path, BLOCK_CASINO)
    since = stack.now.date().isoformat()
    assert [one["id"] for one in dry_run(stack, file, capsys, "--since", since)["otherwise"]] == [new]
    assert dry_run(stack, file, capsys, "--limit", "2")["looked_at"] == {"comment": 2}
    assert dry_run(stack, file, capsys, "--limit", "0")["looked_at"] == {}


def test_wrong_settings_and_usage_end_in_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dry-run", write(tmp_path)], {}) == 2
    assert "COMMENTS_TABLE is missing" in capsys.readouterr().err
    with pytest.raises(SystemExit) as ended:
        main(["dry-run", write(tmp_path), "--since", "yesterday"], {})
    assert ended.value.code == 2
