"""Compile a folder of Python files, as Lambda's Python would, so that it need not at each cold start.

    python -I -S -X no_debug_ranges infra/bytecode.py FOLDER OURS...

A process of its own, on the standard library alone: how objects are marshalled depends on who else holds
them, so in a process that has done other things the same source may give other bytes.

Names of OURS keep their source, beside `__pycache__`: a traceback then shows the line. Of dependencies the
`.pyc` takes the source's place: a traceback names file and line. Their docstrings go, as with -OO;
their assertions stay.
"""

import ast
import importlib.util
import marshal
import sys
from pathlib import Path

# PEP 552: a file checked by hash, and the hash not to be checked.
_UNCHECKED_HASH = (0b01).to_bytes(4, "little")


def compile_folder(folder: Path, ours: set[str]) -> None:
    for path in sorted(folder.rglob("*.py")):
        name = path.relative_to(folder)
        source = path.read_bytes()
        if name.parts[0] in ours:
            target = folder / importlib.util.cache_from_source(str(name), optimization="")
            target.parent.mkdir(exist_ok=True)
            target.write_bytes(make_pyc(source, ast.parse(source), str(name)))
        else:
            path.with_suffix(".pyc").write_bytes(make_pyc(source, without_docstrings(source), str(name)))
            path.unlink()


def make_pyc(source: bytes, tree: ast.Module, name: str) -> bytes:
    code = compile(tree, name, "exec", dont_inherit=True, optimize=0)
    header = importlib.util.MAGIC_NUMBER + _UNCHECKED_HASH + importlib.util.source_hash(source)
    return header + marshal.dumps(code)


def without_docstrings(source: bytes) -> ast.Module:
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if ast.get_docstring(node, clean=False) is not None:
            # A body is never empty.
            node.body[:1] = [] if len(node.body) > 1 else [ast.copy_location(ast.Pass(), node.body[0])]
    return tree


if __name__ == "__main__":
    compile_folder(Path(sys.argv[1]), set(sys.argv[2:]))
