import FoundationEssentials
import Support
import Testing

/// A whole repository as the program before version 2 of the format left it, with every kind of step: it is
/// read, goes on in version 1 by everybody's rules, and one entry upgrades it. The fixture is never made
/// anew.
@Suite struct OldLedgerTests {
  private static let plan = """
    ---
    migration: old
    attempts: 2
    backoff: { initial: 0, max: 0 }
    gate:
      verifiers:
        - { name: no-bad, kind: lint, run: "test ! -e bad.txt" }
    steps:
      - { id: merged, title: A step that is merged, run: "echo two > two.txt" }
      - { id: failed, title: A step that fails twice, run: "echo good > good.txt" }
      - { id: judged, title: A step that the gate sends back, run: "echo better > better.txt" }
      - { id: claimed, title: A step that somebody holds }
      - { id: submitted, title: A step that waits for its gate }
      - { id: open, title: A step that nobody began, needs: [claimed, merged] }
    ---
    Do {{step.id}}.

    """

  @Test("is read, goes on in version 1 until it is upgraded, and in version 2 from then on")
  func goesOn() throws {
    let world = try restored()
    #expect(try states(world) == Self.found)
    #expect(try fsck(world).hasPrefix("ok "))
    #expect(try versions(world) == [1])

    try world.write("plan.md", Self.plan)
    try expect(world.runMigrate("amend", "plan.md"), 0)
    try expect(world.runMigrate("release", "--force", "claimed"), 0)
    try expect(world.runMigrate("retry", "failed", "judged"), 0)
    // What is left has neither a command nor an agent.
    try expect(world.runMigrate("run", "--quiet"), 1)
    #expect(
      try states(world) == [
        "claimed ready", "failed merged", "judged merged", "merged merged", "open waiting", "skipped skipped",
        "submitted merged",
      ])
    #expect(try versions(world) == [1], "one upgraded clone does not stop the others")

    try expect(world.runMigrate("init", "--upgrade"), 0)
    #expect(
      try world.git("log", "-1", "--format=%s", "refs/migrate/ledger").contains("upgraded to version 2"))
    try expect(world.runMigrate("pause", "lunch"), 0)
    #expect(try versions(world) == [1, 2])
    #expect(try fsck(world).hasPrefix("ok "))
    try expect(world.runMigrate("resume"), 0)
    try expect(world.runMigrate("finish", "--partial"), 0)
    #expect(try world.git("show", "main:good.txt") == "good")
    #expect(try fsck(world).hasPrefix("ok "))
  }

  @Test("a new ledger begins in the newest version")
  func newOnesBeginInTheNewest() throws {
    let world = try MigrationWorld()
    try world.start("  - { id: A, run: \"echo b > b.txt\" }")
    #expect(try versions(world.repository) == [2])
    try expect(world.repository.runMigrate("init", "--upgrade"), 0)
    #expect(try versions(world.repository) == [2])
  }

  /// The states of the fixture's steps.
  private static let found = [
    "claimed leased", "failed blocked", "judged blocked", "merged merged", "open waiting", "skipped skipped",
    "submitted submitted",
  ]

  private func restored() throws -> TestRepository {
    let world = try TestRepository(.unborn)
    let folder = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast()
    let bundle = folder.joined(separator: "/") + "/Fixtures/version-1.bundle"
    try world.git("fetch", "--quiet", "--update-head-ok", bundle, "refs/*:refs/*")
    try world.git("reset", "--quiet", "--hard", "main")
    return world
  }

  private func expect(_ run: TestRun, _ code: Int32) throws {
    guard run.code == code else { throw TestFailure("not \(code): \(run)") }
  }

  private func states(_ world: TestRepository) throws -> [String] {
    try world.runMigrate("status", "--porcelain").out.split(separator: "\n").filter { !$0.hasPrefix("#") }
      .map { line in line.split(separator: "\t")[1...2].joined(separator: " ") }.sorted()
  }

  private func fsck(_ world: TestRepository) throws -> String {
    let run = try world.runMigrate("fsck")
    return run.out + run.err
  }

  /// The versions that the ledger's entries are of, in their order, each once in a row.
  private func versions(_ world: TestRepository) throws -> [Int] {
    let lines = try world.git("log", "--reverse", "--format=%b", "refs/migrate/ledger").split(separator: "\n")
    var found: [Int] = []
    for line in lines where line.hasSuffix("}") {
      guard let match = line.firstMatch(of: #/"v":([0-9]+)/#), let number = Int(match.1) else {
        throw TestFailure("no version in \(line)")
      }
      if found.last != number { found.append(number) }
    }
    return found
  }
}
