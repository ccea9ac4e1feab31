"""Write the tables of docs/cost.md and docs/performance.md anew: `python -m tests.cost`."""

import tempfile
from pathlib import Path
from unittest.mock import patch

from moto import mock_aws

from chalicelib.privacy.keys import make_key_files
from tests import conftest  # noqa: F401 - sets the environment that moto needs
from tests.cost.page import PAGES, make_tables, with_tables
from tests.cost.stacks import StackMaker
from tests.stack import SharedSession

with (
    tempfile.TemporaryDirectory() as folder,
    mock_aws(),
    patch("chalicelib.wiring.make_session", SharedSession),
):
    keys = Path(folder, "keys")
    make_key_files(keys)
    files = {"KEYS_FILE": str(keys / "keys.json"), "PRIVATE_KEYS_FILE": str(keys / "private-keys.json")}
    tables = make_tables(StackMaker(files))
    for page in PAGES:
        page.write_text(with_tables(page.read_text(), tables))
