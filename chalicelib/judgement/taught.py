"""What a comment has taught the classifier: kept with the comment, so that it can be taken back exactly."""

from dataclasses import dataclass
from typing import Literal

Label = Literal["approved", "spam"]


@dataclass(frozen=True)
class Taught:
    """A moderator's decision, as it was learnt by one generation of the model (see learning.py)."""

    label: Label
    generation: str

    def __str__(self) -> str:
        return f"{self.label} {self.generation}"


def read_taught(text: str) -> Taught:
    """The inverse of `str`."""
    label, _, generation = text.partition(" ")
    return Taught("spam" if label == "spam" else "approved", generation)
