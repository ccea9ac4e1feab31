"""The template that would be deployed: what an emulator ignores is asserted here."""

import json
from typing import Any

import pytest

from chalicelib.api.answers import SECURITY_HEADERS
from chalicelib.api.routes import ROUTES
from chalicelib.config import Settings
from chalicelib.staff_tokens import ROLES
from infra.assembly import divide_routes, merge
from infra.functions import FUNCTIONS, Function
from tests.infra.conftest import of_type

EVERY_FUNCTION = pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.name)
SECRETS = ("keys_file", "private_keys_file", "akismet_key_file")


def environment(resources: dict[str, Any], function: Function) -> dict[str, Any]:
    variables: dict[str, Any] = resources[function.logical_id]["Properties"]["Environment"]["Variables"]
    return variables


@EVERY_FUNCTION
def test_function_has_a_role_of_its_own_made_of_its_policy(
    resources: dict[str, Any], function: Function
) -> None:
    properties = resources[function.logical_id]["Properties"]
    assert properties["Role"] == {"Fn::GetAtt": [function.role, "Arn"]}
    role = resources[function.role]["Properties"]
    assert [policy["PolicyName"] for policy in role["Policies"]] == [function.name]
    assert "ManagedPolicyArns" not in role
    assert properties["Environment"]["Variables"]["FUNCTION"] == function.name


def test_there_are_no_other_functions_and_no_other_roles(resources: dict[str, Any]) -> None:
    assert set(of_type(resources, "AWS::Serverless::Function")) == {f.logical_id for f in FUNCTIONS}
    # The gateway's is for writing its access log, and calls nothing of ours.
    assert set(of_type(resources, "AWS::IAM::Role")) == {f.role for f in FUNCTIONS} | {"GatewayRole"}


def test_there_is_no_user_pool_unless_it_is_asked_for(template: dict[str, Any]) -> None:
    assert template["Parameters"]["StaffUserPool"]["Default"] == "false"
    assert template["Conditions"]["HasStaffUserPool"] == {"Fn::Equals": [{"Ref": "StaffUserPool"}, "true"]}
    of_the_pool = [r for r in template["Resources"].values() if r["Type"].startswith("AWS::Cognito::")]
    assert len(of_the_pool) == 6
    outputs = [output for name, output in template["Outputs"].items() if name.startswith("StaffPool")]
    assert len(outputs) == 4
    assert all(part["Condition"] == "HasStaffUserPool" for part in of_the_pool + outputs)


def test_nobody_gets_into_the_user_pool_without_an_administrator_and_a_second_factor(
    resources: dict[str, Any],
) -> None:
    pool = resources["StaffPool"]["Properties"]
    assert (pool["MfaConfiguration"], pool["EnabledMfas"]) == ("ON", ["SOFTWARE_TOKEN_MFA"])
    assert pool["AdminCreateUserConfig"] == {"AllowAdminCreateUserOnly": True}
    assert pool["AccountRecoverySetting"]["RecoveryMechanisms"] == [{"Name": "admin_only", "Priority": 1}]
    password = pool["Policies"]["PasswordPolicy"]
    assert password["MinimumLength"] >= 14
    assert all(password[f"Require{what}"] for what in ("Lowercase", "Uppercase", "Numbers", "Symbols"))
    assert (pool["DeletionProtection"], resources["StaffPool"]["DeletionPolicy"]) == ("ACTIVE", "Retain")


def test_the_user_pools_client_has_no_secret_and_short_tokens(resources: dict[str, Any]) -> None:
    client = resources["StaffPoolClient"]["Properties"]
    assert (client["GenerateSecret"], client["AllowedOAuthFlows"]) == (False, ["code"])
    assert "ALLOW_USER_PASSWORD_AUTH" not in client["ExplicitAuthFlows"]
    assert (client["PreventUserExistenceErrors"], client["EnableTokenRevocation"]) == ("ENABLED", True)
    assert (client["AccessTokenValidity"], client["TokenValidityUnits"]["AccessToken"]) == (15, "minutes")


