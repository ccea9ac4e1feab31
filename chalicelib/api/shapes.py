"""What callers get, as models: for the OpenAPI document; tests hold the answers to them."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from chalicelib.comments import Status
from chalicelib.enquiries import Channel, EnquiryStatus
from chalicelib.outbox import State
from chalicelib.staff_tokens import Role


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


class CommentPublished(_Shown):
    id: str
    status: Literal["approved"]
    comment: PublicComment
    message: str
    help: Help


class EnquiryAccepted(_Shown):
    reference: str
    message: str
    help: Help


class AltchaChallenge(_Shown):
    algorithm: Literal["SHA-256"]
    challenge: str
    maxnumber: int
    salt: str
    signature: str


class FormToken(_Shown):
    form_token: str
    expires_at: str
    help: Help
    # There where the site asks for a proof of work.
    altcha: AltchaChallenge | None = None


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
    # Its text without phone numbers, email and street addresses; null where it has none.
    proposed_text: str | None


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


class HandedOver(_Shown):
    reference: str


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
    # The comment that staff made it of; null where somebody sent it as an enquiry.
    comment_id: str | None
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


class SuppressionShown(_Shown):
    cause: str
    created_at: str


class GuardRecordShown(_Shown):
    kind: str
    expires_at: str


class PersonExported(_Shown):
    # The subject in the audit trail of this export, or of this erasure.
    request: str
    comments: list[StaffComment]
    enquiries: list[StaffEnquiry]
    deliveries: list[DeliveryShown]
    suppressions: list[SuppressionShown]
    guard: list[GuardRecordShown]
    audit: list[AuditEntry]
    complete: bool
    next_cursor: str | None


class ErasedCounts(_Shown):
    comments: int
    enquiries: int
    deliveries: int
    suppressions: int
    guard: int


class KeptCounts(_Shown):
    # Mail to staff that still waits.
    deliveries: int


class PersonErased(_Shown):
    request: str
    erased: ErasedCounts
    kept: KeptCounts
    # Where it is false, the same call goes on.
    complete: bool


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


class SubmissionProblem(Problem):
    help: Help
