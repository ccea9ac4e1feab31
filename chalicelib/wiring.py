"""The one place that builds clients: what a function works with, put together from its settings."""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.loaders import Loader

from chalicelib.aws_errors import explain, explain_cause
from chalicelib.config import Settings, SettingsError, read_settings
from chalicelib.errors import Unavailable
from chalicelib.event_log import EventLog
from chalicelib.judgement.insight import AddressRate
from chalicelib.judgement.rules import NO_RULES, Rules
from chalicelib.judgement.rules_file import DEFAULT_RULES, RulesError, read_rules
from chalicelib.mail.queue import MailQueue
from chalicelib.oidc.fetching import fetch
from chalicelib.oidc.keys import IssuerKeys
from chalicelib.oidc.people import Issuer
from chalicelib.pages import Sites
from chalicelib.privacy.hashing import Hasher, NoHasher
from chalicelib.privacy.keys import Keys, check_pair, read_keys, read_private_keys
from chalicelib.privacy.sealing import Opener, Sealer
from chalicelib.storage.approvals import Approvals
from chalicelib.storage.audit import AuditTable
from chalicelib.storage.audited import Audited
from chalicelib.storage.comments import CommentsTable
from chalicelib.storage.deliveries import Deliveries
from chalicelib.storage.dynamodb import Database
from chalicelib.storage.enquiries import EnquiriesTable
from chalicelib.storage.guard import GuardTable
from chalicelib.storage.outbox import OutboxTable
from chalicelib.storage.outbox_entries import OutboxEntries
from chalicelib.storage.pages import PagesTable
from chalicelib.storage.plain_json import pass_as_json
from chalicelib.storage.seal import Seal
from chalicelib.storage.staff import StaffTable
from chalicelib.storage.store import Store
from chalicelib.storage.stubs import Stubs
from chalicelib.storage.suppressions import SuppressionsTable
from chalicelib.storage.threads import Threads
from chalicelib.times import utc_now

if TYPE_CHECKING:
    from chalicelib.mail.akismet import Akismet
    from chalicelib.storage.model import ModelTable

# Two tries of at most 3 s: a handler makes up to three calls, and API Gateway gives up at 29 s.
_PATIENT = Config(
    connect_timeout=1,
    read_timeout=2,
    retries={"mode": "standard", "total_max_attempts": 2},
    # Else the SDK puts together a long one anew for each request.
    user_agent="Frontdesk",
)
# The SDK would compare each parameter with its model: a fifth of a request's CPU. DynamoDB checks them too,
# and refuses with the same outcome; tests use clients that do check.
_UNCHECKED = _PATIENT.merge(Config(parameter_validation=False))
# SES has no idempotency token: a second try by the SDK could be a second mail.
_ONCE = Config(connect_timeout=1, read_timeout=10, retries={"total_max_attempts": 1})
_ROOT = Path(__file__).parent.parent
# In the zip alone (infra/sdk_data.py): of the SDK's data the part that is used, which loads sooner.
_SDK_DATA = Path(__file__).parent.parent / "sdk_data"
# At DEBUG the SDK logs whole requests and answers, published comments among them: never, whatever
# LOG_LEVEL says (`make leak-check` found it).
logging.getLogger("botocore").setLevel(logging.WARNING)


@dataclass(frozen=True)
class Desk:
    """Everything that the handlers of one function are given. What a function may not use is None."""

    settings: Settings
    sites: Sites
    # What is looked at twice; none where nothing is judged, nor what was judged read.
    rules: Rules
    store: Store
    hasher: Hasher
    # Signs decision links, under a key of the private ones: only staff and mail can.
    link_hasher: Hasher | NoHasher
    queue: MailQueue
    issuer: Issuer | None
    ses: Any
    # None but in the mail function of a site that declares it.
    akismet: "Akismet | None"
    # How many mails a second SES takes; 0 where this function sends none.
    send_rate: int
    log: EventLog
    now: Callable[[], datetime]

    @property
    def address_rate(self) -> AddressRate:
        return AddressRate(self.settings.address_rate_limit, timedelta(seconds=self.settings.rate_window))