def test_the_user_pools_groups_are_the_roles(resources: dict[str, Any]) -> None:
    groups = of_type(resources, "AWS::Cognito::UserPoolGroup").values()
    # By default a group has the role of its name.
    assert (
        {group["GroupName"] for group in groups}
        == set(ROLES)
        == set(Settings.model_fields["oidc_roles"].default)
    )
    assert {group["UserPoolId"]["Ref"] for group in groups} == {"StaffPool"}


def test_the_authorizer_takes_the_user_pools_tokens_or_the_given_issuers(resources: dict[str, Any]) -> None:
    authorizer = environment(resources, FUNCTIONS[2])
    condition, pool, given = authorizer["OIDC_ISSUER"]["Fn::If"]
    assert condition == "HasStaffUserPool"
    assert pool == {"Fn::Sub": "https://cognito-idp.${AWS::Region}.amazonaws.com/${StaffPool}"}
    assert given == {"Fn::If": ["HasOidcIssuer", {"Ref": "OidcIssuer"}, {"Ref": "AWS::NoValue"}]}
    condition, client, given = authorizer["OIDC_AUDIENCE"]["Fn::If"]
    assert (condition, client) == ("HasStaffUserPool", {"Ref": "StaffPoolClient"})
    assert given == {"Fn::If": ["HasOidcAudience", {"Ref": "OidcAudience"}, {"Ref": "AWS::NoValue"}]}


@EVERY_FUNCTION
def test_function_runs_the_one_zip_on_arm(resources: dict[str, Any], function: Function) -> None:
    properties = resources[function.logical_id]["Properties"]
    assert properties["CodeUri"] == "./deployment.zip"
    assert properties["Handler"] == function.handler
    assert properties["Architectures"] == ["arm64"]
    assert properties["Tracing"] == {"Fn::If": ["HasTraces", "Active", "PassThrough"]}
    assert properties["Runtime"] == resources["APIHandler"]["Properties"]["Runtime"]


@EVERY_FUNCTION
def test_environment_has_every_setting_and_no_secret(resources: dict[str, Any], function: Function) -> None:
    variables = environment(resources, function)
    settings = {name.upper() for name in Settings.model_fields} - {name.upper() for name in SECRETS}
    private = set() if function.opens_sealed else {"PRIVATE_KEYS_PARAMETER"}
    private |= set() if function.name == "mail" else {"AKISMET_KEY_PARAMETER"}
    assert set(variables) == settings - private
    assert variables["KEYS_PARAMETER"] == {"Fn::Sub": "/frontdesk/${Stage}/keys"}


def test_the_akismet_key_is_named_where_its_processor_is_declared(resources: dict[str, Any]) -> None:
    name = environment(resources, FUNCTIONS[4])["AKISMET_KEY_PARAMETER"]
    key = {"Fn::Sub": "/frontdesk/${Stage}/akismet-key"}
    assert name == {"Fn::If": ["HasAkismetProcessor", key, {"Ref": "AWS::NoValue"}]}


def test_every_parameter_is_used_and_described(template: dict[str, Any]) -> None:
    used = json.dumps(template["Resources"]) + json.dumps(template["Conditions"])
    for name, parameter in template["Parameters"].items():
        assert f'"{name}"' in used or f"${{{name}}}" in used, name
        assert name == "Stage" or parameter["Description"]
        assert not parameter.get("NoEcho"), "a secret among the parameters"


def test_log_groups_are_encrypted_and_forget(resources: dict[str, Any]) -> None:
    groups = of_type(resources, "AWS::Logs::LogGroup")
    assert set(groups) == {f.log_group for f in FUNCTIONS} | {"AccessLogGroup"}
    for group in groups.values():
        assert group["RetentionInDays"] == 30
        assert group["KmsKeyId"] == {"Fn::GetAtt": ["DataKey", "Arn"]}
    # The function writes where its group is: the names are made alike.
    for function in FUNCTIONS:
        name = resources[function.logical_id]["Properties"]["FunctionName"]["Fn::Sub"]
        assert groups[function.log_group]["LogGroupName"] == {"Fn::Sub": f"/aws/lambda/{name}"}


