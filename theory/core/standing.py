"""What is known about a statement: derived from the findings and verdicts about it, never typed in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from theory.core.claim import Claim, Statement

Body = dict[str, Any]
SETTLED = ("proved", "certified", "supported")

# (role of a proof step, does its finding succeed) -> words
_BY_PROOF = {
    "refutes": "false as printed",
    "corrects": "corrected form {finding}",
    "vacuity": "vacuous in the range stated",
    "supports": "steps of its proof {finding}",
}
_BY_EXPERIMENT = {
    ("about", "confirmed"): "confirmed by training",
    ("about", "consistent"): "consistent with training",
    ("about", "violated"): "violated by training",
    ("about", "inconclusive"): "training inconclusive",
    ("about", "vacuous"): "vacuous at the sizes trained",
    ("against", "confirmed"): "contradicted by training",
    ("against", "consistent"): "training speaks against it, loosely",
    ("against", "violated"): "the claim against it was itself violated",
    ("against", "inconclusive"): "training inconclusive",
}


def standing(
    statement: Statement, findings: Mapping[str, Body], verdicts: Mapping[str, Body], claims: Iterable[Claim]
) -> Body:
    """The standing of one statement as a JSON-able mapping, with what it rests on.

    A proof step counts when its control was rejected; a claim counts when its control was.
    """
    steps = [one for one in findings.values() if statement.id in one["about"]]
    parts = [_proof_words(one, statement) for one in steps if one["control"]["rejected"]]
    judged = []
    for claim in claims:
        for role in ("about", "against"):
            if statement.id in getattr(claim, role) and claim.id in verdicts:
                verdict = verdicts[claim.id]
                judged.append({"claim": claim.id, "role": role, "outcome": verdict["outcome"]})
                if verdict["control"]["ok"]:
                    parts.append(_BY_EXPERIMENT.get((role, verdict["outcome"]), ""))
    order = dict.fromkeys(part for part in parts if part)
    return {
        "statement": statement.id,
        "paper": statement.paper,
        "says": statement.says,
        "source": str(statement.source),
        "corrected": statement.corrected,
        "standing": "; ".join(order) or "not examined in this run",
        "findings": [
            {"step": f"{one['derivation']}/{one['step']}", "role": one["role"], "finding": one["finding"]}
            for one in steps
        ],
        "claims": judged,
        "functions": list(statement.functions),
    }


def _proof_words(finding: Body, statement: Statement) -> str:
    outcome = str(finding["finding"])
    if not outcome.startswith(SETTLED):
        return {"supports": "a proof step is " + outcome}.get(finding["role"], "")
    if finding["role"] == "refutes" and statement.reading:
        return "false as a reading; the source does not print it"
    return _BY_PROOF[finding["role"]].format(finding=outcome.split(" at ")[0])
