"""A comment that is an enquiry reaches admissions: once, by a person's decision, and published by no one."""

import pytest

from chalicelib import handovers, ids
from chalicelib.comments import Comment
from chalicelib.errors import NotFound
from chalicelib.privacy.hashing import Hasher
from tests.acts import add_comment, answer, decide, erase, everything_stored, publish, read_thread
from tests.mail.mails import deliveries
from tests.stack import FakeSes, Reply, Stack

QUESTION = "Do you take Aetna? Can I get a bed for my son? 555-123-4567"


def hand_over(stack: Stack, comment_id: str) -> Reply:
    return stack.call("POST", f"/v1/staff/comments/{comment_id}/enquiry", role="moderator")


def test_moderator_sees_that_it_is_an_enquiry_and_hands_it_over(stack: Stack) -> None:
    comment_id = add_comment(stack, message=QUESTION, notify=True)
    [listed] = stack.call("GET", "/v1/staff/comments", role="moderator").json["comments"]
    assert "looks_like_enquiry" in [reason["code"] for reason in listed["reasons"]]
    reply = hand_over(stack, comment_id)
    assert reply.status == 201
    [enquiry] = stack.call("GET", "/v1/staff/enquiries", role="admissions").json["enquiries"]
    assert enquiry["reference"] == reply.json["reference"]
    assert enquiry["comment_id"] == comment_id
    assert (enquiry["name"], enquiry["email"], enquiry["message"]) == (
        listed["name"],
        listed["email"],
        QUESTION,
    )
    assert (enquiry["status"], enquiry["topic"], enquiry["page"]) == ("new", "admissions", listed["page"])
    assert enquiry["reasons"] == listed["reasons"]


def test_comment_stays_what_it_is_and_unpublished(stack: Stack) -> None:
    comment_id = add_comment(stack, message=QUESTION)
    before = stack.items("CommentsTable")
    hand_over(stack, comment_id)
    assert stack.items("CommentsTable") == before
    assert read_thread(stack)["comments"] == []


@pytest.mark.parametrize("status", ["approved", "rejected", "spam"])
def test_decided_comment_can_be_handed_over(status: str, stack: Stack) -> None:
    comment_id = add_comment(stack, message=QUESTION)
    decide(stack, comment_id, '"1"', status=status)
    assert hand_over(stack, comment_id).status == 201
    assert stack.call("GET", f"/v1/staff/comments/{comment_id}", role="moderator").json["status"] == status


def test_twice_is_once(stack: Stack) -> None:
    comment_id = add_comment(stack, message=QUESTION)
    first = hand_over(stack, comment_id)
    before = everything_stored(stack)
    stack.later(days=3)
    assert hand_over(stack, comment_id).json == first.json
    assert everything_stored(stack) == before


def test_admissions_are_mailed_and_the_author_is_not(stack: Stack) -> None:
    comment_id = add_comment(stack, message=QUESTION)
    stack.deliver(FakeSes())
    before = len(deliveries(stack))
    hand_over(stack, comment_id)
    ses = FakeSes()
    stack.deliver(ses)
    assert len(deliveries(stack)) == before + 1
    assert [sent["Destination"]["ToAddresses"] for sent in ses.sent] == [["adm@example.org"]]


def test_it_is_audited_on_the_comment(stack: Stack) -> None:
    comment_id = add_comment(stack, message=QUESTION)
    hand_over(stack, comment_id)
    history = stack.call("GET", f"/v1/staff/comments/{comment_id}", role="moderator").json["history"]
    [act] = [entry for entry in history if entry["action"] == "hand_over"]
    assert (act["actor"], act["from"], act["to"]) == ("token:moderator", "pending", "pending")


def test_what_is_not_there_or_staffs_own_is_not_handed_over(stack: Stack) -> None:
    assert hand_over(stack, "c01nothing").status == 404
    erased = add_comment(stack, message=QUESTION)
    erase(stack, erased)
    assert hand_over(stack, erased).status == 404
    own = answer(stack, publish(stack), "Do call us.").json["id"]
    assert hand_over(stack, own).json["code"] == "illegal_transition"
    assert stack.items("EnquiriesTable") == []


def test_comment_erased_meanwhile_makes_no_enquiry(stack: Stack) -> None:
    comment_id = add_comment(stack, message=QUESTION)
    desk = stack.desk("staff")
    comment = desk.store.get_comment(comment_id)
    erase(stack, comment_id)

    class Late:
        def get_comment(self, comment_id: str) -> Comment:
            return comment

        add_handover = desk.store.add_handover

    with pytest.raises(NotFound):
        handovers.hand_over(comment_id, "admissions", "t", stack.now, store=Late(), hashing=desk.hasher)
    assert stack.items("EnquiriesTable") == []


def test_reference_cannot_be_told_from_the_comments_id(stack: Stack) -> None:
    comment_id = add_comment(stack, message=QUESTION)
    other = ids.reference(Hasher({"h1": b"x" * 32}).digest("reference of a comment", comment_id))
    assert hand_over(stack, comment_id).json["reference"] != other
