"""What API Gateway itself answers, before or instead of a function: the contract's documents.

They are made of the product's own errors, so that a visitor cannot tell who refused. API Gateway maps
static values in single quotes to headers, and takes the body for a template, in which `$` and `#` are
special: see https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html.
"""

import json
from typing import Any

from chalicelib import errors
from chalicelib.api import problems
from chalicelib.api.answers import Answer, common_headers
from chalicelib.errors import FrontdeskError

_DEFAULT_SITE = "https://default-site.invalid"
_GATEWAY_LIMIT_BYTES = 10 * 1024 * 1024
_SECONDS_WHEN_THROTTLED = 2
# As long as WAF's rate rules count.
_SECONDS_WHEN_FILTERED = 300
# The function may have stored it before the answer was lost, so "nothing was stored" would be a guess.
_PERHAPS_STORED = "Please send it again: what arrives twice is kept once."

# Types that are not here answer as their DEFAULT does.
_ERRORS: dict[str, FrontdeskError] = {
    "UNAUTHORIZED": errors.Unauthenticated(),
    "ACCESS_DENIED": errors.Forbidden("nobody"),
    # API Gateway's names for "no such path": it takes the caller for one that forgot to sign.
    "MISSING_AUTHENTICATION_TOKEN": errors.NotFound(),
    "INVALID_SIGNATURE": errors.NotFound(),
    "RESOURCE_NOT_FOUND": errors.NotFound(),
    "REQUEST_TOO_LARGE": errors.TooLarge(_GATEWAY_LIMIT_BYTES),
    "UNSUPPORTED_MEDIA_TYPE": errors.UnsupportedMediaType(),
    "THROTTLED": errors.RateLimited(_SECONDS_WHEN_THROTTLED),
    "QUOTA_EXCEEDED": errors.RateLimited(_SECONDS_WHEN_THROTTLED),
    "WAF_FILTERED": errors.RateLimited(_SECONDS_WHEN_FILTERED),
    "DEFAULT_4XX": errors.Malformed("The request cannot be read."),
    "DEFAULT_5XX": errors.Unavailable("gateway"),
}


def gateway_answers() -> dict[str, Any]:
    """The value of `x-amazon-apigateway-gateway-responses` in the API's definition."""
    return {kind: _gateway_answer(problems.to_answer(error)) for kind, error in _ERRORS.items()}


def _gateway_answer(answer: Answer) -> dict[str, Any]:
    document = json.loads(answer.body)
    if answer.status == 503:
        document["detail"] = _PERHAPS_STORED
    headers = {
        **common_headers(_DEFAULT_SITE, (_DEFAULT_SITE,)),
        "Content-Type": answer.content_type,
        **answer.headers,
    }
    return {
        "statusCode": str(answer.status),
        "responseParameters": {
            f"gatewayresponse.header.{name}": _static(value) for name, value in headers.items()
        },
        "responseTemplates": {"application/json": json.dumps(document, ensure_ascii=False)},
    }


def _static(value: str) -> str | dict[str, Any]:
    # A gateway answer cannot choose among origins by the request's: it names the default site, which is
    # the first of SITES. Another site's script sees that the call failed, and not why.
    if value == _DEFAULT_SITE:
        return {"Fn::Sub": ["'${Site}'", {"Site": {"Fn::Select": [0, {"Ref": "Sites"}]}}]}
    return f"'{value}'"
