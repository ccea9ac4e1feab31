"""The foundation, and what is taken in again: cut from the stack's own template."""

from typing import Any

import pytest

from infra.assembly import additions
from infra.deploy.stacks import HOLDS_DATA
from infra.deploy.templates import foundation, kept_data, resources_made, table_names, with_code

Template = dict[str, Any]


@pytest.fixture(scope="module")
def template() -> Template:
    """As it is merged over Chalice's: every table, and every option."""
    added = additions("python3.11", "arm64")
    # Chalice gives the others their type.
    resources = {name: r for name, r in added["Resources"].items() if "Type" in r}
    return {"AWSTemplateFormatVersion": "2010-09-09", **added, "Resources": resources}


def test_the_foundation_is_what_holds_data_with_its_keys_alias_and_can_be_undone(template: Template) -> None:
    resources = foundation(template)["Resources"]
    assert {r["Type"] for r in resources.values()} == HOLDS_DATA | {"AWS::KMS::Alias"}
    whole = template["Resources"]
    assert set(resources) == {n for n, r in whole.items() if r.get("Type") in HOLDS_DATA} | {"DataKeyAlias"}
    for resource in resources.values():
        assert "DeletionProtectionEnabled" not in resource["Properties"]
        assert resource["Properties"].get("DeletionProtection") in (None, "INACTIVE")
    # What comes after protects them; and nobody else's template was changed by the cut.
    assert whole["CommentsTable"]["Properties"]["DeletionProtectionEnabled"] is True
    assert whole["StaffPool"]["Properties"]["DeletionProtection"] == "ACTIVE"


def test_what_the_foundation_refers_to_is_in_it(template: Template) -> None:
    cut = foundation(template)
    referred = _referred(cut["Resources"])
    known = {*cut["Resources"], *cut["Parameters"]}
    assert {name for name in referred if not name.startswith("AWS::")} <= known
    assert {r["Condition"] for r in cut["Resources"].values() if "Condition" in r} <= set(cut["Conditions"])


def _referred(tree: Any) -> set[str]:
    match tree:
        case {"Ref": str(name)}:
            return {name}
        case {"Fn::GetAtt": [str(name), str()]}:
            return {name}
        case dict():
            return {name for value in tree.values() for name in _referred(value)}
        case list():
            return {name for value in tree for name in _referred(value)}
    return set()


def test_what_is_taken_in_is_as_it_was_left(template: Template) -> None:
    resources = kept_data(template, ["PagesTable"])["Resources"]
    assert set(resources) == {"DataKey", "PagesTable"}
    # An import changes nothing, and CloudFormation asks for a policy on each.
    assert resources["PagesTable"]["Properties"]["DeletionProtectionEnabled"] is True
    assert all(resource["DeletionPolicy"] == "Retain" for resource in resources.values())


def test_options_that_are_off_are_not_among_what_is_made(template: Template) -> None:
    off = resources_made(template, {"Stage": "prod"})
    assert "CommentsTable" in off
    assert not {"WebAcl", "Budget", "ReadDistribution", "ApiDomain", "StaffPool"} & set(off)
    assert "WebAcl" in resources_made(template, {"Stage": "prod", "WafRequests": "1000"})


def test_tables_are_named_by_the_stage(template: Template) -> None:
    names = table_names(template, "prod")
    assert len(names) == 9
    assert names["CommentsTable"] == "frontdesk-prod-comments"


def test_every_function_has_the_one_zip() -> None:
    functions = {name: {"Type": "AWS::Lambda::Function", "Properties": {}} for name in ("A", "B")}
    placed = with_code({"Resources": functions}, "bucket", "key.zip")["Resources"]
    code = {"S3Bucket": "bucket", "S3Key": "key.zip"}
    assert [function["Properties"]["Code"] for function in placed.values()] == [code, code]
