# make report, make test: each does the whole set-up from nothing but Python 3.11 and make.
PYTHON ?= python3.11
TORCH := 2.13.0
BIN := .venv/bin
READY := .venv/ready
RUN := results/cpu.sqlite
PDF := results/report.pdf
SOURCES := $(shell find theory proofs_check reports -name '*.py' -o -name '*.typ')
export OMP_NUM_THREADS := 1
export MKL_NUM_THREADS := 1

.PHONY: report test bench lint clean

# a sweep that measures nothing leaves the run file as it is, and then nothing below it is made again
report: $(READY)
	$(BIN)/attnbounds sweep --profile cpu --pool processes --run $(RUN)
	@$(MAKE) --no-print-directory $(PDF)
	@$(BIN)/attnbounds list --run $(RUN)
	@echo "report: $(PDF)"

$(PDF): $(RUN) $(SOURCES)
	$(BIN)/attnbounds check --run $(RUN) --quiet
	$(BIN)/attnbounds judge $(RUN) > results/verdicts.txt
	$(BIN)/attnbounds report $(RUN) -o $(PDF)

$(RUN): ;

test: $(READY)
	$(BIN)/python -m pytest -n 2 --dist loadfile

bench: $(READY)
	$(BIN)/attnbounds bench

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/mypy theory proofs_check

clean:
	rm -rf .venv results build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis

# torch first and pinned: asked for without a version it may bring several GB of GPU packages
$(READY): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check torch==$(TORCH)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable ".[dev]"
	touch $(READY)
