import Migration
import Testing

@testable import Runner

@Suite("Words of plans are looked up")
struct ProgramWatchTests {
  private let gate = Plan.Gate(verifiers: [Plan.Verifier(name: "v", kind: .lint, run: "lint app.py")])

  @Test("once for all the targets of a fleet, and again when a plan is changed")
  func once() {
    var watch = ProgramWatch()
    var asked: [[String]] = []
    func see(_ migration: String, _ number: Int) {
      watch.see(Plan(migration: migration, gate: gate), number) {
        asked.append($0.sorted())
        return $0.subtracting(["lint"])
      }
    }
    for target in ["f.a", "f.b", "f.c"] { see(target, 1) }
    see("f.a", 1)
    #expect(asked == [["app.py", "lint"]])
    see("f.b", 2)
    #expect(asked == [["app.py", "lint"], ["app.py"]])
  }
}
