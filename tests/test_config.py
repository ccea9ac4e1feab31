"""Settings: every one that is missing or wrong is named at once, in words, and no value is repeated."""

import json
from typing import Any

import pytest

from chalicelib.config import Settings, SettingsError, read_settings
from tests.stack import ROOT

GOOD = {
    "STAGE": "local",
    "FUNCTION": "public",
    **{
        f"{name}_TABLE": f"t-{name.lower()}" for name in ("COMMENTS", "ENQUIRIES", "OUTBOX", "PAGES", "GUARD")
    },
    "STAFF_TABLE": "t-staff",
    "AUDIT_TABLE": "t-audit",
    "SUPPRESSIONS_TABLE": "t-suppressions",
    "MODEL_TABLE": "t-model",
    "MAIL_QUEUE_URL": "https://sqs.example/q",
    "MAIL_DEAD_LETTER_QUEUE_URL": "https://sqs.example/dead",
    "KEYS_FILE": "/keys.json",
    "PUBLIC_URL": "https://desk.example.org",
    "SITES": "https://www.example.org",
    "MODERATORS": "mod@example.org",
    "TOPICS": '{"admissions": ["adm@example.org"]}',
    "MAIL_SENDER": "desk@example.org",
}
OIDC = {"OIDC_ISSUER": "https://login.example.org/pool", "OIDC_AUDIENCE": "client"}
DECLARED = "Automattic, in the USA, looks for spam on our behalf."
MAIL = {"FUNCTION": "mail", "PRIVATE_KEYS_FILE": "/k"}
AKISMET = {**MAIL, "AKISMET_PROCESSOR": DECLARED, "AKISMET_KEY_FILE": "/akismet-key"}
LOCAL_OIDC = {"OIDC_ISSUER": "http://127.0.0.1:9/pool", "OIDC_AUDIENCE": "client"}
FULL_TEXT = {
    "MAIL_FULL_TEXT": "true",
    "MAIL_TLS_REQUIRED": "true",
    "MAIL_CONFIGURATION_SET": "tls-only",
    "MAIL_DOMAINS": "example.org",
}


def problems_of(environ: dict[str, str]) -> list[str]:
    with pytest.raises(SettingsError) as refused:
        read_settings(environ)
    assert all(problem in str(refused.value) for problem in refused.value.problems)
    return refused.value.problems


def named(problems: list[str]) -> set[str]:
    return {problem.split(" ")[0].rstrip(":,") for problem in problems}


def test_good_settings_are_read() -> None:
    settings = read_settings(GOOD | {"MODERATORS": " a@example.org , b@example.org,", "RATE_LIMIT": "3"})
    assert settings.moderators == ("a@example.org", "b@example.org")
    assert settings.rate_limit == 3
    assert settings.sites == ("https://www.example.org",)
    assert next(line.name for line in settings.help_lines).startswith("988")


@pytest.mark.parametrize("empty", [{}, dict.fromkeys(GOOD, "")])
def test_every_missing_setting_is_named_at_once(empty: dict[str, str]) -> None:
    problems = problems_of(empty)
    assert named(problems) == set(GOOD)
    assert all(" is missing. " in p or p.startswith("KEYS_FILE or ") for p in problems)


@pytest.mark.parametrize("name", GOOD)
def test_missing_setting_is_named_alone(name: str) -> None:
    [problem] = problems_of({key: value for key, value in GOOD.items() if key != name})
    assert problem.startswith((f"{name} is missing. ", f"{name} or KEYS_PARAMETER is needed"))


