"""The product's keys in SSM: made once, under the stack's own KMS key, and never overwritten.

No template, no environment variable and no file of ours ever holds them: they go from this process to SSM.
The functions read them when they start, so they are made after the KMS key and before any function.
"""

from typing import Any

from botocore.exceptions import ClientError

from chalicelib.privacy.keys import check_pair, make_documents, read_keys, read_private_keys
from infra.deploy.errors import CannotDeployError


def parameter_names(stage: str) -> tuple[str, str]:
    """As infra/parameters.py gives them to the functions: the keys, the private keys."""
    return f"/frontdesk/{stage}/keys", f"/frontdesk/{stage}/private-keys"


def find_versions(ssm: Any, stage: str) -> tuple[int, int]:
    """The two parameters' versions; 0 for one that is not there. A rotation makes the next."""
    names = parameter_names(stage)
    found = ssm.get_parameters(Names=list(names), WithDecryption=False)["Parameters"]
    versions = {parameter["Name"]: int(parameter["Version"]) for parameter in found}
    return versions.get(names[0], 0), versions.get(names[1], 0)


def find_kms_key(ssm: Any, stage: str) -> str | None:
    """The id of the KMS key that the parameters are encrypted under."""
    named = [{"Key": "Name", "Option": "Equals", "Values": list(parameter_names(stage))}]
    # Page by page: a page may be empty though another follows.
    pages = ssm.get_paginator("describe_parameters").paginate(ParameterFilters=named)
    keys = [parameter["KeyId"] for page in pages for parameter in page["Parameters"]]
    return str(keys[0]).rpartition("/")[2] if keys else None


def check_whole(ssm: Any, stage: str) -> None:
    """Raises CannotDeployError where one of the two is there without the other."""
    there = find_versions(ssm, stage)
    if any(there) and not all(there):
        names = parameter_names(stage)
        lost, kept = names if not there[0] else names[::-1]
        raise CannotDeployError(
            f"The SSM parameter {kept} is there and {lost} is not: put the lost one back from where you keep "
            "it; without it, what is stored cannot be opened, and new keys would not open it either"
        )


def ensure(ssm: Any, stage: str, kms_key: str, *, has_served: bool) -> bool:
    """Make both unless they are there; return whether they were made. Raises as `check_whole`.

    Where the stack `has_served`, keys that are gone are lost, and never made anew: what is stored is sealed
    to them.
    """
    check_whole(ssm, stage)
    if all(find_versions(ssm, stage)):
        return False
    if has_served:
        both = " and ".join(parameter_names(stage))
        raise CannotDeployError(
            f"The SSM parameters {both} are gone, and the stack has served with them: put both back from "
            "where you keep them; what is stored is sealed to them, and new keys would not open it"
        )
    keys, private_keys = make_documents()
    check_pair(read_keys(keys), read_private_keys(private_keys))
    public_name, private_name = parameter_names(stage)
    _put(ssm, private_name, private_keys, kms_key)
    try:
        _put(ssm, public_name, keys, kms_key)
    except BaseException:
        # Half a pair stops every later deployment, and opens nothing.
        ssm.delete_parameter(Name=private_name)
        raise
    return True


def _put(ssm: Any, name: str, document: str, kms_key: str) -> None:
    try:
        ssm.put_parameter(
            Name=name,
            Value=document,
            Type="SecureString",
            KeyId=kms_key,
            Overwrite=False,
            Tags=[{"Key": "application", "Value": "frontdesk"}],
        )
    except ClientError as error:
        if "ParameterAlreadyExists" in str(error):
            raise CannotDeployError(
                f"{name} was made by somebody else meanwhile: run it again, it takes what is there"
            ) from None
        raise
