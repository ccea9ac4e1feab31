"""A stage as a person would describe it, and no waiting between two looks at AWS."""

from pathlib import Path

import pytest

from infra.deploy import changes, progress

STAGE_FILE = """
region = "us-east-1"

[settings]
PUBLIC_URL = "https://comments.example.org"
SITES = ["https://www.example.org"]
MODERATORS = ["moderators@example.org"]
TOPICS = { admissions = ["admissions@example.org"] }
MAIL_SENDER = "desk@example.org"
"""


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "SECONDS_BETWEEN_LOOKS", 0.02)
    monkeypatch.setattr(progress, "SECONDS_BETWEEN_LOOKS", 0.02)


@pytest.fixture
def stage_path(tmp_path: Path) -> Path:
    path = tmp_path / "prod.toml"
    path.write_text(STAGE_FILE)
    return path
