"""What no function imports as it starts: it would pay at each cold start (docs/performance.md)."""

import json
import subprocess
import sys
from collections.abc import Callable
from functools import cache

import pytest

from tests.stack import ROOT, template

# Imported where it is used, if ever.
BY_NOBODY = {
    "boto3",
    "bleach",
    "html5lib",
    "jwt",
    "cryptography",
    "dns",
    "pydantic.v1",
    "chalicelib.api.atom",
    "chalicelib.api.openapi",
    "chalicelib.api.shapes",
    "chalicelib.commands",
    # Where no processor is declared.
    "chalicelib.mail.akismet",
}
_STAFF_ROUTES = ("bulk", "deliveries", "links", "overview", "staff", "staff_pages")
_STAFF = {f"chalicelib.api.{name}" for name in _STAFF_ROUTES}
_PUBLIC = {"chalicelib.api.public", "chalicelib.api.unsubscribing"}
_MAIL = {"chalicelib.mail.handlers", "chalicelib.mail.delivering", "chalicelib.mail.rendering"}
_MODELS = {"chalicelib.api.schemas"}
_PAGES = {"jinja2"}

NEVER = {
    "public": _STAFF | _MAIL | _PAGES,
    "staff": _PUBLIC | _MAIL | _PAGES,
    "authorizer": _STAFF | _PUBLIC | _MAIL | _MODELS | _PAGES,
    "relay": _STAFF | _PUBLIC | _MODELS,
    "mail": _STAFF | _PUBLIC | _MODELS,
    "delivery_events": _STAFF | _PUBLIC | _MODELS,
    "housekeeping": _STAFF | _PUBLIC | _MODELS,
}
OWN = {
    "public": _PUBLIC | _MODELS,
    "staff": _STAFF | _MODELS,
    "relay": _MAIL,
    "mail": _MAIL,
    "delivery_events": _MAIL,
    "housekeeping": _MAIL,
}


@pytest.fixture(scope="module")
def imported(keys: dict[str, str]) -> Callable[..., set[str]]:
    """Which modules a function has imported when it has started."""

    @cache
    def start(function: str, **settings: str) -> set[str]:
        environment = {
            "PATH": "",
            "PYTHONDONTWRITEBYTECODE": "1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "STAGE": "local",
            "FUNCTION": function,
            "PUBLIC_URL": "https://api.example.org",
            "SITES": "https://example.org",
            "MODERATORS": "moderators@example.org",
            "TOPICS": '{"admissions": ["admissions@example.org"]}',
            "MAIL_SENDER": "desk@example.org",
            # Else the mail function asks SES for it.
            "MAIL_RATE": "1",
            "KEYS_FILE": keys["KEYS_FILE"],
            **dict.fromkeys(("MAIL_QUEUE_URL", "MAIL_DEAD_LETTER_QUEUE_URL"), "https://sqs.example.org/q"),
            **_tables(),
        }
        if function in ("staff", "mail"):
            environment["PRIVATE_KEYS_FILE"] = keys["PRIVATE_KEYS_FILE"]
        environment |= settings
        code = "import json, sys, app; print(json.dumps(sorted(sys.modules)))"
        done = subprocess.run(  # noqa: S603
            [sys.executable, "-c", code],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        return set(json.loads(done.stdout))

    return start


def _tables() -> dict[str, str]:
    resources = template()["Resources"].items()
    tables = [name for name, r in resources if r["Type"] == "AWS::DynamoDB::Table"]
    return {f"{name.removesuffix('Table').upper()}_TABLE": "table" for name in tables}


@pytest.mark.parametrize("function", NEVER)
def test_function_does_not_import_what_it_does_not_need(
    function: str, imported: Callable[..., set[str]]
) -> None:
    assert imported(function) & (BY_NOBODY | NEVER[function]) == set()


@pytest.mark.parametrize("function", OWN)
def test_function_imports_its_own_as_it_starts(function: str, imported: Callable[..., set[str]]) -> None:
    """And not when the first event comes, which somebody waits for."""
    assert OWN[function] <= imported(function)


def test_akismet_is_loaded_by_mail_alone_where_it_is_declared(imported: Callable[..., set[str]]) -> None:
    declared = {"AKISMET_PROCESSOR": "Somebody looks for spam on our behalf."}
    for function in ("public", "staff", "relay", "housekeeping"):
        assert "chalicelib.mail.akismet" not in imported(function, **declared)
    assert "chalicelib.mail.akismet" in imported("mail", **declared, AKISMET_KEY_FILE="/nowhere")


def test_garbage_is_collected_again_after_the_start() -> None:
    environment = {"AWS_CHALICE_CLI_MODE": "true", "PATH": ""}
    assert _run("import gc, app; print(gc.isenabled())", environment) == "True\n"


def _run(code: str, environment: dict[str, str]) -> str:
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)  # noqa: S603
    return done.stdout
