"""DynamoDB's parameters and answers as the JSON that they are, past the SDK's walk through their shapes.

An attribute is the same in Python as on the wire (`{"S": "…"}`), but that bytes are base64 there. Yet the SDK
looks each value of each item up in its model, both ways: a fifth of a GET of a hundred comments.

What is used of the SDK is its events, which its own Stubber is made of too:
https://docs.aws.amazon.com/botocore/latest/topics/events.html.
"""

import json
from base64 import b64encode
from typing import Any

from pydantic_core import from_json

from chalicelib.errors import Unavailable

_SET_ASIDE = "frontdesk_parameters"
_UNREADABLE = "frontdesk_unreadable"


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
    events.register("after-call.dynamodb", _refuse_unreadable, "frontdesk-refuse-unreadable")


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
    # An error has another form, which the SDK knows.
    if response_dict["status_code"] != 200:
        return
    try:
        answer = _decode(response_dict["body"])
        # As the SDK does: a null is what is not there.
        customized_response_dict.update({k: value for k, value in answer.items() if value is not None})
    except (ValueError, AttributeError):
        customized_response_dict[_UNREADABLE] = True
    response_dict["body"] = b""


def _decode(body: bytes) -> Any:
    try:
        # Pydantic's reader, which is loaded anyway and takes a third of json's time.
        return from_json(body)
    except ValueError:
        # It refuses half a surrogate pair, which JSON can spell.
        return json.loads(body)


def _refuse_unreadable(parsed: dict[str, Any], model: Any, **_about: Any) -> None:
    """Raise Unavailable for what is no JSON object: the SDK would make an empty answer of it.

    That would pass for done, or for "there is none". Here the SDK has done with trying again.
    """
    if _UNREADABLE in parsed:
        raise Unavailable(model.name)
