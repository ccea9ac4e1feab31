"""What callers send and get, as models: for validation, and for the OpenAPI document."""

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
from chalicelib.outbox import State
from chalicelib.staff_tokens import Role

Order = Literal["oldest", "newest"]


class CommentSubmission(Body):
    page: PageAddress
    name: Annotated[str, Text(1, 80)]
    email: Email
    message: Annotated[str, Text(1, 5000)]
    parent_id: Annotated[str, Field(max_length=64)] | None = None
    notify: bool = False
    website: Annotated[str, Field(max_length=2000)] = ""
    form_token: Annotated[str, Field(max_length=500)] = ""


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
    website: Annotated[str, Field(max_length=2000)] = ""
    form_token: Annotated[str, Field(max_length=500)] = ""

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


class NewToken(Body):
    role: Role
    name: Annotated[str, Text(1, 80)] = "unnamed"


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
    subject: Annotated[str, Field(min_length=1, max_length=1100)] | None = None
    actor: Annotated[str, Field(min_length=1, max_length=200)] | None = None


class FormQuery(Query):
    kind: Literal["comment", "enquiry"]


class _Shown(BaseModel):
    """What we answer with; described for the OpenAPI document, held to it by tests."""


class HelpLineShown(_Shown):
    name: str
    contact: str
    url: str


class Help(_Shown):
    text: str
    lines: list[HelpLineShown]


class PublicComment(_Shown):
    id: str
    parent_id: str | None
    name: str
    text: str
    html: str
    created_at: str
    staff: bool


class Thread(_Shown):
    page: str
    count: int
    comments: list[PublicComment]
    next_cursor: str | None


class Counts(_Shown):
    counts: dict[str, int]


class CommentHeld(_Shown):
    id: str
    status: Literal["pending"]
    message: str
    help: Help


class EnquiryAccepted(_Shown):
    reference: str
    message: str
    help: Help


class FormToken(_Shown):
    form_token: str
    expires_at: str
    help: Help


class ReasonShown(_Shown):
    code: str
    text: str


class StaffComment(_Shown):
    id: str
    page: str
    parent_id: str | None
    name: str
    email: str
    text: str
    html: str
    original_text: str
    status: Status
    priority: Literal["normal", "urgent"]
    reasons: list[ReasonShown]
    score: float | None
    created_at: str
    decided_at: str | None
    decided_by: str | None
    notify: bool
    staff: bool
    revision: int


class HistoryEntry(_Shown):
    model_config = ConfigDict(populate_by_name=True)

    at: str
    actor: str
    action: str
    from_: Annotated[str | None, Field(alias="from")]
    to: str | None
    reason: str | None


class StaffCommentWithHistory(StaffComment):
    history: list[HistoryEntry]


class StaffComments(_Shown):
    comments: list[StaffComment]
    next_cursor: str | None


class BulkResult(_Shown):
    id: str | None
    status: int
    code: str | None
    revision: int | None


class BulkResults(_Shown):
    results: list[BulkResult]


class PageShown(_Shown):
    page: str
    closed: bool
    count: int


class NoteShown(_Shown):
    at: str
    actor: str
    text: str


class StaffEnquiry(_Shown):
    reference: str
    status: EnquiryStatus
    priority: Literal["normal", "urgent"]
    reasons: list[ReasonShown]
    name: str
    email: str
    phone: str | None
    message: str
    topic: str
    contact_by: list[Channel]
    page: str | None
    consent_version: str | None
    created_at: str
    assignee: str | None
    notes: list[NoteShown]
    overdue: bool
    # Since it came; null where nobody waits for a reply.
    age_seconds: int | None
    revision: int


class StaffEnquiryWithHistory(StaffEnquiry):
    history: list[HistoryEntry]


class StaffEnquiries(_Shown):
    enquiries: list[StaffEnquiry]
    next_cursor: str | None


class DeliveryShown(_Shown):
    id: str
    kind: str
    subject_id: str
    state: State
    reason: str | None
    attempts: int
    created_at: str
    sent_at: str | None


class Deliveries(_Shown):
    deliveries: list[DeliveryShown]
    next_cursor: str | None


class DeadLetter(_Shown):
    outbox_id: str | None
    sent_at: str
    delivery: DeliveryShown | None


class DeadLetters(_Shown):
    count: int
    dead_letters: list[DeadLetter]


class AuditEntry(HistoryEntry):
    subject: str
    sequence: int
    # What a list showed.
    ids: list[str]


class AuditEntries(_Shown):
    entries: list[AuditEntry]
    next_cursor: str | None


class CommentCounts(_Shown):
    pending: int
    approved: int
    rejected: int
    spam: int
    oldest_pending_seconds: int | None


class EnquiryCounts(_Shown):
    new: int
    in_progress: int
    closed: int
    spam: int
    oldest_new_seconds: int | None


class MailCounts(_Shown):
    pending: int
    sending: int
    sent: int
    delivered: int
    held: int
    failed: int
    unknown: int


class Stats(_Shown):
    comments: CommentCounts | None
    enquiries: EnquiryCounts | None
    mail: MailCounts | None
    # The counts that are too large to count to the end, such as `comments.approved`.
    at_least: list[str]


class TokenShown(_Shown):
    id: str
    role: Role
    name: str
    created_at: str
    revoked_at: str | None


class TokenMade(TokenShown):
    secret: str


class Tokens(_Shown):
    tokens: list[TokenShown]
    next_cursor: str | None


class Health(_Shown):
    status: Literal["ok"]


class FieldError(_Shown):
    field: str
    code: str
    message: str


class Problem(_Shown):
    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: list[FieldError]
