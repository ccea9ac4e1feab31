"""What is rehearsed, in order: from nothing to nothing, then a stack's life with data in it."""

from pathlib import Path

from infra.rehearsal import journeys, public_role
from infra.rehearsal.account import Account
from infra.rehearsal.api import Api, api_of
from infra.rehearsal.errors import check
from infra.rehearsal.releases import (
    HELP_TEXT,
    STACK,
    STAGE,
    Release,
    release_before,
    release_that_does_not_start,
    release_with_a_failing_step,
    this_release,
)
from infra.rehearsal.steps import Steps
from infra.rehearsal.terminal import Terminal

_DOMAIN = "example.org"


class Rehearsal:
    """`root` is this folder, `work` one that is there and empty."""

    def __init__(self, root: Path, work: Path, account: Account, terminal: Terminal, steps: Steps) -> None:
        self._root = root
        self._work = work
        self._account = account
        self._terminal = terminal
        self._steps = steps
        self._now = this_release(root, work)

    def run(self) -> None:
        """Raises RehearsalError."""
        self._from_nothing()
        self._upgrade()
        self._roll_back()
        self._remove_and_take_in_again()

    def _from_nothing(self) -> None:
        self._account.verify_sender(_DOMAIN)
        api = self._deploy(self._now, "Deployed from nothing")
        with self._steps.step("Staff tokens made by command; the API is well; only staff get in"):
            journeys.is_well(api)
            admin, moderator = (self._terminal.add_token(self._now, role) for role in ("admin", "moderator"))
            journeys.only_staff_get_in(api, admin, moderator)
        with self._steps.step("A comment: mail, a look at its link, decided from it, shown"):
            journeys.comment_is_decided_from_the_mail(api, self._account, journeys.a_page())
        with self._steps.step("An enquiry: mail, read by staff, handed over and erased"):
            email = journeys.a_person()
            reference = journeys.enquiry_reaches_staff(api, self._account, admin, email)
            journeys.person_is_forgotten(api, admin, email, reference)
        with self._steps.step("SES's report noted, housekeeping run, no dead letter"):
            journeys.report_of_ses_is_noted(api, self._account, admin)
            journeys.housekeeping_runs(self._account)
            journeys.nothing_is_stuck(self._account)
        with self._steps.step("The public function's role is refused what it must not do"):
            public_role.is_refused_what_it_must_not_do(self._account)
        with self._steps.step("Destroyed with its data, told twice; unconfirmed, nothing went"):
            self._terminal.refuse_to_destroy(self._now, "--destroy-data", STACK)
            check(self._account.status(STACK), "the stack went unconfirmed")
            self._destroy("--destroy-data", STACK)
            self._nothing_is_left()

    def _upgrade(self) -> None:
        before = release_before(self._root, self._work)
        api = self._deploy(before, f"Deployed {before.what}")
        with self._steps.step("Written there: a comment that is shown, an enquiry"):
            self._admin, self._moderator = (
                self._terminal.add_token(before, role) for role in ("admin", "moderator")
            )
            self._page, self._reference = journeys.a_page(), ""
            self._comment = journeys.published(api, self._page, self._moderator)
            self._reference = journeys.enquiry_reaches_staff(
                api, self._account, self._admin, journeys.a_person()
            )
            check(journeys.help_text(api) != HELP_TEXT, "the release before has the settings of this one")
        api = self._deploy(self._now, "Upgraded to this folder's release")
        with self._steps.step("Its data is there, tokens work, new settings hold, new mail goes out"):
            check(journeys.help_text(api) == HELP_TEXT, "the upgrade brought no new settings")
            self._data_is_there(api)
            check(self._reference in journeys.audit_trail(api, self._admin), "the audit trail lacks what was")
            journeys.comment_is_decided_from_the_mail(api, self._account, journeys.a_page())

    def _roll_back(self) -> None:
        version = self._live_version()
        broken = release_with_a_failing_step(self._root, self._work, self._now.settings)
        with self._steps.step("A release with a step that fails: CloudFormation rolled it back by itself"):
            said = self._terminal.fail_to_deploy(broken)
            check("CannotBeMade" in said, "make deploy did not say which step failed")
            check(self._account.status(STACK) == "UPDATE_ROLLBACK_COMPLETE", "it was not rolled back")
            check(self._live_version() == version, "the alias does not point to the version before")
            self._serves()
        broken = release_that_does_not_start(self._root, self._work, self._now.settings)
        with self._steps.step("A release whose public function does not start: staff still served"):
            self._terminal.deploy(broken)
            api = api_of(self._account, STACK)
            check(api.call("GET", "/healthz").status >= 500, "the broken release is not broken")
            api.expect(200, "GET", "/v1/staff/comments", auth=self._moderator)
        with self._steps.step("Rolled back by command: make deploy of the release before"):
            self._terminal.deploy(self._now)
            self._serves()

    def _remove_and_take_in_again(self) -> None:
        with self._steps.step("Destroyed: the stack is gone, its data is kept"):
            tables = set(self._account.tables(STACK)) - {f"{STACK}-guard"}
            self._destroy()
            check(self._account.status(STACK) is None, "the stack is still there")
            check(set(self._account.tables(STACK)) == tables, "not all tables were kept")
        self._deploy(self._now, "Taken in again by a new stack", "--adopt", "data")
        with self._steps.step("Its data is there again"):
            self._serves()
        with self._steps.step("Destroyed again, with its data, told twice"):
            self._destroy("--destroy-data", STACK)
            self._nothing_is_left()

    def _deploy(self, release: Release, what: str, *more: str) -> Api:
        with self._steps.step(what):
            self._terminal.deploy(release, *more)
            self._account.speak_its_language(STACK)
            return api_of(self._account, STACK)

    def _destroy(self, *more: str) -> None:
        self._account.forget_its_language(STACK)
        self._terminal.destroy(self._now, *more)

    def _serves(self) -> None:
        api = api_of(self._account, STACK)
        journeys.is_well(api)
        self._data_is_there(api)

    def _data_is_there(self, api: Api) -> None:
        check(journeys.shown_on(api, self._page) == [self._comment], "the comment of before is not shown")
        readable = journeys.enquiry_is_readable(api, self._admin, self._reference)
        check(readable, "staff cannot read the enquiry of before")

    def _live_version(self) -> str:
        found = self._account.client("lambda").get_alias(FunctionName=f"{STACK}-public", Name="live")
        return str(found["FunctionVersion"])

    def _nothing_is_left(self) -> None:
        check(self._account.status(STACK) is None, "the stack is still there")
        left = self._account.tables(STACK)
        names = [f"/frontdesk/{STAGE}/keys", f"/frontdesk/{STAGE}/private-keys"]
        left += [p["Name"] for p in self._account.client("ssm").get_parameters(Names=names)["Parameters"]]
        check(not left, f"left: {', '.join(left)}")
