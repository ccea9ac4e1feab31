"""The queue and one item: the API's own words, noted as read, and harmless on a terminal."""

import re

import pytest

from tests.acts import PAGE_ID, add_comment, decide, post_comment, post_enquiry, publish
from tests.api.test_scores import KIND, SPAM, train
from tests.commands.typing import done, type_command
from tests.stack import Stack
from tests.storage.test_unreadable import spoil


def make_urgent(stack: Stack, comment_id: str) -> None:
    comment = stack.desk("staff").store.comments.get(comment_id)
    position = f"0#{stack.now:%Y}#{comment_id}"
    stack.dynamodb.update_item(
        TableName=stack.table("CommentsTable"),
        Key={"comment_id": {"S": comment.id}},
        UpdateExpression="SET priority = :urgent, queue_position = :position",
        ExpressionAttributeValues={":urgent": {"S": "urgent"}, ":position": {"S": position}},
    )


def test_queue_is_the_apis_urgent_first_then_oldest(stack: Stack) -> None:
    ids = []
    for number in range(3):
        ids.append(add_comment(stack, message=f"{number}"))
        stack.later(minutes=1)
    make_urgent(stack, ids[1])
    by_api = stack.call("GET", "/v1/staff/comments", role="moderator").json["comments"]
    assert done(stack, "queue") == {"comments": by_api, "more": False}
    assert [comment["id"] for comment in by_api] == [ids[1], ids[0], ids[2]]
    rows = type_command(stack, "queue").out.splitlines()
    assert rows[0].split() == ["ID@REVISION", "SCORE", "AGE", "PAGE", "TEXT"]
    assert rows[1].split()[:2] == [f"{ids[1]}@1", "URGENT"]
    assert rows[2].split() == [f"{ids[0]}@1", "-", "3", "min", PAGE_ID, "0"]


def test_queue_narrows_to_a_status_and_a_page(stack: Stack) -> None:
    here = add_comment(stack)
    stack.later(seconds=1)
    there = add_comment(stack, page="/b")
    shown = publish(stack, message="Shown.")
    listed = {
        arguments: [c["id"] for c in done(stack, "queue", *arguments)["comments"]]
        for arguments in [("--page", "/b"), ("--status", "approved"), ("--newest",)]
    }
    assert listed == {
        ("--page", "/b"): [there],
        ("--status", "approved"): [shown],
        ("--newest",): [there, here],
    }


def test_queue_of_many_is_read_page_after_page_and_each_page_is_noted(stack: Stack) -> None:
    stack.settings["RATE_LIMIT"] = "1000"
    ids = [add_comment(stack, message=f"{number}") for number in range(105)]
    listed = [comment["id"] for comment in done(stack, "queue", "--all")["comments"]]
    assert sorted(listed) == sorted(ids)
    noted = [e["ids"] for e in done(stack, "audit", "list", "--all")["entries"] if e["action"] == "list"]
    assert [len(read) for read in noted] == [5, 100]
    assert sorted(id_ for read in noted for id_ in read) == sorted(ids)


def test_reading_is_noted_as_through_the_api_and_an_empty_list_is_not(stack: Stack) -> None:
    done(stack, "queue")
    assert stack.items("AuditTable") == []
    comment_id = add_comment(stack)
    done(stack, "queue")
    done(stack, "show", comment_id)
    stack.call("GET", "/v1/staff/comments", role="moderator")
    stack.call("GET", f"/v1/staff/comments/{comment_id}", role="moderator")
    entries = done(stack, "audit", "list")["entries"]
    by_api = [e for e in entries if e["actor"] == "token:moderator"]
    by_command = [e for e in entries if e["actor"] != "token:moderator"]

    def told(entry: dict[str, object]) -> dict[str, object]:
        subject = str(entry["subject"]).replace(str(entry["actor"]), "")
        return {**entry, "actor": "", "sequence": 0, "subject": subject}

    assert [told(e) for e in by_command] == [told(e) for e in by_api]
    assert len(by_api) == 2


