"""What an error of the AWS SDK says to an operator: by its type and code, for its text may hold data."""

from botocore.exceptions import (
    ClientError,
    CredentialRetrievalError,
    HTTPClientError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOError,
    TokenRetrievalError,
)
from botocore.exceptions import (
    ConnectionError as AwsConnectionError,
)

from chalicelib.errors import Unavailable

_NO_CREDENTIALS = "The AWS credentials are missing, wrong or expired."
_TYPES: dict[type[Exception], str] = {
    CredentialRetrievalError: _NO_CREDENTIALS,
    NoCredentialsError: _NO_CREDENTIALS,
    PartialCredentialsError: _NO_CREDENTIALS,
    ProfileNotFound: _NO_CREDENTIALS,
    SSOError: _NO_CREDENTIALS,
    TokenRetrievalError: _NO_CREDENTIALS,
    NoRegionError: "No AWS region is named.",
    AwsConnectionError: "It does not answer.",
    HTTPClientError: "It does not answer.",
    OSError: "The file cannot be read or written.",
}
_CODES = {
    "AccessDenied": "These AWS credentials may not do that.",
    "ResourceNotFound": "There is no such thing in this account and region.",
}
# AWS's own codes (the services' API references, Common Errors).
_BAD_CREDENTIALS = {
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignature",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "MissingAuthenticationToken",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
}


def explain(error: Unavailable) -> str:
    """Why it was unavailable, as a sentence for an operator."""
    return explain_cause(error.__cause__)


def explain_cause(cause: BaseException | None) -> str:
    code = cause.response.get("Error", {}).get("Code", "") if isinstance(cause, ClientError) else ""
    if code in _BAD_CREDENTIALS:
        return _NO_CREDENTIALS
    known = [sentence for kind, sentence in _TYPES.items() if isinstance(cause, kind)]
    known += [sentence for start, sentence in _CODES.items() if code.startswith(start)]
    return (*known, f"AWS refused it ({code or type(cause).__name__})." if cause else "It is busy.")[0]
