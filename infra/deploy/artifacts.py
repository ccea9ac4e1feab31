"""The bucket from which CloudFormation takes zip and template: nobody else's, encrypted, versioned."""

import hashlib
import json
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from infra.deploy.aws import code_of
from infra.deploy.errors import CannotDeployError

_DAYS_OF_OLD_VERSIONS = 90
_PRIVATE = dict.fromkeys(
    ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True
)


class Bucket:
    """Every call names the account: a bucket of that name in somebody else's hands is refused by S3."""

    def __init__(self, s3: Any, account: str, region: str, given: str | None) -> None:
        self._s3 = s3
        self._region = region
        self._is_given = given is not None
        self._owner = {"ExpectedBucketOwner": account}
        self.name = given or f"frontdesk-artifacts-{account}-{region}"

    def exists(self) -> bool:
        """Raises CannotDeployError where the name is another account's."""
        try:
            self._s3.head_bucket(Bucket=self.name, **self._owner)
        except ClientError as error:
            if code_of(error) in ("404", "NoSuchBucket"):
                return False
            if code_of(error) in ("403", "AccessDenied", "301", "PermanentRedirect"):
                raise CannotDeployError(
                    f"The bucket {self.name} is not this account's in {self._region}, or not open to these "
                    "credentials: name one that is, as artifacts_bucket in the stage's file"
                ) from None
            raise
        return True

    def check(self) -> None:
        """Raises as `exists`, and where one that was given is not there: that is never made."""
        if not self.exists() and self._is_given:
            raise CannotDeployError(
                f"The bucket {self.name} is not there: make it, or take artifacts_bucket out of the stage's "
                "file for one to be made"
            )

    def ensure(self) -> None:
        """Make it if it is not there. One that was given is taken as it is. Raises as `check`."""
        self.check()
        if self._is_given:
            return
        if not self.exists():
            place = {"CreateBucketConfiguration": {"LocationConstraint": self._region}}
            self._s3.create_bucket(Bucket=self.name, **({} if self._region == "us-east-1" else place))
            print(f"Made the bucket {self.name}")
        # Each time: an earlier run may have ended between the bucket and these.
        self._set_up()

    def upload(self, file: Path) -> str:
        """Return the zip's key."""
        content = file.read_bytes()
        self._put(key_of(content, ".zip"), content)
        return key_of(content, ".zip")

    def upload_template(self, template: dict[str, Any]) -> str:
        """Return its URL. Without blanks: CloudFormation takes up to 1 MB."""
        content = json.dumps(template, sort_keys=True, separators=(",", ":")).encode()
        key = key_of(content, ".json")
        self._put(key, content)
        return f"{self._s3.meta.endpoint_url}/{self.name}/{key}"

    def _put(self, key: str, content: bytes) -> None:
        try:
            self._s3.head_object(Bucket=self.name, Key=key, **self._owner)
        except ClientError as error:
            if code_of(error) not in ("404", "NoSuchKey"):
                raise
            self._s3.put_object(Bucket=self.name, Key=key, Body=content, **self._owner)

    def _set_up(self) -> None:
        here = {"Bucket": self.name, **self._owner}
        self._s3.put_public_access_block(**here, PublicAccessBlockConfiguration=_PRIVATE)
        by_default = {
            "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"},
            "BucketKeyEnabled": True,
        }
        self._s3.put_bucket_encryption(**here, ServerSideEncryptionConfiguration={"Rules": [by_default]})
        self._s3.put_bucket_versioning(**here, VersioningConfiguration={"Status": "Enabled"})
        self._s3.put_bucket_lifecycle_configuration(
            **here, LifecycleConfiguration={"Rules": [_forget_old_versions()]}
        )
        self._s3.put_bucket_policy(**here, Policy=json.dumps(_tls_alone(self.name, self._s3.meta.partition)))


def key_of(content: bytes, suffix: str) -> str:
    """A function of the content: what is there already is the same, and nothing is ever overwritten."""
    return f"{hashlib.sha256(content).hexdigest()}{suffix}"


def _forget_old_versions() -> dict[str, Any]:
    return {
        "ID": "old-versions",
        "Status": "Enabled",
        "Filter": {},
        "NoncurrentVersionExpiration": {"NoncurrentDays": _DAYS_OF_OLD_VERSIONS},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
    }


def _tls_alone(bucket: str, partition: str) -> dict[str, Any]:
    arn = f"arn:{partition}:s3:::{bucket}"
    denied = {
        "Sid": "TlsAlone",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [arn, f"{arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return {"Version": "2012-10-17", "Statement": [denied]}
