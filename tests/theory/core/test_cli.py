"""Bad input on the command line: one line that shows value, rule and cure, the right exit code, no traceback."""

import json

import pytest

from theory import cli


def call(capsys, *words):
    with pytest.raises(SystemExit) as stop:
        cli.main(list(words))
    done = capsys.readouterr()
    return stop.value.code or 0, done.out, done.err


BAD = {
    "unknown claim": (("explain", "boolean/rankin-law"), "did you mean boolean/ranking-law"),
    "unknown paper": (("list", "boolaen"), "did you mean boolean"),
    "unknown claim in sweep": (("sweep", "--claims", "nope", "--run", "RUN"), "must be a known name"),
    "unknown profile": (("sweep", "boolean", "--profile", "huge", "--run", "RUN"), "must be one of smoke, cpu, gpu"),
    "bad budget": (("sweep", "boolean", "--budget", "soon", "--run", "RUN"), "must be a time such as"),
    "no such device": (("sweep", "boolean", "--device", "tpu", "--run", "RUN"), "must be one of 'auto', 'cpu'"),
    "unknown pool": (("sweep", "boolean", "--pool", "cloud", "--run", "RUN"), "must be one of inline, processes"),
    "negative chunk": (("sweep", "boolean", "--chunk", "-3", "--run", "RUN"), "at least 1"),
    "missing corpus": (("sweep", "boolean", "--corpus", "/no/such/file", "--run", "RUN"), "must be a file"),
    "absent run": (("judge", "/no/such/run.sqlite"), "no such file"),
    "run is a folder": (("verify", "FOLDER"), "got a folder"),
    "unknown form": (("export", "/no/such/run.sqlite", "--to", "xml"), "must be one of jsonl"),
    "absent run in report": (("report", "/no/such/run.sqlite"), "no such file"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input(name, capsys, tmp_path):
    words, expected = BAD[name]
    places = {"RUN": str(tmp_path / "run.sqlite"), "FOLDER": str(tmp_path)}
    code, _, err = call(capsys, *(places.get(word, word) for word in words))
    lines = [line for line in err.splitlines() if line.strip()]
    assert code == 2 and expected in err, err
    assert len(lines) == 1 and lines[0].startswith("error: ") and "Traceback" not in err


def test_unknown_option_and_verb(capsys):
    for words in (("list", "--colour"), ("frobnicate",)):
        code, _, err = call(capsys, *words)
        assert code == 2 and "Traceback" not in err


def test_json_of_list_explain_and_doctor(capsys):
    assert {row["id"] for row in json.loads(call(capsys, "list", "boolean", "--json")[1])} >= {"boolean/majority"}
    card = json.loads(call(capsys, "explain", "boolean/misspecified-optimum", "--json")[1])
    assert card["clauses"][0]["formula"]["latex"] and "P7" in card["text"]
    assert any(row["part"] == "torch" for row in json.loads(call(capsys, "doctor", "--json")[1]))


def test_run_in_a_place_that_is_a_file(capsys, tmp_path):
    (tmp_path / "file").write_text("x")
    code, _, err = call(
        capsys,
        "sweep",
        "boolean",
        "--profile",
        "smoke",
        "--claims",
        "boolean/majority",
        "--run",
        str(tmp_path / "file" / "run.sqlite"),
    )
    assert code == 2 and err.startswith("error: run file") and (tmp_path / "file").read_text() == "x"