def open_desk(environ: Mapping[str, str], now: Callable[[], datetime] = utc_now) -> Desk:
    """Raises SettingsError, naming all that is wrong. `now` is the clock."""
    try:
        return _open_desk(environ, now)
    except BotoCoreError as error:
        raise SettingsError([f"The AWS SDK cannot be used as it is set up: {explain_cause(error)}"]) from None


def _open_desk(environ: Mapping[str, str], now: Callable[[], datetime]) -> Desk:
    settings = read_settings(environ)
    session = make_session()
    try:
        keys = read_keys(read_document(session, settings.keys_file, settings.keys_parameter))
        opener, link_hasher = _use_private_keys(session, settings, keys)
    except Unavailable as error:
        raise SettingsError([f"The keys cannot be read. {explain(error)}"]) from None
    except (OSError, ValueError, KeyError, TypeError):
        raise SettingsError(["The keys cannot be read; `make run` makes those of this machine"]) from None
    seal = Seal(Sealer(keys.sealing_keys), opener)
    dynamodb = session.create_client("dynamodb", config=_UNCHECKED)
    pass_as_json(dynamodb)
    database = Database(dynamodb, now)
    mails = settings.function == "mail"
    queues = settings.function in ("relay", "mail", "staff", "housekeeping")
    ses = session.create_client("sesv2", config=_ONCE) if mails else None
    hasher = Hasher(keys.hmac_secrets)
    return Desk(
        settings=settings,
        sites=Sites(settings.sites, settings.page_parameters),
        rules=_read_rules(settings.rules_file) if settings.function in ("public", "staff") else NO_RULES,
        store=_make_store(settings, database, seal, _make_model(settings, database, hasher, now)),
        hasher=hasher,
        link_hasher=link_hasher,
        queue=MailQueue(
            session.create_client("sqs", config=_PATIENT) if queues else None,
            settings.mail_queue_url,
            settings.mail_dead_letter_queue_url,
        ),
        ses=ses,
        akismet=_make_akismet(session, settings),
        send_rate=_send_rate(settings, ses) if mails else 0,
        issuer=_make_issuer(settings, now) if settings.function == "authorizer" else None,
        log=EventLog(settings.stage, settings.function, now),
        now=now,
    )


