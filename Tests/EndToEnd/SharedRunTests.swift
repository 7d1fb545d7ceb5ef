import CanonicalJSON
import Glibc
import Migration
import Support
import System
import Testing

/// Several clones that work on one migration through a server that trusts none of them.
@Suite("Clones that share a migration")
struct SharedRunTests {
  private static let gate = "{ verifiers: [{ name: t, run: 'test -e a.txt' }] }"

  @Test("share the work: each step is done once, and all see the same in the end")
  func together() throws {
    let world = try SharedMigration()
    let steps = (1...12).map {
      "  - { id: S\($0), run: 'echo $MIGRATE_STEP >> \"$HOME/done\"; echo x > f\($0)' }"
    }
    try world.first.start(steps.joined(separator: "\n"), gate: SharedRunTests.gate)
    let clones = [world.first.repository.path, try world.clone("b"), try world.clone("c")]
    let runs = try clones.map { try world.begin($0, "run", "--jobs", "2") }
    let ends = try runs.map { try $0.wait() }
    #expect(ends.allSatisfy { $0.code == 0 }, "\(ends)")
    let done = try world.first.note("done").split(separator: "\n")
    #expect(done.count == 12 && Set(done).count == 12, "\(done)")
    for clone in clones {
      #expect(try world.migrate(clone, "sync").code == 0)
      for ref in ["refs/migrate/ledger", "refs/heads/migrate/mig"] {
        #expect(try world.tip(clone, ref) == world.tip(world.server, ref))
      }
      let fsck = try world.migrate(clone, "fsck")
      #expect(fsck.code == 0, "\(fsck)")
    }
    #expect(
      try world.git(world.server, "ls-tree", "--name-only", "migrate/mig").split(separator: "\n").count == 13)
  }

  @Test("claims: of as many as try at once, exactly one gets a step")
  func claims() throws {
    let world = try SharedMigration()
    try world.first.start((1...24).map { "  - { id: S\($0) }" }.joined(separator: "\n"))
    let clones = [world.first.repository.path] + (try ["b", "c", "d"].map { try world.clone($0) })
    // Each gets one before anybody goes on: where one is faster than all others, there would be no race.
    let script = """
      trap ': > "$ROOT/began.$1"' EXIT
      while :; do
        git migrate claim --json --no-worktree --worker "$1"
        case $? in 0) ;; 10 | 11) exit 0 ;; *) exit 1 ;; esac
        : > "$ROOT/began.$1"
        until [ -e "$ROOT/began.w0" -a -e "$ROOT/began.w1" -a -e "$ROOT/began.w2" -a -e "$ROOT/began.w3" ]; do
          sleep 0.05
        done
      done
      """
    let all = clones.enumerated().map { (number, clone) in
      "(cd '\(clone)' && sh -c \"$SCRIPT\" sh w\(number)) "
        + "> '\(world.first.repository.root)/out.\(number)' &\npids=\"$pids $!\""
    }
    let run = try world.first.repository.run(
      "sh", ["-c", all.joined(separator: "\n") + "\nfor pid in $pids; do wait $pid || exit 1; done"],
      adding: ["SCRIPT": script, "ROOT": world.first.repository.root])
    #expect(run.code == 0, "\(run)")
    var winners: [String: [String]] = [:]
    for number in clones.indices {
      let bytes = try Files.readFile("\(world.first.repository.root)/out.\(number)") ?? []
      for line in bytes.split(separator: 0x0A) {
        guard case .string(let step)? = try JSON.parse(Array(line))["step"] else { continue }
        winners[step, default: []].append("w\(number)")
      }
    }
    #expect(winners.count == 24)
    #expect(winners.allSatisfy { $0.value.count == 1 }, "\(winners.filter { $0.value.count > 1 })")
    let recorded = try world.git(world.server, "log", "--format=%s", "refs/migrate/ledger")
      .split(separator: "\n").filter { $0.contains(" claimed by ") }
    #expect(recorded.count == 24, "every claim that was acknowledged, and no other")
    #expect(Set(winners.values.flatMap(\.self)).count == clones.count, "too little of a race")
  }

  @Test("what one hands in another judges and merges")
  func judgedElsewhere() throws {
    let world = try SharedMigration()
    try world.first.start("  - { id: A }", gate: SharedRunTests.gate)
    let first = world.first.repository.path
    #expect(try world.migrate(first, "claim", "A").code == 0)
    try Files.writeAtomically(first + ".migrate/slot-1/new", Array("new\n".utf8))
    // Handed in, and judged by nobody yet.
    let submitted = try world.migrate(first + ".migrate/slot-1", "submit", "--no-wait")
    #expect(submitted.code == 0, "\(submitted)")
    let other = try world.clone("b")
    let run = try world.migrate(other, "run")
    #expect(run.code == 0, "\(run)")
    #expect(try world.git(world.server, "show", "migrate/mig:new") == "new")
    #expect(try world.migrate(first, "sync").code == 0)
    #expect(
      try world.tip(first, "refs/heads/migrate/mig") == world.tip(world.server, "refs/heads/migrate/mig"))
  }

  @Test("reach a server whose address is a relative path, from wherever they are called")
  func relativeAddress() throws {
    let world = try SharedMigration()
    let first = world.first.repository.path
    try world.git(first, "remote", "set-url", "origin", "../server.git")
    try Files.makeDirectories(first + "/sub/deep")
    try world.first.start("  - { id: A, run: 'echo a > fa' }", gate: SharedRunTests.gate)
    let run = try world.migrate(first + "/sub/deep", "run")
    #expect(run.code == 0, "\(run)")
    #expect(try world.git(world.server, "show", "migrate/mig:fa") == "a")
  }

  @Test("merge once when the server is killed between the branch and the entry", arguments: [false, true])
  func serverCutInTwo(isRunKilledToo: Bool) throws {
    let world = try SharedMigration()
    let first = world.first.repository.path
    try world.first.start("  - { id: A, run: 'echo a > fa' }", gate: SharedRunTests.gate)
    // With its locks held, git asks this; then it would move one ref after the other. Not a second time.
    let hook = """
      #!/bin/sh
      [ "$1" = prepared ] || exit 0
      while read -r old new ref; do
        case $ref-$old in
          refs/heads/migrate/mig-0000*) ;;
          refs/heads/migrate/mig-*)
            echo "$new" > refs/heads/migrate/mig
            rm -f hooks/reference-transaction refs/heads/migrate/mig.lock refs/migrate/ledger.lock
            pids=$PPID pid=$PPID
            while [ -e kills-run ] && [ "$(ps -o comm= -p "$pid")" != git-migrate ]; do
              pid=$(ps -o ppid= -p "$pid" | tr -d ' ')
              pids="$pid $pids"
            done
            kill -9 $pids
            ;;
        esac
      done
      """
    try Files.writeAtomically(
      world.server + "/hooks/reference-transaction", Array(hook.utf8), mode: 0o755)
    if isRunKilledToo { try Files.writeAtomically(world.server + "/kills-run", []) }
    let run = try world.first.migrate("run")
    #expect(!Files.exists(world.server + "/hooks/reference-transaction"))
    #expect(run.code == (isRunKilledToo ? 137 : 0), "\(run)")
    if isRunKilledToo {
      let again = try world.first.migrate("run")
      #expect(again.code == 0, "\(again)")
    }
    #expect(try world.git(world.server, "show", "migrate/mig:fa") == "a")
    #expect(try world.first.merged().count == 1)
    #expect(try world.first.count("A merged") == 1 && world.first.count("not merged") == 0)
    for ref in ["refs/migrate/ledger", "refs/heads/migrate/mig"] {
      #expect(try world.tip(first, ref) == world.tip(world.server, ref))
    }
    #expect(try world.first.complaints() == "")
  }

  @Test("may be two clones on one machine: the one knows nothing wrong of the other's worktrees")
  func oneMachine() throws {
    let world = try SharedMigration()
    try world.first.start("  - { id: A }")
    let other = try world.clone("b")
    #expect(try world.first.migrate("claim", "A").code == 0)
    #expect(try world.migrate(other, "sync").code == 0)
    let fsck = try world.migrate(other, "fsck")
    #expect(fsck.code == 0, "\(fsck)")
  }

  @Test("know of a resume elsewhere before they give up")
  func resumedElsewhere() throws {
    let world = try SharedMigration()
    try world.first.start("  - { id: A, run: 'echo a > fa' }", gate: SharedRunTests.gate)
    let (first, other) = (world.first.repository.path, try world.clone("b"))
    #expect(try world.migrate(first, "pause", "wait").code == 0)
    #expect(try world.migrate(other, "sync").code == 0)
    #expect(try world.migrate(first, "resume").code == 0)
    let run = try world.migrate(other, "run")
    #expect(run.code == 0, "\(run)")
    #expect(try world.git(world.server, "show", "migrate/mig:fa") == "a")
  }

  @Test("merge one step after the other into a branch that people share")
  func peoplesBranch() throws {
    let world = try SharedMigration()
    let first = world.first.repository.path
    try world.git(first, "push", "--quiet", "origin", "main:work")
    try world.git(first, "branch", "work", "main")
    try world.first.start(
      """
        - { id: A, run: 'echo a > fa' }
        - { id: B, needs: [A], run: 'echo b > fb' }
        - { id: C, needs: [B] }
      """, gate: SharedRunTests.gate, more: "into: work")
    let run = try world.migrate(first, "run")
    #expect(run.code == 1 && run.out.contains("'C' has no 'run'"), "\(run)")
    #expect(try world.first.count("not merged") == 0, "no gate ran in vain")
    // Somebody else adds a commit, and a third clone does the rest.
    let other = try world.clone("b")
    try world.git(other, "checkout", "--quiet", "-B", "work", "origin/work")
    try world.git(
      other, "-c", "user.name=x", "-c", "user.email=x", "commit", "--quiet", "--allow-empty", "-m", "own")
    try world.git(other, "push", "--quiet", "origin", "work")
    #expect(try world.migrate(first, "claim", "C").code == 0)
    try Files.writeAtomically(first + ".migrate/slot-1/fc", Array("c\n".utf8))
    let submitted = try world.migrate(first + ".migrate/slot-1", "submit")
    #expect(submitted.code == 0, "\(submitted)")
    #expect(try world.first.count("not merged") <= 1, "only the one that could not know of it")
    #expect(
      try world.git(world.server, "log", "--reverse", "--format=%s", "work").split(separator: "\n").count == 5
    )
    #expect(try world.tip(first, "refs/heads/work") == world.tip(world.server, "refs/heads/work"))
  }

  /// Its own entries stand behind those of the others then, decided anew.
  @Test("go on when the server was away for one of them while others recorded something, and say so once")
  func awayForOne() throws {
    let world = try SharedMigration()
    let (first, link) = (world.first.repository.path, world.first.repository.root + "/link.git")
    #expect(try world.first.repository.run("ln", ["-s", world.server, link]).code == 0)
    try world.git(first, "remote", "set-url", "origin", link)
    let wait = #"touch "$HOME/at"; while [ ! -e "$HOME/go" ]; do sleep 0.05; done; "#
    try world.first.start("  - { id: A, run: '\(wait)echo a > fa' }", gate: SharedRunTests.gate)
    let other = try world.clone("b")
    let run = try world.begin(first, "run")
    #expect(eventually { Files.exists(world.first.home("at")) }, "\(run.output)")
    try Files.move(link, to: link + ".away")
    try world.first.allow("go")
    #expect(eventually { (try? world.first.count("A submitted")) == 1 }, "\(run.output)")
    #expect(try world.migrate(other, "pause", "wait").code == 0)
    #expect(try world.migrate(other, "resume").code == 0)
    try Files.move(link + ".away", to: link)
    let end = try run.wait()
    #expect(end.code == 0, "\(end)")
    #expect(!run.output.contains("damaged"))
    #expect(run.output.split(separator: "cannot be reached").count == 2, "it is said once: \(run.output)")
    #expect(run.output.split(separator: "A submitted").count == 2, "it is told once: \(run.output)")
    #expect(try world.git(world.server, "show", "migrate/mig:fa") == "a")
    #expect(try world.first.complaints() == "")
  }

  @Test("go on when the server was away for a while, and lose nothing")
  func serverAway() throws {
    let world = try SharedMigration()
    let wait = #"touch "$HOME/at"; while [ ! -e "$HOME/go" ]; do sleep 0.05; done; "#
    try world.first.start(
      """
        - { id: A, run: '\(wait)echo a > fa' }
        - { id: B, needs: [A], run: 'echo b > fb' }
      """, gate: SharedRunTests.gate)
    let run = try world.begin(world.first.repository.path, "run")
    #expect(eventually { Files.exists(world.first.home("at")) }, "\(run.output)")
    try Files.move(world.server, to: world.server + ".away")
    try world.first.allow("go")
    #expect(eventually { run.output.contains("the run goes on when it can be reached") }, "\(run.output)")
    #expect(eventually { (try? world.first.count("A submitted")) == 1 }, "what is recorded waits here")
    #expect(run.isRunning)
    try Files.move(world.server + ".away", to: world.server)
    #expect(try run.wait().code == 0, "\(run.output)")
    #expect(try world.git(world.server, "ls-tree", "--name-only", "migrate/mig") == "a.txt\nfa\nfb")
    #expect(try world.first.count("A claimed") == 1, "the work was not done again")
  }

  @Test("a server's hook says no to what a clone made up, and to its push of a branch without the ledger")
  func boundary() throws {
    let world = try SharedMigration()
    try world.first.start("  - { id: A, run: 'echo a > fa' }", gate: SharedRunTests.gate)
    let clone = try world.clone("b")
    let before = try world.git(world.server, "for-each-ref")
    try world.git(clone, "-c", "core.hooksPath=/dev/null", "checkout", "--quiet", "migrate/mig")
    try world.git(
      clone, "-c", "core.hooksPath=/dev/null", "-c", "user.name=x", "-c", "user.email=x@y", "commit",
      "--quiet",
      "--allow-empty", "--message=ungated")
    let push = try world.first.repository.runGit(
      ["-C", clone, "push", "--no-verify", "origin", "migrate/mig"])
    #expect(push.code == 1 && push.err.contains("no verdict"), "\(push)")
    #expect(try world.git(world.server, "for-each-ref") == before)
  }

  @Test("say whether the server takes their refs")
  func doctor() throws {
    let world = try SharedMigration()
    try world.first.start("  - { id: A }")
    let path = world.first.repository.path
    #expect(try world.migrate(path, "doctor").out.contains("'origin' takes our refs"))
    let refs = try world.git(world.server, "for-each-ref")
    let hook = world.server + "/hooks/update"
    try Files.writeAtomically(
      hook, Array("#!/bin/sh\ncase $1 in refs/migrate/*) echo no >&2; exit 1; esac\n".utf8), mode: 0o755)
    let refused = try world.migrate(path, "doctor")
    #expect(refused.out.contains("does not take refs below 'refs/migrate/'"), "\(refused)")
    #expect(try world.git(world.server, "for-each-ref") == refs)
  }
}

