"""AWS as the commands see it: clients of one region, and its errors as one plain line with the remedy."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import botocore.session
from botocore import exceptions
from botocore.config import Config

from infra.deploy.errors import CannotDeployError

# Reading a stack's state is throttled early and often; nothing here is sent twice to harm.
_PATIENT = Config(connect_timeout=5, read_timeout=60, retries={"mode": "standard", "total_max_attempts": 6})

_SIGN_IN = "sign in again (aws sso login, or new access keys), then run it again"
_BY_CODE = {
    "ExpiredToken": f"The AWS credentials have expired: {_SIGN_IN}",
    "ExpiredTokenException": f"The AWS credentials have expired: {_SIGN_IN}",
    # Of S3's HEAD, whose answers have no body to say it.
    "400": f"S3 says no more than 400, as it does when the AWS credentials have expired: {_SIGN_IN}",
    "RequestExpired": f"AWS takes this machine's clock for wrong: set it, or {_SIGN_IN}",
    "InvalidClientTokenId": f"AWS does not know these credentials: {_SIGN_IN}",
    "UnrecognizedClientException": "AWS does not know these credentials in this region: sign in again, or "
    "enable the region in the account",
    "SignatureDoesNotMatch": f"The AWS secret key is not the access key's: {_SIGN_IN}",
    "OptInRequired": "The account has no access to this service or region: enable it in the AWS console",
}
_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "403"})


# Of what every stack is made of, those that are not in every region.
_NOT_EVERYWHERE = ("apigateway", "kms", "lambda", "sesv2")


class Aws:
    """Makes a client of each service once. Tests hand in something with the same `client`."""

    def __init__(self, region: str, session: Any = None) -> None:
        self.region = region
        self._session = session or botocore.session.get_session()
        self.client = cache(self._make)

    def _make(self, service: str) -> Any:
        return self._session.create_client(service, region_name=self.region, config=_PATIENT)

    def knows_region(self) -> bool:
        """By the list that came with botocore: a misspelt region has no host to ask."""
        return self._has("cloudformation")

    def lacking(self) -> list[str]:
        """Services that the region does not have, by the same list, which may be older than the region."""
        return [service for service in _NOT_EVERYWHERE if not self._has(service)]

    def _has(self, service: str) -> bool:
        return any(
            self.region in self._session.get_available_regions(service, partition_name=partition)
            for partition in self._session.get_available_partitions()
        )


@contextmanager
def told_plainly(region: str) -> Iterator[None]:
    """Turn what botocore raises inside into a CannotDeployError."""
    try:
        yield
    except exceptions.ClientError as error:
        raise CannotDeployError(_of_client_error(error)) from error
    except exceptions.ProfileNotFound as error:
        raise CannotDeployError(f"{error}: mend AWS_PROFILE or ~/.aws/config, then run it again") from None
    except (exceptions.NoCredentialsError, exceptions.PartialCredentialsError):
        raise CannotDeployError(
            "There are no AWS credentials here: sign in (aws sso login, AWS_PROFILE), then run it again"
        ) from None
    except (exceptions.SSOError, exceptions.TokenRetrievalError, exceptions.CredentialRetrievalError):
        raise CannotDeployError(f"The AWS sign-in has ended: {_SIGN_IN}") from None
    except (exceptions.EndpointConnectionError, exceptions.ConnectTimeoutError, exceptions.ReadTimeoutError):
        raise CannotDeployError(
            f"AWS cannot be reached in {region}: check the network, and the region's name, then run it again"
        ) from None
    except exceptions.BotoCoreError as error:
        said = " ".join(str(error).split()).rstrip(".")
        raise CannotDeployError(f"{said}: mend it and run the same command again") from error


def code_of(error: exceptions.ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def is_denied(error: exceptions.ClientError) -> bool:
    """Whether these credentials may not do it."""
    return code_of(error) in _DENIED


def _of_client_error(error: exceptions.ClientError) -> str:
    code = code_of(error)
    if code in _BY_CODE:
        return _BY_CODE[code]
    if is_denied(error):
        return (
            f"These credentials may not call {error.operation_name}: use a role that may deploy "
            "(docs/deploy.md), then run it again"
        )
    said = str(error.response.get("Error", {}).get("Message", "")).strip().replace("\n", " ")
    return f"AWS refused {error.operation_name} ({code}): {said.rstrip('.')}. Mend that and run it again"
