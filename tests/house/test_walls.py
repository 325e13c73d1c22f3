"""Who may import whom, read from every file's imports (lazy ones count), and what loads without torch."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAPERS = {"boolean", "counting", "infinite_precision", "selective", "generative"}
HEAVY = {"torch", "matplotlib", "typst"}


def imports(file):
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def files(folder):
    return sorted((ROOT / folder).rglob("*.py"))


def starts(name, *prefixes):
    return any(name == prefix or name.startswith(prefix + ".") for prefix in prefixes)


def forbidden(file):
    """Prefixes that a file must not import."""
    parts = file.relative_to(ROOT).with_suffix("").parts
    floor, room = parts[0], parts[1]
    papers = [f"{other}.{paper}" for other in ("theory", "empirics", "proofs_check", "reports") for paper in PAPERS]
    if floor == "theory":
        upper = ["empirics", "proofs_check", "reports", "tests", *HEAVY]
        own = [] if room == "core" else [f"theory.{room}"]
        return upper + [p for p in papers if p not in own] + (["theory.lemmas"] if room == "core" else [])
    if floor == "proofs_check":
        own = [f"theory.{room}", f"proofs_check.{room}"]
        return ["empirics", "reports", "tests", *HEAVY] + [p for p in papers if p not in own]
    if floor == "empirics":
        base = ["proofs_check", "reports", "tests", "matplotlib", "typst"]
        if room == "engine":
            return [*base, "empirics.tasks", "empirics.models", *papers]
        if room in ("tasks", "models"):
            other = "models" if room == "tasks" else "tasks"
            return [*base, f"empirics.{other}", *papers]
        return base + [p for p in papers if p not in (f"theory.{room}", f"empirics.{room}")]
    return [
        "empirics",
        "proofs_check",
        "tests",
        "torch",
        "sympy",
        "scipy",
        "flint",
        "theory.core.judge",
        "theory.core.judge_run",
        *[f"theory.{paper}" for paper in PAPERS],
    ]


@pytest.mark.parametrize(
    "file",
    [f for floor in ("theory", "proofs_check", "empirics", "reports") for f in files(floor)],
    ids=lambda f: str(f.relative_to(ROOT)),
)
def test_no_import_crosses_a_wall(file):
    broken = {name for name in imports(file) if starts(name, *forbidden(file))}
    assert not broken


def test_core_loads_nothing_heavy():
    for file in files("theory/core"):
        tree = ast.parse(file.read_text())
        top = {alias.name for node in tree.body if isinstance(node, ast.Import) for alias in node.names}
        top |= {node.module for node in tree.body if isinstance(node, ast.ImportFrom) and node.module}
        assert not {name for name in top if starts(name, "scipy", "sympy", "flint")}, file


def run(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)


def test_theory_proofs_and_reports_load_where_torch_cannot_be_imported():
    floors = ("theory", "proofs_check", "reports")
    papers = [f"{floor}.{name}" for floor in floors for name in PAPERS if list((ROOT / floor).glob(f"{name}*"))]
    names = ", ".join([*papers, "theory.verbs", "proofs_check.verbs", "reports.verbs", "empirics.verbs"])
    code = f"import sys; sys.modules['torch'] = None; import {names}"
    done = run(code)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("words", [["--help"], ["list"]])
def test_light_verbs_load_nothing_heavy(words):
    code = f"""
import sys
from theory.cli import main
try:
    main({words!r})
except SystemExit as stop:
    assert not stop.code, stop.code
heavy = [name for name in ('torch', 'sympy', 'matplotlib', 'scipy.stats') if name in sys.modules]
assert not heavy, heavy
"""
    done = run(code)
    assert done.returncode == 0, done.stderr


def test_sweep_runs_from_a_bare_checkout_without_typst_flint_and_ray(tmp_path):
    code = f"""
import sys, runpy
for name in ('typst', 'flint', 'ray'):
    sys.modules[name] = None
sys.argv = ['empirics', 'sweep', '--profile', 'smoke', '--claims', 'boolean/majority', '--run', {str(tmp_path / "r.sqlite")!r}]
runpy.run_module('empirics', run_name='__main__')
"""
    done = run(code)
    assert done.returncode == 0 and "measured" in done.stdout, done.stderr


def test_the_packages_under_test_are_ours():
    import theory

    assert Path(theory.__file__).resolve().parent == ROOT / "theory"