def _read_rules(file: Path | None) -> Rules:
    """A path that is not absolute begins where app.py is, so that it is the same in Lambda."""
    try:
        return read_rules((_ROOT / (file or DEFAULT_RULES)).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        raise SettingsError(["RULES_FILE cannot be read, or is not UTF-8"]) from None
    except RulesError as error:
        raise SettingsError([f"RULES_FILE, {problem}" for problem in error.problems]) from None


def _send_rate(settings: Settings, ses: Any) -> int:
    """Mails a second: the account's, asked for once in each environment's life."""
    if settings.mail_rate:
        return settings.mail_rate
    try:
        quota = ses.get_account()["SendQuota"]
        return max(1, int(quota["MaxSendRate"]))
    except (BotoCoreError, ClientError, KeyError):
        # As in SES's sandbox: too slow rather than too fast.
        return 1


def make_session() -> Any:
    session = botocore.session.get_session()
    if _SDK_DATA.is_dir():
        loader = Loader(extra_search_paths=[str(_SDK_DATA)], include_default_search_paths=False)
        session.register_component("data_loader", loader)
    return session


def read_function(name: str) -> tuple[str, dict[str, str]]:
    """The ARN of a deployed function, and its environment variables. Raises Unavailable."""
    with calling("GetFunctionConfiguration"):
        client = make_session().create_client("lambda", config=_PATIENT)
        answer = client.get_function_configuration(FunctionName=name)
    return answer["FunctionArn"], answer.get("Environment", {}).get("Variables", {})


def _use_private_keys(
    session: Any, settings: Settings, keys: Keys
) -> tuple[Opener | None, Hasher | NoHasher]:
    """What opens the sealed, and what signs decision links."""
    file, parameter = settings.private_keys_file, settings.private_keys_parameter
    if file is None and parameter is None:
        return None, NoHasher()

    def load() -> dict[str, bytes]:
        return read_private_keys(read_document(session, file, parameter))

    private_keys = load()
    check_pair(keys, private_keys)
    # Under the current key alone: who got hold of an old one signs no links after a rotation.
    return Opener(load), Hasher(private_keys)


def read_document(session: Any, file: Path | None, parameter: str | None) -> str:
    """Read a document of keys from its file or its SSM parameter. Raises OSError or Unavailable."""
    if file is not None:
        return file.read_text()
    ssm = open_ssm(session)
    with calling("GetParameter"):
        document: str = ssm.get_parameter(Name=parameter, WithDecryption=True)["Parameter"]["Value"]
    return document


def open_ssm(session: Any) -> Any:
    return session.create_client("ssm", config=_PATIENT)


@contextmanager
def calling(operation: str) -> Iterator[None]:
    """Raises Unavailable for whatever the SDK raises inside."""
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise Unavailable(operation) from error


def _make_issuer(settings: Settings, now: Callable[[], datetime]) -> Issuer | None:
    if settings.oidc_issuer is None:
        return None
    # Where Cognito and many others have them.
    jwks_url = settings.oidc_jwks_url or f"{settings.oidc_issuer.rstrip('/')}/.well-known/jwks.json"
    return Issuer(
        url=settings.oidc_issuer,
        audiences=settings.oidc_audience,
        algorithms=settings.oidc_algorithms,
        token_use=settings.oidc_token_use,
        roles_claim=settings.oidc_roles_claim,
        roles=settings.oidc_roles,
        keys=IssuerKeys(lambda: fetch(jwks_url), now),
    )


def _make_akismet(session: Any, settings: Settings) -> "Akismet | None":
    """Whose key cannot be read: that is told when it is asked. No mail may wait for a judge of spam."""
    if settings.function != "mail" or settings.akismet_processor is None:
        return None
    # Here, so that a site without it does not load it.
    from chalicelib.mail.akismet import Akismet  # noqa: PLC0415

    try:
        key = read_document(session, settings.akismet_key_file, settings.akismet_key_parameter).strip()
    except (OSError, UnicodeDecodeError, Unavailable):
        key = ""
    return Akismet(key, blog=settings.sites[0], is_test=settings.stage == "local")


def _make_model(
    settings: Settings, database: Database, hasher: Hasher, now: Callable[[], datetime]
) -> "ModelTable | None":
    if settings.function not in ("staff", "housekeeping"):
        return None
    # Here, so that the functions which never use it do not load it either.
    from chalicelib.storage.model import ModelTable  # noqa: PLC0415

    def make_key(version: int) -> bytes:
        return hasher.digest("features", str(version))

    return ModelTable(database, settings.model_table, hasher.key_id, make_key, now)


def _make_store(settings: Settings, database: Database, seal: Seal, model: "ModelTable | None") -> Store:
    spam_retention = timedelta(days=settings.spam_retention_days)
    delivery_retention = timedelta(days=settings.delivery_retention_days)
    outbox = OutboxTable(database, settings.outbox_table, delivery_retention, seal)
    guard = GuardTable(database, settings.guard_table, settings.rate_limit, settings.rate_window)
    suppressions = SuppressionsTable(database, settings.suppressions_table)
    audit = AuditTable(database, settings.audit_table)
    return Store(
        database=database,
        comments=CommentsTable(database, settings.comments_table, spam_retention, seal),
        threads=Threads(database, settings.comments_table),
        stubs=Stubs(database, settings.comments_table),
        approvals=Approvals(database, settings.comments_table),
        enquiries=EnquiriesTable(database, settings.enquiries_table, spam_retention, seal),
        outbox=outbox,
        outbox_entries=OutboxEntries(database, settings.outbox_table),
        pages=PagesTable(database, settings.pages_table),
        guard=guard,
        staff=StaffTable(database, settings.staff_table),
        audit=audit,
        audited=Audited(database, audit),
        suppressions=suppressions,
        deliveries=Deliveries(database, outbox, guard, suppressions),
        model=model,
    )