@pytest.fixture
def taught(stack: Stack) -> dict[str, str]:
    """A site where enough was decided to score; and what waits there, by what it is."""
    stack.settings |= {"RATE_LIMIT": "1000", "ADDRESS_RATE_LIMIT": "1000"}
    train(stack)
    texts = {"kind": KIND.format("x"), "spam": SPAM.format("x"), "phone": "Call me at (312) 555-0142."}
    waiting = {}
    for name, text in texts.items():
        stack.later(minutes=11)
        waiting[name] = add_comment(stack, message=text, email=f"{name}@visitor.example")
    return waiting


def test_scores_and_proposed_texts_are_the_apis(stack: Stack, taught: dict[str, str]) -> None:
    by_api = stack.call("GET", "/v1/staff/comments", role="moderator").json["comments"]
    assert done(stack, "queue")["comments"] == by_api
    by_name = {name: by_api[list(taught.values()).index(id_)] for name, id_ in taught.items()}
    assert by_name["spam"]["score"] > 0.9 > by_name["kind"]["score"]
    assert by_name["phone"]["proposed_text"] == "Call me at [phone number removed]."
    for name, comment_id in taught.items():
        shown = done(stack, "show", comment_id)
        alone = stack.call("GET", f"/v1/staff/comments/{comment_id}", role="moderator").json
        assert shown == {**alone, "history": alone["history"][:-1]}
        assert shown["score"] == by_name[name]["score"]
        assert "first_time_author" in {reason["code"] for reason in shown["reasons"]}
        # In a list it is not asked.
        assert "first_time_author" not in {reason["code"] for reason in by_name[name]["reasons"]}


def test_person_sees_score_reason_and_proposed_text(stack: Stack, taught: dict[str, str]) -> None:
    shown = {name: type_command(stack, "show", id_).out.splitlines() for name, id_ in taught.items()}
    assert any(re.fullmatch("score       9[0-9] %", line) for line in shown["spam"])
    assert any(line.startswith("reason      Looks like what moderators") for line in shown["spam"])
    assert any(line.endswith("(first_time_author)") for line in shown["kind"])
    assert "proposed    Call me at [phone number removed]." in shown["phone"]


def test_queue_by_score_has_urgent_then_most_like_spam_first(stack: Stack, taught: dict[str, str]) -> None:
    stack.later(minutes=11)
    urgent = add_comment(stack, message="Thank you. I want to kill myself.")
    by_score = done(stack, "queue", "--sort", "score")["comments"]
    assert by_score[0]["id"] == urgent
    scores = [comment["score"] for comment in by_score[1:]]
    assert scores == sorted(scores, reverse=True)
    assert by_score[1]["id"] == taught["spam"]
    assert [c["id"] for c in done(stack, "queue")["comments"][1:]] == list(taught.values())
    rows = type_command(stack, "queue", "--sort", "score").out.splitlines()
    assert re.search(r"@1 +9[0-9] % ", rows[2])


def test_what_has_no_score_comes_last(stack: Stack, taught: dict[str, str]) -> None:
    by_rule = add_comment(stack, message=KIND.format("new"), website="x")
    spam = ("queue", "--status", "spam")
    assert done(stack, *spam)["comments"][0]["score"] is None
    assert done(stack, *spam, "--sort", "score")["comments"][0]["id"] == by_rule


def test_comment_is_shown_as_by_the_api_with_its_history(stack: Stack) -> None:
    comment_id = publish(stack)
    shown = done(stack, "show", f"{comment_id}@1")
    by_api = stack.call("GET", f"/v1/staff/comments/{comment_id}", role="moderator").json
    assert shown == {**by_api, "history": by_api["history"][:-1]}
    assert [act["action"] for act in shown["history"]] == ["decide", "read"]


