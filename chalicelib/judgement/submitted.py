"""What is judged."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["comment", "enquiry"]


@dataclass(frozen=True, repr=False)
class Submitted:
    """What was typed, normalised, and what came with it unseen. `ip` is looked at now, and not kept."""

    kind: Kind
    name: str
    email: str
    message: str
    website: str
    form_token: str
    ip: str
