"""The stack's parameters: one for each setting that a person may give; and each function's environment.

Made of chalicelib.config.Settings, so that a new setting is a new parameter with nothing to forget. No
secret is among them: those are SSM parameters, of which the environment has the names.
"""

from typing import Any

from chalicelib.config import Settings
from infra.functions import Function

# What the stack itself knows.
_PRIVATE_KEYS = "private_keys_parameter"
_AKISMET_KEY = "akismet_key_parameter"
_FROM_THE_STACK: dict[str, Any] = {
    "stage": {"Ref": "Stage"},
    "comments_table": {"Ref": "CommentsTable"},
    "enquiries_table": {"Ref": "EnquiriesTable"},
    "outbox_table": {"Ref": "OutboxTable"},
    "pages_table": {"Ref": "PagesTable"},
    "guard_table": {"Ref": "GuardTable"},
    "staff_table": {"Ref": "StaffTable"},
    "audit_table": {"Ref": "AuditTable"},
    "suppressions_table": {"Ref": "SuppressionsTable"},
    "model_table": {"Ref": "ModelTable"},
    "mail_queue_url": {"Ref": "MailQueue"},
    "mail_dead_letter_queue_url": {"Ref": "MailDeadLetterQueue"},
    "mail_configuration_set": {"Ref": "MailConfigurationSet"},
    # True by the configuration set's own TlsPolicy, see cloud.yaml.
    "mail_tls_required": "true",
    "keys_parameter": {"Fn::Sub": "/frontdesk/${Stage}/keys"},
}
_FILES = ("keys_file", "private_keys_file", "akismet_key_file")
_NOT_ASKED_FOR = frozenset({*_FROM_THE_STACK, *_FILES, "function", _PRIVATE_KEYS, _AKISMET_KEY})
_LISTS = frozenset({"sites"})


def parameters() -> dict[str, Any]:
    return {parameter_name(name): _parameter(name) for name in asked_for()}


def conditions() -> dict[str, Any]:
    """`Has<Parameter>`: whether one that may be left out was given."""
    return {
        f"Has{parameter_name(name)}": {"Fn::Not": [{"Fn::Equals": [{"Ref": parameter_name(name)}, ""]}]}
        for name, is_required in asked_for().items()
        if not is_required
    }


def environment(function: Function) -> dict[str, Any]:
    """The environment variables of a function; one that was not given is not set."""
    settings = {**_FROM_THE_STACK, "function": function.name}
    if function.opens_sealed:
        settings[_PRIVATE_KEYS] = {"Fn::Sub": "/frontdesk/${Stage}/private-keys"}
    if function.name == "mail":
        key = {"Fn::Sub": "/frontdesk/${Stage}/akismet-key"}
        settings[_AKISMET_KEY] = {"Fn::If": ["HasAkismetProcessor", key, {"Ref": "AWS::NoValue"}]}
    settings |= {name: _given(name) for name in asked_for()}
    return {name.upper(): value for name, value in settings.items()}


def asked_for() -> dict[str, bool]:
    """The settings that a person gives, by name; whether they must."""
    fields = Settings.model_fields.items()
    return {name: field.is_required() for name, field in fields if name not in _NOT_ASKED_FOR}


def settings_of_the_stack(stage: str) -> dict[str, str]:
    """The other settings as some function would have them: to check those of a person beforehand."""
    known = {name.upper(): f"https://frontdesk-{stage}" for name in _FROM_THE_STACK}
    return known | {"STAGE": stage, "FUNCTION": "public", "MAIL_TLS_REQUIRED": "true"}


def parameter_name(setting: str) -> str:
    """comments_table is CommentsTable."""
    return "".join(part.capitalize() for part in setting.split("_"))


def _parameter(name: str) -> dict[str, Any]:
    described = {
        "Type": "CommaDelimitedList" if name in _LISTS else "String",
        "Description": (Settings.model_fields[name].description or "").replace("`", ""),
    }
    return described if Settings.model_fields[name].is_required() else {**described, "Default": ""}


def _given(name: str) -> dict[str, Any]:
    reference: dict[str, Any] = {"Ref": parameter_name(name)}
    if name in _LISTS:
        return {"Fn::Join": [",", reference]}
    if Settings.model_fields[name].is_required():
        return reference
    return {"Fn::If": [f"Has{parameter_name(name)}", reference, {"Ref": "AWS::NoValue"}]}
