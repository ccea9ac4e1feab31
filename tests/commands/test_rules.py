"""Checking a rules file, and asking a changed one about what is stored."""

from pathlib import Path
from typing import Any

import pytest

from tests.acts import add_comment, answer, decide, everything_stored, post_enquiry, publish
from tests.commands.typing import done, type_command
from tests.judgement.submissions import DOCUMENT
from tests.stack import Stack


def write(tmp_path: Path, *changes: tuple[str, str]) -> str:
    document = DOCUMENT
    for old, new in changes:
        assert document.count(old) == 1, old
        document = document.replace(old, new)
    file = tmp_path / "rules.toml"
    file.write_text(document)
    return str(file)


def dry_run(stack: Stack, file: str, *more: str) -> Any:
    return done(stack, "rules", "dry-run", file, *more)


BLOCK_CASINO = ("phrases = []", 'phrases = ["casino"]')


def test_right_file_is_told_with_its_rules_and_needs_no_frontdesk(stack: Stack, tmp_path: Path) -> None:
    check = ("rules", "check", write(tmp_path))
    seen = type_command(stack, *check, environ={})
    assert (seen.code, seen.err) == (0, "")
    assert seen.out.startswith("Version 2: honeypot, form_token, ")
    told = type_command(stack, *check, "--json", environ={}).json
    assert (told["version"], told["rules"][:2], told["problems"]) == (2, ["honeypot", "form_token"], [])


def test_wrong_file_is_told_with_every_line(stack: Stack, tmp_path: Path) -> None:
    file = write(tmp_path, ("version = 2", "version = 0"), ("most = 0", "mots = 0"))
    checked = type_command(stack, "rules", "check", file, environ={})
    assert (checked.code, checked.err) == (1, "")
    assert len(checked.out.splitlines()) == 3
    assert all(line.startswith(f"{file}, line ") for line in checked.out.splitlines())
    as_json = type_command(stack, "rules", "check", file, "--json", environ={})
    assert as_json.code == 1
    assert [f"{file}, {problem}" for problem in as_json.json["problems"]] == checked.out.splitlines()
    # Nothing was asked: that is wrong usage.
    asked = type_command(stack, "rules", "dry-run", file)
    assert (asked.code, asked.out, asked.err.splitlines()[1:]) == (2, "", checked.out.splitlines())


@pytest.mark.parametrize(
    ("content", "told"),
    [(None, "The file cannot be read: No such file or directory."), (b"\xff", "The file cannot be used")],
)
def test_file_that_cannot_be_read_is_one_plain_line(
    stack: Stack, tmp_path: Path, content: bytes | None, told: str
) -> None:
    file = tmp_path / "rules.toml"
    if content is not None:
        file.write_bytes(content)
    for command in ("check", "dry-run"):
        seen = type_command(stack, "rules", command, str(file))
        assert (seen.code, seen.out) == (2, "")
        assert seen.told.startswith(told)


def test_same_rules_find_the_same(stack: Stack, tmp_path: Path) -> None:
    add_comment(stack, message="see evil.com", website="x")
    add_comment(stack, message="do you take Aetna")
    post_enquiry(stack, message="where can I get fentanyl")
    report = dry_run(stack, write(tmp_path))
    assert report["looked_at"] == {"comment": 2, "enquiry": 1}
    assert report["otherwise"] == []
    assert report["codes"]["honeypot"] == {
        "before": 1,
        "after": 1,
        "after_of_wanted": 0,
        "after_of_unwanted": 0,
    }


def test_false_alarms_and_misses_are_told(stack: Stack, tmp_path: Path) -> None:
    approved = publish(stack, message="I lost my house in a casino")
    waiting = add_comment(stack, message="Casino!")
    other = add_comment(stack, message="rubbish", form_token="")
    decide(stack, other, '"1"', status="spam")
    report = dry_run(stack, write(tmp_path, BLOCK_CASINO, ("version = 2", "version = 9")))
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
    report = dry_run(stack, write(tmp_path, off))
    assert report["unwanted_without_reason"] == 1
    assert all(one["lost"] == ["form_token_missing"] for one in report["otherwise"])


def test_what_would_be_spam_no_more_is_told(stack: Stack, tmp_path: Path) -> None:
    comment_id = add_comment(stack, website="x")
    softer = (
        'name = "honeypot"\nfor = ["comment", "enquiry"]\ndoes = "spam"',
        'name = "honeypot"\nfor = ["comment", "enquiry"]\ndoes = "hold"',
    )
    [one] = dry_run(stack, write(tmp_path, softer))["otherwise"]
    assert (one["id"], one["spam"], one["gained"], one["lost"]) == (comment_id, False, [], [])


def test_dry_run_changes_nothing_but_says_that_it_has_read(stack: Stack, tmp_path: Path) -> None:
    comment_id = publish(stack, message="I lost my house in a casino")
    answer_id = answer(stack, comment_id, "casino").json["id"]
    reference = post_enquiry(stack).json["reference"]
    before = everything_stored(stack)
    report = dry_run(stack, write(tmp_path, BLOCK_CASINO))
    after = everything_stored(stack)
    read = [item for item in after["AuditTable"] if item not in before["AuditTable"]]
    assert {**after, "AuditTable": []} == {**before, "AuditTable": []}
    [actor] = {item["actor"]["S"] for item in read}
    assert actor.startswith("command:")
    assert {item["subject"]["S"] for item in read} == {f"comments/{actor}", f"enquiries/{actor}"}
    assert comment_id in repr(read)
    assert reference in repr(read)
    # What staff wrote themselves is not judged.
    assert answer_id not in repr(report)


def test_report_says_nothing_of_what_was_written(stack: Stack, tmp_path: Path) -> None:
    add_comment(stack, name="Robin Canary", email="canary@visitor.example", message="my casino canary")
    post_enquiry(stack, message="my other canary at a casino")
    for more in ([], ["--json"]):
        seen = type_command(stack, "rules", "dry-run", write(tmp_path, BLOCK_CASINO), *more)
        assert seen.code == 0
        told = seen.out + seen.err
        assert "blocked_word" in told
        assert "canary" not in told.lower()


def test_since_and_limit_bound_what_is_read(stack: Stack, tmp_path: Path) -> None:
    for number in range(3):
        add_comment(stack, message=f"casino {number}")
    stack.later(days=2)
    new = add_comment(stack, message="casino today")
    file = write(tmp_path, BLOCK_CASINO)
    since = stack.now.date().isoformat()
    assert [one["id"] for one in dry_run(stack, file, "--since", since)["otherwise"]] == [new]
    assert dry_run(stack, file, "--limit", "2")["looked_at"] == {"comment": 2}
    assert dry_run(stack, file, "--all")["looked_at"] == {"comment": 4}


def test_it_tells_how_far_it_is(stack: Stack, tmp_path: Path) -> None:
    add_comment(stack)
    post_enquiry(stack)
    seen = type_command(stack, "rules", "dry-run", write(tmp_path), "--progress")
    assert seen.told == "2 comments and enquiries looked at"


def test_wrong_settings_and_usage_end_in_words(
    stack: Stack, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seen = type_command(stack, "rules", "dry-run", write(tmp_path), environ={"STAGE": "local"})
    assert seen.code == 2
    assert "COMMENTS_TABLE is missing" in seen.err
    with pytest.raises(SystemExit) as ended:
        dry_run(stack, write(tmp_path), "--since", "yesterday")
    assert ended.value.code == 2
    assert "write a day as 2026-03-01" in capsys.readouterr().err
