import Migration
import Support
import System
import Testing

/// THREATS T1: whoever works in a worktree can write settings that run nothing, and yet decide what git makes
/// of files.
@Suite("A setting of the repository that changes results")
struct ResultSettingTests {
  private func state(_ world: MigrationWorld) throws -> [String] {
    guard Files.exists(world.home(".local/state/git-migrate/commands")) else { return [] }
    return try Files.listDirectory(world.home(".local/state/git-migrate/commands"))
  }

  @Test(
    "that a worker changes ends the run and is named; put back or approved, it goes on",
    arguments: [
      ("core.autocrlf", "git config core.autocrlf true"), ("core.eol", "git config core.eol crlf"),
      ("core.filemode", "git config core.fileMode false"),
      ("core.symlinks", "git config core.symlinks false"),
      ("core.ignorecase", "git config core.ignoreCase true"),
      ("core.safecrlf", "git config core.safecrlf true"),
      ("core.excludesfile", "git config core.excludesFile /dev/null"),
      ("core.trustctime", "git config core.trustctime false"),
      ("core.checkstat", "git config core.checkStat minimal"),
      ("core.sparsecheckout", "git config core.sparseCheckout true"),
      ("merge.renames", "git config merge.renames false"), ("diff.renames", "git config diff.renames false"),
      ("submodule.x.update", "git config submodule.x.update '!touch pwned'"),
      ("core.protectntfs", "git config core.protectNTFS false"),
      ("core.hookspath", "git config core.hooksPath /dev/null"),
      ("user.email", "git config user.email other@example.com"), ("user.name", "git config user.name other"),
      ("commit.gpgsign", "git config commit.gpgSign false"),
      ("user.signingkey", "git config user.signingKey x"),
      ("committer.email", "printf '[committer]\\nemail = x@y' > $D/late; git config include.path late"),
      ("core.worktree", "git config core.worktree $D/.."),
      ("migrate.passenvironment", "git config --add migrate.passEnvironment SECRET"),
      ("migrate.agentenvironment", "git config migrate.agentEnvironment SECRET"),
      ("migrate.worktreeroot", "git config migrate.worktreeRoot /elsewhere"),
      (
        "hooks/post-checkout",
        "printf '#!/bin/sh\\n' > $D/hooks/post-checkout; chmod +x $D/hooks/post-checkout"
      ),
      ("hooks/pre-push", "mkdir -p $D/hooks; echo 'exit 0' >> $D/hooks/pre-push"),
      ("info/exclude", "echo '*.txt' >> $D/info/exclude"),
      ("info/sparse-checkout", "echo /a > $D/info/sparse-checkout"),
      ("core.eol", "echo [core] eol = crlf > $D/late; git config include.path late"),
      ("extensions.preciousobjects", "git config extensions.preciousObjects true"),
      (
        "core.eol",
        "git config extensions.worktreeConfig true; git config -f $D/config.worktree core.eol crlf"
      ),
    ])
  func changed(input: (key: String, how: String)) throws {
    let world = try MigrationWorld()
    try world.start(
      """
        - id: A
          run: |
            D=$(git rev-parse --path-format=absolute --git-common-dir)
            mkdir -p $D/info
            echo new > a.txt
            \(input.how)
        - { id: B, needs: [A], run: 'echo b > b' }
      """)
    let before = try Files.readFile(world.repository.path + "/.git/config") ?? []
    let run = try world.migrate("run")
    #expect(run.code == 1 && run.err.contains("'\(input.key)' in '"), "\(run)")
    #expect(run.err.contains("git migrate trust"), "\(run)")
    #expect(try world.states()["A"] == "ready", "it may be tried again")
    // Where the slots are nobody knows any more.
    if input.key != "migrate.worktreeroot" {
      #expect(try world.count("A attempt failed: a setting of the repository changed") == 1, "it was alone")
    }
    if input.key == "core.worktree" {
      return try Files.writeAtomically(world.repository.path + "/.git/config", before)
    }
    let doctor = try world.migrate("doctor")
    #expect(doctor.out.contains("warning: commands: '\(input.key)' in '"), "\(doctor)")
    let asked = try world.migrate("trust")
    #expect(asked.code == 1 && asked.out.contains("'\(input.key)' in '"), "\(asked)")
    #expect(try world.migrate("trust", "--yes").code == 0)
    #expect(!(try world.migrate("doctor").out.contains("warning: commands")))
  }

