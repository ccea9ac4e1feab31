"""The classifier from the command line: it learns what it has not, once; under a new secret, anew."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.acts import add_comment, decide, erase
from tests.commands.typing import done, type_command
from tests.stack import Stack


@pytest.fixture
def own(stack: Stack, tmp_path: Path) -> Stack:
    """A stack whose keys no other test sees, for they are going to change."""
    stack.keys = {name: shutil.copy(path, str(tmp_path)) for name, path in stack.keys.items()}
    stack.settings["RATE_LIMIT"] = "1000"
    return stack


def run(stack: Stack, command: str) -> Any:
    return done(stack, "model", command)


def decided(stack: Stack, **by_status: int) -> dict[str, list[str]]:
    ids: dict[str, list[str]] = {}
    for status, times in by_status.items():
        for n in range(times):
            ids.setdefault(status, []).append(add_comment(stack, message=f"{status} number {n}"))
            assert decide(stack, ids[status][-1], '"1"', status=status).status == 200
    return ids


def forget(stack: Stack) -> None:
    """As before there was a classifier."""
    for item in stack.items("ModelTable"):
        key = {name: item[name] for name in ("generation", "part")}
        stack.dynamodb.delete_item(TableName=stack.table("ModelTable"), Key=key)
    for item in stack.items("CommentsTable"):
        stack.dynamodb.update_item(
            TableName=stack.table("CommentsTable"),
            Key={"comment_id": item["comment_id"]},
            UpdateExpression="REMOVE taught",
        )


def test_show_tells_how_much_was_learnt(own: Stack) -> None:
    decided(own, spam=5, approved=2, rejected=1)
    shown = run(own, "show")
    assert shown == {
        "generation": "h1.1",
        "approved": 2,
        "spam": 5,
        "scores": False,
        "lessons_to_fold": 7,
    }
    own.later(minutes=30)
    decided(own, approved=5)
    assert run(own, "show")["scores"] is True


def test_retrain_learns_from_decisions_made_before_there_was_a_classifier(own: Stack) -> None:
    decided(own, spam=3, approved=4, rejected=2)
    add_comment(own, message="By a rule.", website="x")
    own.keep_house()
    model = own.desk("staff").store.get_model()
    model.forget_read()
    before = model.find()
    forget(own)
    said = run(own, "retrain")
    assert (said["learnt"], said["approved"], said["spam"], said["lessons_to_fold"]) == (7, 4, 3, 0)
    model.forget_read()
    assert model.find() == before


def test_retrain_twice_learns_nothing_twice(own: Stack) -> None:
    ids = decided(own, spam=3, approved=4)
    assert run(own, "retrain")["learnt"] == 0
    forget(own)
    assert run(own, "retrain")["learnt"] == 7
    assert run(own, "retrain")["learnt"] == 0
    # A comment that it learnt from is taken back as any other.
    erase(own, ids["spam"][0])
    decide(own, ids["approved"][0], '"2"', status="rejected")
    shown = run(own, "show")
    assert (shown["approved"], shown["spam"]) == (3, 2)


def test_after_a_rotation_of_the_secret_it_learns_anew_and_the_old_goes(own: Stack) -> None:
    ids = decided(own, spam=3, approved=4)
    own.keep_house()
    done(own, "keys", "rotate", "--hmac")
    own._desks = {}
    # Before it learns anew: neither takes back what this generation has not learnt.
    erase(own, ids["spam"][0])
    decide(own, ids["approved"][0], '"2"', status="spam")
    shown = run(own, "show")
    assert (shown["generation"], shown["approved"], shown["spam"]) == ("h2.1", 0, 1)
    said = run(own, "retrain")
    assert (said["learnt"], said["deleted"], said["approved"], said["spam"]) == (5, 1, 3, 3)
    assert {item["generation"]["S"] for item in own.items("ModelTable")} == {"h2.1"}


def test_revision_stays_so_that_who_is_about_to_decide_can(own: Stack) -> None:
    [comment_id] = decided(own, approved=1)["approved"]
    forget(own)
    run(own, "retrain")
    assert decide(own, comment_id, '"2"', status="spam").status == 200
    shown = run(own, "show")
    assert (shown["approved"], shown["spam"]) == (0, 1)


def test_comment_decided_on_while_it_learns_is_learnt_once(
    own: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    [comment_id] = decided(own, approved=1)["approved"]
    forget(own)
    from chalicelib.storage.store import Store  # noqa: PLC0415

    teach = Store.teach

    def decided_first(store: Store, comment: Any, taught: Any) -> None:
        decide(own, comment_id, '"2"', status="spam")
        teach(store, comment, taught)

    monkeypatch.setattr(Store, "teach", decided_first)
    said = run(own, "retrain")
    assert (said["learnt"], said["approved"], said["spam"]) == (0, 0, 1)


def test_retraining_asks_first_and_names_what_it_changes(own: Stack) -> None:
    decided(own, approved=1)
    forget(own)
    asked = type_command(own, "model", "retrain")
    assert asked.code == 2
    assert f"Changes {own.table('CommentsTable')}, {own.table('ModelTable')}" in asked.err.splitlines()
    assert own.items("ModelTable") == []
    assert type_command(own, "model", "retrain", typed="y\n", terminal=True).code == 0
    assert run(own, "show")["approved"] == 1


def test_retraining_tells_how_far_it_is_and_what_came_of_it(own: Stack) -> None:
    decided(own, spam=1, approved=2)
    forget(own)
    seen = type_command(own, "model", "retrain", "--yes", "--progress")
    assert seen.told == "3 decisions looked at"
    lines = [line.split(maxsplit=1) for line in seen.out.splitlines()]
    assert ["approved", "2"] in lines
    assert ["scores", "no: too little was decided"] in lines


def test_model_without_its_table_is_wrong_settings(own: Stack) -> None:
    seen = type_command(own, "model", "show", environ={"STAGE": "local"})
    assert (seen.code, seen.out) == (2, "")
    assert "MODEL_TABLE is missing" in seen.err
