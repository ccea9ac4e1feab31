"""The stage's file: everything wrong is named in one line, before anything is called."""

import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from infra.deploy import asking
from infra.deploy.asking import complete
from infra.deploy.destroying import confirm
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
        ({"artifacts_bucket": "My Bucket"}, "artifacts_bucket must be the name of a bucket in S3"),
        ({"read_cache": "yes"}, "read_cache must be true or false"),
        ({"alarm_email": "operations"}, "alarm_email must be one email address"),
        ({"alarm_email": ["a@example.org", "b@example.org"]}, "alarm_email must be one email address"),
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
        ({"TOPICS": {"admissions": date(2026, 1, 1)}}, "TOPICS is wrong"),
        ({"RULES_FILE": "chalicelib/ours.toml"}, "RULES_FILE chalicelib/ours.toml is not packaged: put it"),
        ({"RULES_FILE": "docs/rules.toml"}, "RULES_FILE docs/rules.toml is not packaged"),
        ({"RULES_FILE": "chalicelib/config.py"}, "RULES_FILE, line 1"),
        ({"MAIL_FULL_TEXT": True}, "MAIL_FULL_TEXT needs MAIL_DOMAINS"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(changed: dict[str, Any], told: str) -> None:
    assert told in refusal(**changed)


def test_rules_that_come_with_it_are_packaged() -> None:
    for name in ("chalicelib/judgement/rules.toml", "chalicelib/./judgement/rules.toml", "/opt/rules.toml"):
        assert read(RULES_FILE=name).parameters["RulesFile"] == name


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


@pytest.mark.parametrize("name", ["SITES", "MODERATORS", "TOPICS"])
def test_an_answer_with_nothing_between_commas_is_asked_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """An empty list would be written, refused, and never asked for again."""
    path = tmp_path / "prod.toml"
    terminal = Terminal(monkeypatch, **ANSWERS)
    nothing = iter([",", " , ,"])

    def ask(question: str) -> str:
        asked = question.startswith(asking._QUESTIONS[name])
        return next(nothing, None) or terminal.ask(question) if asked else terminal.ask(question)

    content = complete(path, ask)
    assert list(nothing) == []
    assert read_stage("prod", path, content).parameters[name.capitalize()] not in ("", '{"admissions": []}')


REST = STAGE_FILE.partition("[settings]\n")[2].replace('MAIL_SENDER = "desk@example.org"\n', "")
NO_TOPICS = REST.replace("TOPICS", "#")
ODD_BUT_GOOD = {
    "a comment behind the head": f"[settings] # of the product\n{REST}",
    "blanks in the head": f"  [ settings ]  \n{REST}",
    "a tab": f"\t[\tsettings\t]\n{REST}",
    "a head in quotes": f'["settings"]\n{REST}',
    "a head in single quotes": f"['settings']\n{REST}",
    "CRLF": f"[settings]\n{REST}".replace("\n", "\r\n"),
    "no newline at the end": f"[settings]\n{REST}".rstrip("\n"),
    "the head alone, without a newline": "[settings]",
    "no head at all": "read_cache = true",
    "a table after it": f'[settings]\n{NO_TOPICS}\n[settings.TOPICS]\nadmissions = ["a@x.org"]\n',
    "a table before it": f'[settings.TOPICS]\nadmissions = ["a@x.org"]\n[settings]\n{NO_TOPICS}',
    "a table below it alone": '[settings.TOPICS]\nadmissions = ["a@x.org"]\n',
    "dotted names": "".join(f"settings.{line}\n" for line in REST.splitlines() if line),
    "the head in a text": f'artifacts_bucket = """\n[settings]\n"""\n[settings]\n{REST}',
    "the head in a comment": f"# [settings]\n[settings]\n{REST}",
    "a comment at its end": f"[settings]\n{REST}# the end",
}


def answers_to(path: Path) -> dict[str, str]:
    return {name: ANSWERS[name] for name in missing_keys(load(path))}


@pytest.mark.parametrize("text", ODD_BUT_GOOD.values(), ids=ODD_BUT_GOOD)
def test_an_odd_file_is_filled_in_and_keeps_what_it_has(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "prod.toml"
    path.write_bytes(text.encode())
    before = load(path)
    content = complete(path, Terminal(monkeypatch, **answers_to(path)).ask)
    assert missing_keys(content) == []
    assert content == load(path)
    assert {**content, **before, "settings": 0} == {**content, "settings": 0}
    assert before.get("settings", {}).items() <= content["settings"].items()
    # Each line that was there is there, as it was, in that order.
    written = path.read_bytes().decode()
    left = iter(written.splitlines())
    assert all(line in left for line in text.splitlines())
    assert written.count("\r\n") == (written.count("\n") if "\r\n" in text else 0)
    assert [each.name for each in tmp_path.iterdir()] == ["prod.toml"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('settings = { PUBLIC_URL = "https://a.example" }', "write there yourself region = "),
        ('settings = "x"', "settings must be a table"),
        ("settings = 5", "settings must be a table"),
        (f"[[settings]]\n{REST}", "settings must be a table"),
        (f"[settings]\n{REST}\n[settings]\n", "is not TOML: Cannot declare"),
        (f'[settings]\n{REST}MAIL_SENDER = ""\n', "has MAIL_SENDER without a value: write one there"),
        (f'region = ""\n[settings]\n{REST}', "has region without a value: write one there"),
        (f"[settings]\n{REST}".replace("\n", "\r"), "is not TOML"),
        ("[settings\n", "is not TOML"),
    ],
)
def test_a_file_that_nothing_can_be_added_to_is_told_and_untouched(
    text: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "prod.toml"
    path.write_bytes(text.encode())
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    with pytest.raises(CannotDeployError) as refused:
        complete(path, lambda question: "a@example.org")
    [line] = refused.value.lines
    assert told in line
    assert "\n" not in line
    assert path.read_bytes() == text.encode()


@pytest.mark.parametrize(
    "answer", ['a "b" \\ c@example.org', "élise🙂@example.org", "tab\tnul\x00@example.org"]
)
def test_any_answer_is_written_as_it_was_given(
    answer: str, stage_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage_path.write_text(STAGE_FILE.replace('MAIL_SENDER = "desk@example.org"\n', ""))
    content = complete(stage_path, Terminal(monkeypatch, MAIL_SENDER=answer).ask)
    assert content["settings"]["MAIL_SENDER"] == answer


def test_an_answer_that_is_no_text_leaves_the_file(stage_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A byte that is no UTF-8 comes as half a surrogate."""
    text = STAGE_FILE.replace('MAIL_SENDER = "desk@example.org"\n', "")
    stage_path.write_text(text)
    with pytest.raises(CannotDeployError, match="was not changed"):
        complete(stage_path, Terminal(monkeypatch, MAIL_SENDER="desk\udce9@example.org").ask)
    assert stage_path.read_text() == text


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "prod.toml"
    (tmp_path / ".prod.toml.new").mkdir()
    with pytest.raises(CannotDeployError, match=r"cannot be written \(.*then run it again"):
        complete(path, Terminal(monkeypatch, **ANSWERS).ask)
    assert not path.exists()


@pytest.mark.parametrize("key", [EOFError, KeyboardInterrupt])
def test_ctrl_c_and_ctrl_d_at_a_question_change_nothing(
    key: type[BaseException],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def strike(question: str) -> str:
        raise key

    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    path = tmp_path / "prod.toml"
    for ask in (lambda: complete(path, strike), lambda: confirm("frontdesk-prod", "it", None, strike)):
        with pytest.raises(CannotDeployError) as refused:
            ask()
        assert refused.value.lines == ("Not answered, so nothing was changed: run it again",)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_toml_is_told_so(tmp_path: Path) -> None:
    path = tmp_path / "prod.toml"
    path.write_text("region: us-east-1")
    with pytest.raises(CannotDeployError, match=r"is not TOML: .*docs/deploy\.md"):
        load(path)


@pytest.mark.parametrize("text", ["monthly_budget = " + "9" * 5000, "region = " + "[" * 3000 + "]" * 3000])
def test_what_python_itself_cannot_read_is_told(tmp_path: Path, text: str) -> None:
    path = tmp_path / "prod.toml"
    path.write_text(text)
    with pytest.raises(CannotDeployError, match="is not TOML"):
        load(path)


def test_a_stdin_that_was_closed_is_no_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As by `<&-`, or under a supervisor: Python then has none."""
    monkeypatch.setattr("sys.stdin", None)
    with pytest.raises(CannotDeployError, match="run this at a terminal"):
        complete(tmp_path / "prod.toml")
    with pytest.raises(CannotDeployError, match="Nothing was removed"):
        confirm("frontdesk-prod", "the stack", None)


def test_settings_that_no_function_can_hold_are_told_before_anything_is_made() -> None:
    moderators = [f"moderator.number.{n}@{'comments.' * 6}example.org" for n in range(50)]
    assert "no more than 3000 fit into a function: shorten MODERATORS, " in refusal(MODERATORS=moderators)
    read(MODERATORS=moderators[:20])