/// A server with our hooks, and clones that share a migration through it.
final class SharedMigration {
  let first: MigrationWorld
  let server: String

  init() throws {
    first = try MigrationWorld()
    server = first.repository.root + "/server.git"
    try first.repository.git("init", "--quiet", "--bare", "--initial-branch=main", server)
    _ = try first.migrate("init", in: server)
    try first.repository.git("remote", "add", "origin", server)
    try first.repository.git("push", "--quiet", "origin", "main")
    _ = try first.migrate("init", "--remote", "origin")
  }

  /// Another clone that is ready to work; the folder.
  func clone(_ name: String) throws -> String {
    let path = "\(first.repository.root)/\(name)"
    try first.repository.git("clone", "--quiet", server, path)
    let end = try first.migrate("init", "--remote", "origin", in: path)
    guard end.code == 0 else { throw TestFailure("init: \(end)") }
    return path
  }

  func migrate(_ directory: String, _ arguments: String...) throws -> TestRun {
    try first.repository.run(TestBinary.path, arguments, in: directory)
  }

  func begin(_ directory: String, _ arguments: String...) throws -> BackgroundRun {
    try BackgroundRun(first.repository, TestBinary.path, arguments, in: directory)
  }

  @discardableResult
  func git(_ directory: String, _ arguments: String...) throws -> String {
    let run = try first.repository.runGit(["-C", directory] + arguments)
    guard run.code == 0 else { throw TestFailure("git \(arguments): \(run)") }
    return run.out.hasSuffix("\n") ? String(run.out.dropLast()) : run.out
  }

  func tip(_ directory: String, _ ref: String) throws -> String { try git(directory, "rev-parse", ref) }
}
