"""Every command of the README runs, every verb is in it, and its code is that of the plug-in that is tested."""

import re
import shlex
from pathlib import Path

import pytest

from theory import cli
from theory.core.registry import Registry

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "README.md").read_text()
COMMANDS = [
    line
    for block in re.findall(r"```sh\n(.*?)```", TEXT, re.S)
    for line in block.splitlines()
    if line.startswith("attnbounds ")
]


def call(words):
    with pytest.raises(SystemExit) as stop:
        cli.main(words)
    return stop.value.code


def test_commands_run_in_order(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert COMMANDS
    for line in COMMANDS:
        words = shlex.split(line.split("#")[0])[1:]
        if words[0] != "bench":
            assert call(words) in (0, None), line


def test_every_verb_is_in_the_readme_and_has_help():
    names = [verb.__name__.replace("_", "-") for _, module in Registry.load().modules("verbs") for verb in module.VERBS]
    assert len(names) == 10
    for name in names:
        assert f"attnbounds {name}" in TEXT, name
        assert call([name, "--help"]) in (0, None)


def test_python_of_the_readme_is_the_tested_plugin():
    foreign = ROOT / "tests" / "contract" / "foreign"
    blocks = re.findall(r"```python\n(.*?)```", TEXT, re.S)
    assert blocks == [(foreign / name).read_text() for name in ("dilution_theory.py", "dilution_empirics.py")]


def test_make_targets_are_named():
    for target in ("make report", "make test"):
        assert target in TEXT
