"""The template of the stack, as this machine reads it."""

import os
from pathlib import Path

import pytest

from infra.local.folder import DataFolder
from infra.local.settings import command_environment, environment_of, shared_environment
from infra.local.template import STORAGE_TYPES, Schedule, Template, cut_to_storage, read_feeds, read_template

TEMPLATE = Path(__file__).parents[2] / "infra" / "template.yaml"
RESOURCES = {
    "CommentsTable": "frontdesk-local-comments",
    "MailQueue": "http://localhost:1/0/frontdesk-local-mail",
    "MailDeadLetterQueue": "http://localhost:1/0/frontdesk-local-mail-dead",
}


@pytest.fixture(scope="module")
def template() -> Template:
    return read_template(TEMPLATE)


def test_cut_keeps_every_table_and_queue_and_nothing_else(template: Template) -> None:
    cut = cut_to_storage(template)
    assert {r["Type"] for r in cut["Resources"].values()} == STORAGE_TYPES
    assert cut["Resources"]["OutboxTable"] == template["Resources"]["OutboxTable"]
    assert "Stage" in cut["Parameters"]


def test_feeds_are_those_of_the_template(template: Template) -> None:
    feeds = read_feeds(template)
    (stream,) = feeds.streams
    assert (stream.function, stream.table) == ("relay", "OutboxTable")
    assert stream.wants({"eventName": "INSERT"})
    assert not stream.wants({"eventName": "MODIFY"})
    (queue,) = feeds.queues
    assert (queue.function, queue.queue) == ("mail", "MailQueue")
    assert Schedule("housekeeping", 300) in feeds.schedules


def shared(tmp_path: Path, **caller: str) -> dict[str, str]:
    return shared_environment(
        caller=caller,
        stage_settings={"RATE_LIMIT": "5", "MODERATORS": "a@example.org"},
        folder=DataFolder(tmp_path),
        url="http://127.0.0.1:8000",
        endpoint="http://127.0.0.1:1",
        resources=RESOURCES,
    )


def test_resources_become_settings(tmp_path: Path) -> None:
    settings = shared(tmp_path)
    assert settings["COMMENTS_TABLE"] == "frontdesk-local-comments"
    assert settings["MAIL_QUEUE_URL"] == RESOURCES["MailQueue"]
    assert settings["SITES"] == "http://127.0.0.1:8000,http://localhost:8000"


def test_caller_may_set_settings_but_not_where_things_are(tmp_path: Path) -> None:
    settings = shared(tmp_path, RATE_LIMIT="9", COMMENTS_TABLE="x", AWS_PROFILE="work", AWS_ENDPOINT_URL="x")
    assert settings["RATE_LIMIT"] == "9"
    assert settings["MODERATORS"] == "a@example.org"
    assert settings["COMMENTS_TABLE"] == "frontdesk-local-comments"
    assert settings["AWS_ENDPOINT_URL"] == "http://127.0.0.1:1"
    assert "AWS_PROFILE" not in settings


def test_private_keys_go_to_staff_and_mail_alone(tmp_path: Path) -> None:
    settings = shared(tmp_path, PRIVATE_KEYS_FILE="x")
    functions = ("public", "staff", "authorizer", "relay", "mail", "housekeeping")
    with_keys = {
        f for f in functions if "PRIVATE_KEYS_FILE" in environment_of(f, settings, DataFolder(tmp_path))
    }
    assert with_keys == {"staff", "mail"}


def test_the_akismet_key_goes_to_mail_alone(tmp_path: Path) -> None:
    settings = shared(tmp_path, AKISMET_KEY_FILE="x", AKISMET_KEY_PARAMETER="y")
    for function in ("public", "staff", "authorizer", "relay", "mail", "housekeeping"):
        environment = environment_of(function, settings, DataFolder(tmp_path))
        given = {name for name in environment if name.startswith("AKISMET_KEY")}
        assert bool(given) is (function == "mail")


def test_commands_are_told_settings_and_the_emulator_and_nothing_else_of_the_callers(tmp_path: Path) -> None:
    settings = shared(tmp_path, RATE_LIMIT="9", HOME="theirs", API_KEY="theirs", AWS_PROFILE="theirs")
    told = command_environment(settings, DataFolder(tmp_path))
    assert "theirs" not in told.values()
    assert (told["FUNCTION"], told["RATE_LIMIT"]) == ("staff", "9")
    assert told["AWS_ENDPOINT_URL"] == "http://127.0.0.1:1"
    assert told["AWS_CONFIG_FILE"] == os.devnull
    assert told["PRIVATE_KEYS_FILE"] == str(tmp_path / "keys" / "private-keys.json")