def test_enquiry_is_shown_as_by_the_api_with_its_history(stack: Stack) -> None:
    reference = post_enquiry(stack, phone="555 0100").json["reference"]
    for command in (("show",), ("enquiries", "show")):
        shown = done(stack, *command, reference)
        by_api = stack.call("GET", f"/v1/staff/enquiries/{reference}", role="admissions").json
        assert shown == {**by_api, "history": by_api["history"][:-1]}
    seen = type_command(stack, "show", reference)
    assert "phone       555 0100" in seen.out.splitlines()


def test_redacted_comment_shows_what_was_typed_as_well(stack: Stack) -> None:
    comment_id = add_comment(stack, message="Call me: 555 0100")
    assert decide(stack, comment_id, '"1"', text="Call me.").status == 200
    lines = type_command(stack, "show", comment_id).out.splitlines()
    assert "text        Call me." in lines
    assert "typed       Call me: 555 0100" in lines


HOSTILE = "\x1b[2J\x1b]0;owned\x07 \x9b31m \u202etxt"


@pytest.mark.parametrize("field", ["name", "text"])
def test_no_control_character_of_a_visitor_reaches_the_terminal(stack: Stack, field: str) -> None:
    # The API refuses controls. What came into a row by another way must not drive a terminal either.
    comment_id = add_comment(stack)
    letter = {"name": "Robin", "text": "Fine."} | {field: HOSTILE}
    sealed = stack.desk("staff").store.comments._seal.close(
        [letter["name"], "r@example.org", letter["text"], letter["text"], []]
    )
    spoil(stack, "CommentsTable", {"comment_id": {"S": comment_id}}, sealed)
    for arguments in (["queue"], ["queue", "--json"], ["show", comment_id], ["show", comment_id, "--json"]):
        out = type_command(stack, *arguments).out
        assert {c for c in out if not c.isprintable()} <= {"\n"}, arguments
    assert "\\x1b[2J" in type_command(stack, "show", comment_id).out


@pytest.mark.parametrize(
    ("item_id", "told"),
    [
        ("c01ng97crd0gsnvhb8tsv0yzw2j", "There is no such comment or enquiry."),
        ("7KQ2M-8XD4T", "There is no such comment or enquiry."),
        (
            "t01m84xbzv5a7c9e1g3j5k7m9p2",
            "There is no such comment or enquiry. The id has the form of another kind: token.",
        ),
        ("nonsense", "There is no such comment or enquiry."),
    ],
)
def test_unknown_id_is_one_plain_line(stack: Stack, item_id: str, told: str) -> None:
    seen = type_command(stack, "show", item_id)
    assert (seen.code, seen.out, seen.told) == (1, "", told)
    assert stack.items("AuditTable") == []


def test_comments_id_is_no_enquirys(stack: Stack) -> None:
    seen = type_command(stack, "enquiries", "show", add_comment(stack))
    assert (seen.code, seen.told) == (
        1,
        "There is no such enquiry. The id has the form of another kind: comment.",
    )


@pytest.mark.parametrize("page", ["https://elsewhere.example/a", "javascript:x", ""])
def test_page_of_no_site_of_ours_is_wrong_usage(stack: Stack, page: str) -> None:
    seen = type_command(stack, "queue", "--page", page)
    assert (seen.code, seen.out) == (2, "")
    assert seen.told == "This is not the address of a page of the sites that take comments here."


def test_page_is_closed_and_opened_and_visitors_notice(stack: Stack) -> None:
    publish(stack)
    assert done(stack, "pages", "show", "/a") == {"page": PAGE_ID, "closed": False, "count": 1}
    assert done(stack, "pages", "close", "https://www.example.org/a?x=1")["closed"] is True
    assert post_comment(stack, message="Late.").status == 409
    assert done(stack, "pages", "close", "/a")["closed"] is True
    assert done(stack, "pages", "open", PAGE_ID)["closed"] is False
    assert post_comment(stack, message="Late.").status == 202
    entries = done(stack, "audit", "list", "--subject", f"pages/{PAGE_ID}")["entries"]
    assert [entry["action"] for entry in entries] == ["open", "close"]
