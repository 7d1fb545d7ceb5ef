import Migration
import Plans
import Testing

@Suite("Refusing a plan")
struct RefusingAPlan {
  @Test(
    "what is wrong with the file, with its place and what to do",
    arguments: [
      (
        "",
        "1:1: the plan has no front matter\n"
          + "hint: start the file with a line '---', the YAML keys, and another line '---'"
      ),
      (
        "# Title\n",
        "1:1: the plan has no front matter\n"
          + "hint: start the file with a line '---', the YAML keys, and another line '---'"
      ),
      ("---\nmigration: m\n", "1:1: the front matter is never closed\nhint: end it with a line '---'"),
      (
        "---\n---\n",
        "2:1: the front matter is empty\nhint: it must name at least 'migration', 'gate' and 'steps'"
      ),
      ("---\n- a\n---\n", "2:1: the plan must be a map, not a list\nhint: write it as 'key: value' lines"),
      ("---\nhello\n---\n", "2:1: the plan must be a map, not text\nhint: write it as 'key: value' lines"),
      ("---\nmigration: m\0\n---\n", "2:13: the plan holds a NUL byte\nhint: save it as UTF-8 text"),
      (
        "---\na: 1\n--- b\n---\n", "3:1: the front matter holds a second YAML document\nhint: keep only one"
      ),
    ])
  func files(text: String, expected: String) { #expect(shown(refusal(text)) == expected) }

  @Test("encodings other than UTF-8")
  func encodings() {
    let utf16: [UInt8] = [0xFF, 0xFE] + designExample.utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
    #expect(shown(refusal(utf16)) == "1:1: the plan is encoded as UTF-16\nhint: save it as UTF-8")
    let latin = Array("---\nmigration: m\nnotify: caf".utf8) + [0xE9, 0x0A]
    #expect(shown(refusal(latin)) == "3:12: the plan is not valid UTF-8\nhint: save it as UTF-8")
  }

  @Test(
    "YAML that a plan has no use for",
    arguments: [
      (
        "notify: &a [1]",
        "4:9: YAML anchors are not allowed: '&a'\n"
          + "hint: write the value out; put text that starts with '&' in double quotes"
      ),
      (
        "notify: *a",
        "4:9: YAML aliases are not allowed: '*a'\n"
          + "hint: write the value out; put text that starts with '*' in double quotes"
      ),
      (
        "notify: !!str yes",
        "4:9: YAML tags are not allowed: 'tag:yaml.org,2002:str'\n"
          + "hint: leave it out; put text that starts with '!' in double quotes"
      ),
      (
        "notify: ! x",
        "4:9: YAML tags are not allowed: '!'\n"
          + "hint: leave it out; put text that starts with '!' in double quotes"
      ),
      ("<<: { a: 1 }", "4:1: YAML merge keys are not allowed: '<<'\nhint: write the keys out"),
      ("lease: 20m\nlease: 30m", "5:1: the key 'lease' is given twice\nhint: the first is on line 4"),
      (
        "\"\\x6Cease\": 20m\nlease: 30m", "5:1: the key 'lease' is given twice\nhint: the first is on line 4"
      ),
      (
        "? [a, b]\n: c",
        "4:3: a key must be text, not a list or a map\n"
          + "hint: put text that starts with '{' or '[' in double quotes"
      ),
      (
        "steps: [{ id: S1, title: a: b }]",
        "4:27: cannot read the front matter: did not find expected ',' or '}'\n"
          + "hint: put text with ': ', ' #', or a special first character such as '*' or '{' in double quotes"
      ),
      (
        "steps:\n\t- id: S1",
        "5:1: cannot read the front matter: found character that cannot start any token\n"
          + "hint: put text with ': ', ' #', or a special first character such as '*' or '{' in double quotes"
      ),
      (
        "notify: \"a\\0b\"",
        "4:9: the text holds a NUL or is not valid UTF-8\nhint: leave the escape out"
      ),
      (
        "notify: a\u{1}b",
        "4:10: cannot read the front matter: control characters are not allowed\n"
          + "hint: leave control characters out"
      ),
    ])
  func yaml(yaml: String, expected: String) { #expect(shown(refusal(plan(yaml))) == expected) }

  @Test(
    "limits that are none",
    arguments: [
      (
        "budget: { usd: 150, step: { usd: 5, time: 1h } }", "4:37: unknown key 'time' in the budget of a step"
      ),
      ("stop: { alike: 1 }", "4:16: 'alike' must be between 2 and 1000, not '1'"),
      ("stop: { failed: 50 }", "4:17: 'failed' must be between 1% and 100%, not '50'"),
      (
        "agent: { adapter: claude, budget: { usd: 0 } }",
        "4:42: 'usd' must be an amount of US dollars above 0, not '0'"
      ),
    ])
  func limits(yaml: String, expected: String) {
    #expect(shown(refusal(plan(yaml))).hasPrefix(expected))
  }

  @Test(
    "keys that are missing, unknown or not supported yet",
    arguments: [
      (
        "---\ngate: none\nsteps: [{ id: S1 }]\n---\n",
        "2:1: the plan has no 'migration'\nhint: add 'migration: …'"
      ),
      ("---\nmigration: m\ngate: none\n---\n", "2:1: the plan has no 'steps'\nhint: add 'steps: …'"),
      (
        "---\nmigration: m\nsteps: [{ id: S1 }]\n---\n",
        "2:1: the plan has no 'gate'\n"
          + "hint: list 'verifiers' under 'gate:', or write 'gate: none' to merge without any check"
      ),
      (plan("leese: 20m"), "4:1: unknown key 'leese' in the plan\nhint: did you mean 'lease'?"),
      (
        plan("on: yes"),
        unknownOn
      ),
      (
        plan("refresh: { every: 59s }"),
        "4:19: 'every' must be between 1m and 30d, not '59s'"
      ),
      (
        plan("refresh: {}"),
        "4:10: 'refresh' does not say how often\nhint: write 'refresh: { every: 1h }', or take it out"
      ),
      (plan("commit: { body: mine }"), "4:17: unknown body 'mine'\nhint: use one of template, worker"),
      (
        plan("commit: { trailers: [step, stepp] }"),
        "4:28: unknown trailer 'stepp'\nhint: did you mean 'step'?"
      ),
      (
        plan("commit: { trailers: [plan, plan] }"),
        "4:28: the trailer 'plan' is given twice\nhint: keep one"
      ),
      (
        plan("steps: [{ id: S1, need: [S0] }]"),
        "4:19: unknown key 'need' in a step\nhint: did you mean 'needs'?"
      ),
      (
        plan("workflow: {}"),
        """
        4:11: 'workflow' has no stages
        hint: 'git migrate graph --workflow' draws it; gitmigrate-plan(5) says what stages are
        """
      ),
      (
        "---\nmigration: m\ngate:\n  strict: true\n---\n",
        "4:3: 'strict' is no key of 'gate' any more\n"
          + "hint: each candidate is compared with its base anyway; take it out"
      ),
    ] as [(String, String)])
  func keys(text: String, expected: String) { #expect(shown(refusal(text)) == expected) }

  @Test(
    "values of the wrong type or out of range",
    arguments: [
      ("attempts: 0", "4:11: 'attempts' must be between 1 and 100, not '0'"),
      (
        "attempts: 99999999999999999999999999",
        "4:11: 'attempts' must be between 1 and 100, "
          + "not '99999999999999999999999999'"
      ),
      (
        "attempts: many",
        "4:11: 'attempts' must be a whole number, not 'many'\nhint: write digits without quotes"
      ),
      (
        "attempts: 0x10",
        "4:11: 'attempts' must be a whole number, not '0x10'\nhint: write digits without quotes"
      ),
      (
        "attempts: '3'", "4:11: 'attempts' must be a whole number, not '3'\nhint: write digits without quotes"
      ),
      ("lease: 1s", "4:8: 'lease' must be between 10s and 7d, not '1s'"),
      ("lease: 9223372036854775807d", "4:8: 'lease' must be between 10s and 7d, not '9223372036854775807d'"),
      ("lease: -5m", "4:8: 'lease' must be a duration, not '-5m'\nhint: write it like 90s, 20m, 1h or 2d"),
      ("lease: soon", "4:8: 'lease' must be a duration, not 'soon'\nhint: write it like 90s, 20m, 1h or 2d"),
      ("worktree: { keep: yes }", "4:19: 'keep' must be true or false, not 'yes'"),
      (
        "notify: [a]", "4:9: 'notify' must be text, not a list\nhint: write a single value"
      ),
      ("notify: ~", "4:9: 'notify' is empty\nhint: give it a value, or take it out"),
      ("notify:", "4:8: 'notify' is empty\nhint: give it a value, or take it out"),
      ("resources: { build: 0 }", "4:21: the count of 'build' must be between 1 and 1000, not '0'"),
      (
        "resources: { a b: 1 }",
        "4:14: the resource 'a b' may hold only letters, digits, '.', '_' and '-'\n"
          + "hint: use letters, digits, '.', '_' and '-', at most 63 of them"
      ),
      ("steps: []", "4:8: the plan has no steps\nhint: add '- id: S1'"),
      ("steps: S1", "4:8: 'steps' must be a list, not text\nhint: write each item on a line after '- '"),
      ("steps: [S1]", "4:9: a step must be a map, not text\nhint: write it as 'key: value' lines"),
      (
        "backoff: { initial: 10m, max: 1m }",
        "4:31: 'max' must not be less than 'initial'\nhint: 'initial' is 600s here"
      ),
      (
        "agent: {}",
        "4:8: 'agent' has no 'command'\n"
          + "hint: add 'command: …', or 'adapter: ' with one of claude, codex, acp"
      ),
      (
        "agent: { adapter: aider }",
        "4:19: unknown adapter 'aider'\n"
          + "hint: use one of claude, codex, acp, or give the agent's own 'command'"
      ),
      (
        "agent: { adapter: codex, env: [A_KEY, KEY=x] }",
        "4:39: 'KEY=x' in 'env' is no name of a variable\n"
          + "hint: name variables of your shell, such as ANTHROPIC_API_KEY; values do not belong in a plan"
      ),
      (
        "agent: { adapter: codex, env: MIGRATE_STEP }",
        "4:31: 'MIGRATE_STEP' in 'env' is one of git-migrate's own\n"
          + "hint: name variables of your shell, such as ANTHROPIC_API_KEY; values do not belong in a plan"
      ),
      (
        "agent: { adapter: codex, env: [A, A] }",
        "4:35: the variable 'A' is given twice\nhint: keep one"
      ),
    ])
  func values(yaml: String, expected: String) { #expect(shown(refusal(plan(yaml))) == expected) }

  @Test(
    "a gate that would check nothing, or not what was meant",
    arguments: [
      (
        "gate: some",
        "3:7: 'gate' must be a map or the word none or auto, not 'some'\n"
          + "hint: list 'verifiers' under 'gate:', or write 'gate: none' to merge without any check"
      ),
      (
        "gate: { verifiers: [] }",
        "3:7: the gate has no verifiers\n"
          + "hint: list 'verifiers' under 'gate:', or write 'gate: none' to merge without any check"
      ),
      (
        "gate: { verifiers: [{ name: t, run: x }, { name: T, run: y }] }",
        "3:42: two verifiers are named 'T'\nhint: the first is on line 3"
      ),
      (
        "gate: { verifiers: [{ name: t, run: x, kind: tests }] }",
        "3:46: unknown kind 'tests'\nhint: did you mean 'test'?"
      ),
      (
        "gate: { verifiers: [{ name: t, run: x, uses: gpu }] }",
        "3:46: no resource is named 'gpu'\nhint: declare it: 'resources: { gpu: 1 }'"
      ),
      (
        "gate: { verifiers: [{ name: t, run: x }], guards: [test] }",
        "3:52: unknown guard 'test'\nhint: did you mean 'tests'?"
      ),
      (
        "gate: { verifiers: [{ name: t, run: x, mutates: yes }] }",
        "3:49: 'mutates' can only be 'allow', not 'yes'\nhint: write 'mutates: allow', or take it out"
      ),
      (
        "gate: { verifiers: [{ name: t, run: x, env: [LD_PRELOAD] }] }",
        "3:46: 'LD_PRELOAD' in 'env' brings code into every program\n"
          + "hint: name variables of your shell, such as ANTHROPIC_API_KEY; values do not belong in a plan"
      ),
      (
        "gate: { verifiers: [{ name: t, run: x, mutate: allow }] }",
        "3:40: unknown key 'mutate' in a verifier\nhint: did you mean 'mutates'?"
      ),
      (
        "gate: { strict: true, verifiers: [{ name: t, run: x }] }",
        "3:9: 'strict' is no key of 'gate' any more\n"
          + "hint: each candidate is compared with its base anyway; take it out"
      ),
      (
        "gate: { known: yes, verifiers: [{ name: t, run: x }] }",
        "3:16: 'known' can only be 'allow', not 'yes'\nhint: write 'known: allow', or take it out"
      ),
    ])
  func gates(gate: String, expected: String) {
    #expect(shown(refusal("---\nmigration: m\n\(gate)\nsteps: [{ id: S1 }]\n---\n")) == expected)
  }

  @Test(
    "a graph that has no order",
    arguments: [
      (
        "steps:\n  - { id: A, needs: [B] }\n  - { id: B, needs: [C] }\n  - { id: C, needs: [A] }",
        "5:11: the needs go in a circle: 'A' needs 'B' needs 'C' needs 'A'\nhint: take one of these needs out"
      ),
      (
        "steps:\n  - { id: A, needs: [A] }",
        "5:22: the step 'A' needs itself\nhint: take it out of 'needs'"
      ),
      (
        "steps:\n  - { id: Step1 }\n  - { id: B, needs: [Stepl] }",
        "6:22: no step has the id 'Stepl'\nhint: did you mean 'Step1'?"
      ),
      (
        "steps:\n  - { id: B, needs: [nothing-like-it] }",
        "5:22: no step has the id 'nothing-like-it'\n"
          + "hint: add the step, or take it out of 'needs'"
      ),
      (
        "steps:\n  - { id: B, needs: [\"pkg-*\"] }",
        "5:22: no step id matches 'pkg-*'\n"
          + "hint: globs match whole ids, with '*' and '?'"
      ),
      (
        "steps:\n  - { id: A }\n  - { id: a }",
        "6:11: two steps have the id 'a'\n"
          + "hint: the first is on line 5; ids that differ only in case are the same"
      ),
    ])
  func graphs(yaml: String, expected: String) { #expect(shown(refusal(plan(yaml))) == expected) }

  @Test(
    "names that git, a file system or a shell would trip over",
    arguments: [
      "..", "../../x", "a/../b", "-x", "--force", "a.lock", ".git", "HEAD", "@", "@{u}", "a..b", "a~1", "a b",
      "a\\nb", "a\\r", "CON", "e\u{301}", "\u{E9}", "\u{430}bc", "a\u{202E}b",
      String(repeating: "a", count: 300),
    ])
  func ids(id: String) throws {
    let fault = try #require(refusal(plan("steps:\n  - id: \"\(id)\"")))
    #expect(fault.line == 5)
    #expect(fault.message.hasPrefix("the step id "))
    let name = try #require(refusal("---\nmigration: \"\(id)\"\ngate: none\n---\n"))
    #expect(name.line == 2)
  }

  @Test("a name that is not text at all")
  func emptyIDs() {
    #expect(shown(refusal(plan("steps: [{ id: \"\" }]"))).hasPrefix("4:15: 'id' is empty"))
    #expect(
      shown(refusal("---\nmigration: Upper\n---\n")).hasPrefix(
        "2:12: the migration name 'Upper' must be in lower case"))
  }

  @Test(
    "steps whose parts cannot be used",
    arguments: [
      (
        "{ id: S1, paths: [/etc] }",
        "4:27: the path '/etc' must not start with '/'\n"
          + "hint: write it from the top of the repository"
      ),
      (
        "{ id: S1, paths: [a/../b] }",
        "4:27: the path 'a/../b' must not hold '..'\n"
          + "hint: write it from the top of the repository"
      ),
      (
        "{ id: S1, paths: [.GIT/hooks] }",
        "4:27: the path '.GIT/hooks' must not reach into '.git'\n"
          + "hint: write it from the top of the repository"
      ),
      (
        "{ id: S1, title: \"a\\nb\" }",
        "4:26: the title 'a?b' holds a line end or a control character\n"
          + "hint: keep it to one line"
      ),
      (
        "{ id: S1, title: \"a\\e[2Jb\" }",
        "4:26: the title 'a?[2Jb' holds a line end or a control character\n"
          + "hint: keep it to one line"
      ),
      (
        "{ id: S1, uses: [gpu] }",
        "4:26: no resource is named 'gpu'\nhint: declare it: 'resources: { gpu: 1 }'"
      ),
      (
        "{ id: S1, run: a, prompt: b }",
        "4:9: the step 'S1' has both 'run' and 'prompt'\n"
          + "hint: what the codemod leaves is an agent's: give the plan one, or take one of the two out"
      ),
      (
        "{ id: S1, lock: a b }",
        "4:25: the lock 'a b' may hold only letters, digits, '.', '_' and '-'\n"
          + "hint: use letters, digits, '.', '_' and '-', at most 63 of them"
      ),
      (
        "{ id: \"a-{{match.dir}}\" }",
        "4:15: the step id 'a-{{match.dir}}' is a template\n"
          + "hint: only a step with 'for:' has matches"
      ),
    ])
  func steps(step: String, expected: String) { #expect(shown(refusal(plan("steps: [\(step)]"))) == expected) }
}