WRONG = {
    "STAGE": ["zzz-beta"],
    "FUNCTION": ["zzz"],
    "COMMENTS_TABLE": ["zz"],
    "MAIL_QUEUE_URL": ["zzz"],
    "PUBLIC_URL": ["zzz", "https://zzz.example/", "ftp://zzz.example", "https://zzz.example/path"],
    "SITES": [",", "https://ok.example,zzz", "https://zzz.example/"],
    "MODERATORS": [
        ",",
        "zzz",
        "ok@example.org,zzz",
        "Zzz <zzz@example.org>",
        ",".join(["zzz@example.org"] * 51),
    ],
    "TOPICS": [
        "zzz",
        '["zzz"]',
        '{"admissions": ["zzz"]}',
        '{"admissions": {"zzz": 1}}',
        '{"admissions": 7}',
    ],
    "MAIL_SENDER": ["zzz", "zzz@"],
    "MAIL_TLS_REQUIRED": ["zzz"],
    "OIDC_ISSUER": [
        "zzz",
        "ftp://zzz.example",
        "https://",
        "https://u:zzz@ok.example",
        "https://ok.example?zzz",
    ],
    "OIDC_JWKS_URL": ["zzz", "https://ok.example/#zzz", "https://zzz.example:99999"],
    "OIDC_TOKEN_USE": ["zzz", "refresh"],
    "OIDC_ALGORITHMS": ["zzz", "none", "HS256", "RS256,HS256", "RS512", ","],
    "OIDC_ROLES": ["zzz", "{}", "[]", '{"Web team": "zzz"}', '{"a": "zzz"}'],
    "RATE_LIMIT": ["zzz", "0", "-7", "1.5"],
    "RATE_WINDOW": ["zzz", "0", "86401"],
    "AKISMET_PROCESSOR": ["zzz", " " * 40, "z" * 501],
    "CONSENT_VERSION": ["z" * 41],
    "HELP_LINES": [
        "zzz",
        "[]",
        '[{"name": "zzz"}]',
        '[{"name": "z", "contact": "z", "url": "z", "more": "zzz"}]',
    ],
    "SPAM_RETENTION_DAYS": ["0", "3651", "zzz"],
    "DELIVERY_RETENTION_DAYS": ["0", "3651", "zzz"],
    "LOG_LEVEL": ["zzz", "info"],
}


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in WRONG.items() for value in values]
)
def test_wrong_setting_is_named_and_its_value_is_not_repeated(name: str, value: str) -> None:
    problems = problems_of(GOOD | {name: value})
    assert named(problems) == {name}
    assert "zzz" not in "".join(problems)
    assert all("is wrong" in problem for problem in problems)


def test_every_wrong_setting_is_named_at_once() -> None:
    assert named(problems_of(GOOD | {name: values[0] for name, values in WRONG.items()})) == set(WRONG)


def test_origin_whose_port_cannot_be_is_refused_at_start() -> None:
    problems_of(GOOD | {"SITES": "https://www.example.org:99999"})


