"""What the local API Gateway hands to the functions, refuses by itself, and writes."""

import gzip
from base64 import b64decode, b64encode

import pytest

from infra.local.gateway import MINIMUM_COMPRESSION_SIZE, read_result

from .calls import ORIGIN, StandIn, call, policy


@pytest.fixture
def functions() -> StandIn:
    return StandIn()


def test_public_route_reaches_the_public_function(functions: StandIn) -> None:
    answer = call(functions, "GET", "/v1/comments?page=/a")
    assert (answer.status, answer.body) == (200, b"{}")
    assert functions.called == ["public"]


def test_event_has_what_the_functions_read(functions: StandIn) -> None:
    call(functions, "POST", "/v1/comments?page=%2Fa&page=b+c", b'{"a": 1}', IDEMPOTENCY_KEY="k")
    event = functions.event
    assert event["httpMethod"] == "POST"
    assert event["path"] == "/v1/comments"
    assert event["headers"]["Idempotency-Key"] == "k"
    assert event["multiValueHeaders"]["Idempotency-Key"] == ["k"]
    assert event["queryStringParameters"] == {"page": "b c"}
    assert event["multiValueQueryStringParameters"] == {"page": ["/a", "b c"]}
    assert (event["body"], event["isBase64Encoded"]) == ('{"a": 1}', False)
    assert event["requestContext"]["resourcePath"] == "/v1/comments"
    assert event["requestContext"]["identity"]["sourceIp"] == "127.0.0.1"
    assert "authorizer" not in event["requestContext"]


def test_body_that_is_not_text_comes_as_base64(functions: StandIn) -> None:
    call(functions, "POST", "/v1/comments", b"\xff\x00")
    assert functions.event["isBase64Encoded"] is True
    assert b64decode(functions.event["body"]) == b"\xff\x00"


def test_absent_body_and_query_are_none(functions: StandIn) -> None:
    call(functions, "GET", "/v1/comments")
    assert functions.event["body"] is None
    assert functions.event["queryStringParameters"] is None


def test_path_parameter_is_decoded_with_its_slashes(functions: StandIn) -> None:
    call(functions, "GET", "/moderate/a%2Fb%20%C3%A9")
    assert functions.event["pathParameters"] == {"token": "a/b é"}


def test_concrete_segment_wins_over_parameter(functions: StandIn) -> None:
    call(functions, "POST", "/v1/staff/comments/bulk", AUTHORIZATION="Bearer x")
    assert functions.event["requestContext"]["resourcePath"] == "/v1/staff/comments/bulk"


def test_trailing_slash_is_the_same_path(functions: StandIn) -> None:
    assert call(functions, "GET", "/v1/comments/").status == 200


@pytest.mark.parametrize(
    "target", ["/nope", "//v1/comments", "/v1", "/v1/comments/counts/x", "/moderate/", "/%00", "/%ff%fe"]
)
def test_unknown_path_is_404(functions: StandIn, target: str) -> None:
    answer = call(functions, "GET", target)
    assert answer.status == 404
    assert answer.problem["code"] == "not_found"
    assert functions.called == []


def test_method_that_the_path_lacks_is_405_and_names_the_others(functions: StandIn) -> None:
    answer = call(functions, "DELETE", "/v1/comments")
    assert answer.status == 405
    assert answer.problem["code"] == "method_not_allowed"
    assert answer.headers["Allow"] == "GET, HEAD, POST"


def test_head_has_the_length_and_no_body(functions: StandIn) -> None:
    answer = call(functions, "HEAD", "/v1/comments")
    assert (answer.status, answer.body, answer.headers["Content-Length"]) == (200, b"", "2")


@pytest.mark.parametrize("target", ["/v1/comments?%ff=%fe&=&&%", "/v1/comments?a=%zz", "/v1/comments?\xff"])
def test_odd_queries_are_handed_on(functions: StandIn, target: str) -> None:
    assert call(functions, "GET", target).status == 200


# ---- authorization


def test_no_authorization_header_is_401_without_asking(functions: StandIn) -> None:
    answer = call(functions, "GET", "/v1/staff/comments")
    assert answer.status == 401
    assert answer.problem["code"] == "unauthenticated"
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert functions.called == []


def test_authorizer_that_says_unauthorized_is_401(functions: StandIn) -> None:
    functions.authorize = lambda: _raise(Exception("Unauthorized"))
    assert call(functions, "GET", "/v1/staff/comments", AUTHORIZATION="x").status == 401
    assert functions.called == ["authorizer"]


def test_authorizer_that_breaks_is_unavailable(functions: StandIn) -> None:
    functions.authorize = lambda: _raise(KeyError("x"))
    answer = call(functions, "GET", "/v1/staff/comments", AUTHORIZATION="x")
    assert (answer.status, answer.problem["code"]) == (503, "unavailable")


