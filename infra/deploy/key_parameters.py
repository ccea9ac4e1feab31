"""The product's keys in SSM: made once, under the stack's own KMS key, and never made anew once they served.

No template, no environment variable and no file of ours ever holds them: they go from this process to SSM.
The functions read them when they start, so they are made after the KMS key and before any function. Until
then whatever an earlier run left of them, half a pair too, is made anew: nothing is sealed with it.
"""

from typing import Any

from botocore.exceptions import ClientError

from chalicelib.privacy.keys import check_pair, make_documents, read_keys, read_private_keys
from infra.deploy.aws import code_of
from infra.deploy.errors import CannotDeployError


def parameter_names(stage: str) -> tuple[str, str]:
    """As infra/parameters.py gives them to the functions: the keys, the private keys."""
    return f"/frontdesk/{stage}/keys", f"/frontdesk/{stage}/private-keys"


def akismet_key_name(stage: str) -> str:
    """The one that a person puts there, where Akismet is asked; as infra/parameters.py gives it to mail."""
    return f"/frontdesk/{stage}/akismet-key"


def find_versions(ssm: Any, stage: str) -> tuple[int, int]:
    """The two parameters' versions; 0 for one that is not there. A rotation makes the next."""
    names = parameter_names(stage)
    found = ssm.get_parameters(Names=list(names), WithDecryption=False)["Parameters"]
    versions = {parameter["Name"]: int(parameter["Version"]) for parameter in found}
    return versions.get(names[0], 0), versions.get(names[1], 0)


def find_akismet_version(ssm: Any, stage: str) -> int:
    """0 where it is not there."""
    found = ssm.get_parameters(Names=[akismet_key_name(stage)], WithDecryption=False)["Parameters"]
    return int(found[0]["Version"]) if found else 0


def find_versions_to_be(ssm: Any, stage: str) -> tuple[int, int]:
    """The versions after `ensure`: where one of the two is not there, it makes both anew."""
    keys, private_keys = find_versions(ssm, stage)
    return (keys, private_keys) if keys and private_keys else (keys + 1, private_keys + 1)


def find_kms_key(ssm: Any, stage: str) -> str | None:
    """The id of the KMS key that the parameters are encrypted under; an alias is no key of ours."""
    named = [{"Key": "Name", "Option": "Equals", "Values": list(parameter_names(stage))}]
    # Page by page: a page may be empty though another follows.
    pages = ssm.get_paginator("describe_parameters").paginate(ParameterFilters=named)
    keys = [str(parameter["KeyId"]) for page in pages for parameter in page["Parameters"]]
    return next((key.rpartition("/")[2] for key in keys if not key.startswith("alias/")), None)


def refuse_lost(ssm: Any, stage: str, *, has_served: bool) -> None:
    """Raises CannotDeployError where keys that `has_served` are gone: what is stored is sealed with them."""
    versions = zip(parameter_names(stage), find_versions(ssm, stage), strict=True)
    lost = [name for name, version in versions if not version]
    if lost and has_served:
        commands = "; ".join(_put_back(ssm.meta.region_name, stage, name) for name in lost)
        raise CannotDeployError(
            f"Gone from SSM: {' and '.join(lost)}, with which what is stored is sealed. Put back the copy "
            f"that you keep: {commands}. New keys would not open it; where there is no copy, names, "
            f"addresses and messages are lost, and only make destroy STAGE={stage} "
            f"DESTROY_DATA=frontdesk-{stage} lets you begin anew"
        )


def _put_back(region: str, stage: str, name: str) -> str:
    """Under the KMS key of the tables: its alias goes with the stack, which may be gone."""
    key = (
        f"aws dynamodb describe-table --region {region} --table-name frontdesk-{stage}-comments "
        "--query Table.SSEDescription.KMSMasterKeyArn --output text"
    )
    return (
        f"aws ssm put-parameter --region {region} --name {name} --type SecureString "
        f'--key-id "$({key})" --value file://<copy of {name}>'
    )


def ensure(ssm: Any, stage: str, kms_key: str, *, has_served: bool) -> bool:
    """Make both where there is no whole pair; return whether they were made. Raises as `refuse_lost`.

    A run that ends anywhere in here, its answers lost or not, is mended by the next.
    """
    refuse_lost(ssm, stage, has_served=has_served)
    versions = find_versions(ssm, stage)
    if all(versions) and _are_a_pair(ssm, stage):
        return False
    if has_served:
        raise _not_a_pair(stage)
    keys, private_keys = make_documents()
    check_pair(read_keys(keys), read_private_keys(private_keys))
    documents = zip(parameter_names(stage), versions, (keys, private_keys), strict=True)
    # First the one that is not there: of two runs at once one makes it, and the other ends before it has
    # overwritten anything.
    for name, version, document in sorted(documents, key=lambda each: each[1] > 0):
        _put(ssm, name, document, kms_key, replaces=version > 0)
    if not _are_a_pair(ssm, stage):
        raise CannotDeployError(_somebody_else(" and ".join(parameter_names(stage))))
    return True


def refuse_unpaired(ssm: Any, stage: str, *, has_served: bool) -> None:
    """Raises CannotDeployError where keys that `has_served` do not belong together; else `ensure` mends it.

    Raises botocore's ClientError where they may not be read.
    """
    if has_served and not _are_a_pair(ssm, stage):
        raise _not_a_pair(stage)


def _not_a_pair(stage: str) -> CannotDeployError:
    return CannotDeployError(
        f"{' and '.join(parameter_names(stage))} are not of one another, or cannot be read: put back the "
        "copies that you keep (aws ssm get-parameter-history has what was there), then run it again"
    )


def _put(ssm: Any, name: str, document: str, kms_key: str, *, replaces: bool) -> None:
    """What is replaced stays in the parameter's history."""
    wanted = {"Name": name, "Value": document, "Type": "SecureString", "KeyId": kms_key}
    if replaces:
        # SSM takes no tags here; those that are there stay.
        ssm.put_parameter(**wanted, Overwrite=True)
        return
    try:
        ssm.put_parameter(**wanted, Overwrite=False, Tags=[{"Key": "application", "Value": "frontdesk"}])
    except ClientError as error:
        if code_of(error) != "ParameterAlreadyExists":
            raise
        # The answer may have been lost, and botocore asked again: then it is ours that is there.
        if ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"] != document:
            raise CannotDeployError(_somebody_else(name)) from None


def _are_a_pair(ssm: Any, stage: str) -> bool:
    """Whether both are there, can be read, and are of one another."""
    names = parameter_names(stage)
    try:
        found = ssm.get_parameters(Names=list(names), WithDecryption=True)["Parameters"]
        documents = {parameter["Name"]: parameter["Value"] for parameter in found}
        check_pair(read_keys(documents[names[0]]), read_private_keys(documents[names[1]]))
    except (KeyError, TypeError, ValueError):
        return False
    except ClientError as error:
        # Under a KMS key that is deleted: of a stack from before.
        if code_of(error) == "InvalidKeyId":
            return False
        raise
    return True


def _somebody_else(names: str) -> str:
    return f"{names}: made by somebody else meanwhile. Run it again, it takes a whole pair that is there"
