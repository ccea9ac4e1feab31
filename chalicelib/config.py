"""Settings: read once from the environment, at start; every missing or wrong one is named at once.

docs/settings.md lists them all; a test holds the two together.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, get_args
from urllib.parse import SplitResult, urlsplit

from email_validator import EmailNotValidError, validate_email
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)
from pydantic_core import PydanticCustomError

from chalicelib.staff_tokens import ROLES, Role

Language = Literal["en", "es"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
Function = Literal["public", "staff", "authorizer", "relay", "mail", "delivery_events", "housekeeping"]


class SettingsError(Exception):
    """The settings cannot be used. `problems` has one sentence for each that is wrong."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("Frontdesk cannot start:\n" + "\n".join(f"  - {problem}" for problem in problems))
        self.problems = problems


def _split(value: object) -> object:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def _load_json(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        raise PydanticCustomError("not_json", "must be JSON") from None


def _check_address(value: str) -> str:
    try:
        return validate_email(value, check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError:
        raise PydanticCustomError("not_an_address", "must be an email address") from None


def _split_url(value: str) -> SplitResult | None:
    """None where it is no http or https URL. urlsplit's own words quote the value."""
    try:
        parts = urlsplit(value)
        well_formed = parts.port is None or parts.port > 0
    except ValueError:
        return None
    return parts if well_formed and parts.scheme in ("http", "https") and parts.hostname else None


def _check_origin(value: str) -> str:
    parts = _split_url(value)
    if parts is None or value != f"{parts.scheme}://{parts.netloc}":
        raise PydanticCustomError(
            "not_an_origin", "must be an origin such as https://www.example.org, with no path"
        )
    return value


def _check_url(value: str) -> str:
    parts = _split_url(value)
    if parts is None:
        raise PydanticCustomError("not_a_url", "must be a URL such as https://login.example.org/staff")
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise PydanticCustomError("not_plain", "must have no user, query or fragment")
    return value


def _is_local(url: str) -> bool:
    return urlsplit(url).hostname in ("127.0.0.1", "::1", "localhost")


Address = Annotated[str, AfterValidator(_check_address)]
Addresses = Annotated[tuple[Address, ...], BeforeValidator(_split)]
Origin = Annotated[str, AfterValidator(_check_origin)]
Url = Annotated[str, AfterValidator(_check_url)]


class HelpLine(BaseModel):
    """One crisis line: who answers, how to reach them, where to read more."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    contact: str
    url: str


_US_HELP_LINES = (
    HelpLine(
        name="988 Suicide & Crisis Lifeline",
        contact="Call or text 988, day or night",
        url="https://988lifeline.org",
    ),
    HelpLine(
        name="Emergency",
        contact="Call 911 for an overdose; give naloxone if you have it",
        url="https://www.samhsa.gov/medications-substance-use-disorders/medications-counseling-related-conditions/naloxone",
    ),
    HelpLine(
        name="SAMHSA National Helpline",
        contact="Call 1-800-662-4357, day or night",
        url="https://www.samhsa.gov/find-help/helplines/national-helpline",
    ),
)


class Settings(BaseModel):
    """One field, one environment variable: its name in capitals."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    stage: Literal["local", "prod"] = Field(description="Where this runs.")
    function: Function = Field(
        description="Which of the stack's functions this is; its routes alone are served."
    )
    comments_table: str = Field(min_length=3, description="Name of the comments table.")
    enquiries_table: str = Field(min_length=3, description="Name of the enquiries table.")
    outbox_table: str = Field(min_length=3, description="Name of the outbox table.")
    pages_table: str = Field(min_length=3, description="Name of the pages table.")
    guard_table: str = Field(min_length=3, description="Name of the guard table.")
    staff_table: str = Field(min_length=3, description="Name of the staff table.")
    audit_table: str = Field(min_length=3, description="Name of the audit table.")
    suppressions_table: str = Field(min_length=3, description="Name of the suppressions table.")
    model_table: str = Field(min_length=3, description="Name of the model table.")
    mail_queue_url: str = Field(min_length=8, description="URL of the mail queue.")
    mail_dead_letter_queue_url: str = Field(
        min_length=8, description="URL of the queue of what the mail function could not handle."
    )
    keys_file: Path | None = Field(
        default=None, description="File with the HMAC secrets and the public sealing keys."
    )
    keys_parameter: str | None = Field(
        default=None, description="The same in an SSM parameter; one of the two is needed."
    )
    private_keys_file: Path | None = Field(
        default=None,
        description="File with the private sealing keys, for staff and mail alone.",
    )
    private_keys_parameter: str | None = Field(
        default=None,
        description="The same in an SSM parameter; staff and mail need one of the two.",
    )
    public_url: Origin = Field(description="The API's own origin, for links in mails.")
    sites: Annotated[tuple[Origin, ...], BeforeValidator(_split)] = Field(
        min_length=1,
        description="Origins of the sites that have comments, comma-separated, the default site first.",
    )
    page_parameters: Annotated[tuple[str, ...], BeforeValidator(_split)] = Field(
        default=(), description="Query parameters that make another page (`?p=12`), comma-separated."
    )
    moderators: Addresses = Field(
        min_length=1, max_length=50, description="Who is mailed about comments, comma-separated."
    )
    topics: Annotated[dict[str, Addresses], BeforeValidator(_load_json)] = Field(
        description='Who is mailed about enquiries, as JSON: `{"admissions": ["desk@example.org"]}`.'
    )
    on_call: Addresses = Field(
        default=(),
        max_length=20,
        description="Who is mailed at once, and again, about what is urgent, comma-separated; "
        "left out, those who are mailed about it anyway.",
    )
    mail_fallback: Address | None = Field(
        default=None, description="Who is mailed instead of a staff address that bounces."
    )
    urgent_reminder_minutes: int = Field(
        default=15, ge=1, le=1440, description="How long until an urgent mail is sent again, unless opened."
    )
    digest_minutes: int = Field(
        default=0,
        ge=0,
        le=1440,
        description="Mail the first comment of so many minutes at once, and the others together at their "
        "end; 0 mails each at once.",
    )
    acknowledge_enquiries: bool = Field(
        default=True,
        description="Mail the enquirer that it has arrived, with its reference and the crisis lines.",
    )
    language: Language = Field(
        default="en",
        description="Language of mail to staff, and to visitors who prefer none of ours.",
    )
    mail_rate: int | None = Field(
        default=None,
        ge=1,
        le=10000,
        description="Mails a second; left out, the account's own rate, as SES tells it.",
    )
    mail_sender: Address = Field(description="From whom mail is sent: a verified SES identity.")
    mail_configuration_set: str | None = Field(
        default=None, description="The SES configuration set to send with."
    )
    mail_tls_required: bool = Field(
        default=False, description="Says that the configuration set refuses to deliver without TLS."
    )
    mail_full_text: bool = Field(
        default=False,
        description="Put what was written into staff mail. Needs `MAIL_TLS_REQUIRED` and `MAIL_DOMAINS`.",
    )
    mail_domains: Annotated[tuple[str, ...], BeforeValidator(_split)] = Field(
        default=(), description="The only domains to which full text may be mailed, comma-separated."
    )
    oidc_issuer: Url | None = Field(
        default=None, description="The OIDC issuer whose JWTs let staff in, letter by letter as in `iss`."
    )
    oidc_audience: Annotated[tuple[str, ...], BeforeValidator(_split)] = Field(
        default=(), description="Whom the JWTs must be for: `aud`, or Cognito's client id; comma-separated."
    )
    oidc_token_use: Literal["access", "id"] = Field(
        default="access", description="Which of the issuer's tokens count: `access` or `id`."
    )
    oidc_algorithms: Annotated[tuple[Literal["RS256", "ES256"], ...], BeforeValidator(_split)] = Field(
        default=("RS256",), min_length=1, description="How they must be signed: `RS256`, `ES256`, or both."
    )
    oidc_jwks_url: Url | None = Field(
        default=None,
        description="Where the issuer's keys are, if not in `.well-known/jwks.json` below it.",
    )
    oidc_roles_claim: str = Field(
        default="cognito:groups", min_length=1, description="The claim with the person's group or groups."
    )
    oidc_roles: Annotated[dict[str, Role], BeforeValidator(_load_json)] = Field(
        default={role: role for role in ROLES},
        min_length=1,
        description='Which group has which role, as JSON: `{"Web team": "moderator"}`.',
    )
    rules_file: Path | None = Field(
        default=None,
        description="The site's own rules for what is looked at twice; left out, those that come with this.",
    )
    rate_limit: int = Field(
        default=10,
        ge=1,
        description="Submissions that one network may make at once, and then evenly spread over each window.",
    )
    address_rate_limit: int = Field(
        default=5,
        ge=1,
        description="Comments under one email address within the window; of one more, staff are told.",
    )
    rate_window: int = Field(default=600, ge=1, le=86400, description="Length of that window in seconds.")
    altcha: bool = Field(
        default=False,
        description="Ask browsers for ALTCHA's proof of work; what comes without is held with a reason.",
    )
    altcha_max_number: int = Field(
        default=50_000,
        ge=1_000,
        le=10_000_000,
        description="How much work: up to so many hashes, half of them on average.",
    )
    akismet_processor: (
        Annotated[str, StringConstraints(strip_whitespace=True, min_length=20, max_length=500)] | None
    ) = Field(
        default=None,
        description="Have Akismet look at comments, and tell visitors so on `/privacy` in this sentence: "
        "who does it, where, and for whom; left out, nothing is sent to it.",
    )
    akismet_key_file: Path | None = Field(
        default=None, description="File with the Akismet key, for mail alone."
    )
    akismet_key_parameter: str | None = Field(
        default=None,
        description="The same in an SSM parameter; with `AKISMET_PROCESSOR`, mail needs one of the two.",
    )
    trust_after: int | None = Field(
        default=None,
        ge=1,
        le=1000,
        description="Publish at once what an author of so many approved comments writes, if nothing is odd "
        "about it; left out, never. An author is an address and a name as typed, and nobody verifies them.",
    )
    staff_name: str = Field(
        default="Staff", min_length=1, max_length=80, description="Under which name staff answer in public."
    )
    reply_hours: int = Field(
        default=24, ge=1, le=8760, description="Hours within which an enquiry should be dealt with."
    )
    consent_required: bool = Field(default=False, description="Refuse an enquiry without consent.")
    consent_version: str = Field(
        default="1",
        max_length=40,
        description="Version of the wording that people consent to; stored with it.",
    )
    help_text: str = Field(
        default="If you or someone you know is in danger, please do not wait for us:",
        description="The sentence before the crisis lines.",
    )
    help_lines: Annotated[tuple[HelpLine, ...], BeforeValidator(_load_json)] = Field(
        default=_US_HELP_LINES,
        min_length=1,
        description='Crisis lines that come with every answer, as JSON: `[{"name", "contact", "url"}]`.',
    )
    spam_retention_days: int = Field(default=30, ge=1, le=3650, description="How long spam is kept.")
    delivery_retention_days: int = Field(
        default=90, ge=1, le=3650, description="How long sent mail is remembered."
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="Least level logged."
    )

    @model_validator(mode="after")
    def _check_together(self) -> "Settings":
        problems = self.contradictions()
        if problems:
            raise PydanticCustomError("contradiction", "{problems}", {"problems": "\n".join(problems)})
        return self

    def contradictions(self) -> list[str]:
        """What cannot be meant together, in words."""
        problems = []
        if "admissions" not in self.topics:
            problems.append("TOPICS must have the topic `admissions`, to which enquiries go by default")
        problems += [f"TOPICS: the topic `{t}` has nobody to mail" for t, to in self.topics.items() if not to]
        problems += self._key_problems()
        if self.stage == "prod" and any(origin.startswith("http:") for origin in self.sites):
            problems.append("SITES must be https in stage prod")
        if self.stage == "prod" and self.public_url.startswith("http:"):
            problems.append("PUBLIC_URL must be https in stage prod")
        return problems + self._oidc_problems() + self._full_text_problems() + self._akismet_problems()

    def _key_problems(self) -> list[str]:
        problems = []
        if (self.keys_file is None) == (self.keys_parameter is None):
            problems.append("KEYS_FILE or KEYS_PARAMETER is needed, and not both")
        opens = self.function in ("staff", "mail")
        given = [v for v in (self.private_keys_file, self.private_keys_parameter) if v is not None]
        if opens and len(given) != 1:
            problems.append("PRIVATE_KEYS_FILE or PRIVATE_KEYS_PARAMETER is needed, and not both")
        if given and not opens:
            problems.append(f"The {self.function} function must not have the private keys")
        return problems

    def _oidc_problems(self) -> list[str]:
        if self.oidc_issuer is None:
            return []
        problems = [] if self.oidc_audience else ["OIDC_ISSUER needs OIDC_AUDIENCE"]
        for name, url in (("OIDC_ISSUER", self.oidc_issuer), ("OIDC_JWKS_URL", self.oidc_jwks_url)):
            # Whoever answers there says who is staff.
            if url and url.startswith("http:") and not (self.stage == "local" and _is_local(url)):
                problems.append(f"{name} must be https, but on this machine itself in stage local")
        return problems

    def _full_text_problems(self) -> list[str]:
        if not self.mail_full_text:
            return []
        problems = []
        if not (self.mail_tls_required and self.mail_configuration_set):
            problems.append(
                "MAIL_FULL_TEXT needs MAIL_TLS_REQUIRED and the MAIL_CONFIGURATION_SET that requires it"
            )
        if not self.mail_domains:
            problems.append("MAIL_FULL_TEXT needs MAIL_DOMAINS, the domains that may be sent it")
        staff = {*self.moderators, *(address for to in self.topics.values() for address in to)}
        staff |= {self.mail_fallback} if self.mail_fallback else set()
        if self.mail_domains and any(a.rpartition("@")[2] not in self.mail_domains for a in staff):
            problems.append(
                "MAIL_FULL_TEXT: somebody in MODERATORS, TOPICS or MAIL_FALLBACK is at a domain not in "
                "MAIL_DOMAINS"
            )
        return problems

    def _akismet_problems(self) -> list[str]:
        given = [v for v in (self.akismet_key_file, self.akismet_key_parameter) if v is not None]
        if given and self.function != "mail":
            return [f"The {self.function} function must not have the Akismet key"]
        if given and self.akismet_processor is None:
            return ["AKISMET_KEY_FILE and AKISMET_KEY_PARAMETER need AKISMET_PROCESSOR, which tells visitors"]
        if self.function == "mail" and self.akismet_processor is not None and len(given) != 1:
            return ["AKISMET_PROCESSOR needs AKISMET_KEY_FILE or AKISMET_KEY_PARAMETER, and not both"]
        return []


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Raises SettingsError, which names every setting that is missing or wrong, never its value."""
    given: dict[str, Any] = {
        name: environ[name.upper()] for name in Settings.model_fields if environ.get(name.upper(), "") != ""
    }
    try:
        return Settings.model_validate(given)
    except ValidationError as error:
        errors = error.errors(include_input=False, include_url=False)
    problems = [line for e in errors for line in _sentence(e).split("\n")]
    wrong = {str(e["loc"][0]) for e in errors if e["loc"]}
    raise SettingsError(problems + _contradictions_among(given, wrong))


# Where a setting is missing or wrong, one that contradicts no other stands in for it.
_STAND_INS: dict[str, Any] = {
    "stage": "local",
    "function": "public",
    **{
        f"{name}_table": "none"
        for name in (
            "comments",
            "enquiries",
            "outbox",
            "pages",
            "guard",
            "staff",
            "audit",
            "suppressions",
            "model",
        )
    },
    "mail_queue_url": "https://none",
    "mail_dead_letter_queue_url": "https://none",
    "public_url": "https://none",
    "sites": "https://none",
    "moderators": "none@example.org",
    "topics": '{"admissions": ["none@example.org"]}',
    "mail_sender": "none@example.org",
}


def _contradictions_among(given: dict[str, Any], wrong: set[str]) -> list[str]:
    """The contradictions among what is right by itself, so that all is named at once."""
    if not wrong:
        return []
    right = {name: value for name, value in given.items() if name not in wrong}
    try:
        Settings.model_validate({**_STAND_INS, **right})
    except ValidationError as error:
        found = error.errors(include_input=False, include_url=False)[0]["msg"].split("\n")
        # Of a setting that is wrong itself nothing more is said.
        return [line for line in found if not any(name.upper() in line for name in wrong)]
    return []


# pydantic's own sentences speak to programmers.
_PLAINLY = {
    "int_parsing": "must be a whole number",
    "bool_parsing": "must be true or false",
    "too_short": "must not be empty",
    "string_too_short": "is too short",
}


def _sentence(error: Any) -> str:
    if error["type"] == "contradiction":
        return str(error["msg"])
    name, *path = error["loc"]
    if error["type"] == "missing" and not path:
        return f"{name.upper()} is missing. {Settings.model_fields[name].description}"
    place = "".join(f", at {part!r}" for part in path if not isinstance(part, int))
    reason = _PLAINLY.get(error["type"]) or error["msg"][0].lower() + error["msg"][1:]
    return f"{name.upper()} is wrong{place}: {reason}. {Settings.model_fields[name].description}"
