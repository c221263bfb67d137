# make serve   set up, export the model if it is not there, serve it on http://127.0.0.1:8000
# make check   the quick gate: ruff, mypy, unit tests without weights, in two minutes on two cores
# make test    everything, with the real model behind a real socket; STS=DIR adds the STS benchmark's tests
# make sanitize  the operators' tests with AddressSanitizer and UndefinedBehaviorSanitizer in them
# make fuzz    ten million random calls of the operators under the same; CALLS=200000 for fewer
# make torture  ten thousand faults, power cuts and kills of a process that writes documents, and histories of clients checked;
#              KILLS=100 FAULTS=500 IMAGES=500 HISTORY_S=30 for fewer
# make large   a collection of a million documents filled, killed, looked at, copied, computed anew and dropped, with
#              times; half an hour and 12 GB of disk; DOCUMENTS=100000 for fewer
# make screenshots  docs/pictures/console-*.png: each view of the console, light and dark, wide and on a phone
# make docs    docs/api.md and docs/settings.md, from what the code says of itself
# make bench   about a quarter of an hour of the whole benchmark into .bench/latest/, after installing what it compares with;
#              STS=DIR adds the STS benchmark, IR=DIR test collections of retrieval
.DELETE_ON_ERROR:
.PHONY: serve check test bench docs export kernels sanitize fuzz torture large screenshots constraints clean

