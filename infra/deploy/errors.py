"""What stops a deployment: one plain line each, which ends with what to do about it."""


class CannotDeployError(Exception):
    """`lines` are printed as they are, to the person at the terminal; the command then ends with 1."""

    def __init__(self, *lines: str) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines
