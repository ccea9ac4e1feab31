"""What moderators decide teaches, over HTTP, through the whole stack: it scores what waits, and unlearns."""

import httpx
import pytest

from .stories import STAFF_COMMENTS, Auth, a_page, approve, decide, post_comment, queue, until

pytestmark = pytest.mark.journey

# Words that no other test uses, for all of them teach the same model.
SPAM = "Cheapest quokka wallets, click www.quokka-wallets.example now, coupon {}"
KIND = "Grateful for my marmot sponsor and the lighthouse meeting, week {}"
TIMES = 8


def scores(client: httpx.Client, moderator: Auth, page: str) -> dict[str, float | None]:
    return {comment["id"]: comment["score"] for comment in queue(client, moderator, page=page)}


def test_what_waits_is_scored_by_what_was_decided_and_erasing_takes_it_back(
    client: httpx.Client, moderator: Auth
) -> None:
    page = a_page()
    spam = [post_comment(client, page, message=SPAM.format(n))["id"] for n in range(TIMES)]
    kind = [post_comment(client, page, message=KIND.format(n))["id"] for n in range(TIMES)]
    decisions = [{"id": id_, "revision": 1, "status": "spam"} for id_ in spam]
    answered = client.post(f"{STAFF_COMMENTS}/bulk", headers=moderator, json={"decisions": decisions})
    assert [result["status"] for result in answered.json()["results"]] == [200] * TIMES
    for id_ in kind:
        approve(client, moderator, id_)

    like_spam = post_comment(client, page, message=SPAM.format("new"))["id"]
    like_kind = post_comment(client, page, message=KIND.format("new"))["id"]

    def scored() -> dict[str, float | None] | None:
        """Each environment goes on with what it has read for some seconds."""
        found = scores(client, moderator, page)
        high, low = found[like_spam], found[like_kind]
        return found if high is not None and low is not None and high > 0.9 and low < 0.1 else None

    before = until(scored)
    # In the order in which they came, whatever the scores.
    assert list(before) == [like_spam, like_kind]
    shown = client.get(f"{STAFF_COMMENTS}/{like_spam}", headers=moderator).json()
    assert "looks_like_spam" in [reason["code"] for reason in shown["reasons"]]
    assert decide(client, moderator, like_kind, status="approved")["score"] is None

    for id_ in spam:
        assert client.delete(f"{STAFF_COMMENTS}/{id_}", headers=moderator).status_code == 204
    # Nothing knows of quokkas any more: it is as anything new, or nothing is scored at all.
    until(lambda: (scores(client, moderator, page)[like_spam] or 0) < 0.9)
