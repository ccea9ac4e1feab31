"""The stage's file: everything wrong is named in one line, before anything is called."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from infra.deploy import asking
from infra.deploy.asking import complete
from infra.deploy.errors import CannotDeployError
from infra.deploy.stage_file import STAGES, StageFile, load, missing_keys, path_of, read_stage

from .conftest import STAGE_FILE


def content_of(**changed: Any) -> dict[str, Any]:
    """The good file, with some of its values others; settings are in capitals."""
    content = tomllib.loads(STAGE_FILE)
    for name, value in changed.items():
        (content["settings"] if name.isupper() else content)[name] = value
    return content


def read(**changed: Any) -> StageFile:
    return read_stage("prod", Path("prod.toml"), content_of(**changed))


def refusal(**changed: Any) -> str:
    with pytest.raises(CannotDeployError) as refused:
        read(**changed)
    [line] = refused.value.lines
    assert "\n" not in line
    assert line.startswith("prod.toml: ")
    assert line.endswith("Mend the file (docs/deploy.md) and run it again")
    return line


def test_a_stage_becomes_the_stacks_parameters() -> None:
    stage = read(
        alarm_email="ops@example.org",
        staff_user_pool=True,
        SITES=["https://a.example", "https://b.example"],
        RATE_LIMIT=5,
        ACKNOWLEDGE_ENQUIRIES=False,
        HELP_LINES=[{"name": "Línea", "contact": "1", "url": "https://l.example"}],
    )
    assert (stage.stack, stage.region) == ("frontdesk-prod", "us-east-1")
    assert stage.parameters == {
        "Stage": "prod",
        "PublicUrl": "https://comments.example.org",
        "Sites": "https://a.example,https://b.example",
        "Moderators": "moderators@example.org",
        "Topics": '{"admissions": ["admissions@example.org"]}',
        "MailSender": "desk@example.org",
        "RateLimit": "5",
        "AcknowledgeEnquiries": "false",
        "HelpLines": '[{"name": "Línea", "contact": "1", "url": "https://l.example"}]',
        "AlarmEmail": "ops@example.org",
        "StaffUserPool": "true",
    }


def test_the_example_is_a_stage() -> None:
    path = path_of("example")
    stage = read_stage("prod", path, load(path))
    assert stage.account == "123456789012"
    assert path.resolve().parent == STAGES


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"region": ""}, "region is missing"),
        ({"region": "Virginia"}, "region must be one such as us-east-1"),
        ({"MODERATORS": "nobody"}, "MODERATORS is wrong: must be an email address"),
        ({"SITES": ["http://www.example.org"]}, "SITES must be https in stage prod"),
        ({"TOPICS": {"family": ["a@example.org"]}}, "TOPICS must have the topic `admissions`"),
        ({"MODERATOR": "a@example.org"}, "MODERATOR is not known (is MODERATORS meant?)"),
        ({"alarm_mail": "a@example.org"}, "alarm_mail is not known (is alarm_email meant?)"),
        ({"KEYS_FILE": "keys.json"}, "KEYS_FILE is not known"),
        ({"account": "12"}, "account must be 12 digits"),
        ({"read_cache": "yes"}, "read_cache must be true or false"),
        ({"monthly_budget": 50}, "monthly_budget needs alarm_email"),
        ({"monthly_budget": "much", "alarm_email": "a@example.org"}, "monthly_budget must be a whole number"),
        ({"waf_requests": 3}, "waf_requests must be a whole number, 10 or more"),
        ({"staff_user_pool": True, "OIDC_ISSUER": "https://i.example", "OIDC_AUDIENCE": "a"}, "contradict"),
        ({"PUBLIC_URL": "https://a1.execute-api.us-east-1.amazonaws.com"}, "must be a host of your own"),
        ({"certificate_arn": "mine"}, "certificate_arn must be the ARN"),
        (
            {"certificate_arn": "arn:aws:acm:eu-west-1:123456789012:certificate/a-b"},
            "certificate_arn must be of a certificate in us-east-1",
        ),
        ({"MAIL_FULL_TEXT": True}, "MAIL_FULL_TEXT needs MAIL_DOMAINS"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(changed: dict[str, Any], told: str) -> None:
    assert told in refusal(**changed)


def test_everything_wrong_is_named_at_once() -> None:
    line = refusal(region="here", MAIL_SENDER="nobody", PUBLIC_URL="")
    assert all(name in line for name in ("region", "MAIL_SENDER", "PUBLIC_URL is missing"))


def test_without_a_terminal_the_file_and_the_missing_keys_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    path = tmp_path / "prod.toml"
    with pytest.raises(CannotDeployError) as refused:
        complete(path)
    names = "region, PUBLIC_URL, SITES, MODERATORS, TOPICS, MAIL_SENDER"
    assert str(refused.value).startswith(f"{path} lacks {names}: ")
    assert not path.exists()


class Terminal:
    """Somebody who answers each question once; a second asking is an error."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **answers: str) -> None:
        self.answers = answers
        monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)

    def ask(self, question: str) -> str:
        [name] = [n for n, q in asking._QUESTIONS.items() if question.startswith(q)]
        return self.answers.pop(name)


ANSWERS = {
    "region": "eu-west-1",
    "alarm_email": "",
    "PUBLIC_URL": "https://c.example.org",
    "SITES": "https://www.example.org, https://es.example.org",
    "MODERATORS": "a@example.org,b@example.org",
    "TOPICS": "desk@example.org",
    "MAIL_SENDER": "desk@example.org",
}


def test_what_is_missing_is_asked_for_once_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "stages" / "prod.toml"
    content = complete(path, Terminal(monkeypatch, **ANSWERS).ask)
    stage = read_stage("prod", path, content)
    assert stage.region == "eu-west-1"
    assert stage.parameters["Sites"] == "https://www.example.org,https://es.example.org"
    assert stage.parameters["Topics"] == '{"admissions": ["desk@example.org"]}'
    # Nobody is asked again.
    assert complete(path, Terminal(monkeypatch).ask) == content


def test_what_is_in_the_file_stays_as_it_is(stage_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = STAGE_FILE.replace('MAIL_SENDER = "desk@example.org"\n', "# A comment of ours\n")
    stage_path.write_text(text.replace('region = "us-east-1"\n', "read_cache = true\n"))
    missing = {"region": "us-west-2", "MAIL_SENDER": "new@example.org"}
    content = complete(stage_path, Terminal(monkeypatch, **missing).ask)
    assert missing_keys(content) == []
    assert (content["region"], content["read_cache"]) == ("us-west-2", True)
    assert content["settings"]["MAIL_SENDER"] == "new@example.org"
    assert "# A comment of ours" in stage_path.read_text()


def test_an_answer_left_empty_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "prod.toml"
    with pytest.raises(CannotDeployError, match="MAIL_SENDER cannot be empty"):
        complete(path, Terminal(monkeypatch, **{**ANSWERS, "MAIL_SENDER": " "}).ask)
    assert not path.exists()


def test_a_file_that_is_no_toml_is_told_so(tmp_path: Path) -> None:
    path = tmp_path / "prod.toml"
    path.write_text("region: us-east-1")
    with pytest.raises(CannotDeployError, match=r"is not TOML: .*docs/deploy\.md"):
        load(path)
