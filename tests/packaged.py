"""The tests run on what is deployed: the zip's content in the place of the sources and of the dependencies.

    FRONTDESK_PACKAGE=<unpacked zip> pytest -p tests.packaged tests/policies

What is missing in the zip is missing for the tests too: a package is looked for in one place alone, and
what is left out as a whole is refused, though the tests' own environment has it. With FRONTDESK_IMPORTED,
a folder, each process of the run writes there which of the zip's files it imported.
"""

import importlib
import importlib.abc
import os
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

# Nothing that imports a dependency: it would come from somewhere else.
from infra.slimming import COMMANDS, read_never_imported


class _LeftOut(importlib.abc.MetaPathFinder):
    def find_spec(
        self, fullname: str, _path: Sequence[str] | None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname in read_never_imported():
            raise ModuleNotFoundError(
                f"{fullname} is not in the zip: python -m tests.unpacked", name=fullname
            )
        return None


def _use(folder: Path) -> None:
    names = {path.name.partition(".")[0] for path in folder.iterdir()}
    there_before = sorted(names & set(sys.modules))
    assert there_before == [], "not from the zip"
    sys.path.insert(0, str(folder))
    sys.meta_path.insert(0, _LeftOut())
    # The project's own folder comes first while pytest collects: whatever is imported now stays.
    importlib.import_module("chalicelib")
    _import_commands()
    os.environ["AWS_CHALICE_CLI_MODE"] = "true"
    importlib.import_module("app")
    del os.environ["AWS_CHALICE_CLI_MODE"]


def _import_commands() -> None:
    """From the sources, for they are not packaged; what they use of the product is the zip's."""
    name, folder = "chalicelib.commands", Path(__file__).parents[1] / COMMANDS
    spec = spec_from_file_location(name, folder / "__init__.py", submodule_search_locations=[str(folder)])
    assert spec
    assert spec.loader
    sys.modules[name] = module_from_spec(spec)
    spec.loader.exec_module(sys.modules[name])


# While pytest reads its command line: its other plugins may import a dependency too.
if "FRONTDESK_PACKAGE" in os.environ:
    _use(Path(os.environ["FRONTDESK_PACKAGE"]))


def pytest_sessionfinish(session: pytest.Session) -> None:
    if "FRONTDESK_IMPORTED" in os.environ:
        folder = os.environ["FRONTDESK_PACKAGE"]
        files = [getattr(module, "__file__", None) or "" for module in list(sys.modules.values())]
        lines = [f"{os.path.relpath(file, folder)}\n" for file in files if file.startswith(folder)]
        record = Path(os.environ["FRONTDESK_IMPORTED"]) / str(os.getpid())
        record.write_text("".join(lines))
