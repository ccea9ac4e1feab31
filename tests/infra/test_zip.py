"""The zip that is deployed: small, all of it compiled, the same each time, and nothing missing in it."""

import marshal
import os
import subprocess
import sys
import traceback
from contextlib import suppress
from importlib.util import MAGIC_NUMBER, source_hash
from pathlib import Path
from types import CodeType
from typing import Any
from zipfile import ZipFile

import botocore.session
import pytest
from botocore.loaders import Loader

from infra.bytecode import compile_folder
from infra.elf import cut_symbols
from infra.package import ROOT, package
from infra.sdk_data import read_calls, write_sdk_data
from infra.slimming import COMMANDS, OURS, read_never_imported
from infra.sources import list_sources
from tests.unpacked import ARCHITECTURE, run, unpack

MOST_BYTES = 8_000_000
# A call of each service, for where it goes.
_CALLS: dict[str, tuple[str, dict[str, Any]]] = {
    "dynamodb": ("GetItem", {"TableName": "t", "Key": {"k": {"S": "x"}}}),
    "sesv2": ("GetAccount", {}),
    "sqs": ("SendMessage", {"QueueUrl": "https://sqs.us-east-1.amazonaws.com/1/q", "MessageBody": "b"}),
    "ssm": ("GetParameter", {"Name": "n"}),
}


@pytest.fixture(scope="session")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("deployed")
    package("prod", folder, with_zip=True)
    return folder / "deployment.zip"


def test_zip_is_small(deployed: Path) -> None:
    assert deployed.stat().st_size <= MOST_BYTES


def test_two_builds_are_the_same_to_the_byte(deployed: Path, tmp_path: Path) -> None:
    """Another process, for a set has another order there."""
    command = [sys.executable, "-m", "infra.package", "--out", str(tmp_path)]
    environment = {**os.environ, "PYTHONHASHSEED": "1"}
    subprocess.run(command, cwd=ROOT, env=environment, check=True)  # noqa: S603
    assert (tmp_path / "deployment.zip").read_bytes() == deployed.read_bytes()


def test_every_module_has_bytecode_that_is_taken_unchecked(deployed: Path) -> None:
    with ZipFile(deployed) as made:
        names = set(made.namelist())
        bytecode = {name for name in names if name.endswith(".pyc")}
        for name in bytecode:
            content = made.read(name)
            assert content[:4] == MAGIC_NUMBER, name
            assert content[4:8] == b"\1\0\0\0", name
            assert isinstance(marshal.loads(content[16:]), CodeType), name  # noqa: S302
        for name in names:
            if name.endswith(".py"):
                folder, _, module = name.rpartition("/")
                tag = f"{folder}/__pycache__/{module}" if folder else f"__pycache__/{module}"
                [own] = [n for n in bytecode if n.startswith(f"{tag.removesuffix('.py')}.cpython-")]
                assert made.read(own)[8:16] == source_hash(made.read(name)), name
    assert len(bytecode) > 200


def test_our_sources_are_in_the_zip_and_dependencies_are_bytecode(deployed: Path) -> None:
    with ZipFile(deployed) as made:
        sources = [name for name in made.namelist() if name.endswith(".py")]
    served = [file for file in list_sources(ROOT).files if COMMANDS not in file.parents]
    assert sorted(sources) == [file.as_posix() for file in served if file.suffix == ".py"]


def test_nothing_in_the_zip_is_for_compilers_or_of_no_use(deployed: Path) -> None:
    with ZipFile(deployed) as made:
        names = made.namelist()
    assert [n for n in names if n.endswith((".pyi", ".c", ".h", "py.typed", "METADATA", "RECORD"))] == []
    left_out = tuple(name if "." in name else f"{name}/" for name in read_never_imported())
    assert [n for n in names if n.startswith(left_out)] == []


