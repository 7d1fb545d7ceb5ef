import CanonicalJSON
import Migration
import Support
import System
import Testing

@Suite("Many that begin")
struct ManyStartsTests {
  @Test("at once do not trip over each other's lock of the configuration")
  func together() throws {
    let world = try TestRepository()
    let count = 40
    for number in 1...count {
      let plan = "---\nmigration: m\(number)\ngate: none\nsteps: [{ id: A, run: 'true' }]\n---\n"
      try Files.writeAtomically("\(world.root)/plan-\(number).md", Array(plan.utf8))
    }
    // A configuration that somebody else has locked for a moment is waited for.
    let lock = world.path + "/.git/config.lock"
    try Files.writeAtomically(lock, [])
    let runs = try (1...count).map { number in
      try BackgroundRun(world, TestBinary.path, ["start", "\(world.root)/plan-\(number).md"])
    }
    _ = eventually(within: 1) { runs.contains { !$0.isRunning } }
    try Files.removeFile(lock)
    for run in runs { #expect(try run.wait().code == 0, "\(run.output)") }
    let status = try JSON.parse(try world.runMigrate("status", "--json").out)
    guard case .array(let migrations)? = status["migrations"] else { throw TestFailure("no status") }
    #expect(migrations.count == count)
    let values = try world.git("config", "--get-all", "log.excludeDecoration").split(separator: "\n")
    #expect(values.count == 1, "\(values)")
  }
}
