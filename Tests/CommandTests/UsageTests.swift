import Support
import Testing

/// Help and usage errors of every command.
@Suite struct UsageTests {
  /// Every command that can be called.
  static let commands = DeclaredCommand.all.map(\.name)

  @Test func theParserListsThem() {
    #expect(Set(["sync", "run", "ledger", "ledger append", "ledger cat"]).isSubset(of: UsageTests.commands))
  }

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

  @Test func helpOfWhatIsNoCommandIsAnError() throws {
    let world = try TestRepository(.none)
    let run = try world.runMigrate("help", "stauts")
    #expect(
      run == TestRun(129, err: "error: 'stauts' is not a git migrate command\nhint: did you mean 'status'?\n")
    )
    #expect(try world.runMigrate("help", "status").out.hasPrefix("usage: git migrate status"))
  }

  @Test(arguments: ["version", "-v"]) func theVersionIsAskedForAsOfGit(_ word: String) throws {
    let world = try TestRepository(.none)
    #expect(try world.run(TestBinary.path, [word]) == world.run(TestBinary.path, ["--version"]))
  }

  @Test(arguments: ["pause", "abort"]) func aReasonIsWordsOrAnOption(_ command: String) throws {
    let world = try TestRepository()
    try world.start(Plans.demo)
    #expect(try world.runMigrate(command, "--reason", "a", "b").code == 129)
    let run = try world.runMigrate(command, "--reason", "the library is gone")
    #expect(run.code == 0 && run.out.hasSuffix(": the library is gone\n"), "\(run)")
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
