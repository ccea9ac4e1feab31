"""What guards the data of a stack against a slip, and is never taken away by a deployment.

A change set does not tell the value that a property is to have; so what is deployed is compared with what is
to be, template with template.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from infra.deploy.errors import CannotDeployError
from infra.deploy.stacks import HOLDS_DATA
from infra.deploy.templates import Template

# How each reads in a sentence, and where it stands in a resource.
_GUARDS: Mapping[str, tuple[str, ...]] = {
    "point-in-time recovery": (
        "Properties",
        "PointInTimeRecoverySpecification",
        "PointInTimeRecoveryEnabled",
    ),
    "deletion protection": ("Properties", "DeletionProtectionEnabled"),
    # A user pool's.
    "its deletion protection": ("Properties", "DeletionProtection"),
    "what keeps it when the stack is removed (DeletionPolicy)": ("DeletionPolicy",),
    "what keeps it when it is replaced (UpdateReplacePolicy)": ("UpdateReplacePolicy",),
}
# A boolean may be text in a template. What is to be found out when the stack is made counts as off.
_ON = frozenset({"true", "active", "retain", "retainexceptoncreate"})


def refuse_unprotecting(cloudformation: Any, stack: str, wanted: Template) -> None:
    """Raises CannotDeployError where a guard of what is there would go. No option overrides it."""
    deployed = cloudformation.get_template(StackName=stack, TemplateStage="Processed")["TemplateBody"]
    # Ours is always JSON, which the SDK has read; text is YAML, of an update that somebody made by hand.
    lost = [] if isinstance(deployed, str) else list(_lost_guards(deployed, wanted))
    if lost:
        raise CannotDeployError(
            *(f"Refused: it would take {guard} from {resource}" for guard, resource in lost),
            "Nothing was changed. Undo what asks for it in the template",
        )


def _lost_guards(deployed: Template, wanted: Template) -> Iterator[tuple[str, str]]:
    for name, before in deployed["Resources"].items():
        after = wanted["Resources"].get(name)
        # That it would go as a whole is told by the change set.
        if before["Type"] in HOLDS_DATA and after is not None:
            for guard, place in _GUARDS.items():
                if _is_on(before, place) and not _is_on(after, place):
                    yield guard, f"{name} ({before['Type']})"


def _is_on(resource: Any, place: tuple[str, ...]) -> bool:
    for name in place:
        resource = resource.get(name) if isinstance(resource, Mapping) else None
    return str(resource).lower() in _ON