  @Test("that a worker adds with each attempt keeps the others waiting once")
  func repeated() throws {
    let world = try MigrationWorld()
    let how = "echo '*.log' >> $(git rev-parse --git-common-dir)/info/exclude"
    try world.start("  - { id: A, run: \"\(how); echo a > a\" }\n  - { id: B, run: 'echo b > b' }")
    let run = try world.migrate("run", "--jobs", "1")
    #expect(run.code == 1 && run.err.contains("at work then: 'A' (epoch 1)"), "\(run)")
    #expect(try world.migrate("trust", "--yes").code == 0)
    let again = try world.migrate("run", "--jobs", "1")
    #expect(again.code == 0, "\(again)")
    #expect(try world.states() == ["A": "merged", "B": "merged"])
  }

  @Test("that a worker changes anew with each attempt blocks its step, and the others go on")
  func incorrigible() throws {
    let world = try MigrationWorld()
    let how = "echo \\\"$MIGRATE_EPOCH\\\" >> $(git rev-parse --git-common-dir)/info/exclude"
    try world.start("  - { id: A, run: \"\(how); echo a > a\" }\n  - { id: B, run: 'echo b > b' }")
    for _ in 0..<2 {
      let run = try world.migrate("run", "--jobs", "1")
      #expect(run.code == 1 && run.err.contains("git migrate trust"), "\(run)")
      #expect(try world.migrate("trust", "--yes").code == 0)
    }
    let run = try world.migrate("run", "--jobs", "1")
    #expect(run.code == 1, "\(run)")
    #expect(try world.states() == ["A": "blocked", "B": "merged"])
    #expect(try world.members("reason")["A"]?.contains("'info/exclude' in '") == true)
  }

  @Test("that is changed while several are at work is nobody's fault, and all of them are named")
  func several() throws {
    let world = try MigrationWorld()
    let how =
      "while [ ! -e $HOME/b ]; do sleep 0.05; done; git config core.autocrlf true; "
      + "touch $HOME/done; sleep 1000"
    let wait = "while [ ! -e $HOME/done ]; do sleep 0.05; done; sleep 1000"
    try world.start("  - { id: A, run: '\(how)' }\n  - { id: B, run: 'touch $HOME/b; \(wait)' }")
    let run = try world.migrate("run", "--jobs", "2")
    #expect(run.code == 1 && run.err.contains("at work then: 'A' (epoch 1), 'B' (epoch 1)"), "\(run)")
    #expect(try world.count("attempt failed") == 0)
  }