PYTHON ?= $(or $(shell command -v python3.11),python3)
MODEL := all-MiniLM-L6-v2
BIN := .venv/bin
MODELS := $(or $(VECD_MODELS),models/artifacts)
MANIFEST := $(MODELS)/$(MODEL)/manifest.json
PINS := pyproject.toml constraints.txt
PIP := $(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt

serve: .venv/.serve kernels $(MANIFEST)
	@exec $(BIN)/python -m server

# Every daemon that a test starts would compile its modules again.
unexport PYTHONDONTWRITEBYTECODE
# The processes share no clock: what measures time, kills or counts is of the end-to-end part, which runs alone.
PROCESSES := --numprocesses logical --maxprocesses 4 --dist worksteal

check: .venv/.test kernels
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	OPENBLAS_NUM_THREADS=1 $(BIN)/pytest -q -m "not e2e" -p no:schemathesis $(PROCESSES) --cov --cov-report=
	@echo "coverage of lines, daemons not counted: $$($(BIN)/coverage report)%"

test: check $(MANIFEST)
	@$(BIN)/python -c 'import export; export.prepare_optimum()'
	@$(BIN)/python -m tests.clients
	@$(BIN)/python -m tests.index.chroma
	$(BIN)/pytest -q -m e2e --durations 20 $(if $(STS),--sts=$(STS))

docs: .venv/.serve
	$(BIN)/python -m server.reference

screenshots: .venv/.test $(MANIFEST)
	$(BIN)/python -m tests.server.console.browser pictures

LATEST := .bench/latest
# Where no variant takes texts of any lengths, `ragged` has nothing to measure and says so; the rest goes on.
bench: .venv/.test $(MANIFEST)
	@mkdir -p $(LATEST) && cp README.md $(LATEST)/README.md
	$(BIN)/python -m bench kernels --rounds 5 --json $(LATEST)/kernels-here.json
	$(BIN)/python -m bench scale --json $(LATEST)/scale-here.json
	$(BIN)/python -m bench batching --json $(LATEST)/batching-here.json
	$(if $(STS),$(BIN)/python -m bench fidelity --data $(STS) --json $(LATEST)/fidelity-here.json)
	-$(if $(STS),$(BIN)/python -m bench ragged --data $(STS) --rounds 3 --json $(LATEST)/ragged-here.json)
	$(if $(IR),$(BIN)/python -m bench retrieval --data $(IR) --json $(LATEST)/retrieval-here.json)
	$(BIN)/python -m bench load --connections 1 --rounds 1 --seconds 5 --json $(LATEST)/load-lone-here.json
	$(BIN)/python -m bench load --rounds 1 --seconds 5 --json $(LATEST)/load-single-here.json
	$(BIN)/python -m bench load --texts 32 --rounds 1 --seconds 5 --json $(LATEST)/load-batch-here.json
	$(BIN)/python -m bench door --rounds 3 --seconds 1 --json $(LATEST)/door-here.json
	$(BIN)/python -m bench index --documents 10000 --sizes 1000 --rounds 1 --seconds 2 $(if $(STS),--data $(STS)) --json $(LATEST)/index-here.json
	$(BIN)/python -m bench passages --documents 10000 --rounds 1 $(if $(STS),--data $(STS)) --json $(LATEST)/passages-here.json
	$(BIN)/python -m bench ingest --rounds 1 $(if $(STS),--data $(STS)) --json $(LATEST)/ingest-here.json
	$(BIN)/python -m bench mixed --rounds 1 --seconds 5 --json $(LATEST)/mixed-here.json
	$(BIN)/python -m bench overload --seconds 10 --json $(LATEST)/overload-here.json
	$(BIN)/python -m bench soak --minutes 0.5 --json $(LATEST)/soak-here.json
	$(BIN)/python -m bench budget --rounds 1 --json $(LATEST)/budget-here.json
	$(BIN)/python -m bench peers --rounds 1 --seconds 3 --json $(LATEST)/peers-here.json
	$(BIN)/python -m bench report --results $(LATEST) --out $(LATEST)/benchmarks.md --readme $(LATEST)/README.md

# The fused operators, where a C++ compiler is; without one the portable graph serves.
kernels: | .venv/.serve
	@$(BIN)/python -m models.kernels --optional $(if $(filter environment%,$(origin CXX)),--compiler '$(CXX)') >/dev/null

# libasan comes first, or it refuses; libstdc++ with it, since Python itself would bring it too late.
ASAN = $(shell g++ -print-file-name=libasan.so) $(shell g++ -print-file-name=libstdc++.so)
sanitize: .venv/.test
	@library=$$($(BIN)/python -m models.kernels --optional --sanitize --compiler g++ --out build/sanitized) && \
		test -z "$$library" || LD_PRELOAD="$(ASAN)" ASAN_OPTIONS=detect_leaks=0 \
		$(BIN)/python -m pytest -q tests/models/kernels -m "not e2e" --kernels "$$library"

CALLS ?= 10000000
fuzz: .venv/.test
	$(BIN)/python -m tests.models.kernels.fuzz --calls $(CALLS)

KILLS ?= 1000
FAULTS ?= 4000
IMAGES ?= 5000
HISTORY_S ?= 300
torture: .venv/.test
	$(BIN)/python -m tests.index.faults --faults $(FAULTS)
	$(BIN)/python -m tests.index.cuts --images $(IMAGES)
	$(BIN)/python -m tests.index.torture --kills $(KILLS)
	$(BIN)/python -m tests.index.linearizability --seconds $(HISTORY_S)

DOCUMENTS ?= 1000000
large: .venv/.test
	$(BIN)/python -m tests.index.large --documents $(DOCUMENTS)

export: .venv/.serve kernels
	$(BIN)/python -m export --out $(MODELS)

$(MANIFEST): | .venv/.serve kernels
	$(BIN)/python -m export --out $(MODELS)

.venv/bin/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "vecd needs Python 3.11 or newer; make PYTHON=/path/to/python"; exit 1; }
	@echo "vecd: making .venv with $$($(PYTHON) --version)"
	$(PYTHON) -m venv .venv

.venv/.serve: $(PINS) | .venv/bin/pip
	@echo "vecd: installing into .venv (a minute or two)"
	$(PIP) --editable '.[cpu]'
	@touch $@

.venv/.test: $(PINS) | .venv/bin/pip
	@echo "vecd: installing into .venv what the tests need"
	$(PIP) --editable '.[cpu,bench,test,dev]'
	@touch .venv/.serve $@

# Resolve every version anew, in fresh environments.
constraints:
	sh .ci/pin

clean:
	rm -rf .venv .bench build models/kernels/lib *.egg-info