def test_every_dependency_brings_its_licence(deployed: Path) -> None:
    with ZipFile(deployed) as made:
        licensed = {n.partition("-")[0] for n in made.namelist() if "dist-info/" in n}
    assert {"pydantic", "cryptography", "pynacl", "bleach", "jinja2"} <= licensed


@pytest.mark.parametrize("service", sorted(read_calls()))
@pytest.mark.parametrize("region", ["us-east-1", "eu-central-1", "us-gov-west-1"])
def test_client_of_the_cut_sdk_data_is_as_that_of_the_whole(
    service: str, region: str, sdk_data: Path
) -> None:
    cut, whole = (_client(service, region, folder) for folder in (sdk_data, None))
    assert _url_called(cut, service) == _url_called(whole, service)
    for operation in read_calls()[service]:
        own, other = (client.meta.service_model.operation_model(operation) for client in (cut, whole))
        assert own.http == other.http
        assert own.input_shape.members.keys() == other.input_shape.members.keys()
        assert own.output_shape.members.keys() == other.output_shape.members.keys()


def test_endpoints_are_those_of_the_rules_in_every_region(sdk_data: Path) -> None:
    known = botocore.session.Session()
    partitions = known.get_available_partitions()
    regions = [r for partition in partitions for r in known.get_available_regions("dynamodb", partition)]
    assert len(regions) > 30
    for service in read_calls():
        for region in regions:
            cut, whole = (_client(service, region, folder) for folder in (sdk_data, None))
            assert _url_called(cut, service) == _url_called(whole, service), region


class _Called(Exception):
    pass


def _url_called(client: Any, service: str) -> str:
    """Where a call goes; it goes nowhere."""
    urls: list[str] = []

    def note(request: Any, **_: Any) -> None:
        urls.append(request.url)
        raise _Called

    # First: another test may have moto answer.
    client.meta.events.register_first("before-send", note)
    operation, parameters = _CALLS[service]
    with suppress(_Called):
        client._make_api_call(operation, parameters)
    return urls[0]


@pytest.fixture(scope="module")
def sdk_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sdk_data")
    write_sdk_data(folder)
    return folder


def _client(service: str, region: str, folder: Path | None) -> Any:
    session: Any = botocore.session.Session()
    if folder is not None:
        loader = Loader(extra_search_paths=[str(folder)], include_default_search_paths=False)
        session.register_component("data_loader", loader)
    return session.create_client(service, region_name=region)


@pytest.mark.skipif(not ARCHITECTURE, reason="Lambda has no machines of this kind")
def test_every_route_and_handler_works_on_the_zips_content_alone(tmp_path: Path) -> None:
    suites = ("policies", "oidc", "mail/test_rendering.py", "api/test_openapi.py", "api/test_links.py")
    done = run(unpack(tmp_path), *(f"tests/{s}" for s in suites), "tests/test_html_gate.py")
    assert done.returncode == 0, done.stdout[-4000:]


def test_traceback_from_bytecode_names_file_and_line(tmp_path: Path) -> None:
    """Bytecode keeps no columns, and of a dependency no source."""
    (tmp_path / "theirs.py").write_text(
        '"""Words."""\n\n\ndef fail():\n    """Words."""\n    raise KeyError\n'
    )
    compile_folder(tmp_path, set(OURS))
    namespace: dict[str, object] = {}
    exec(marshal.loads((tmp_path / "theirs.pyc").read_bytes()[16:]), namespace)  # noqa: S102, S302
    assert namespace["fail"].__doc__ is None
    with pytest.raises(KeyError) as raised:
        namespace["fail"]()  # type: ignore[operator]
    last = traceback.extract_tb(raised.value.__traceback__)[-1]
    assert (last.filename, last.lineno, last.name) == ("theirs.py", 6, "fail")


def test_what_is_no_library_is_not_cut() -> None:
    with pytest.raises(ValueError, match="ELF"):
        cut_symbols(b"\x7fELF\x01\x01" + bytes(64))
