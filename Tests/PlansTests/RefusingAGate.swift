import Migration
import Plans
import Testing

@Suite("Refusing a gate's worktree")
struct RefusingAGate {
  @Test(
    "what a step may not ask of its own result",
    arguments: [
      ("[t]", "8:27: 't' is asked of every step already"),
      ("[sloww]", "8:27: no verifier is named 'sloww'\nhint: did you mean 'slow'?"),
      ("[]", "8:26: the step has no verifiers"),
      ("slow", "8:26: 'verifiers' must be a list"),
      ("[slow, slow]", "8:33: two verifiers are named 'slow'"),
      ("[{ name: T, run: x }]", "8:27: the gate has a verifier named 'T', too"),
      ("[{ name: own }]", "8:27: the verifier has no 'run'"),
      ("[{ name: own, run: x, when: named }]", "8:54: a step's own verifier has no 'when'"),
      ("[{ name: own, remote: { push: a, status: b } }]", "8:48: a step's own verifier has no 'remote'"),
      ("[{ name: own, run: x, network: maybe }]", "8:57: 'network' must be on or off"),
    ])
  func stepVerifiers(list: String, expected: String) throws {
    let text = """
      ---
      migration: m
      gate:
        verifiers:
          - { name: t, run: x }
          - { name: slow, run: y, when: named }
      steps:
        - { id: S1, verifiers: \(list) }
      ---
      """
    #expect(shown(refusal(text)).hasPrefix(expected), "\(shown(refusal(text)))")
  }

  @Test(
    "what the gate's worktree keeps, and what makes it usable",
    arguments: [
      ("keep: [//target]", "6:10: the path '/target' must not start with '/'"),
      (
        "keep: [target, \"!target/x\"]",
        "6:18: the pattern '!target/x' takes nothing out\nhint: name only what is meant, without '!'"
      ),
      (
        "keep: [/]", "6:10: the path '/' must not start with '/'"
      ),
      ("keep: [a/../b]", "6:10: the path 'a/../b' must not hold '..'"),
      ("keep: [.git/hooks]", "6:10: the path '.git/hooks' must not reach into '.git'"),
      ("keep: true", nil),
      ("keep: { target: 1 }", "6:9: 'keep' must be text, not a map"),
      (
        "keep: [target, \"[a\"]",
        "6:18: the glob '[a' cannot be read\nhint: use '*', '?', '**' and '[a-z]'"
      ),
      (
        "keep: \"*\"", "6:9: '*' in 'keep' would keep everything\nhint: name the folders, such as target"
      ),
      (
        "keep: [target, ./**]",
        "6:18: './**' in 'keep' would keep everything\nhint: name the folders, such as target"
      ),
      (
        "keep: \"?*/\"",
        "6:9: '?*/' in 'keep' would keep everything\nhint: name the folders, such as target"
      ),
      ("setup: [a, b]", "6:10: the gate's 'setup' must be a map, not a list"),
      ("setup: {}", "6:10: the set-up has no 'run'"),
      ("setup: { inputs: a.lock }", "6:10: the set-up has no 'run'"),
      ("setup: { run: a, input: b }", "6:20: unknown key 'input' in the gate's 'setup'"),
      ("setup: { run: a, inputs: [../b] }", "6:29: the path '../b' must not hold '..'"),
      ("setup: { run: }", "6:17: 'run' is empty"),
    ] as [(String, String?)])
  func gateWorktrees(line: String, expected: String?) throws {
    let text = """
      ---
      migration: m
      gate:
        verifiers:
          - { name: t, run: x }
        \(line)
      steps: [{ id: S1 }]
      ---
      """
    guard let expected else {
      // A folder may be called like that.
      #expect(try expand(text).gate.keep == ["true"])
      return
    }
    #expect(shown(refusal(text)).hasPrefix(expected))
  }

  @Test(
    "a verifier that has the name of the set-up's log",
    arguments: [("make", "Setup"), (nil, "setup")])
  func namedAsTheSetup(own: String?, name: String) {
    let text = """
      ---
      migration: m
      worktree: { setup: npm ci }
      gate:
        verifiers:
          - { name: t, run: x }
          - { name: \(name), run: x }
        \(own.map { "setup: " + $0 } ?? "")
      steps: [{ id: S1 }]
      ---
      """
    #expect(
      shown(refusal(text))
        == "5:3: a verifier is named 'setup', as the log of the gate's set-up is\n"
        + "hint: give the verifier on line 7 another name")
  }

  @Test("a step expects a change, or nothing in particular")
  func expectations() {
    #expect(
      shown(refusal(plan("steps: [{ id: S1, run: x, expect: nothing }]")))
        == "4:35: 'expect' can only be 'change', not 'nothing'\n"
        + "hint: write 'expect: change', or take it out")
    #expect(
      shown(refusal(plan("steps: [{ id: S1, expects: change }]")))
        == "4:19: unknown key 'expects' in a step\nhint: did you mean 'expect'?")
  }
}
