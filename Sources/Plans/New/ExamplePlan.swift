/// Plans to begin with: short, whole, and of a kind each.
public struct ExamplePlan: Sendable {
  /// What it is asked for by.
  public let name: String
  /// What it shows, in one line.
  public let about: String
  /// The plan file.
  public let text: String

  private init(_ name: String, _ about: String, _ text: String) {
    (self.name, self.about, self.text) = (name, about, text)
  }

  /// All of them, the simplest first.
  public static let all: [ExamplePlan] = [
    ExamplePlan("codemod", "a command for each file, no agent", codemod),
    ExamplePlan("agent", "an agent for each file, three attempts", agent),
    ExamplePlan("layers", "what must be there first, the uses, what is taken away at last", layers),
    ExamplePlan("uses", "a step for each file in which a word stands, until none is left", uses),
    ExamplePlan("night", "a budget, what stops the line, a base that moves", night),
    ExamplePlan("people", "workers of any kind claim the steps", people),
  ]

  private static let codemod = """
    ---
    migration: codemod
    gate:
      verifiers:
        - { name: compile, kind: build, run: python3 -m compileall -q src }
      guards: [scope]
    steps:
      - for: { files: "src/*.py" }
        id: "use-{{match.stem}}"
        title: "Use newlog in {{match.path}}"
        paths: ["{{match.path}}"]
        run: sed -i 's/oldlog/newlog/g' {{match.path}}
    ---

    """

  private static let agent = """
    ---
    migration: agent
    agent: { adapter: claude, max_turns: 30, timeout: 30m, max_concurrent: 4 }
    attempts: 3
    gate:
      verifiers:
        - { name: compile, kind: build, run: python3 -m compileall -q src }
      guards: [tests, scope, secrets]
    steps:
      - for: { files: "src/*.py" }
        id: "use-{{match.stem}}"
        title: "Use newlog in {{match.path}}"
        paths: ["{{match.path}}"]
    ---
    Replace every use of oldlog in {{match.path}} by newlog, and change nothing else.
    {{#attempt.failures}}
    The last attempt failed: {{.}}
    {{/attempt.failures}}
    {{#lessons}}
    Others learnt: {{.}}
    {{/lessons}}

    """

  private static let layers = """
    ---
    migration: layers
    agent: { adapter: claude }
    gate:
      verifiers:
        - { name: compile, kind: build, run: python3 -m compileall -q src }
      guards: [scope]
    steps:
      - id: facade
        title: Add newlog
        paths: [src/newlog.py]
        run: "printf 'def info(text):\\n    print(text)\\n' > src/newlog.py"
      - for: { files: "src/[!n]*.py" }
        id: "use-{{match.stem}}"
        title: "Use newlog in {{match.path}}"
        needs: [facade]
        paths: ["{{match.path}}"]
        run: sed -i 's/oldlog/newlog/g' {{match.path}}
      - id: drop
        title: Drop what is left of oldlog
        needs: ["use-*"]
    ---
    {{step.title}}, and change nothing else.

    """

  private static let uses = """
    ---
    migration: uses
    agent: { adapter: claude }
    until: { count: "git grep -I -o -w oldlog -- src | wc -l" }
    failures:
      - { match: "No module named '(.+)'", as: "missing $1" }
    gate:
      verifiers:
        - { name: compile, kind: build, run: python3 -m compileall -q src }
      guards: [scope]
    steps:
      - for: { lines: "git grep -I -l -w oldlog -- src" }
        id: "use-{{match.line}}"
        title: "Use newlog in {{match.line}}"
        paths: ["{{match.line}}"]
    ---
    Replace every use of oldlog in {{match.line}} by newlog, and change nothing else.
    {{#attempt.failures}}
    The last attempt failed: {{.}}
    {{/attempt.failures}}

    """

  private static let night = """
    ---
    migration: night
    agent: { adapter: claude, timeout: 45m, silence: 10m, max_concurrent: 4 }
    budget: { usd: 150, step: { usd: 5 } }
    stop: { alike: 5, failed: 50%, of: 10 }
    refresh: { every: 1h }
    gate:
      verifiers:
        - { name: compile, kind: build, run: python3 -m compileall -q src }
      guards: [tests, scope, secrets]
    steps:
      - for: { files: "src/*.py" }
        id: "use-{{match.stem}}"
        title: "Use newlog in {{match.path}}"
        paths: ["{{match.path}}"]
    ---
    Replace every use of oldlog in {{match.path}} by newlog, and change nothing else.
    {{#attempt.failures}}
    The last attempt failed: {{.}}
    {{/attempt.failures}}

    """

  private static let people = """
    ---
    migration: people
    lease: 4h
    gate:
      verifiers:
        - { name: compile, kind: build, run: python3 -m compileall -q src }
      guards: [scope]
    steps:
      - for: { files: "src/*.py" }
        id: "use-{{match.stem}}"
        title: "Use newlog in {{match.path}}"
        paths: ["{{match.path}}"]
    ---
    Replace every use of oldlog in {{match.path}} by newlog. Hand in with 'git migrate submit'.

    """
}
