"""DynamoDB's parameters and answers as the JSON that they are, past the SDK's walk through their shapes.

An attribute is the same in Python as on the wire (`{"S": "…"}`), but that bytes are base64 there. Yet the SDK
looks each value of each item up in its model, both ways: a fifth of a GET of a hundred comments.

What is used of the SDK is its events, which its own Stubber is made of too:
https://docs.aws.amazon.com/botocore/latest/topics/events.html.
"""

import json
from base64 import b64encode
from contextlib import suppress
from typing import Any

from pydantic_core import from_json

_SET_ASIDE = "frontdesk_parameters"


def _to_base64(value: object) -> str:
    if not isinstance(value, bytes):
        raise TypeError(type(value).__name__)
    return b64encode(value).decode()


_encode = json.JSONEncoder(default=_to_base64, separators=(",", ":")).encode


def pass_as_json(client: Any) -> None:
    """Let a DynamoDB client that does not check its parameters send and receive plain JSON.

    Bytes in what is read are left as base64.
    """
    events = client.meta.events
    events.register("provide-client-params.dynamodb", _set_aside, "frontdesk-set-aside")
    events.register("before-call.dynamodb", _write_body, "frontdesk-write-body")
    events.register("before-parse.dynamodb", _read_body, "frontdesk-read-body")


def _set_aside(params: dict[str, Any], context: dict[str, Any], **_about: Any) -> dict[str, Any]:
    """Return what the SDK is left to walk: what holds others empty, for its endpoint rules look at it."""
    outline = {
        name: type(value)() if isinstance(value, dict | list) else value for name, value in params.items()
    }
    context[_SET_ASIDE] = params, outline
    return outline


def _write_body(params: dict[str, Any], context: dict[str, Any], **_about: Any) -> None:
    own, outline = context[_SET_ASIDE]
    # The SDK has added a transaction's ClientRequestToken, without which its retry of one that went through
    # would be refused.
    params["body"] = _encode(outline | own).encode()


def _read_body(
    response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_about: Any
) -> None:
    # An error has another form, which the SDK knows; so it does with what is no JSON.
    if response_dict["status_code"] != 200:
        return
    with suppress(ValueError):
        # Pydantic's reader, which is loaded anyway and takes a third of json's time.
        answer = from_json(response_dict["body"])
        if isinstance(answer, dict):
            customized_response_dict.update(answer)
            response_dict["body"] = b""
