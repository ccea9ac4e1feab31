"""The one place that builds clients: what a function works with, put together from its settings."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.loaders import Loader

from chalicelib.config import Settings, SettingsError, read_settings
from chalicelib.errors import Unavailable
from chalicelib.mail.queue import MailQueue
from chalicelib.oidc.fetching import fetch
from chalicelib.oidc.keys import IssuerKeys
from chalicelib.oidc.people import Issuer
from chalicelib.pages import Sites
from chalicelib.privacy.hashing import Hasher, NoHasher
from chalicelib.privacy.keys import Keys, check_pair, read_keys, read_private_keys, write_key_file
from chalicelib.privacy.sealing import Opener, Sealer
from chalicelib.storage.audit import AuditTable
from chalicelib.storage.comments import CommentsTable
from chalicelib.storage.dynamodb import Database
from chalicelib.storage.enquiries import EnquiriesTable
from chalicelib.storage.guard import GuardTable
from chalicelib.storage.outbox import OutboxTable
from chalicelib.storage.pages import PagesTable
from chalicelib.storage.seal import Seal
from chalicelib.storage.staff import StaffTable
from chalicelib.storage.store import Store
from chalicelib.storage.stubs import Stubs
from chalicelib.storage.suppressions import SuppressionsTable
from chalicelib.times import utc_now

# Two tries of at most 3 s: a handler makes up to three calls, and API Gateway gives up at 29 s.
_PATIENT = Config(connect_timeout=1, read_timeout=2, retries={"mode": "standard", "total_max_attempts": 2})
# The SDK would compare each parameter with its model: a fifth of a request's CPU. DynamoDB checks them too,
# and refuses with the same outcome; tests use clients that do check.
_UNCHECKED = _PATIENT.merge(Config(parameter_validation=False))
# SES has no idempotency token: a second try by the SDK could be a second mail.
_ONCE = Config(connect_timeout=1, read_timeout=10, retries={"total_max_attempts": 1})
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
    store: Store
    hasher: Hasher
    # Signs decision links, under a key of the private ones: only staff and mail can.
    link_hasher: Hasher | NoHasher
    queue: MailQueue
    issuer: Issuer | None
    ses: Any
    # How many mails a second SES takes; 0 where this function sends none.
    send_rate: int
    now: Callable[[], datetime]


def open_desk(environ: Mapping[str, str], now: Callable[[], datetime] = utc_now) -> Desk:
    """Raises SettingsError, naming all that is wrong. `now` is the clock."""
    settings = read_settings(environ)
    session = make_session()
    try:
        keys = read_keys(read_document(session, settings.keys_file, settings.keys_parameter))
        opener, link_hasher = _use_private_keys(session, settings, keys)
    except (OSError, ValueError, KeyError, TypeError, Unavailable):
        raise SettingsError(["The keys cannot be read; `make run` makes those of this machine"]) from None
    seal = Seal(Sealer(keys.sealing_keys), opener)
    database = Database(session.create_client("dynamodb", config=_UNCHECKED), now)
    mails = settings.function == "mail"
    queues = settings.function in ("relay", "mail", "staff", "housekeeping")
    ses = session.create_client("sesv2", config=_ONCE) if mails else None
    return Desk(
        settings=settings,
        sites=Sites(settings.sites, settings.page_parameters),
        store=_make_store(settings, database, seal),
        hasher=Hasher(keys.hmac_secrets),
        link_hasher=link_hasher,
        queue=MailQueue(
            session.create_client("sqs", config=_PATIENT) if queues else None,
            settings.mail_queue_url,
            settings.mail_dead_letter_queue_url,
        ),
        ses=ses,
        send_rate=_send_rate(settings, ses) if mails else 0,
        issuer=_make_issuer(settings, now) if settings.function == "authorizer" else None,
        now=now,
    )


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
    ssm = session.create_client("ssm", config=_PATIENT)
    try:
        document: str = ssm.get_parameter(Name=parameter, WithDecryption=True)["Parameter"]["Value"]
    except (BotoCoreError, ClientError) as error:
        raise Unavailable("GetParameter") from error
    return document


def write_document(session: Any, file: Path | None, parameter: str | None, document: str) -> None:
    """Replace a document of keys where `read_document` finds it. Raises OSError or Unavailable."""
    if file is not None:
        write_key_file(file, document)
        return
    ssm = session.create_client("ssm", config=_PATIENT)
    try:
        # Under the KMS key that it has: without KeyId, SSM would take the account's own.
        named = [{"Key": "Name", "Option": "Equals", "Values": [parameter]}]
        [known] = ssm.describe_parameters(ParameterFilters=named)["Parameters"]
        ssm.put_parameter(
            Name=parameter, Value=document, Type="SecureString", KeyId=known["KeyId"], Overwrite=True
        )
    except (BotoCoreError, ClientError) as error:
        raise Unavailable("PutParameter") from error


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


def _make_store(settings: Settings, database: Database, seal: Seal) -> Store:
    spam_retention = timedelta(days=settings.spam_retention_days)
    delivery_retention = timedelta(days=settings.delivery_retention_days)
    return Store(
        database=database,
        comments=CommentsTable(database, settings.comments_table, spam_retention, seal),
        stubs=Stubs(database, settings.comments_table),
        enquiries=EnquiriesTable(database, settings.enquiries_table, spam_retention, seal),
        outbox=OutboxTable(database, settings.outbox_table, delivery_retention, seal),
        pages=PagesTable(database, settings.pages_table),
        guard=GuardTable(database, settings.guard_table, settings.rate_limit, settings.rate_window),
        staff=StaffTable(database, settings.staff_table),
        audit=AuditTable(database, settings.audit_table),
        suppressions=SuppressionsTable(database, settings.suppressions_table),
    )
