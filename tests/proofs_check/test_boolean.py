"""All steps of the boolean paper hold and all their controls are refuted."""

import pytest

from proofs_check.boolean import DERIVATIONS
from proofs_check.core.derivation import check, has_failed
from theory.boolean import STATEMENTS
from theory.core.standing import standing

FOUND = check(DERIVATIONS)
EXPECTED = {f"P{i}" for i in range(1, 18)}


def test_all_steps_of_the_derivations_are_there():
    assert {one["step"] for one in FOUND.values()} >= EXPECTED


@pytest.mark.parametrize("name", FOUND)
def test_step_holds_and_its_control_is_refuted(name):
    one = FOUND[name]
    assert not has_failed(one), one
    assert one["finding"].split(" at ")[0] in ("proved", "certified", "supported"), one


def test_every_step_is_about_a_known_statement():
    known = {one.id for one in STATEMENTS}
    assert {name for one in FOUND.values() for name in one["about"]} <= known


STANDINGS = {
    "boolean/theorem-4.1": "vacuous in the range stated",
    "boolean/theorem-4.3": "false as printed",
    "boolean/ks-eq-5": "vacuous in the range stated",
    "boolean/appendix-H": "false as printed",
    "boolean/eq-6-mass": "false as printed",
    "boolean/hardness-reading": "false as printed",
    "boolean/ranking-law": "supported",
}


@pytest.mark.parametrize(("name", "words"), STANDINGS.items())
def test_standing_follows_from_the_findings(name, words):
    statement = next(one for one in STATEMENTS if one.id == name)
    assert words in standing(statement, FOUND, {}, ())["standing"]
    assert standing(statement, {}, {}, ())["standing"] == "not examined in this run"
