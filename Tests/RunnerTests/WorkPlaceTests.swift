import Git
import Ledger
import Migration
import Supervision
import Support
import System
import Testing

@testable import Runner
@testable import Site

@Suite("The place of an attempt")
struct WorkPlaceTests {
  private let world: SiteWorld
  private let fence = Fence(step: "S1", epoch: 2)

  init() throws {
    world = try SiteWorld(steps: [
      PlannedStep(
        id: "S1",
        prompt: "Do {{step.id}}, attempt {{attempt.number}}."
          + "{{#attempt.failures}} Failed: {{.}}.{{/attempt.failures}}",
        run: "sed -i s/a/b/ a.txt")
    ])
  }

  private func place() throws -> WorkPlace {
    WorkPlace(
      site: world.site, plan: world.plan, step: world.plan.steps[0], fence: fence, migration: "mig",
      base: try world.id("migrate/mig"), attempt: 3, path: world.repository.path)
  }

  @Test("tells the worker of its task by variables, and gives it one log")
  func variables() throws {
    let work = try place().work()
    #expect(work.environment["MIGRATE_STEP"] == "S1" && work.environment["MIGRATE_EPOCH"] == "2")
    #expect(work.environment["MIGRATE_ATTEMPT"] == "3")
    #expect(work.environment["MIGRATE_BASE"] == (try world.id("migrate/mig").hex))
    #expect(work.environment["MIGRATE_WORKTREE"] == world.repository.path)
    #expect(work.inputFile == nil, "a codemod reads no prompt")
  }

  @Test("has the prompt of this attempt, which only the user can read, and no result of an earlier one")
  func prompt() throws {
    let place = try place()
    let result = world.site.resultFile("mig", fence)
    try Files.makeDirectories(Files.parent(of: result))
    try Files.writeAtomically(result, Array("{}".utf8))
    try place.writePrompt(failures: ["it broke"])
    let prompt = try Files.readFile(world.site.promptFile("mig", fence)) ?? []
    #expect(String(decoding: prompt, as: UTF8.self) == "Do S1, attempt 3. Failed: it broke.")
    #expect(!Files.exists(result))
  }

  @Test(
    "understands what the worker says back, and nothing else",
    arguments: [
      ("{\"result\":\"no-op\",\"reason\":\"done before\"}", .noOp("done before")),
      ("{\"result\":\"failed\"}", .failed("the worker said that it failed")),
      ("{\"result\":\"cannot\",\"reason\":\"a\\nb\"}", .cannot("a b")), ("{\"result\":\"done\"}", .done),
      ("{\"result\":7}", nil), ("no JSON", nil), ("", nil),
    ] as [(String, WorkPlace.Said?)])
  func result(text: String, expected: WorkPlace.Said?) throws {
    let place = try place()
    try place.writePrompt(failures: [])
    try Files.writeAtomically(world.site.resultFile("mig", fence), Array(text.utf8), mode: 0o600)
    let said = place.readResult()
    if case .cannot(let words)? = expected {
      guard case .cannot(let found)? = said else { throw TestFailure("\(String(describing: said))") }
      #expect(!found.contains("\n"), "\(words): \(found)")
    } else {
      #expect(said == expected)
    }
  }
}
