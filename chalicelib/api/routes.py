"""The routes: path, method, who may call it, what answers. The OpenAPI document is made of this table."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from chalicelib.api import site
from chalicelib.deferred import DeferredModule
from chalicelib.staff_tokens import ROLES, Role

if TYPE_CHECKING:
    from pydantic import BaseModel

    from chalicelib.api import (
        bulk,
        deliveries,
        links,
        overview,
        people,
        public,
        schemas,
        shapes,
        staff,
        staff_pages,
        unsubscribing,
    )
    from chalicelib.api.answers import Answer
    from chalicelib.api.requests import Request
    from chalicelib.wiring import Desk
else:
    # Every function has the table; each loads its own handlers alone, and models where they are used.
    bulk = DeferredModule("chalicelib.api.bulk")
    deliveries = DeferredModule("chalicelib.api.deliveries")
    links = DeferredModule("chalicelib.api.links")
    overview = DeferredModule("chalicelib.api.overview")
    people = DeferredModule("chalicelib.api.people")
    public = DeferredModule("chalicelib.api.public")
    schemas = DeferredModule("chalicelib.api.schemas")
    shapes = DeferredModule("chalicelib.api.shapes")
    staff = DeferredModule("chalicelib.api.staff")
    staff_pages = DeferredModule("chalicelib.api.staff_pages")
    unsubscribing = DeferredModule("chalicelib.api.unsubscribing")

Handler = Callable[["Request", "Desk"], "Answer"]

MODERATORS: tuple[Role, ...] = ("moderator", "admin")
ADMISSIONS: tuple[Role, ...] = ("admissions", "admin")
ADMINS: tuple[Role, ...] = ("admin",)
EVERYBODY: tuple[Role, ...] = ROLES


@dataclass(frozen=True)
class Route:
    """One method on one path. `roles` is empty where no sign-in is needed."""

    method: str
    path: str
    summary: str
    handler: Handler
    roles: tuple[Role, ...] = ()
    query: "type[BaseModel] | None" = None
    body: "type[BaseModel] | None" = None
    takes_forms: bool = False
    takes_key: bool = False
    # Whether If-Match must be sent (True) or may be (False); None where it says nothing.
    if_match: bool | None = None
    # A page that people open: its body is a form, its answers are HTML, refusals too.
    is_page: bool = False
    # A link from a mail to staff is its own credential: it opens what is sealed, without the authorizer.
    by_staff_link: bool = False
    # status: what the answer's body is; None where it is no JSON.
    answers: "dict[int, type[BaseModel] | None] | None" = None

    @property
    def audience(self) -> Literal["public", "staff"]:
        """Which function serves it."""
        return "staff" if self.roles or self.by_staff_link else "public"


ROUTES: tuple[Route, ...] = (
    Route(
        "POST",
        "/v1/comments",
        "Post a comment; it is held for a moderator, or published at once where its author is trusted",
        public.post_comment,
        body=schemas.CommentSubmission,
        takes_forms=True,
        takes_key=True,
        answers={202: shapes.CommentHeld, 201: shapes.CommentPublished},
    ),
    Route(
        "GET",
        "/v1/comments",
        "The approved comments of a page",
        public.get_thread,
        query=schemas.ThreadQuery,
        answers={200: shapes.Thread, 304: None},
    ),
    Route(
        "GET",
        "/v1/comments.atom",
        "The newest approved comments of a page, as Atom",
        public.get_feed,
        query=schemas.FeedQuery,
        answers={200: None, 304: None},
    ),
    Route(
        "POST",
        "/v1/comments/counts",
        "How many approved comments up to 100 pages have",
        public.count_comments,
        body=schemas.CountsRequest,
        answers={200: shapes.Counts},
    ),
    Route(
        "POST",
        "/v1/enquiries",
        "Send an enquiry",
        public.post_enquiry,
        body=schemas.EnquirySubmission,
        takes_forms=True,
        takes_key=True,
        answers={202: shapes.EnquiryAccepted},
    ),
    Route(
        "GET",
        "/v1/form",
        "A form token and the crisis lines",
        public.open_form,
        query=schemas.FormQuery,
        answers={200: shapes.FormToken},
    ),
    Route(
        "GET",
        "/unsubscribe/{token}",
        "Asks whether to stop mail about one's comments",
        unsubscribing.ask_unsubscribe,
        is_page=True,
        answers={200: None},
    ),
    Route(
        "POST",
        "/unsubscribe/{token}",
        "Stops mail about one's comments: the one click of RFC 8058",
        unsubscribing.unsubscribe,
        is_page=True,
        answers={200: None},
    ),
    Route("GET", "/healthz", "Whether this answers", site.healthz, answers={200: shapes.Health}),
    Route("GET", "/openapi.json", "This document", site.openapi, answers={200: None}),
    Route(
        "GET",
        "/v1/staff/comments",
        "Comments of one status, by default those that wait",
        staff.list_comments,
        MODERATORS,
        query=schemas.CommentsQuery,
        answers={200: shapes.StaffComments},
    ),
    Route(
        "GET",
        "/v1/staff/comments/{comment_id}",
        "One comment with its history",
        staff.get_comment,
        MODERATORS,
        answers={200: shapes.StaffCommentWithHistory},
    ),
    Route(
        "PATCH",
        "/v1/staff/comments/{comment_id}",
        "Decide on a comment, or redact what it shows",
        staff.patch_comment,
        MODERATORS,
        body=schemas.CommentChange,
        if_match=True,
        answers={200: shapes.StaffComment},
    ),
    Route(
        "DELETE",
        "/v1/staff/comments/{comment_id}",
        "Erase a comment; while it has answers, its thread keeps a stub without a word",
        staff.delete_comment,
        MODERATORS,
        if_match=False,
        answers={204: None},
    ),
    Route(
        "POST",
        "/v1/staff/comments/{comment_id}/reply",
        "Answer a comment in public, as staff",
        staff.reply_to_comment,
        MODERATORS,
        body=schemas.Reply,
        takes_key=True,
        answers={201: shapes.StaffComment},
    ),
    Route(
        "POST",
        "/v1/staff/comments/{comment_id}/enquiry",
        "Hand a comment over to admissions, as an enquiry; the comment stays what it is",
        staff.hand_over_comment,
        MODERATORS,
        answers={201: shapes.HandedOver},
    ),
    Route(
        "POST",
        "/v1/staff/comments/bulk",
        "Decide on up to 100 comments, with a result for each",
        bulk.decide_many,
        MODERATORS,
        body=schemas.BulkDecisions,
        answers={200: shapes.BulkResults},
    ),
    Route(
        "GET",
        "/v1/staff/pages",
        "A page's thread: open or closed, and how many comments it shows",
        staff_pages.get_page,
        MODERATORS,
        query=schemas.PageQuery,
        answers={200: shapes.PageShown},
    ),
    Route(
        "PATCH",
        "/v1/staff/pages",
        "Close or open a page's thread for visitors",
        staff_pages.patch_page,
        MODERATORS,
        query=schemas.PageQuery,
        body=schemas.PageChange,
        answers={200: shapes.PageShown},
    ),
    Route(
        "GET",
        "/v1/staff/enquiries",
        "Enquiries of one status, by default the new ones",
        staff.list_enquiries,
        ADMISSIONS,
        query=schemas.EnquiriesQuery,
        answers={200: shapes.StaffEnquiries},
    ),
    Route(
        "GET",
        "/v1/staff/enquiries/{reference}",
        "One enquiry with its history",
        staff.get_enquiry,
        ADMISSIONS,
        answers={200: shapes.StaffEnquiryWithHistory},
    ),
    Route(
        "PATCH",
        "/v1/staff/enquiries/{reference}",
        "Change an enquiry's status, give it to somebody, note something",
        staff.patch_enquiry,
        ADMISSIONS,
        body=schemas.EnquiryChange,
        if_match=True,
        answers={200: shapes.StaffEnquiry},
    ),
    Route(
        "GET",
        "/v1/staff/deliveries",
        "Mail, by state",
        deliveries.list_deliveries,
        EVERYBODY,
        query=schemas.DeliveriesQuery,
        answers={200: shapes.Deliveries},
    ),
    Route(
        "POST",
        "/v1/staff/deliveries/{delivery_id}/resend",
        "Send a mail again",
        deliveries.resend_delivery,
        EVERYBODY,
        answers={202: shapes.DeliveryShown},
    ),
    Route(
        "GET",
        "/v1/staff/dead-letters",
        "What the mail function could not handle",
        deliveries.list_dead_letters,
        EVERYBODY,
        answers={200: shapes.DeadLetters},
    ),
    Route(
        "GET",
        "/v1/staff/stats",
        "How many comments, enquiries and mails are in each status, as far as the role sees them",
        overview.get_stats,
        EVERYBODY,
        answers={200: shapes.Stats},
    ),
    Route(
        "GET",
        "/v1/staff/audit",
        "Who did what, newest first: all of it, or what concerns one subject, one actor, or both",
        overview.list_audit,
        ADMINS,
        query=schemas.AuditQuery,
        answers={200: shapes.AuditEntries},
    ),
    Route(
        "POST",
        "/v1/staff/people/export",
        "All that is held about one address",
        people.export_person,
        ADMINS,
        body=schemas.PersonExport,
        answers={200: shapes.PersonExported},
    ),
    Route(
        "POST",
        "/v1/staff/people/erase",
        "Erase all that is held about one address; called again, it goes on",
        people.erase_person,
        ADMINS,
        body=schemas.PersonErasure,
        answers={200: shapes.PersonErased},
    ),
    Route(
        "GET",
        "/v1/staff/tokens",
        "Staff tokens, without their secrets",
        staff.list_tokens,
        ADMINS,
        query=schemas.ListQuery,
        answers={200: shapes.Tokens},
    ),
    Route(
        "POST",
        "/v1/staff/tokens",
        "Make a staff token; its secret is shown once",
        staff.post_token,
        ADMINS,
        body=schemas.NewToken,
        answers={201: shapes.TokenMade},
    ),
    Route(
        "DELETE",
        "/v1/staff/tokens/{token_id}",
        "Revoke a staff token",
        staff.delete_token,
        ADMINS,
        answers={204: None},
    ),
    Route(
        "GET",
        "/moderate/{token}",
        "A page with one comment and the buttons to decide on it; changes nothing",
        links.show_comment,
        is_page=True,
        by_staff_link=True,
        answers={200: None, 409: None},
    ),
    Route(
        "POST",
        "/moderate/{token}",
        "Decide on that comment, once",
        links.decide,
        body=schemas.LinkDecision,
        is_page=True,
        by_staff_link=True,
        answers={200: None, 409: None},
    ),
    *(Route("GET", path, "A page or file that people open", site.serve_file) for path in site.FILES),
)

PAGES = frozenset(route.path for route in ROUTES if route.is_page)
STAFF_PATHS = frozenset(route.path for route in ROUTES if route.audience == "staff")
