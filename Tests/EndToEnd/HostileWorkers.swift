import Support

/// A worker that means harm: what it does, and what of it is to be seen where no sandbox stops it.
struct HostileWorker: Sendable, CustomStringConvertible {
  /// Its name, with the number of the threat that it stands for.
  let name: String
  /// What it does, as a shell script that goes on whatever fails. `$REPO` is the main checkout, `$BESIDE` a
  /// folder beside it.
  let script: String
  /// Whether, in a sandbox, nothing comes of it. The others are stopped elsewhere, and told of.
  let isContained: Bool
  /// Words that a person is told where there is no sandbox; `nil` where what it does is without effect, or
  /// nobody can see it.
  let told: String?

  var description: String { name }

  init(_ name: String, _ script: String, isContained: Bool = true, told: String? = nil) {
    self.name = name
    self.script = script
    self.isContained = isContained
    self.told = told
  }

  /// The corpus.
  static let all: [HostileWorker] = [
    // T1: what git or we would run, or obey, the next time.
    HostileWorker(
      "T1 a setting that runs a program", "git config core.fsmonitor 'touch $BESIDE/ran'",
      told: "core.fsmonitor"),
    HostileWorker(
      "T1 a filter",
      "git config filter.x.clean 'touch $BESIDE/ran; cat'; mkdir -p $REPO/.git/info; "
        + "echo '* filter=x' > $REPO/.git/info/attributes", told: "filter.x.clean"),
    HostileWorker(
      "T1 a hook",
      "printf '#!/bin/sh\\ntouch $BESIDE/ran\\n' > $REPO/.git/hooks/post-checkout; "
        + "chmod +x $REPO/.git/hooks/post-checkout", told: "post-checkout"),
    HostileWorker(
      "T1 an included file", "printf '[include]\\n\\tpath = /tmp/evil\\n' >> $REPO/.git/config"),
    // T2, T3: where a worktree leads.
    HostileWorker(
      "T2 another registration",
      "rm -f .git; mkdir evil; git init -q evil; "
        + "echo 'gitdir: evil/.git' > .git; rm -rf evil"),
    HostileWorker(
      "T3 another folder to delete",
      "for f in $REPO/.git/worktrees/*/gitdir; do "
        + "echo $BESIDE/.git > $f; done"),
    HostileWorker("T3 a link in place of the worktree's folder", "ln -s $BESIDE ../slot-9"),
    // T4: the ledger.
    HostileWorker(
      "T4 no ledger any more",
      "git update-ref --no-deref -d refs/migrate/ledger; "
        + "rm -f $REPO/.git/refs/migrate/ledger"),
    HostileWorker("T4 a replaced commit", "git replace --force HEAD HEAD^{tree}"),
    HostileWorker("T4 another witness", "rm -rf $REPO/.git/migrate/slots; echo x > $REPO/.git/migrate/slots"),
    // T5: branches.
    HostileWorker(
      "T5 a commit on main",
      "git commit -q --allow-empty --no-verify -m evil; "
        + "git update-ref refs/heads/main HEAD"),
    HostileWorker("T5 a branch", "git branch evil", told: "branches were made: 'evil'"),
    HostileWorker(
      "T5 another branch in the main checkout", "git -C $REPO checkout -q -b other",
      told: "another branch was checked out in the main worktree"),
    // T8: secrets.
    HostileWorker(
      "T8 keys of the user",
      "cat $HOME/.ssh/id_secret /tmp/secret-of-$NAME $REPO/.env > stolen; "
        + "grep -q canary stolen && touch $BESIDE/ran; rm -f stolen"),
    HostileWorker(
      "T8 sockets and processes",
      "ls /run/user /run/docker.sock > stolen 2>&1; "
        + "grep -al canary /proc/[0-9]*/environ && touch $BESIDE/ran; rm -f stolen"),
    // T13: the machine.
    HostileWorker("T13 a daemon", "setsid sh -c 'sleep 3; touch $BESIDE/ran' > /dev/null 2>&1 & true"),
    HostileWorker(
      "T13 the end of the run",
      "for p in /proc/[0-9]*; do "
        + "tr '\\0' ' ' < $p/cmdline | grep -q '[g]it-migrate run' && kill -9 ${p#/proc/}; done"),
    // What lies outside.
    HostileWorker(
      "a file in the main checkout", "echo evil > $REPO/evil.txt; echo more >> $REPO/a.txt",
      told: "a.txt"),
    HostileWorker("a file in the home", "echo evil > $HOME/.profile"),
    HostileWorker("a file beside the repository", "echo evil > $BESIDE/ran"),
    HostileWorker(
      "another slot",
      "mkdir -p ../slot-7; echo evil > ../slot-7/ran; echo evil > ../ran; ls ../gate-1 "
        + "&& touch $BESIDE/ran"),
    HostileWorker(
      "another's result",
      "for d in $REPO/.git/migrate/prompts/mig/*; do "
        + "echo '{\\\"result\\\":\\\"no-op\\\"}' > $d/other.json; done; "
        + "echo x > $REPO/.git/migrate/prompts/evil"
    ),
    HostileWorker("temporary files", "echo evil > /tmp/evil-of-$NAME; echo evil > /var/tmp/evil-of-$NAME"),
  ]
}
