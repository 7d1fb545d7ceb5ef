# git-migrate: build, test, demo and install. Every rule works with no more than Swift, make and a Debian;
# `make demo` and `make test` let scripts/bootstrap bring what is missing.

prefix = /usr/local
bindir = $(prefix)/bin
datadir = $(prefix)/share
mandir = $(datadir)/man
bashdir = $(datadir)/bash-completion/completions
zshdir = $(datadir)/zsh/site-functions
fishdir = $(datadir)/fish/vendor_completions.d
fishconfdir = $(datadir)/fish/vendor_conf.d
hookdir = $(datadir)/git-migrate/hooks
DESTDIR =

SWIFT = swift
INSTALL = install
# Where Swift builds. Tests and the release share it, so nothing is fetched or built twice.
SCRATCH = .build
# What `swift test` is given besides, e.g. TESTFLAGS='--filter GateTests'.
TESTFLAGS =
# How many runs `make simulate` simulates, the first one's seed, and on how many cores.
SEEDS = 2000
FROM = 1
JOBS = 2
# What demo/run is given besides, e.g. DEMOFLAGS=--clean.
DEMOFLAGS =

binary = $(SCRATCH)/release/git-migrate
stamp = $(SCRATCH)/git-migrate.release
# Folders are among them, so that a file that is taken away is noticed too.
sources = Package.swift $(wildcard Package.resolved) $(wildcard hooks/*) $(shell find Sources)
pages1 = $(wildcard man/*.1)
pages5 = $(wildcard man/*.5)
# One text that looks at its own name.
hooks = pre-merge-commit pre-push pre-receive reference-transaction

.PHONY: all deb tarball demo test test-fleet test-peers test-watch simulate canary crash race fuzz install uninstall lint bench clean

all: $(stamp)

# The stamp spares `sudo make install` a compiler: root's PATH seldom has one.
$(stamp): $(sources)
	scripts/bootstrap build
	$(SWIFT) build --scratch-path $(SCRATCH) -c release --static-swift-stdlib --disable-local-rpath --product git-migrate
	$(SWIFT) build --scratch-path $(SCRATCH) -c release --static-swift-stdlib --disable-local-rpath \
	  --product git-migrate-web
	touch $@

demo: all
	demo/run --bin $(SCRATCH)/release $(DEMOFLAGS)

# The tests are all Swift Testing; XCTest would only add a line that says that it found none.
test:
	scripts/bootstrap test
	SWIFT='$(SWIFT)' scripts/tests $(SCRATCH) $(TESTFLAGS)
	$(MAKE) simulate

# Many machines over one ledger, with everything that may go wrong, seed by seed.
simulate:
	scripts/bootstrap build
	$(SWIFT) build --scratch-path $(SCRATCH) -c release --static-swift-stdlib --disable-local-rpath \
	  --product git-migrate-simulate
	$(SCRATCH)/release/git-migrate-simulate --seeds $(SEEDS) --first $(FROM) --cores $(JOBS) \
	  --commit "$$(git rev-parse --short HEAD 2>/dev/null || echo unknown)"

# Each known bug, built in and switched on in turn, must be caught: by the simulator, or by the tests named here.
canary:
	scripts/bootstrap test
	scripts/canary $(SCRATCH)/canary B11 LockTests B12 SupervisedChildTests B14 ReadTests B18 TextTests \
	  B19 ObstacleTests B20 ObstacleTests B21 GivenUpSlotTests B23 LitterTests B24 PipeTests/verifier

# Kills and fails the program at every system call of everything it does; `make test` tries some of them.
# CRASHFLAGS='MIGRATE_CRASH_ONLY=claim MIGRATE_CRASH_FAULT=SIGKILL' does one operation with one fault.
crash:
	scripts/bootstrap test
	MIGRATE_CRASH=all $(CRASHFLAGS) SWIFT='$(SWIFT)' scripts/tests $(SCRATCH) --filter CrashTests

# Many clones over a bad network and many processes beside `git gc`, more of them and for longer than `make test`
# has. RACEFLAGS='MIGRATE_SEED=7' draws other faults.
race:
	scripts/bootstrap test
	MIGRATE_LONG=1 $(RACEFLAGS) SWIFT='$(SWIFT)' scripts/tests $(SCRATCH) \
	  --filter 'PartitionTests|NoisyRaceTests|KilledRaceTests'

# Random bytes in every text that comes from outside, for so many seconds; `make test` does it for a moment.
# MIGRATE_SEED=7 begins elsewhere.
FUZZ = 600
fuzz:
	scripts/bootstrap test
	MIGRATE_FUZZ_SECONDS=$(FUZZ) SWIFT='$(SWIFT)' scripts/tests $(SCRATCH) --filter FuzzTests

# Real agents, against a model of our own; brings them from PyPI into an environment outside of the tree.
test-peers: all
	scripts/bootstrap test
	scripts/test-peers $(SCRATCH)/release

# Sixty repositories as a fleet, workers on a real Slurm, a second client of the forge, manifests against the schemas
# of Kubernetes.
test-fleet: all
	scripts/bootstrap test
	scripts/test-fleet $(SCRATCH)/release

# The report in a real browser and a run in a real terminal; pictures are left in the folder of builds.
test-watch: all
	scripts/test-watch $(SCRATCH)/release $(SCRATCH)/watch

install: all
	$(INSTALL) -d $(DESTDIR)$(bindir) $(DESTDIR)$(mandir)/man1 $(DESTDIR)$(mandir)/man5 $(DESTDIR)$(bashdir) \
	  $(DESTDIR)$(zshdir) $(DESTDIR)$(fishdir) $(DESTDIR)$(fishconfdir) $(DESTDIR)$(hookdir)
	$(INSTALL) -s -m 755 $(binary) $(DESTDIR)$(bindir)/git-migrate
	$(INSTALL) -s -m 755 $(binary)-web $(DESTDIR)$(bindir)/git-migrate-web
	$(if $(pages1),$(INSTALL) -m 644 $(pages1) $(DESTDIR)$(mandir)/man1)
	$(if $(pages5),$(INSTALL) -m 644 $(pages5) $(DESTDIR)$(mandir)/man5)
	$(INSTALL) -m 644 completions/git-migrate $(DESTDIR)$(bashdir)/git-migrate
	$(INSTALL) -m 644 completions/_git-migrate $(DESTDIR)$(zshdir)/_git-migrate
	$(INSTALL) -m 644 completions/git-migrate.fish $(DESTDIR)$(fishdir)/git-migrate.fish
# fish 3.6 does not look for us when it completes `git migrate`: the one line that tells it is read at start-up.
	sed -n '/^complete -c git /p' completions/git-migrate.fish > $(DESTDIR)$(fishconfdir)/git-migrate.fish
	chmod 644 $(DESTDIR)$(fishconfdir)/git-migrate.fish
	for hook in $(hooks); do $(INSTALL) -m 755 hooks/hook $(DESTDIR)$(hookdir)/$$hook || exit; done

uninstall:
	rm -f $(DESTDIR)$(bindir)/git-migrate $(DESTDIR)$(bindir)/git-migrate-web $(DESTDIR)$(bashdir)/git-migrate $(DESTDIR)$(zshdir)/_git-migrate \
	  $(DESTDIR)$(fishdir)/git-migrate.fish $(DESTDIR)$(fishconfdir)/git-migrate.fish \
	  $(patsubst man/%,$(DESTDIR)$(mandir)/man1/%,$(pages1)) $(patsubst man/%,$(DESTDIR)$(mandir)/man5/%,$(pages5))
	rm -rf $(DESTDIR)$(datadir)/git-migrate

# A package for Debian, and an archive to be unpacked anywhere, in the folder of builds.
deb: all
	packaging/deb $(SCRATCH)/packages

tarball: all
	packaging/tarball $(SCRATCH)/packages

lint:
	scripts/lint

bench: all
	@if [ -x Benchmarks/run ]; then exec Benchmarks/run; else echo 'make bench: there is no Benchmarks/run' >&2; exit 1; fi

clean:
	rm -rf $(SCRATCH)
