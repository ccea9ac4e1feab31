"""A stack for each operation, so that none finds what another has left."""

import uuid
from dataclasses import dataclass, field

from tests.stack import Stack


@dataclass
class StackMaker:
    keys: dict[str, str]
    made: list[Stack] = field(default_factory=list)

    def __call__(self) -> Stack:
        self.made.append(Stack(f"cost{uuid.uuid4().hex[:8]}", self.keys, settings={"RATE_LIMIT": "1000"}))
        return self.made[-1]

    def delete_all(self) -> None:
        for stack in self.made:
            stack.delete()
