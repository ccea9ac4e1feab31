"""docs/deploy.md says what the commands take and do."""

import re
import tomllib
from pathlib import Path

from infra.assembly import options
from infra.deploy.__main__ import main
from infra.deploy.stage_file import COMMANDS_OWN, STAGES, read_stage
from infra.functions import FUNCTIONS
from tests.docs.test_docs import _FENCE, ROOT, TEXTS

PAGE = TEXTS["docs/deploy.md"]
MAKEFILE = (ROOT / "Makefile").read_text()


def test_every_option_is_listed_and_no_other() -> None:
    _, _, table = PAGE.partition("| Name | Default | What it is |")
    rows = re.findall(r"^\| `(\w+)` \|", table.partition("\n\n")[0], re.MULTILINE)
    assert sorted(rows) == sorted([*COMMANDS_OWN, *options()])


def test_the_example_is_a_stage() -> None:
    [example] = [block for language, block in _FENCE.findall(PAGE) if language == "toml"]
    assert read_stage("prod", Path("prod.toml"), tomllib.loads(example)).region == "us-east-1"


def test_every_variable_of_a_command_is_the_makefiles() -> None:
    named = set(re.findall(r"\b([A-Z_]+)=", PAGE))
    assert {"STAGE", "SETTINGS", "CONFIRM", "ADOPT", "DESTROY_DATA"} == named
    assert all(f"$({name})" in MAKEFILE or f"$(or $({name})" in MAKEFILE for name in named)


def test_the_commands_of_the_page_are_those_of_the_module() -> None:
    shown = re.findall(r"^make (\w+) STAGE=prod$", PAGE, re.MULTILINE)
    targets = re.findall(r"^(\w+): find-python\n\t\$\(in_aws\)$", MAKEFILE, re.MULTILINE)
    assert sorted(shown) == sorted(targets) == ["deploy", "destroy", "diff", "preflight"]
    for command in shown:
        # Each is known: it is the stage that is not.
        assert main([command, "nowhere"]) == 1


def test_a_stage_with_addresses_in_it_is_in_no_commit() -> None:
    ignored = (ROOT / ".gitignore").read_text().splitlines()
    assert "infra/stages/*" in ignored
    assert [line for line in ignored if line.startswith("!")] == ["!infra/stages/example.toml"]
    assert STAGES == ROOT / "infra" / "stages"


def test_the_quota_that_is_told_is_what_the_functions_reserve() -> None:
    reserved = sum(function.reserved for function in FUNCTIONS)
    row = next(line for line in PAGE.splitlines() if line.startswith("| `reserved_concurrency` |"))
    # AWS wants 100 left unreserved.
    assert re.findall(r"\d+", row) == [str(reserved), str(reserved + 100)]
    assert f"takes {reserved} " in options()["reserved_concurrency"].description
