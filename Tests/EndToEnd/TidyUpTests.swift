import Supervision
import Support
import Testing

/// What people do to a repository to keep it small, while a run is at work in it.
@Suite("Housekeeping by people beside a run", .serialized)
struct TidyUpTests {
  /// How often each command is run; the claim is 500 of 500 (`MIGRATE_TIDY_ROUNDS=500`).
  private static let rounds = ChildEnvironment.current()["MIGRATE_TIDY_ROUNDS"].flatMap { Int($0) } ?? 4

  private static let commands = [
    ["gc", "--quiet", "--prune=10.minutes.ago"], ["pack-refs", "--all", "--prune"], ["worktree", "prune"],
    ["maintenance", "run", "--quiet"], ["maintenance", "run", "--quiet", "--task=loose-objects"],
  ]

  @Test("is never refused, and the run comes to its end")
  func never() throws {
    let world = try MigrationWorld()
    let steps = (1...TidyUpTests.rounds * 8).map { "  - { id: S\($0), run: 'echo \($0) > f\($0)' }" }
    try world.start(
      steps.joined(separator: "\n"), gate: "\n  verifiers: [ { name: test, run: 'true' } ]\n  guards: []")
    // A merge holds its branch while the hooks judge it; git's own patience with a lock is a tenth of a
    // second, which 'start' makes longer.
    let run = try world.begin("run", "-q", "-j", "2")
    var failures: [String] = []
    var done = 0
    while done < TidyUpTests.rounds, run.isRunning {
      for words in TidyUpTests.commands {
        let tidied = try world.repository.runGit(words)
        if tidied.code != 0 { failures.append("\(words): \(tidied)") }
      }
      done += 1
    }
    #expect(failures == [], "\(failures.count) of \(done * TidyUpTests.commands.count)")
    #expect(done >= min(TidyUpTests.rounds, 3), "void: only \(done) rounds beside the run")
    print("housekeeping: \(done) rounds beside the run, \(failures.count) refused")
    run.send(2)
    _ = try run.wait()
    #expect(try world.complaints() == "")
    try world.repository.git("fsck", "--strict", "--no-dangling")
  }
}
