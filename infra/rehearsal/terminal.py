"""What is typed at a terminal during a rehearsal: each command with its output in a file of its own."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from infra.local.aws import REGION
from infra.rehearsal.account import Account
from infra.rehearsal.errors import RehearsalError, check
from infra.rehearsal.releases import STACK, STAGE, Release


class Terminal:
    """`logs` is a folder that is there; `architecture` is that of this machine, which runs the functions."""

    def __init__(self, account: Account, logs: Path, architecture: str) -> None:
        self._account = account
        self._logs = logs
        self._architecture = architecture
        self._count = 0

    def deploy(self, release: Release, *more: str) -> None:
        """What `make deploy` runs, for this machine's kind of processor."""
        self._succeed(release.folder, "deploy", self._deploying("deploy", release, more))

    def fail_to_deploy(self, release: Release) -> str:
        """Return the last line that it said."""
        code, said = self._run(release.folder, "deploy", self._deploying("deploy", release, ()))
        check(code == 1, f"deploying {release.what} ended with {code}, not 1: see {self._last.name}")
        return said.strip().splitlines()[-1]

    def destroy(self, release: Release, *more: str) -> None:
        arguments = self._deploying("destroy", release, ("--confirm", STACK, *more))
        self._succeed(release.folder, "destroy", arguments)

    def refuse_to_destroy(self, release: Release, *more: str) -> None:
        code, _ = self._run(release.folder, "destroy", self._deploying("destroy", release, more))
        check(code == 1, f"make destroy removed something unconfirmed: see {self._last.name}")

    def add_token(self, release: Release, role: str) -> Mapping[str, str]:
        """Make a staff token as an operator does. Return the header with it."""
        place = ["--stage", STAGE, "--region", REGION, "--json"]
        command = ["chalicelib.commands", "tokens", "add", "--role", role, "--name", "rehearsal", *place]
        code, said = self._run(release.folder, "token", command, keep=False)
        check(code == 0, f"a token could not be made: see {self._last.name}")
        return {"Authorization": f"Bearer {json.loads(said)['secret']}"}

    @property
    def _last(self) -> Path:
        return self._logs / f"{self._count:02d}.log"

    def _deploying(self, command: str, release: Release, more: tuple[str, ...]) -> list[str]:
        options = ["--settings", str(release.settings), "--out", str(self._logs.parent / "dist")]
        return ["infra.deploy", command, STAGE, *options, "--architecture", self._architecture, *more]

    def _succeed(self, folder: Path, what: str, arguments: list[str]) -> None:
        code, said = self._run(folder, what, arguments)
        if code:
            last = (said.strip().splitlines() or ["no reason given"])[-1]
            raise RehearsalError(f"make {what} ended with {code}: {last}")

    def _run(self, folder: Path, what: str, arguments: list[str], *, keep: bool = True) -> tuple[int, str]:
        """Return the exit code and what was said. A secret is said on stdout, and not kept."""
        self._count += 1
        done = subprocess.run(
            [sys.executable, "-m", *arguments],
            cwd=folder,
            env=self._account.environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        said = done.stdout + done.stderr
        self._last.write_text(f"{what} in {folder}\n\n{said if keep else done.stderr}")
        return done.returncode, said if keep else done.stdout
