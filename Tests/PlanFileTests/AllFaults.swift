import Migration
import Testing

@testable import PlanFile

@Suite("A plan with many faults")
struct AllFaults {
  private func lines(_ fault: PlanFault?) -> [String] {
    guard let fault else { return [] }
    return ([fault] + fault.others).map { "\($0.line): \($0.message)" }
  }

  @Test("tells them all at once, in the order of the file")
  func all() {
    let text = """
      ---
      migration: m
      colour: red
      attempts: many
      lease: soon
      gate:
        verifiers:
          - { name: t, kind: nonsense, uses: gpu, run: x }
          - { run: y }
        guards: [test]
      steps:
        - { id: A, priority: high, needs: [B, C] }
        - { id: A, title: again }
        - { id: B, paths: [/etc], needs: [B], shape: round }
        - { title: nameless }
      ---
      {{nonsense}}

      """
    #expect(
      lines(refusal(text)) == [
        "3: unknown key 'colour' in the plan",
        "4: 'attempts' must be a whole number, not 'many'",
        "5: 'lease' must be a duration, not 'soon'",
        "8: unknown kind 'nonsense'",
        "8: no resource is named 'gpu'",
        "9: the verifier has no 'name'",
        "10: unknown guard 'test'",
        "12: 'priority' must be a whole number, not 'high'",
        "13: two steps have the id 'A'",
        "14: the path '/etc' must not start with '/'",
        "14: unknown key 'shape' in a step",
        "15: the step has no 'id'",
        "17: unknown name 'nonsense' in a template",
      ])
    #expect(refusal(text)?.others.allSatisfy { $0.path == "plan.md" } == true)
  }

  @Test("follows the needs where every id is known, whatever else is wrong")
  func needs() {
    let text = plan("attempts: 0\nsteps:\n  - { id: A, needs: [X, A] }\n  - { id: B, needs: [Y] }")
    #expect(
      lines(refusal(text)) == [
        "4: 'attempts' must be between 1 and 100, not '0'", "6: no step has the id 'X'",
        "6: the step 'A' needs itself", "7: no step has the id 'Y'",
      ])
    // Without the steps of the broken one, every need of them would look wrong.
    #expect(lines(refusal(plan("steps:\n  - { id: A, needs: [B] }\n  - { id: b/, run: x }"))).count == 1)
  }

  @Test("tells of every 'for:' that matches nothing")
  func matches() {
    let text = plan(
      "steps:\n  - { for: { files: '*.x' }, id: 'a-{{match.index}}' }\n"
        + "  - { for: { dirs: 'no/*' }, id: 'b-{{match.index}}' }")
    #expect(
      lines(expansionFault(text)) == ["5: '*.x' matched no file", "6: 'no/*' matched no directory"])
  }

  @Test("is not read on without end")
  func many() {
    let steps = (0..<500).map {
      "  - { id: S\($0), needs: [none-\($0), \((0..<5).map { "x\($0)" }.joined(separator: ", "))] }"
    }
    var fault: PlanFault?
    let took = processorTime { fault = refusal(plan("steps:\n" + steps.joined(separator: "\n"))) }
    #expect((fault?.others.count ?? 0) + 1 == Faults.limit)
    #expect(took < .seconds(10))
  }
}