def test_each_route_calls_the_function_of_its_audience(resources: dict[str, Any]) -> None:
    paths = resources["RestAPI"]["Properties"]["DefinitionBody"]["paths"]
    handlers = {"staff": "${StaffLive}", "public": "${APIHandlerLive}"}
    audiences = {route.path: route.audience for route in ROUTES}
    guarded = {route.path for route in ROUTES if route.roles}
    assert set(paths) == set(audiences)
    for path, methods in paths.items():
        for name, method in methods.items():
            uri = method["x-amazon-apigateway-integration"]["uri"]["Fn::Sub"]
            assert handlers[audiences[path]] in uri, f"{name} {path}"
            assert uri.count("Live}") == 1
            assert ".Arn}" not in uri
            # Preflights carry no credential, a link is one; all else of the staff's is behind the authorizer.
            assert ("security" in method) == (path in guarded and name != "options")


def test_the_api_has_no_stage_but_ours(resources: dict[str, Any]) -> None:
    """Without the version, SAM deploys one more, named "Stage", that has none of our settings."""
    assert resources["RestAPI"]["Properties"]["OpenApiVersion"] == "2.0"
    assert resources["RestAPI"]["Properties"]["EndpointConfiguration"] == "REGIONAL"


def test_an_integration_that_is_not_understood_stops_the_packaging() -> None:
    method = {"x-amazon-apigateway-integration": {"uri": {"Fn::Sub": "${Another.Arn}"}}}
    body = {"paths": {"/v1/staff/comments": {"get": method}}}
    template = {"Resources": {"RestAPI": {"Properties": {"DefinitionBody": body}}}}
    with pytest.raises(ValueError, match="not an integration"):
        divide_routes(template)


def test_the_gateway_may_call_staff_for_the_staffs_routes_alone(resources: dict[str, Any]) -> None:
    prefixes = set()
    for name in ("StaffInvokePermission", "StaffLinksInvokePermission"):
        properties = resources[name]["Properties"]
        assert properties["FunctionName"] == {"Ref": "StaffLive"}
        prefixes.add(properties["SourceArn"]["Fn::Sub"].rpartition("${RestAPI}/*/*")[2])
    assert prefixes == {"/v1/staff/*", "/moderate/*"}
    for route in ROUTES:
        permitted = any(route.path.startswith(prefix.removesuffix("*")) for prefix in prefixes)
        assert permitted is (route.audience == "staff"), route.path


def test_the_gateway_logs_no_path_and_no_body(resources: dict[str, Any]) -> None:
    """The path of a link is its credential. `$context.resourcePath`, the pattern, may be logged."""
    assert "$context.path" not in json.dumps(resources)
    for setting in _find_all(resources, "DataTraceEnabled") + _find_all(resources, "LoggingLevel"):
        # Execution logs have each request's path, headers and body.
        assert setting in (False, "OFF")


def _find_all(tree: Any, key: str) -> list[Any]:
    if isinstance(tree, list):
        return [found for part in tree for found in _find_all(part, key)]
    if not isinstance(tree, dict):
        return []
    return [value for name, value in tree.items() if name == key] + _find_all(list(tree.values()), key)


