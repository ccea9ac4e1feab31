"""What the gateway writes down, lets through and compresses."""

import json
from typing import Any

from tests.infra.conftest import of_type


def test_the_access_log_has_nothing_of_the_visitor(resources: dict[str, Any]) -> None:
    setting = resources["RestAPI"]["Properties"]["AccessLogSetting"]
    logged = set(json.loads(setting["Format"]).values()) - {"access"}
    assert logged == {
        "$context.requestId",
        "$context.httpMethod",
        "$context.resourcePath",
        "$context.status",
        "$context.responseLatency",
        "$context.integrationLatency",
        "$context.responseLength",
        "$context.error.responseType",
        "$context.wafResponseCode",
    }
    assert setting["DestinationArn"] == {"Fn::GetAtt": ["AccessLogGroup", "Arn"]}


def test_the_key_serves_the_logs_of_functions_and_gateway(resources: dict[str, Any]) -> None:
    statements = resources["DataKey"]["Properties"]["KeyPolicy"]["Statement"]
    [logs] = [s for s in statements if s["Sid"] == "LogsOfFunctionsAndGateway"]
    arns = logs["Condition"]["ArnLike"]["kms:EncryptionContext:aws:logs:arn"]
    named = {arn["Fn::Sub"].rpartition("log-group:")[2].rstrip("*-") for arn in arns}
    groups = of_type(resources, "AWS::Logs::LogGroup").values()
    for group in groups:
        assert any(group["LogGroupName"]["Fn::Sub"].startswith(name) for name in named)


def test_the_api_is_throttled_and_compresses(resources: dict[str, Any]) -> None:
    api = resources["RestAPI"]["Properties"]
    [settings] = api["MethodSettings"]
    assert (settings["ResourcePath"], settings["HttpMethod"]) == ("/*", "*")
    assert 0 < settings["ThrottlingRateLimit"] <= settings["ThrottlingBurstLimit"]
    assert api["MinimumCompressionSize"] == 1024
    # Alarms and the dashboard tell the API by its name.
    assert api["DefinitionBody"]["info"]["title"] == {"Fn::Sub": "frontdesk-${Stage}"}
