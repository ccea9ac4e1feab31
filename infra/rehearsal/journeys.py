"""The essential stories, through the deployed API, queue and functions. Each raises RehearsalError."""

import re
from typing import Any
from uuid import uuid4

from infra.rehearsal.account import Account
from infra.rehearsal.api import Api, Auth, until
from infra.rehearsal.errors import RehearsalError, check
from infra.rehearsal.releases import STACK

_SITE = "https://www.example.org"
_COMMENT = "Ninety days today, and glad of this page."
_PLEA = "Do you have a bed next week, for my brother?"

Mail = dict[str, Any]


def a_page() -> str:
    """The URL of a page that no other story knows."""
    return f"{_SITE}/articles/{uuid4().hex}"


def a_person() -> str:
    return f"robin.{uuid4().hex}@example.net"


def is_well(api: Api) -> None:
    check(api.expect(200, "GET", "/healthz").json == {"status": "ok"}, "/healthz is not well")


def comment_is_decided_from_the_mail(api: Api, account: Account, page: str) -> None:
    """Comment, mail, a look at its link, one press on its button: it is shown, without its address."""
    email = a_person()
    posted = api.expect(202, "POST", "/v1/comments", _a_comment(page, email)).json
    mail = wait_for_mail(account, "moderators@example.org", posted["id"])
    _tells_nothing(mail, _COMMENT, email, "Robin")
    link = _link_in(mail)
    api.expect(200, "GET", link)
    check(_thread(api, page) == [], "a look at the link published the comment")
    api.expect(200, "POST", link, form={"status": "approved"})
    [shown] = _thread(api, page) or [{}]
    check(shown.get("id") == posted["id"] and shown.get("text") == _COMMENT, "the comment is not shown")
    check(email not in str(shown), "the comment is shown with its author's address")
    api.expect(409, "POST", link, form={"status": "spam"})


def enquiry_reaches_staff(api: Api, account: Account, admin: Auth, email: str) -> str:
    """Enquiry, mail, and what staff read. Return its reference."""
    wanted = {"name": "Sam", "email": email, "message": _PLEA, "consent": True}
    reference = str(api.expect(202, "POST", "/v1/enquiries", wanted).json["reference"])
    mail = wait_for_mail(account, "admissions@example.org", reference)
    _tells_nothing(mail, _PLEA, email, "Sam")
    check(enquiry_is_readable(api, admin, reference), "staff do not read what was enquired")
    return reference


def enquiry_is_readable(api: Api, admin: Auth, reference: str) -> bool:
    """Staff read what was sealed when it was sent."""
    answer = api.call("GET", f"/v1/staff/enquiries/{reference}", auth=admin)
    return answer.status == 200 and answer.json["message"] == _PLEA


def only_staff_get_in(api: Api, admin: Auth, moderator: Auth) -> None:
    api.expect(401, "GET", "/v1/staff/comments")
    api.expect(401, "GET", "/v1/staff/comments", auth={"Authorization": "Bearer fd_nobody_nothing"})
    api.expect(200, "GET", "/v1/staff/comments", auth=moderator)
    api.expect(403, "GET", "/v1/staff/enquiries", auth=moderator)
    api.expect(200, "GET", "/v1/staff/stats", auth=admin)


def person_is_forgotten(api: Api, admin: Auth, email: str, reference: str) -> None:
    told = api.expect(200, "POST", "/v1/staff/people/export", {"email": email}, auth=admin).json
    check([each["reference"] for each in told["enquiries"]] == [reference], "the export lacks the enquiry")
    erased = api.expect(200, "POST", "/v1/staff/people/erase", {"email": email}, auth=admin).json["erased"]
    check(erased["enquiries"] == 1, "the enquiry was not erased")
    api.expect(404, "GET", f"/v1/staff/enquiries/{reference}", auth=admin)


