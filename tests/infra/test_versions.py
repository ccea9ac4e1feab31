"""A release: versions and aliases of the functions, and that everything calls the aliases."""

import ast
import json
from copy import deepcopy
from typing import Any

import pytest

from infra.functions import FUNCTIONS
from infra.package import ROOT
from infra.versions import publish, release_id

Template = dict[str, Any]
NAMES = {function.logical_id for function in FUNCTIONS}


def small_template(runtime: str = "python3.11") -> Template:
    """The functions, and one of each that calls one."""
    function = {"Type": "AWS::Serverless::Function", "Properties": {"Runtime": runtime}}
    uri = {"Fn::Sub": "arn:${AWS::Partition}:functions/${APIHandler.Arn}/invocations"}
    return {
        "Resources": {
            **{name: deepcopy(function) for name in NAMES},
            "RestAPI": {"Type": "AWS::Serverless::Api", "Properties": {"uri": uri, "DefinitionBody": {}}},
            "May": {"Type": "AWS::Lambda::Permission", "Properties": {"FunctionName": {"Ref": "Staff"}}},
            "Rule": {
                "Type": "AWS::Events::Rule",
                "Properties": {"Targets": [{"Arn": {"Fn::GetAtt": ["Mail", "Arn"]}}]},
            },
            "Alarm": {"Type": "AWS::CloudWatch::Alarm", "Properties": {"Value": {"Ref": "Mail"}}},
        }
    }


def test_whatever_calls_a_function_calls_its_alias() -> None:
    before = small_template()
    published = publish(before, "abc")["Resources"]
    assert before == small_template()
    assert published["RestAPI"]["Properties"]["uri"]["Fn::Sub"].endswith("${APIHandlerLive}/invocations")
    # By this text SAM sees that the API is to be deployed anew.
    assert published["RestAPI"]["Properties"]["DefinitionBody"] == {"info": {"version": "abc"}}
    assert published["May"]["Properties"]["FunctionName"] == {"Ref": "StaffLive"}
    assert published["Rule"]["Properties"]["Targets"][0]["Arn"] == {"Ref": "MailLive"}
    # What is measured is the function, by its name.
    assert published["Alarm"]["Properties"]["Value"] == {"Ref": "Mail"}


def test_every_function_has_a_version_of_this_release_and_the_alias_points_to_it() -> None:
    published = publish(small_template(), "abc")["Resources"]
    for name in NAMES:
        assert published[f"{name}Versionabc"]["Properties"]["FunctionName"] == {"Ref": name}
        assert published[f"{name}Live"]["Properties"] == {
            "Name": "live",
            "FunctionName": {"Ref": name},
            "FunctionVersion": {"Fn::GetAtt": [f"{name}Versionabc", "Version"]},
        }
        # Lambda publishes no version of a function that has not changed.
        assert "abc" in published[name]["Properties"]["Description"]


@pytest.mark.parametrize(
    ("runtime", "starts"), [("python3.11", False), ("python3.12", True), ("python3.13", True)]
)
def test_snap_start_is_where_python_can_and_no_snapshot_holds_a_private_key(
    runtime: str, starts: bool
) -> None:
    published = publish(small_template(runtime), "abc")["Resources"]
    with_it = {name for name in NAMES if "SnapStart" in published[name]["Properties"]}
    assert with_it == ({"APIHandler", "Authorizer"} if starts else set())
    assert not with_it & {function.logical_id for function in FUNCTIONS if function.opens_sealed}
    for name in with_it:
        assert published[name]["Properties"]["SnapStart"] == {"ApplyOn": "PublishedVersions"}


def test_a_release_is_another_where_code_template_or_values_are() -> None:
    changed = small_template()
    changed["Resources"]["Mail"]["Properties"]["Timeout"] = 31
    releases = [
        release_id(small_template(), b"zip", {"Sites": "a"}, [1, 1]),
        release_id(small_template(), b"another", {"Sites": "a"}, [1, 1]),
        release_id(small_template(), b"zip", {"Sites": "b"}, [1, 1]),
        # The keys were rotated: the functions have to read them anew.
        release_id(small_template(), b"zip", {"Sites": "a"}, [2, 1]),
        release_id(changed, b"zip", {"Sites": "a"}, [1, 1]),
    ]
    assert len(set(releases)) == len(releases)
    assert releases[0] == release_id(small_template(), b"zip", {"Sites": "a"}, [1, 1])


def test_nothing_in_the_stack_calls_a_function_past_its_alias(resources: dict[str, Any]) -> None:
    callers = (
        "AWS::Serverless::Api",
        "AWS::Lambda::Permission",
        "AWS::Lambda::EventSourceMapping",
        "AWS::Events::Rule",
    )
    for name, resource in resources.items():
        if resource["Type"] in callers:
            text = json.dumps(resource["Properties"])
            past = [
                f
                for f in NAMES
                if f'{{"Ref": "{f}"}}' in text or f"${{{f}.Arn}}" in text or f'["{f}", "Arn"]' in text
            ]
            assert past == [], name


def test_nothing_random_is_made_before_a_snapshot() -> None:
    """Environments restored from one snapshot share what was made at start. `secrets`, `os.urandom` and
    SystemRandom ask the system each time (https://docs.aws.amazon.com/lambda/latest/dg/snapstart-uniqueness.html).
    """
    random_modules = {"random", "uuid", "secrets"}
    for path in [ROOT / "app.py", *(ROOT / "chalicelib").rglob("*.py")]:
        tree = ast.parse(path.read_text())
        used = {n for n in ast.walk(tree) if _is_of(n, random_modules)}
        in_functions = {
            n for f in ast.walk(tree) if isinstance(f, ast.FunctionDef) for n in ast.walk(f) if n in used
        }
        names = {ast.unparse(node) for node in used}
        assert not any(name.startswith("random.") for name in names - {"random.SystemRandom"}), path
        at_start = {ast.unparse(node) for node in used - in_functions}
        assert at_start <= {"random.SystemRandom"}, path


def _is_of(node: ast.AST, modules: set[str]) -> bool:
    return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in modules
