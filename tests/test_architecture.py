"""Imports point one way: app → api, mail → domain → nothing. Read from the source, not from what ran."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.stack import ROOT, template

PACKAGE = ROOT / "chalicelib"
MODULES = sorted(PACKAGE.rglob("*.py"))
PACKAGES = ("api", "commands", "judgement", "mail", "oidc", "privacy", "storage")
# Packages of the domain: what the product knows.
_DOMAIN = {"judgement"}
# Beside the domain: what puts the parts together, and what knows pydantic or the SDK for all of them.
_BESIDE = {"wiring", "config", "aws_errors"}


def place_of(path: Path) -> str:
    """`app`, a package of chalicelib (`api`), or `domain` for the modules directly in it."""
    if path == ROOT / "app.py":
        return "app"
    parts = path.relative_to(PACKAGE).parts
    if len(parts) > 1:
        return "domain" if parts[0] in _DOMAIN else parts[0]
    return path.stem if path.stem in _BESIDE else "domain"


@cache
def imports_of(path: Path) -> tuple[str, ...]:
    """Each module and name that is imported anywhere in the file, as `package.module.name`."""
    return tuple(_find_imports(path))


def _find_imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def importers(*prefixes: str) -> set[str]:
    """Which files import one of `prefixes` or something in it, as paths from the root."""
    found = set()
    for path in [*MODULES, ROOT / "app.py"]:
        for name in imports_of(path):
            if any(name == prefix or name.startswith(f"{prefix}.") for prefix in prefixes):
                found.add(path.relative_to(ROOT).as_posix())
    return found


def places(files: set[str]) -> set[str]:
    return {place_of(ROOT / file) for file in files}


def test_every_package_is_known_here() -> None:
    found = {path.relative_to(PACKAGE).parts[0] for path in MODULES if path.parent != PACKAGE}
    assert found == set(PACKAGES)


def test_only_app_and_api_know_chalice() -> None:
    assert places(importers("chalice")) == {"app", "api"}


def test_only_wiring_builds_clients() -> None:
    assert importers("botocore.session", "botocore.config", "boto3") == {"chalicelib/wiring.py"}


def test_only_storage_mail_and_who_explains_them_know_botocores_errors() -> None:
    files = importers("botocore") - {"chalicelib/wiring.py"}
    assert files == importers("botocore.exceptions") - {"chalicelib/wiring.py"}
    assert {file for file in files if not file.startswith("chalicelib/mail/")} == {
        "chalicelib/storage/dynamodb.py",
        "chalicelib/aws_errors.py",
    }


def test_only_the_html_gate_knows_bleach() -> None:
    assert importers("bleach", "html5lib") == {"chalicelib/html_gate.py"}


def test_only_privacy_knows_nacl() -> None:
    assert places(importers("nacl")) == {"privacy"}


def test_only_oidc_knows_jwts_and_loads_them_when_one_comes() -> None:
    assert importers("jwt", "cryptography") == {"chalicelib/oidc/people.py"}
    # `cryptography` would slow every cold start.
    code = "import sys, app; sys.exit('jwt' in sys.modules or 'cryptography' in sys.modules)"
    environment = {"AWS_CHALICE_CLI_MODE": "true", "PATH": ""}
    command = [sys.executable, "-c", code]
    assert subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode == 0  # noqa: S603


def test_only_who_decides_or_keeps_house_loads_the_classifier() -> None:
    """Neither the public function nor any other has it in memory: it may read nothing of it either."""
    classifier = ("chalicelib.judgement.learning", "chalicelib.judgement.features")
    assert importers(*classifier) == {
        "chalicelib/judgement/insight.py",
        "chalicelib/judgement/learning.py",
        "chalicelib/storage/model.py",
        # For its types alone.
        "chalicelib/storage/store.py",
    }
    code = "import sys, app; sys.exit(any(m in sys.modules for m in sys.argv[1:]))"
    environment = {"AWS_CHALICE_CLI_MODE": "true", "PATH": ""}
    command = [sys.executable, "-c", code, *classifier, "chalicelib.storage.model"]
    assert subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode == 0  # noqa: S603


def test_only_oidc_and_akismet_speak_http_to_others() -> None:
    assert importers("http.client", "urllib.request", "requests", "httpx", "socket") == {
        "chalicelib/oidc/fetching.py",
        "chalicelib/mail/akismet.py",
    }


@pytest.mark.parametrize(
    ("place", "never"),
    [
        (
            "domain",
            ("api", "commands", "mail", "oidc", "privacy", "storage", "wiring", "config", "aws_errors"),
        ),
        ("config", ("api", "commands", "mail", "oidc", "privacy", "storage", "wiring")),
        ("aws_errors", ("api", "commands", "mail", "oidc", "privacy", "storage", "wiring", "config")),
        ("oidc", ("api", "commands", "mail", "privacy", "storage", "wiring", "config")),
        ("privacy", ("api", "commands", "mail", "oidc", "storage", "wiring", "config")),
        ("storage", ("api", "commands", "mail", "oidc", "privacy", "wiring", "config")),
        ("wiring", ("api", "commands")),
        ("mail", ("api", "commands", "oidc")),
        ("api", ("commands", "mail")),
        ("commands", ("api", "mail")),
        ("app", ("commands", "storage", "privacy")),
    ],
)
def test_imports_point_one_way(place: str, never: tuple[str, ...]) -> None:
    for other in never:
        wrong = {file for file in importers(f"chalicelib.{other}") if place_of(ROOT / file) == place}
        assert wrong == set(), f"{place} imports {other}"


def test_wiring_knows_of_mail_the_queue_and_akismet_alone() -> None:
    wired = {n for n in imports_of(PACKAGE / "wiring.py") if n.startswith("chalicelib.mail")}
    assert wired == {"chalicelib.mail.queue.MailQueue", "chalicelib.mail.akismet.Akismet"}
    assert not {"chalicelib/mail/queue.py", "chalicelib/mail/akismet.py"} & importers("chalicelib.wiring")


def test_nothing_imports_the_app() -> None:
    assert importers("app") == set()


def test_domain_knows_no_framework() -> None:
    for library in ("chalice", "botocore", "boto3", "pydantic", "jinja2", "nacl"):
        assert "domain" not in places(importers(library)), library


def test_table_is_defined_and_named_in_the_template_alone() -> None:
    names = [
        resource["Properties"]["TableName"]["Fn::Sub"].replace("${Stage}", "")
        for resource in template()["Resources"].values()
        if resource["Type"] == "AWS::DynamoDB::Table"
    ]
    assert len(names) == 9
    source = [*MODULES, ROOT / "app.py", *(ROOT / "infra").rglob("*.py")]
    for path in source:
        text = path.read_text()
        assert [n for n in names if n in text or n.replace("--", "-local-") in text] == [], path
        assert "create_table" not in text or path.is_relative_to(ROOT / "infra"), path
        assert "AttributeDefinitions" not in text or path.is_relative_to(ROOT / "infra"), path


def test_keys_and_conditions_are_in_storage_alone() -> None:
    for path in MODULES:
        if place_of(path) != "storage":
            text = path.read_text()
            words = [w for w in ("ConditionExpression", "KeyConditionExpression", "TableName") if w in text]
            assert words == [], path
