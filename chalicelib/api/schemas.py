"""What callers send, as models: for validation, and for the OpenAPI document."""

import re
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
)
from pydantic_core import PydanticCustomError

from chalicelib.api.fields import Body, Email, PageAddress, Text
from chalicelib.comments import Status
from chalicelib.enquiries import Channel, EnquiryStatus
from chalicelib.errors import NO_PARENT
from chalicelib.ids import is_comment_id
from chalicelib.outbox import State
from chalicelib.staff_tokens import Role

Order = Literal["oldest", "newest"]


def _take_whatever_comes(given: object) -> object:
    if given is None:
        return ""
    if not isinstance(given, str):
        return given
    return given.encode(errors="replace").decode()[:_LONGEST_UNSEEN]


# What people do not see, and so cannot put right: the longest that is looked at, whatever came. An error here
# would point a program at the trap, and cost a person what they wrote.
_LONGEST_UNSEEN = 2000
Unseen = Annotated[str, BeforeValidator(_take_whatever_comes)]


def _check_parent(parent_id: str) -> str:
    # What can be no comment is told with the other bad fields; the rest, when it is looked for.
    if parent_id and not is_comment_id(parent_id):
        raise PydanticCustomError(*NO_PARENT)
    return parent_id


class CommentSubmission(Body):
    page: PageAddress
    name: Annotated[str, Text(1, 80)]
    email: Email
    message: Annotated[str, Text(1, 5000)]
    parent_id: Annotated[str, Field(max_length=64), AfterValidator(_check_parent)] | None = None
    notify: bool = False
    website: Unseen = ""
    form_token: Unseen = ""
    altcha: Unseen = ""


def _check_topic(topic: str, info: ValidationInfo) -> str:
    if topic not in (info.context or {})["topics"]:
        raise PydanticCustomError("unknown_topic", "This is not one of the topics.")
    return topic


class EnquirySubmission(Body):
    name: Annotated[str, Text(1, 80)]
    email: Email
    message: Annotated[str, Text(1, 10_000)]
    phone: Annotated[str, Text(0, 40)] | None = None
    topic: Annotated[str, AfterValidator(_check_topic)] = "admissions"
    contact_by: Annotated[list[Channel], Field(max_length=4)] = Field(default_factory=list)
    page: PageAddress | None = None
    # Checked also where it is left out: a box that is not ticked sends nothing.
    consent: Annotated[bool, Field(validate_default=True)] = False
    website: Unseen = ""
    form_token: Unseen = ""
    altcha: Unseen = ""

    @field_validator("consent")
    @classmethod
    def _check_consent(cls, given: bool, info: ValidationInfo) -> bool:
        if not given and (info.context or {})["consent_required"]:
            raise PydanticCustomError("required", "We need your consent to read this.")
        return given


class CountsRequest(Body):
    pages: Annotated[list[str], Field(max_length=100)]


class CommentChange(Body):
    status: Status | None = None
    reason: Annotated[str, Text(0, 500)] | None = None
    text: Annotated[str, Text(1, 5000)] | None = None


class BulkDecision(Body):
    id: str
    # Without one its result is 428, as a decision's answer without If-Match would be.
    revision: int | None = None
    status: Status
    reason: Annotated[str, Text(0, 500)] | None = None


class BulkDecisions(Body):
    decisions: Annotated[list[BulkDecision], Field(max_length=100)]


class BulkEnvelope(Body):
    """As BulkDecisions, its entries unread: a bad one must not stop the others."""

    decisions: Annotated[list[Any], Field(max_length=100)]


class Reply(Body):
    message: Annotated[str, Text(1, 5000)]
    name: Annotated[str, Text(1, 80)] | None = None


class PageChange(Body):
    closed: bool


class EnquiryChange(Body):
    status: EnquiryStatus | None = None
    # null takes it from whoever has it; left out, it stays.
    assignee: Annotated[str, Text(1, 80)] | None = None
    note: Annotated[str, Text(1, 2000)] | None = None


class LinkDecision(Body):
    status: Literal["approved", "rejected", "spam"]


class PersonExport(Body):
    email: Email
    # Where an export goes on that did not fit into one answer.
    cursor: str | None = None


class PersonErasure(Body):
    email: Email


class NewToken(Body):
    role: Role
    name: Annotated[str, Text(1, 80)] = "unnamed"


def _check_bytes(given: str) -> str:
    # DynamoDB refuses a key of over 2,048 bytes; no subject is so long.
    if len(given.encode()) > 1100:
        raise PydanticCustomError("text_too_long", "This is too long.")
    return given


def _check_digits(given: object) -> object:
    if isinstance(given, str) and not re.fullmatch("[0-9]{1,4}", given):
        raise PydanticCustomError("wrong_type", "This must be a whole number.")
    return given


class Query(BaseModel):
    """A query string. Parameters that we do not know are ignored, as on the web at large."""

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)


class ListQuery(Query):
    limit: Annotated[int, Field(ge=1, le=100), BeforeValidator(_check_digits)] = 50
    cursor: str | None = None
    order: Order = "oldest"


class ThreadQuery(ListQuery):
    page: PageAddress


class FeedQuery(Query):
    page: PageAddress


class CommentsQuery(ListQuery):
    status: Status = "pending"
    page: PageAddress | None = None


class EnquiriesQuery(ListQuery):
    status: EnquiryStatus = "new"
    topic: Annotated[str, Field(min_length=1, max_length=100)] | None = None


class DeliveriesQuery(ListQuery):
    state: State | None = None


class PageQuery(Query):
    page: PageAddress


class AuditQuery(Query):
    limit: Annotated[int, Field(ge=1, le=100), BeforeValidator(_check_digits)] = 50
    cursor: str | None = None
    subject: Annotated[str, Field(min_length=1), AfterValidator(_check_bytes)] | None = None
    actor: Annotated[str, Field(min_length=1, max_length=200)] | None = None


class FormQuery(Query):
    kind: Literal["comment", "enquiry"]
