import Migration
import Support
import System
import Testing

/// Values that resources hand out.
@Suite("A resource with values") struct ResourceValueTests {
  @Test("hands each step that holds it another one, and the slot is told")
  func values() throws {
    let world = try MigrationWorld()
    let note =
      "echo $MIGRATE_RESOURCE_PORT $MIGRATE_RESOURCE_DATA_BASE $MIGRATE_SLOT > \"$HOME/$MIGRATE_STEP\"; "
    // Each waits for the other, so that both hold theirs at once.
    let wait =
      "i=0; while test $i -lt 400 && ! test -e \"$HOME/A\" -a -e \"$HOME/B\"; "
      + "do i=$((i+1)); sleep 0.1; done; "
    let steps = ["A", "B"].map {
      "  - { id: \($0), uses: [port, data-base], run: '\(note)\(wait)echo x > \($0)' }"
    }
    try world.start(
      steps.joined(separator: "\n"),
      more: "resources: { port: 8000-8001, data-base: { values: [a, b], shared: true } }")
    let run = try world.migrate("run", "--jobs", "2")
    #expect(run.code == 0, "\(run)")
    let (one, two) = (try world.note("A").split(separator: " "), try world.note("B").split(separator: " "))
    #expect(Set([one[0], two[0]]) == ["8000", "8001"] && Set([one[1], two[1]]) == ["a", "b"])
    #expect(one[2].hasPrefix("slot-") && one[2] != two[2])
    #expect(try world.migrate("ledger", "cat").out.contains(#""resources":{"data-base":"a","port":"8000"}"#))
    #expect(try world.migrate("fsck").code == 0)
  }

  @Test("makes those wait that come when all are handed out")
  func waiting() throws {
    let world = try MigrationWorld()
    let line = "echo $MIGRATE_RESOURCE_PORT >> \"$HOME/ports\"; echo x > $MIGRATE_STEP"
    let steps = (1...3).map { "  - { id: S\($0), uses: [port], run: '\(line)' }" }
    try world.start(steps.joined(separator: "\n"), more: "resources: { port: [9000] }")
    #expect(try world.migrate("run", "--jobs", "3").code == 0)
    #expect(try world.note("ports") == "9000\n9000\n9000\n")
  }

  @Test(
    "is refused where it means nothing",
    arguments: [
      "[a, a]", "[]", "9-3", "['a b']", "{ shared: true }", "1-5000",
    ])
  func refused(_ text: String) throws {
    let world = try MigrationWorld()
    #expect(throws: (any Error).self) {
      try world.start("  - { id: A, run: 'true' }", more: "resources: { port: \(text) }")
    }
  }
}
