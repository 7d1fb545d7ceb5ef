import Migration
import Testing

@testable import Plans

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
        "12: 'priority' must be a whole number, not 'high'", "12: no step has the id 'C'",
        "13: two steps have the id 'A'",
        "14: the path '/etc' must not start with '/'",
        "14: the step 'B' needs itself", "14: unknown key 'shape' in a step",
        "15: the step has no 'id'",
        "17: unknown name 'nonsense' in a template",
      ])
    #expect(refusal(text)?.others.allSatisfy { $0.path == "plan.md" } == true)
  }

  private static let layered = """
    ---
    migration: m
    migration: n
    base: &anchor main
    into: a..b
    colour: red
    agent: { adapter: nobody, timeout: soon, max_concurrent: 0, env: [1, 'A=B'] }
    resources: { 'a b': 1, gpu: many }
    refresh: { every: 1s }
    commit: { body: poem, trailers: [step, step, none] }
    gate:
      verifiers: [{ kind: no, env: [9], uses: gpu }]
      keep: ['*', '..']
    steps:
      - { id: A, needs: [nope, B], prompt: '{{one}} {{two}} {{/three}}' }
      - { id: B, needs: [A, C] }
      - { id: C, needs: [B, [x]], paths: [{ a: b }, /etc] }
      - { id: D, needs: ['z-*', 'f-1', 'g-2', b-c] }
      - { id: 'b/c', needs: [other], timeout: never }
      - { needs: [missing], lease: 1 }
      - { for: { files: '*.none' }, id: 'f-{{match.index}}', needs: [unknown, 'h-{{match.stem}}'] }
      - { for: { files: a, dirs: x }, id: 'g-{{match.path}}', title: '{{bad}}', run: 'x "{{match.path}}"' }
      - { for: { files: '*.py' }, id: same, run: 'x "{{match.path}}" "{{match.stem}}"' }
    ---
    {{wrong}}
    {{step.paths}}
    {{/open}}

    """

  /// What a person would find one after the other otherwise: each of them hid the next.
  @Test("has none that hides another: keys, needs, circles, templates, what 'for:' makes, two of one kind")
  func layers() {
    #expect(
      lines(allFaults(Self.layered, FakeSource(files: ["a.py"])))
        == [
          "3: the key 'migration' is given twice",
          "4: YAML anchors are not allowed: '&anchor'",
          "5: the branch 'a..b' must not hold '..'",
          "6: unknown key 'colour' in the plan",
          "7: unknown adapter 'nobody'",
          "7: 'timeout' must be a duration, not 'soon'",
          "7: 'max_concurrent' must be between 1 and 1000, not '0'",
          "7: '1' in 'env' is no name of a variable",
          "7: 'A=B' in 'env' is no name of a variable",
          "8: the resource 'a b' may hold only letters, digits, '.', '_' and '-'",
          "8: the count of 'gpu' must be a whole number, not 'many'",
          "9: 'every' must be between 1m and 30d, not '1s'",
          "10: unknown body 'poem'",
          "10: the trailer 'step' is given twice",
          "10: unknown trailer 'none'",
          "12: the verifier has no 'run'",
          "12: the verifier has no 'name'",
          "12: unknown kind 'no'",
          "12: '9' in 'env' is no name of a variable",
          "13: '*' in 'keep' would keep everything",
          "13: the path '..' must not hold '..'",
          "15: the needs go in a circle: 'A' needs 'B' needs 'A'",
          "15: no step has the id 'nope'",
          "15: unknown name 'one' in a template",
          "15: unknown name 'two' in a template",
          "15: {{/three}} closes no section",
          "16: the needs go in a circle: 'B' needs 'C' needs 'B'",
          "17: an item of 'needs' must be text, not a list",
          "17: an item of 'paths' must be text, not a map",
          "17: the path '/etc' must not start with '/'",
          "18: no step id matches 'z-*'",
          "19: the step id 'b/c' may hold only letters, digits, '.', '_' and '-'",
          "19: no step has the id 'other'",
          "19: 'timeout' must be a duration, not 'never'",
          "20: the step has no 'id'",
          "20: no step has the id 'missing'",
          "20: unknown key 'lease' in a step",
          "21: '*.none' matched no file",
          "21: no step has the id 'unknown'",
          "22: 'for' must have exactly one of files, dirs, lines",
          "22: unknown name 'bad' in a template",
          "22: '{{match.path}}' stands where a quoted value is not safe",
          "23: the id 'same' is the same for every match",
          "23: '{{match.path}}' stands where a quoted value is not safe",
          "23: '{{match.stem}}' stands where a quoted value is not safe",
          "25: unknown name 'wrong' in a template",
          "26: 'step.paths' is a list",
          "27: {{/open}} closes no section",
        ])
  }

  @Test("tells the circles apart, each once, however many steps are in it")
  func circles() {
    let text = plan(
      """
      steps:
        - { id: A, needs: [B] }
        - { id: B, needs: [A, C] }
        - { id: C, needs: [B] }
        - { id: top, needs: ['f-*'] }
        - { for: { files: '*.py' }, id: 'f-{{match.stem}}', needs: [top] }
      """)
    #expect(
      lines(expansionFault(text, FakeSource(files: ["a.py", "b.py", "c.py"]))) == [
        "5: the needs go in a circle: 'A' needs 'B' needs 'A'",
        "6: the needs go in a circle: 'B' needs 'C' needs 'B'",
        "8: the needs go in a circle: 'top' needs 'f-a' needs 'top'",
      ])
  }

  @Test("of which the front matter cannot be read has a prompt that can")
  func prompt() {
    #expect(
      lines(refusal("---\na: [\n---\n{{nonsense}}\n{{match.path}}\n")) == [
        "3: cannot read the front matter: did not find expected node content",
        "4: unknown name 'nonsense' in a template",
      ])
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