@pytest.mark.parametrize("answer", [None, {}, {"policyDocument": {"Statement": [{}]}, "principalId": "x"}])
def test_malformed_policy_is_500(functions: StandIn, answer: object) -> None:
    functions.authorize = lambda: answer
    assert call(functions, "GET", "/v1/staff/comments", AUTHORIZATION="x").status == 500


def test_policy_that_does_not_cover_the_route_is_403(functions: StandIn) -> None:
    functions.authorize = lambda: policy("Allow", "arn:aws:execute-api:*:*:*/*/GET/v1/staff/enquiries*")
    answer = call(functions, "GET", "/v1/staff/comments", AUTHORIZATION="x")
    assert (answer.status, answer.problem["code"]) == (403, "forbidden")
    assert functions.called == ["authorizer"]


def test_allowed_caller_reaches_the_staff_function_with_the_context(functions: StandIn) -> None:
    functions.authorize = lambda: policy("Allow", "arn:aws:execute-api:*:*:*/*/GET/v1/staff/comments")
    assert call(functions, "GET", "/v1/staff/comments", AUTHORIZATION="Bearer t").status == 200
    assert functions.called == ["authorizer", "staff"]
    authorizer = functions.event["requestContext"]["authorizer"]
    assert authorizer == {"role": "moderator", "urgent": "true", "principalId": "token:1"}
    assert functions.events[0][1]["authorizationToken"] == "Bearer t"
    assert functions.events[0][1]["methodArn"].endswith("/GET/v1/staff/comments")


# ---- answers


def test_refusals_carry_cors_for_a_configured_origin_alone(functions: StandIn) -> None:
    ours = call(functions, "GET", "/nope", ORIGIN=ORIGIN)
    theirs = call(functions, "GET", "/nope", ORIGIN=ORIGIN + "/")
    assert ours.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "Access-Control-Allow-Origin" not in theirs.headers
    assert ours.headers["Vary"] == theirs.headers["Vary"] == "Origin"
    assert ours.headers["X-Content-Type-Options"] == "nosniff"
    assert ours.headers["Cache-Control"] == "no-store"


def test_function_that_fails_is_500_and_says_nothing_of_why(
    functions: StandIn, caplog: pytest.LogCaptureFixture
) -> None:
    functions.result = ValueError("jo@example.org")
    answer = call(functions, "GET", "/v1/comments")
    assert (answer.status, answer.problem["code"]) == (500, "internal")
    assert b"jo@" not in answer.body
    assert "jo@" not in caplog.text


@pytest.mark.parametrize(
    "result", [None, {}, {"statusCode": "x"}, {"statusCode": 200, "headers": {"X": "a\r\nSet-Cookie: b"}}]
)
def test_malformed_result_is_500(functions: StandIn, result: object) -> None:
    functions.result = result
    assert call(functions, "GET", "/v1/comments").status == 500


def test_base64_result_is_decoded() -> None:
    result = {"statusCode": 200, "body": b64encode(b"\xff").decode(), "isBase64Encoded": True}
    assert read_result(result).body == b"\xff"


def test_multi_value_header_replaces_the_single_one() -> None:
    result = {
        "statusCode": 200,
        "headers": {"set-cookie": "x"},
        "multiValueHeaders": {"Set-Cookie": ["a", "b"]},
    }
    headers = read_result(result).headers
    assert [value for name, value in headers if name.lower() == "set-cookie"] == ["a", "b"]


def test_not_modified_has_no_body_and_no_length(functions: StandIn) -> None:
    functions.result = {"statusCode": 304, "headers": {"ETag": '"1"'}, "body": ""}
    answer = call(functions, "GET", "/v1/comments")
    assert answer.body == b""
    assert "Content-Length" not in answer.headers


def _raise(error: Exception) -> None:
    raise error


@pytest.mark.parametrize(
    ("accepted", "size", "compressed"),
    [
        ("gzip, deflate, br", MINIMUM_COMPRESSION_SIZE, True),
        ("br, GZIP;q=0.5", MINIMUM_COMPRESSION_SIZE, True),
        ("gzip", MINIMUM_COMPRESSION_SIZE - 1, False),
        ("gzip;q=0", MINIMUM_COMPRESSION_SIZE, False),
        ("identity", MINIMUM_COMPRESSION_SIZE, False),
        ("", MINIMUM_COMPRESSION_SIZE, False),
    ],
)
def test_long_answer_is_compressed_for_who_accepts_it(
    functions: StandIn, accepted: str, size: int, compressed: bool
) -> None:
    functions.result = {"statusCode": 200, "headers": {"ETag": '"x"'}, "body": "y" * size}
    answer = call(functions, "GET", "/v1/comments", ACCEPT_ENCODING=accepted)
    assert answer.headers.get("Content-Encoding") == ("gzip" if compressed else None)
    assert answer.headers["Content-Length"] == str(len(answer.body))
    assert (gzip.decompress(answer.body) if compressed else answer.body) == b"y" * size