def test_tables_are_kept_encrypted_and_expire(resources: dict[str, Any]) -> None:
    tables = of_type(resources, "AWS::DynamoDB::Table")
    assert len(tables) == 9
    for name, table in tables.items():
        sse = {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": {"Fn::GetAtt": ["DataKey", "Arn"]}}
        assert table["SSESpecification"] == sse
        assert table["BillingMode"] == "PAY_PER_REQUEST"
        # The guard's counters are worthless in a day: no backup, nothing to protect.
        kept = name != "GuardTable"
        recovery = {"PointInTimeRecoveryEnabled": True} if kept else None
        assert table.get("PointInTimeRecoverySpecification") == recovery
        assert table.get("DeletionProtectionEnabled", False) is kept
        assert resources[name]["DeletionPolicy"] == ("Retain" if kept else "Delete")
        assert resources[name]["UpdateReplacePolicy"] == ("Retain" if kept else "Delete")
        expiry = table.get("TimeToLiveSpecification", {"AttributeName": "expires_at", "Enabled": True})
        assert expiry == {"AttributeName": "expires_at", "Enabled": True}
    assert tables["OutboxTable"]["StreamSpecification"] == {"StreamViewType": "KEYS_ONLY"}
    lasting = {name for name, table in tables.items() if "TimeToLiveSpecification" not in table}
    # Counts by page, the audit trail, suppressions and what was learnt have no date on which they end.
    assert lasting == {"PagesTable", "AuditTable", "SuppressionsTable", "ModelTable"}


def test_the_index_that_public_reads_has_public_fields_alone(resources: dict[str, Any]) -> None:
    indexes = {i["IndexName"]: i for i in resources["CommentsTable"]["Properties"]["GlobalSecondaryIndexes"]}
    projection = indexes["approved-by-page"]["Projection"]
    assert projection == {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["public_json", "approved_count"]}


def test_the_key_is_rotated_and_kept(resources: dict[str, Any]) -> None:
    key = resources["DataKey"]
    assert key["Properties"]["EnableKeyRotation"] is True
    assert (key["DeletionPolicy"], key["UpdateReplacePolicy"]) == ("Retain", "Retain")


def test_the_audit_tables_own_policy_denies_to_everybody(resources: dict[str, Any]) -> None:
    [statement] = resources["AuditTable"]["Properties"]["ResourcePolicy"]["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Principal"]) == ("Deny", "*")
    assert {"dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:BatchWriteItem"} <= set(
        statement["Action"]
    )
    # It names the table by hand, for a table cannot refer to itself.
    named = resources["AuditTable"]["Properties"]["TableName"]["Fn::Sub"]
    assert statement["Resource"]["Fn::Sub"].endswith(f":table/{named}")


def test_the_queues_outlast_what_they_carry(resources: dict[str, Any]) -> None:
    queue, dead = (resources[name]["Properties"] for name in ("MailQueue", "MailDeadLetterQueue"))
    assert dead["MessageRetentionPeriod"] > queue["MessageRetentionPeriod"]
    assert queue["VisibilityTimeout"] >= 6 * resources["Mail"]["Properties"]["Timeout"]


def test_a_failed_record_fails_alone(resources: dict[str, Any]) -> None:
    mappings = of_type(resources, "AWS::Lambda::EventSourceMapping")
    assert {m["FunctionName"]["Ref"] for m in mappings.values()} == {"RelayLive", "MailLive"}
    assert all(m["FunctionResponseTypes"] == ["ReportBatchItemFailures"] for m in mappings.values())


def test_functions_end_before_the_gateway_gives_up(resources: dict[str, Any]) -> None:
    for name in ("APIHandler", "Staff", "Authorizer"):
        assert resources[name]["Properties"]["Timeout"] < 29


def test_mail_is_sent_over_tls_or_not_at_all_and_nobody_is_tracked(resources: dict[str, Any]) -> None:
    assert resources["MailConfigurationSet"]["Properties"]["DeliveryOptions"] == {"TlsPolicy": "REQUIRE"}
    destination = resources["MailEvents"]["Properties"]["EventDestination"]
    assert not {"OPEN", "CLICK"} & set(destination["MatchingEventTypes"])
    assert environment(resources, FUNCTIONS[4])["MAIL_TLS_REQUIRED"] == "true"