  @Test("lets the run go on when it is as it was again")
  func putBack() throws {
    let world = try MigrationWorld()
    try world.repository.git("config", "core.autocrlf", "input")
    try world.start(
      """
        - id: A
          run: |
            echo new > a.txt
            test -e "$HOME/once" || git config core.autocrlf true
            touch "$HOME/once"
      """)
    let run = try world.migrate("run")
    #expect(
      run.err.contains("was changed: 'input' was approved, it is 'true' now"), "\(run)")
    try world.repository.git("config", "core.autocrlf", "input")
    #expect(try world.migrate("run").code == 0)
    #expect(try world.file("a.txt") == "new")
  }

  @Test("that was there before is noted and nobody is asked; neither is anybody about his own affairs")
  func noNagging() throws {
    let world = try MigrationWorld()
    try world.repository.git("config", "core.autocrlf", "input")
    try world.repository.write(".git/info/exclude", "*.own\n")
    let plan = MigrationWorld.plan(
      """
        - id: A
          run: |
            echo x > x
            git config branch.main.rebase true
            git config remote.other.url /nowhere; git config alias.s status
        - { id: B, needs: [A], run: 'echo b > b' }
      """)
    try Files.writeAtomically(world.repository.root + "/plan.md", Array(plan.utf8))
    let start = try world.migrate("start", world.repository.root + "/plan.md")
    #expect(start.code == 0 && !(start.out + start.err).contains("autocrlf"), "\(start)")
    #expect(try world.migrate("trust", "--list").out.split(separator: "\n").count == 1 + 1)
    let run = try world.migrate("run")
    #expect(run.code == 0, "\(run)")
    #expect(try world.states() == ["A": "merged", "B": "merged"])
  }

  @Test("that says who commits is the user's to change before a run, and no worker's in one")
  func whoCommits() throws {
    let world = try MigrationWorld()
    try world.start(
      """
        - { id: A, run: 'echo a > a.txt; git config user.email worker@example.com' }
        - { id: B, needs: [A], run: 'echo b > b' }
      """)
    try world.repository.git("config", "user.email", "person@example.com")
    #expect(!(try world.migrate("doctor").out.contains("warning: commands")))
    let run = try world.migrate("run")
    #expect(
      run.code == 1
        && run.err.contains(
          "was changed: 'person@example.com' was approved, it is 'worker@example.com' now"),
      "\(run)")
    // A second look does not take it for the user's word.
    #expect(try world.migrate("run").code == 1)
    try world.repository.git("config", "user.email", "person@example.com")
    let again = try world.migrate("run")
    #expect(again.code == 1 && again.err.contains("'worker@example.com' now"), "\(again)")
    #expect(try world.migrate("trust", "--yes").code == 0)
    #expect(try world.migrate("trust").code == 0, "nothing is left to ask")
  }

  @Test("is put back when a manager of hooks leads git to the folder whose hooks ours run")
  func hookManager() throws {
    let world = try MigrationWorld(files: [".husky/pre-commit": "exit 0\n"])
    try world.repository.git("config", "core.hooksPath", ".husky")
    try world.start("  - { id: A, run: 'echo a > a.txt; git config core.hooksPath .husky' }")
    let ours = try world.repository.git("config", "core.hooksPath")
    #expect(ours.hasSuffix("/migrate/hooks"))
    let run = try world.migrate("run")
    #expect(run.code == 0, "\(run)")
    try world.repository.git("config", "core.hooksPath", ".husky")
    #expect(try world.migrate("finish").code == 0)
    #expect(try world.repository.git("config", "core.hooksPath") == ours)
    try world.repository.git("config", "core.hooksPath", ".other")
    #expect(try world.migrate("doctor").out.contains("'core.hookspath' in '"))
  }

  @Test("of a single worktree is not one of the repository: it holds for no result and no verdict")
  func ownWorktree() throws {
    let world = try MigrationWorld(files: [".gitattributes": "* text=auto\n"])
    try world.start(
      """
        - id: A
          run: |
            git config extensions.worktreeConfig true
            git config --worktree core.autocrlf false
            git config --worktree core.fileMode false
            D=$(git rev-parse --path-format=absolute --git-common-dir)
            git config -f $D/worktrees/migrate-gate-1/config.worktree core.eol crlf
            chmod +x a.txt
        - { id: B, needs: [A], run: 'echo b > b; chmod +x b' }
      """,
      gate: "{ verifiers: [{ name: t, kind: build, run: 'test -z \"$(tr -dc \"\\r\" < a.txt)\"' }] }")
    let run = try world.migrate("run", "--jobs", "1")
    #expect(run.code == 0, "\(run)")
    #expect(try world.repository.git("ls-tree", "migrate/mig", "a.txt").hasPrefix("100755"))
    #expect(try world.repository.git("ls-tree", "migrate/mig", "b").hasPrefix("100755"))
  }
}
