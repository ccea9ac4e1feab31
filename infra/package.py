"""Make what is deployed: one zip, and the CloudFormation template around it.

    python -m infra.package --stage prod --out dist
    python -m infra.package --stage prod --out dist --template-only
    python -m infra.package --stage prod --out dist --architecture x86_64

Writes merge.json (what is merged over Chalice's template), sam.json (the result) and deployment.zip;
the last is not made, and pip not called, with --template-only. The architecture is the stage's, unless
another is given: the bench and the rehearsal run what they package on the machine at hand.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from zipfile import ZipFile

from chalicelib.commands.ending import end_quietly
from infra.assembly import Template, additions, divide_routes
from infra.sdk_data import write_sdk_data
from infra.slimming import COMMANDS, read_never_imported, slim
from infra.sources import CannotListError, list_sources
from infra.versions import publish, release_id
from infra.wheels import MACHINES, CannotFetchError, install_wheels
from infra.zips import write_zip

ROOT = Path(__file__).resolve().parents[1]
_CONFIG = Path(".chalice", "config.json")


class CannotPackageError(Exception):
    """What stands in the way, in words for the person at the terminal."""


def package(
    stage: str,
    out: Path,
    *,
    with_zip: bool,
    besides: object = None,
    architecture: str | None = None,
    whole: bool = False,
) -> Template:
    """Fill the folder `out`, and return the template. Raises CannotPackageError.

    `besides` is what makes a release beside code and template: the values that the parameters will have.
    With `whole` the modules that are never imported stay in the zip: to find out which they are.
    """
    architecture = architecture or _architecture(stage)
    out.mkdir(parents=True, exist_ok=True)
    merge_file = out.resolve() / "merge.json"
    _write_json(merge_file, additions(_runtime(), architecture))
    # A folder of its own: what lies about in the working tree, a note or a secret, gets into no zip.
    with tempfile.TemporaryDirectory(prefix="frontdesk-") as folder:
        build = Path(folder)
        _copy_sources(build, stage, architecture)
        if with_zip:
            _install_dependencies(build, architecture)
        _run_chalice(build, stage, merge_file)
        template = divide_routes(json.loads((build / "out" / "sam.json").read_text()))
        code = b""
        if with_zip:
            content = build / "content"
            with ZipFile(build / "out" / "deployment.zip") as made:
                made.extractall(content)
            write_sdk_data(content / "sdk_data")
            slim(content, [] if whole else read_never_imported())
            write_zip(content, out / "deployment.zip")
            code = (out / "deployment.zip").read_bytes()
    template = publish(template, release_id(template, code, besides))
    _write_json(out / "sam.json", template)
    return template


def _architecture(stage: str) -> str:
    stages = json.loads((ROOT / _CONFIG).read_text())["stages"]
    if stage not in stages or "lambda_architecture" not in stages[stage]:
        raise CannotPackageError(f"Stage {stage} is not one that is deployed: see {_CONFIG}")
    return str(stages[stage]["lambda_architecture"])


def _runtime() -> str:
    return f"python3.{sys.version_info.minor}"


def _copy_sources(build: Path, stage: str, architecture: str) -> None:
    (build / ".chalice").mkdir()
    config = json.loads((ROOT / _CONFIG).read_text())
    config["stages"][stage]["lambda_architecture"] = architecture
    _write_json(build / _CONFIG, config)
    try:
        sources = list_sources(ROOT)
    except CannotListError as error:
        raise CannotPackageError(str(error)) from None
    for line in sources.told:
        print(line)
    for file in sources.files:
        if COMMANDS in file.parents:
            continue
        (build / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / file, build / file)


def _install_dependencies(build: Path, architecture: str) -> None:
    """Install into `vendor`, whose content Chalice copies to the top of the zip.

    Chalice would run pip itself on a requirements.txt, but download the wheels for another machine than
    this one by name and version alone: without looking at the hashes.
    """
    try:
        install_wheels(ROOT, architecture, build / "vendor")
    except CannotFetchError as error:
        raise CannotPackageError(
            f"{error}\nThe dependencies could not be installed, see above: "
            "check the network connection, then run it again"
        ) from None
    # Scripts name this machine's Python, and RECORD has their hashes: neither is of use in Lambda.
    shutil.rmtree(build / "vendor" / "bin", ignore_errors=True)
    for record in (build / "vendor").glob("*.dist-info/RECORD"):
        record.unlink()


def _run_chalice(build: Path, stage: str, merge_file: Path) -> None:
    # The region goes into no resource: Chalice asks for one to name service principals. And this must
    # not read, nor need, anybody's AWS account.
    environment = {
        "PATH": os.environ.get("PATH", ""),
        "PYTHONDONTWRITEBYTECODE": "1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    chalice = [sys.executable, "-c", "from chalice.cli import main; main()", "--project-dir", str(build)]
    _run(
        [*chalice, "package", "--stage", stage, "--merge-template", str(merge_file), str(build / "out")],
        environment,
        "chalice package failed, see above",
    )


def _run(command: list[str], environment: dict[str, str], if_it_fails: str) -> None:
    done = subprocess.run(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if done.returncode:
        last_lines = "\n".join(done.stdout.splitlines()[-12:])
        raise CannotPackageError(f"{last_lines}\n{if_it_fails}")


def _write_json(path: Path, content: Template) -> None:
    path.write_text(json.dumps(content, indent=1, sort_keys=True) + "\n")


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m infra.package")
    parser.add_argument("--stage", default="prod")
    parser.add_argument("--out", type=Path, default=Path("dist"))
    parser.add_argument("--architecture", choices=sorted(MACHINES), help="instead of the stage's")
    parser.add_argument("--template-only", action="store_true", help="no zip, and so no download")
    options = parser.parse_args(arguments)
    try:
        template = package(
            options.stage,
            options.out,
            with_zip=not options.template_only,
            architecture=options.architecture,
        )
    except CannotPackageError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{options.out / 'sam.json'}: {len(template['Resources'])} resources")
    if not options.template_only:
        print(f"{options.out / 'deployment.zip'}: {(options.out / 'deployment.zip').stat().st_size:,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(end_quietly(lambda: main(sys.argv[1:])))