def test_host_of_odd_characters_is_not_repeated() -> None:
    assert "zzz" not in "".join(problems_of(GOOD | {"SITES": "https://zzz\u2100.example"}))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"TOPICS": '{"family": ["a@example.org"]}'}, "TOPICS must have the topic `admissions`"),
        ({"TOPICS": '{"admissions": ["a@example.org"], "family": []}'}, "the topic `family` has nobody"),
        ({"FUNCTION": "staff"}, "PRIVATE_KEYS_FILE or PRIVATE_KEYS_PARAMETER is needed"),
        ({"FUNCTION": "mail"}, "PRIVATE_KEYS_FILE or PRIVATE_KEYS_PARAMETER is needed"),
        ({"STAGE": "prod", "SITES": "https://a.example,http://b.example"}, "must be https"),
        ({"STAGE": "prod", "PUBLIC_URL": "http://desk.example.org"}, "must be https"),
        ({**OIDC, "OIDC_AUDIENCE": ""}, "OIDC_ISSUER needs OIDC_AUDIENCE"),
        ({**OIDC, "OIDC_ISSUER": "http://login.example.org"}, "OIDC_ISSUER must be https"),
        ({**OIDC, "OIDC_ISSUER": "http://127.0.0.1.example.org"}, "OIDC_ISSUER must be https"),
        ({**OIDC, "OIDC_JWKS_URL": "http://login.example.org/keys"}, "OIDC_JWKS_URL must be https"),
        ({**LOCAL_OIDC, "STAGE": "prod"}, "OIDC_ISSUER must be https"),
        ({**FULL_TEXT, "MAIL_TLS_REQUIRED": ""}, "MAIL_FULL_TEXT needs MAIL_TLS_REQUIRED"),
        ({**FULL_TEXT, "MAIL_CONFIGURATION_SET": ""}, "MAIL_CONFIGURATION_SET"),
        ({**FULL_TEXT, "MAIL_DOMAINS": ""}, "MAIL_FULL_TEXT needs MAIL_DOMAINS"),
        ({**FULL_TEXT, "MODERATORS": "mod@elsewhere.example"}, "at a domain not in MAIL_DOMAINS"),
        ({**FULL_TEXT, "TOPICS": '{"admissions": ["a@sub.example.org"]}'}, "at a domain not in MAIL_DOMAINS"),
        ({**MAIL, "AKISMET_PROCESSOR": DECLARED}, "AKISMET_PROCESSOR needs AKISMET_KEY_FILE or"),
        ({**AKISMET, "AKISMET_KEY_PARAMETER": "/k"}, "AKISMET_PROCESSOR needs AKISMET_KEY_FILE or"),
        ({**AKISMET, "AKISMET_PROCESSOR": ""}, "need AKISMET_PROCESSOR, which tells visitors"),
        ({**AKISMET, "FUNCTION": "staff"}, "The staff function must not have the Akismet key"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(changes: dict[str, str], said: str) -> None:
    [problem] = problems_of(GOOD | changes)
    assert said in problem


def test_every_contradiction_is_named_at_once() -> None:
    changes = {"STAGE": "prod", "PUBLIC_URL": "http://x.example", "FUNCTION": "mail", "MAIL_FULL_TEXT": "1"}
    assert len(problems_of(GOOD | changes)) == 4


@pytest.mark.parametrize(
    "changes",
    [
        FULL_TEXT,
        OIDC,
        {**OIDC, "STAGE": "prod"},
        LOCAL_OIDC,
        {"STAGE": "prod"},
        MAIL,
        AKISMET,
        {**AKISMET, "AKISMET_KEY_FILE": "", "AKISMET_KEY_PARAMETER": "/k"},
        {"AKISMET_PROCESSOR": DECLARED},
    ],
)
def test_settings_that_agree_are_taken(changes: dict[str, str]) -> None:
    assert read_settings(GOOD | changes).stage == changes.get("STAGE", "local")


# ---- docs/settings.md


def documented() -> dict[str, tuple[str, str]]:
    """The table's rows: setting, its default, what it is."""
    rows = {}
    for line in (ROOT / "docs" / "settings.md").read_text().splitlines():
        if line.startswith("| `"):
            name, default, what = (cell.strip() for cell in line.strip("| ").split(" | ", 2))
            assert name.strip("`") not in rows, f"{name} stands there twice"
            rows[name.strip("`")] = (default, what)
    return rows


def shown(default: Any) -> str:
    if isinstance(default, bool):
        return "true" if default else "false"
    if isinstance(default, dict):
        return json.dumps(default)
    return ",".join(default) if isinstance(default, tuple) else str(default)


def test_every_setting_is_documented() -> None:
    rows = documented()
    assert sorted(rows) == sorted(name.upper() for name in Settings.model_fields)
    for name, field in Settings.model_fields.items():
        default, what = rows[name.upper()]
        assert what == field.description, name
        if field.is_required():
            assert default == "required", name
        elif field.default in (None, ()):
            assert default.split(";")[0] == "none", name
        elif name == "help_lines":
            assert default == "three US lines, see below"
        else:
            assert default == f"`{shown(field.default)}`", name
