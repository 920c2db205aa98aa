# The front door. Every target does all the set-up it needs (packages, a real mongod, configure, build) and is quick the
# second time.
BUILD := build
STORE ?= sqlite
HOURS ?= 1
# One line that counts up on a terminal, silence elsewhere; the compiler's words in both when it fails.
NINJA := ninja -C $(BUILD) $(if $(MAKE_TERMOUT),,--quiet)

.DEFAULT_GOAL := help
.PHONY: help demo test build verify soak bench tidy setup clean

help: ## list the targets
	@echo 'usage: make TARGET'
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: configure ## three candidates, one leads, kill -9, takeover, clean hand-over; STORE=sqlite (default) or mongodb
	@$(NINJA) mongoelector_cli $(if $(filter mongodb,$(STORE)),mongod_run)
	@STORE=$(STORE) tools/demo

test: configure ## everything that is tested, with a real mongod; ends with one line of counts
	@$(NINJA)
	@tools/run_tests $(BUILD)/bin

build: configure ## the tool, at build/bin/mongoelector, the library and all tests
	@$(NINJA)

verify: configure ## the proof at the scale of CI, about half an hour; writes docs/evidence.md
	@tools/setup verify
	@$(NINJA)
	@tools/verify $(BUILD) --page docs/evidence.md

soak: configure ## simulation, torture and fuzz with new seeds: make soak HOURS=8
	@tools/setup verify
	@$(NINJA)
	@tools/verify $(BUILD) --hours $(HOURS)

bench: configure ## the figures in docs/figures.md, each beside what it is compared with; GROUP=pair: only that group
	@$(NINJA) bench_figures
	@tools/bench $(BUILD)/bin $(GROUP)

tidy: ## the rules of ARCHITECTURE.md that a program can check
	@tools/tidy

setup: ## packages and a real mongod; needs root or sudo the first time
	@tools/setup

clean: ## remove everything that was built; downloads stay
	rm -rf $(BUILD)

.PHONY: configure
configure: setup
	@test -f $(BUILD)/build.ninja || cmake --preset dev > /dev/null
