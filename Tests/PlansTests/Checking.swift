import Migration
import Testing

@testable import Plans

@Suite("Checking a plan")
struct Checking {
  private let gate = Plan.Gate(verifiers: [Plan.Verifier(name: "t", run: "t")])

  private func warnings(_ steps: [PlannedStep]) -> [String] {
    let plan = Plan(
      migration: "m", agent: Plan.Agent(command: "a"), gate: gate, steps: steps, prompt: "Do it.")
    return PlanCheck.warnings(for: plan).map(\.message)
  }

  private func both(_ one: String, _ other: String) -> [String] {
    let steps = [PlannedStep(id: "A", paths: [one]), PlannedStep(id: "B", paths: [other])]
    #expect(warnings(steps).count == warnings(steps.reversed()).count)
    return warnings(steps)
  }

  @Test(
    "paths that may be the same file",
    arguments: [
      ("src/**", "src/a.py"), ("src/**", "src/**"), ("**", "x"), ("**/*.py", "src/*.py"), ("a/*/c", "a/b/*"),
      ("src/", "src/a"), ("*.py", "a*"), ("a/**/z", "a/z"), ("a/[ab].c", "a/b.c"), ("a/\\*", "a/*"),
      ("a/?", "a/b"),
      ("**/x/**", "a/**"), ("a/**/b/**/c", "a/b/x/c"),
    ])
  func overlapping(one: String, other: String) { #expect(both(one, other).count == 1, "\(one) \(other)") }

  @Test(
    "paths that cannot be the same file",
    arguments: [
      ("src/a/**", "src/b/**"), ("src/a", "src/ab"), ("*.py", "*.js"), ("a/*", "b/*"), ("*.py", "src/a.py"),
      ("a/[ab].c", "a/c.c"), ("a/\\*", "a/b"), ("a*/x", "b*/x"), ("a/?", "a/bc"), ("**/x.py", "**/y.py"),
    ])
  func apart(one: String, other: String) { #expect(both(one, other).isEmpty, "\(one) \(other)") }

  @Test("an order or a common lock is enough")
  func told() {
    #expect(
      warnings([
        PlannedStep(id: "A", paths: ["src/**"]), PlannedStep(id: "B", needs: ["A"]),
        PlannedStep(id: "C", needs: ["B"], paths: ["src/a"]),
      ]).isEmpty)
    #expect(
      warnings([PlannedStep(id: "A", paths: ["x"], lock: "l"), PlannedStep(id: "B", paths: ["x"], lock: "l")])
        .isEmpty)
    #expect(
      warnings([PlannedStep(id: "A", paths: ["x"], lock: "l"), PlannedStep(id: "B", paths: ["x"], lock: "k")])
        == [
          "the steps 'A' and 'B' may run at the same time and both change 'x'"
        ])
    #expect(
      warnings([
        PlannedStep(id: "A", paths: ["x"], lock: "l"), PlannedStep(id: "B", paths: ["x"], lock: "l"),
        PlannedStep(id: "C", paths: ["x"]),
      ]).count == 1)
  }

  @Test("a step that stands across a group is told in one line")
  func groups() {
    let single = (1...21).map { PlannedStep(id: "fmt-\($0)", paths: ["tests/\($0)/**"]) }
    let found = warnings([PlannedStep(id: "rm", paths: ["tests/**"])] + single)
    #expect(
      found == [
        "the step 'rm' may run at the same time as 21 others and change the same paths (first 'fmt-1')"
      ])
    // A pair that meets in many patterns is one pair.
    let many = ["A", "B"].map { id in PlannedStep(id: id, paths: (0..<9).map { "p\($0)" }) }
    #expect(warnings(many).count == 1)
    // What is in no group is still told by its names.
    let mixed = warnings(
      [PlannedStep(id: "X", paths: ["x"]), PlannedStep(id: "rm", paths: ["tests/**"])] + single
        + [PlannedStep(id: "Y", paths: ["x"])])
    #expect(mixed.count == 2)
    #expect(mixed.contains("the steps 'X' and 'Y' may run at the same time and both change 'x'"))
  }

  @Test("a gate of none, and steps that nobody is told to do")
  func notes() {
    let plan = Plan(migration: "m", steps: [PlannedStep(id: "A"), PlannedStep(id: "B", run: "x")])
    #expect(
      PlanCheck.warnings(for: plan).map(\.message) == [
        "the gate is 'none': every result is merged unchecked",
        "the step 'A' has neither 'run' nor an agent nor a prompt: people or outside workers do the work",
      ])
    let mute = Plan(
      migration: "m", agent: Plan.Agent(command: "a"), gate: gate, steps: [PlannedStep(id: "A")])
    #expect(PlanCheck.warnings(for: mute).map(\.message) == ["the step 'A' has an agent but no prompt"])
  }

  @Test(
    "ten thousand steps take no time and no page of warnings",
    arguments: [
      "apart", "same", "chain", "locked", "names", "layers",
    ])
  func large(shape: String) {
    let steps = (0..<10_000).map { index in
      let needs: [String] =
        switch shape {
        case "chain": index == 0 ? [] : ["S\(index - 1)"]
        case "layers": index < 100 ? [] : (0..<20).map { "S\((index / 100 - 1) * 100 + (index + $0) % 100)" }
        default: []
        }
      let path =
        switch shape {
        case "apart": "src/\(index)/**"
        case "names": "src/*/\(index).py"
        case "layers": "src/\(index % 7)/**"
        default: "src/**"
        }
      return PlannedStep(id: "S\(index)", needs: needs, paths: [path], lock: shape == "locked" ? "l" : nil)
    }
    var found: [String] = []
    let took = processorTime { found = warnings(steps) }
    switch shape {
    case "apart", "chain": #expect(found.isEmpty)
    case "same":
      #expect(found == ["the steps 'S0' and 'S1' may run at the same time and both change 'src/**'"])
    case "locked", "names": #expect(found == ["the plan has too many paths to compare them all"])
    default: #expect(found.count <= PlanCheck.maximumOverlaps + 1 && !found.isEmpty)
    }
    #expect(took < .seconds(20))
  }

  @Test("the cap says that there is more")
  func cap() {
    let steps = (0..<50).map { PlannedStep(id: "S\($0)", paths: ["f\($0)", "all"]) }
    let pairs = (0..<50).flatMap {
      [PlannedStep(id: "A\($0)", paths: ["p\($0)"]), PlannedStep(id: "B\($0)", paths: ["p\($0)"])]
    }
    #expect(warnings(steps).count == 1)
    let found = warnings(pairs)
    #expect(found.count == 21)
    #expect(found.last == "more steps may change the same paths")
  }
}
