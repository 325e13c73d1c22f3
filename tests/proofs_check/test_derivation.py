"""Steps, controls and the verb: what counts as a failure, what is refused, and with which exit code it ends."""

import json
import subprocess
import sys

import pytest
from typer.testing import CliRunner

import proofs_check
from proofs_check.core.derivation import Control, Derivation, Finding, Result, Step, check, has_failed
from theory.cli import build
from theory.core.errors import ContractError, Undecided
from theory.core.record import RunFile
from theory.core.registry import Registry

YES, NO = Result(Finding.PROVED), Result(Finding.REFUTED, "counterexample")
OPEN = Result(Finding.UNDECIDED)
ABOUT = ("boolean/noise",)


def step(run, control, role="supports", name="s", about=ABOUT):
    return Step(name, about, "says", "exhaust", lambda: run, Control("wrong", lambda: control), role=role)


def body(run, control, role="supports"):
    return check([Derivation("boolean/d", "boolean", "", (step(run, control, role),))])["boolean/d/s"]


@pytest.mark.parametrize(
    ("run", "control", "failed"),
    [
        (YES, NO, False),
        (Result(Finding.CERTIFIED), NO, False),
        (Result(Finding.SUPPORTED, level=0.01), NO, False),
        (OPEN, NO, False),
        (NO, NO, True),
        (YES, YES, True),
        (YES, OPEN, True),
        (YES, Result(Finding.SUPPORTED, level=0.01), True),
    ],
)
def test_a_step_fails_when_refuted_or_when_its_control_passes(run, control, failed):
    assert has_failed(body(run, control)) is failed


def test_a_refuted_step_with_a_level_fails_too():
    refuted = Result(Finding.REFUTED, "700 of 1000", level=0.001)
    assert body(refuted, NO)["finding"] == "refuted" and has_failed(body(refuted, NO))


@pytest.mark.parametrize("role", ["supports", "refutes", "corrects", "vacuity"])
def test_proving_a_statement_false_is_a_success(role):
    assert not has_failed(body(YES, NO, role)) and has_failed(body(NO, NO, role))


def test_body_has_the_fields_that_are_stored():
    one = body(Result(Finding.SUPPORTED, "5 of 9", level=0.001), NO)
    assert one["finding"] == "supported at level 0.001" and one["detail"] == "5 of 9"
    assert one["control"]["rejected"] is True and one["control"]["says"] == "wrong" and one["seconds"] >= 0
    assert json.loads(json.dumps(one)) == one


def test_giving_up_is_undecided_and_a_bug_is_not_swallowed():
    def gives_up():
        raise Undecided("out of precision")

    def breaks():
        raise ZeroDivisionError

    one = Step("s", ABOUT, "", "certify", gives_up, Control("", lambda: NO))
    assert check([Derivation("d", "p", "", (one,))])["d/s"]["finding"] == "undecided"
    with pytest.raises(ZeroDivisionError):
        check([Derivation("d", "p", "", (Step("s", ABOUT, "", "certify", breaks, Control("", lambda: NO)),))])


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"role": "proves"}, "role must be one of"),
        ({"method": "faith"}, "method must be one of"),
        ({"about": ()}, "about must be a tuple"),
        ({"about": "boolean/noise"}, "about must be a tuple"),
    ],
)
def test_a_malformed_step_is_refused(fields, words):
    usual = {"about": ABOUT, "method": "exhaust", "role": "supports"} | fields
    with pytest.raises(ContractError, match=words):
        Step(id="s", says="", run=lambda: YES, control=Control("", lambda: NO), **usual)


def test_two_steps_with_one_id_are_refused():
    with pytest.raises(ContractError, match="d/s: must be the id of one step only"):
        Derivation("d", "p", "", (step(YES, NO), step(YES, NO)))


@pytest.fixture
def cli(monkeypatch):
    """Runs `check` with steps of the test's choice; the claims' own contract has its tests elsewhere and takes seconds."""

    def run(*steps, words=(), faults=()):
        named = {one.derivation: one.paper for one in Registry.load().claims.values() if one.derivation}
        derivations = {name: Derivation(name, paper, "", ()) for name, paper in named.items()}
        derivations["boolean/d"] = Derivation("boolean/d", "boolean", "", steps)
        monkeypatch.setattr(Registry, "derivations", property(lambda self: derivations))
        monkeypatch.setattr("theory.core.contract.faults", lambda claim, statements: list(faults))
        return CliRunner().invoke(build(), ["check", *map(str, words)])

    return run


def test_exit_codes(cli):
    assert cli(step(YES, NO)).exit_code == 0
    assert cli(step(OPEN, NO)).exit_code == 0
    assert cli(step(NO, NO)).exit_code == 1
    assert cli(step(YES, YES)).exit_code == 1
    assert cli(step(YES, NO), words=["boolean"]).exit_code == 0


def test_contract_faults_come_first(cli):
    done = cli(step(YES, NO), faults=[("boolean/x", "must be well formed")])
    assert done.exit_code == 2 and done.output.startswith("contract: boolean/x: must be well formed")
    done = cli(step(YES, NO, about=("boolean/no-such-statement",)))
    assert done.exit_code == 2 and "'boolean/no-such-statement': is not among the statements" in done.output


def test_a_failure_is_shown_also_when_quiet(cli):
    shown = cli(step(NO, NO, name="bad"), step(YES, NO, name="good"), words=["--quiet"]).output
    assert "boolean/d/bad" in shown and "boolean/d/good" not in shown and "2 proof steps" in shown


def test_words_of_the_table(cli):
    steps = [step(YES, NO, role, name=role) for role in ("supports", "refutes", "corrects", "vacuity")]
    shown = cli(*steps, step(YES, OPEN, name="lax")).output
    for words in (
        "as printed: refuted (proved)",
        "corrected form: proved",
        "vacuous in the range: proved",
        "NOT REJECTED",
    ):
        assert words in shown


def test_text_of_a_step_is_shown_literally(cli):
    one = Step("[bold]s", ABOUT, "[red]x[/red] $y$", "exhaust", lambda: YES, Control("", lambda: NO))
    assert "[red]x[/red] $y$" in cli(one).output


def test_findings_go_into_the_run(cli, tmp_path):
    file = tmp_path / "r.sqlite"
    found = cli(step(YES, NO), words=["--run", file, "--json"])
    assert found.exit_code == 0
    printed = json.loads(found.stdout)["findings"]
    with RunFile.read(file) as run:
        stored = run.get("findings")
        assert run.get("standings")["boolean/noise"]["standing"] == "steps of its proof proved"
    assert stored == {"boolean/d/s": printed[0]}


def test_an_unknown_paper_is_named():
    words = [sys.executable, "-m", "theory.cli", "check", "bolean"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "did you mean boolean" in done.stderr and "Traceback" not in done.stderr


def test_public_names_load_nothing_heavy():
    heavy = ("torch", "sympy", "flint", "scipy.stats", "scipy.optimize")
    code = f"import sys, proofs_check, proofs_check.verbs, proofs_check.boolean; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert all(hasattr(proofs_check, name) for name in proofs_check.__all__)
