import Support
import Testing

/// Help and usage errors of every command.
@Suite struct UsageTests {
  static let commands = [
    "abort", "amend", "check", "claim", "doctor", "finish", "fsck", "graph", "hook", "init", "ledger",
    "ledger append", "ledger cat", "log", "logs", "pause", "refresh", "release", "renew", "replay", "resume",
    "retry", "run", "show", "skip", "start", "status", "submit", "trust", "verify",
  ]

  @Test(arguments: commands) func helpIsAResult(_ command: String) throws {
    let world = try TestRepository(.none)
    let words = command.split(separator: " ").map(String.init)
    let run = try world.run(TestBinary.path, words + ["-h"])
    #expect(run.code == 0)
    #expect(run.err == "")
    #expect(run.out.hasPrefix("usage: git migrate \(command)"))
  }

  @Test(arguments: commands) func anUnknownOptionIsWrongUsage(_ command: String) throws {
    let world = try TestRepository(.none)
    let words = command.split(separator: " ").map(String.init)
    let run = try world.run(TestBinary.path, words + ["--frobnicate"])
    #expect(run.code == 129)
    #expect(run.out == "")
    // A command whose arguments are missing too speaks of those first.
    #expect(run.err.hasPrefix("error: "), "\(run)")
    #expect(run.err.contains("usage: git migrate \(command)"))
  }

  @Test func anUnknownOptionIsNamed() throws {
    let world = try TestRepository(.none)
    let run = try world.runMigrate("status", "--al")
    #expect(run.code == 129)
    #expect(
      run.err.hasPrefix(
        "error: unknown option '--al'\nhint: did you mean '--all'?\nusage: git migrate status "))
  }

  @Test func theVersionNeedsNoRepository() throws {
    let world = try TestRepository(.none)
    #expect(try world.runMigrate("--version") == TestRun(0, out: "git-migrate version 0.1.0\n"))
  }

  @Test func withoutACommandTheUsageIsShown() throws {
    let world = try TestRepository(.none)
    let run = try world.runMigrate()
    #expect(run.code == 129)
    #expect(run.err.hasPrefix("usage: git migrate <command> [<options>]\n"))
  }
}