def report_of_ses_is_noted(api: Api, account: Account, admin: Auth) -> None:
    """The rule lets SES's report through, and what it calls notes it.

    Nobody but SES may put an event of SES's on the bus, and the emulator's SES puts none: so its bus is
    asked whether the rule would pass the report on, and the function is called with it, as the rule does.
    """
    sent = api.expect(200, "GET", "/v1/staff/deliveries", auth=admin, query={"state": "sent"}).json
    check(sent["deliveries"], "no delivery is sent")
    delivery = sent["deliveries"][0]["id"]
    tags = {"ses:configuration-set": [STACK], "delivery": [delivery], "attempt": ["1"]}
    event = {
        "version": "0",
        "id": str(uuid4()),
        "detail-type": "Email Delivered",
        "source": "aws.ses",
        "account": "000000000000",
        "time": "2026-01-01T00:00:00Z",
        "region": "us-east-1",
        "resources": [],
        "detail": {"eventType": "Delivery", "mail": {"messageId": "m", "tags": tags}, "delivery": {}},
    }
    check(account.rule_passes(STACK, "DeliveryEventsRule", event), "the rule does not pass on SES's report")
    _succeeds(account, "delivery-events", event)
    delivered = api.expect(200, "GET", "/v1/staff/deliveries", auth=admin, query={"state": "delivered"}).json
    check(delivery in [each["id"] for each in delivered["deliveries"]], "SES's report was not noted")


def housekeeping_runs(account: Account) -> None:
    """Called as its rule calls it, which in the emulator too would be in five minutes."""
    _succeeds(
        account, "housekeeping", {"source": "aws.events", "detail-type": "Scheduled Event", "detail": {}}
    )


def nothing_is_stuck(account: Account) -> None:
    """No message lies in a dead-letter queue."""
    sqs = account.client("sqs")
    for name in ("mail-dead", "relay-dead"):
        url = sqs.get_queue_url(QueueName=f"{STACK}-{name}")["QueueUrl"]
        counted = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
        check(counted["Attributes"]["ApproximateNumberOfMessages"] == "0", f"{STACK}-{name} is not empty")


def published(api: Api, page: str, moderator: Auth) -> str:
    """Post a comment, and approve it over the API. Return its id."""
    posted = api.expect(202, "POST", "/v1/comments", _a_comment(page, a_person())).json
    path = f"/v1/staff/comments/{posted['id']}"
    etag = api.expect(200, "GET", path, auth=moderator).headers["ETag"]
    api.expect(200, "PATCH", path, {"status": "approved"}, auth={**moderator, "If-Match": etag})
    return str(posted["id"])


def shown_on(api: Api, page: str) -> list[str]:
    return [each["id"] for each in _thread(api, page)]


def help_text(api: Api) -> str:
    return str(api.expect(200, "GET", "/v1/form", query={"kind": "comment"}).json["help"]["text"])


def audit_trail(api: Api, admin: Auth) -> list[str]:
    """The subjects of the newest entries, read by way of the index by month."""
    entries = api.expect(200, "GET", "/v1/staff/audit", auth=admin, query={"limit": "100"}).json["entries"]
    return [str(each["subject"]) for each in entries]


def wait_for_mail(account: Account, to: str, about: str) -> Mail:
    def look() -> Mail | None:
        return next((m for m in account.mails() if to in m["To"] and about in m["BodyText"]), None)

    return until(look, f"the mail to {to}")


def _succeeds(account: Account, function: str, event: dict[str, Any]) -> None:
    done = account.invoke(f"{STACK}-{function}:live", event)
    check(done["error"] is None, f"the function {function} failed: its log says why")


def _a_comment(page: str, email: str) -> dict[str, str]:
    return {"page": page, "name": "Robin", "email": email, "message": _COMMENT}


def _thread(api: Api, page: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api.expect(200, "GET", "/v1/comments", query={"page": page}).json[
        "comments"
    ]
    return found


def _tells_nothing(mail: Mail, *private: str) -> None:
    whole = str(mail)
    check(all(each not in whole for each in private), "a mail to staff tells what was written, or by whom")


def _link_in(mail: Mail) -> str:
    found = re.findall(r"https://comments\.example\.org(/moderate/[\w.-]+)", mail["BodyText"])
    if len(found) != 1:
        raise RehearsalError(f"the mail has {len(found)} links to decide by, not 1")
    return str(found[0])