@pytest.mark.parametrize(
    ("permission", "function", "rule"),
    [
        ("DeliveryEventsInvokePermission", "DeliveryEvents", "DeliveryEventsRule"),
        ("HousekeepingInvokePermission", "Housekeeping", "HousekeepingSchedule"),
    ],
)
def test_a_rule_may_call_its_function(
    resources: dict[str, Any], permission: str, function: str, rule: str
) -> None:
    permitted = resources[permission]["Properties"]
    assert permitted["FunctionName"] == {"Ref": f"{function}Live"}
    assert permitted["SourceArn"] == {"Fn::GetAtt": [rule, "Arn"]}
    assert resources[rule]["Properties"]["Targets"][0]["Arn"] == {"Ref": f"{function}Live"}


GATEWAY_ANSWERS = {
    "UNAUTHORIZED": (401, "unauthenticated"),
    "ACCESS_DENIED": (403, "forbidden"),
    "MISSING_AUTHENTICATION_TOKEN": (404, "not_found"),
    "INVALID_SIGNATURE": (404, "not_found"),
    "RESOURCE_NOT_FOUND": (404, "not_found"),
    "REQUEST_TOO_LARGE": (413, "too_large"),
    "UNSUPPORTED_MEDIA_TYPE": (415, "unsupported_media_type"),
    "THROTTLED": (429, "rate_limited"),
    "QUOTA_EXCEEDED": (429, "rate_limited"),
    "WAF_FILTERED": (429, "rate_limited"),
    "DEFAULT_4XX": (400, "malformed"),
    "DEFAULT_5XX": (503, "unavailable"),
}


def gateway_answers(resources: dict[str, Any]) -> dict[str, Any]:
    body = resources["RestAPI"]["Properties"]["DefinitionBody"]
    answers: dict[str, Any] = body["x-amazon-apigateway-gateway-responses"]
    return answers


def test_the_gateways_answers_are_known(resources: dict[str, Any]) -> None:
    assert set(gateway_answers(resources)) == set(GATEWAY_ANSWERS)


@pytest.mark.parametrize(("kind", "meaning"), GATEWAY_ANSWERS.items())
def test_the_gateway_answers_with_the_contracts_document(
    resources: dict[str, Any], kind: str, meaning: tuple[int, str]
) -> None:
    answer = gateway_answers(resources)[kind]
    text = answer["responseTemplates"]["application/json"]
    # API Gateway takes it for a template: either would be a reference.
    assert not set("$#") & set(text)
    document = json.loads(text)
    assert set(document) == {"type", "title", "status", "detail", "code", "errors"}
    assert (document["status"], document["code"]) == meaning
    assert answer["statusCode"] == str(meaning[0])


@pytest.mark.parametrize("kind", GATEWAY_ANSWERS)
def test_the_gateways_answers_carry_our_headers(resources: dict[str, Any], kind: str) -> None:
    answer = gateway_answers(resources)[kind]
    prefix = "gatewayresponse.header."
    headers = {name.removeprefix(prefix): value for name, value in answer["responseParameters"].items()}
    for name, value in SECURITY_HEADERS.items():
        assert headers[name] == f"'{value}'"
    assert headers["Content-Type"] == "'application/problem+json'"
    assert headers["Cache-Control"] == "'no-store'"
    site = {"Site": {"Fn::Select": [0, {"Ref": "Sites"}]}}
    assert headers["Access-Control-Allow-Origin"] == {"Fn::Sub": ["'${Site}'", site]}
    assert ("Retry-After" in headers) == (answer["statusCode"] in ("429", "503"))
    assert ("WWW-Authenticate" in headers) == (answer["statusCode"] == "401")


def test_merging_is_dict_by_dict_and_changes_neither() -> None:
    below, above = {"a": {"b": 1, "c": [1]}, "d": 2}, {"a": {"c": [2], "e": 3}}
    assert merge(below, above) == {"a": {"b": 1, "c": [2], "e": 3}, "d": 2}
    assert (below, above) == ({"a": {"b": 1, "c": [1]}, "d": 2}, {"a": {"c": [2], "e": 3}})
