"""Rules of the house that a machine can read: sizes, docstrings, names of modules, examples that run."""

import ast
import doctest
import importlib
import pkgutil
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FLOORS = ("theory", "proofs_check", "empirics", "reports")
FILES = sorted(file for floor in FLOORS for file in (ROOT / floor).rglob("*.py"))


@pytest.mark.parametrize("file", FILES, ids=lambda f: str(f.relative_to(ROOT)))
def test_module_is_short_documented_and_has_a_telling_name(file):
    text = file.read_text()
    assert len(text.splitlines()) <= 600
    assert file.stem not in {"utils", "helpers", "common", "misc", "new", "v2"}
    tree = ast.parse(text)
    assert ast.get_docstring(tree), "no module docstring"
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            assert ast.get_docstring(node), f"{node.name} has no docstring"


@pytest.mark.parametrize("file", FILES, ids=lambda f: str(f.relative_to(ROOT)))
def test_docstrings_name_only_arguments_that_exist(file):
    for node in ast.walk(ast.parse(file.read_text())):
        doc = ast.get_docstring(node) if isinstance(node, ast.FunctionDef) else None
        if not doc or "Args:" not in doc:
            continue
        arguments = {a.arg for a in (*node.args.args, *node.args.kwonlyargs)}
        lines = doc.split("Args:")[1].split("\n\n")[0].splitlines()
        indents = [len(line) - len(line.lstrip()) for line in lines if line.strip()]
        for line in lines:
            if line.strip() and len(line) - len(line.lstrip()) == min(indents) and ":" in line:
                for name in line.split(":")[0].split(","):
                    assert name.strip() in arguments, f"{node.name} documents {name.strip()!r}"


MODULES = [
    one.name
    for floor in ("theory", "proofs_check", "empirics")
    for one in pkgutil.walk_packages([str(ROOT / floor)], floor + ".")
    if "__main__" not in one.name
]


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings_run(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0
