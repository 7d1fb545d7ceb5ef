import Glibc
import Migration
import Testing

@testable import Plans

/// The plan of DESIGN §4, word for word.
let designExample = """
  ---
  migration: new-logging
  base: main                                   # into: migrate/new-logging by default
  agent: { adapter: claude, max_turns: 30, timeout: 30m, max_concurrent: 4 }
  attempts: 3
  lease: 20m
  resources: { build: 1 }
  gate:
    verifiers:                                 # kind: test (default), build, lint, format
      - { name: lint, kind: lint, run: ruff check . }
      - { name: test, run: pytest -q, timeout: 10m, uses: build }
    guards: [tests, scope, secrets]
  steps:
    - id: S1
      title: Route logging through the facade
      paths: ["src/log/**"]
    - id: S2
      title: Drop the old import
      needs: [S1]
      run: sed -i s/oldlog/newlog/ src/app.py  # a codemod, no agent
    - for: { files: "src/*/__init__.py" }      # or { dirs: … }, { lines: "a command" }
      id: "pkg-{{match.dir}}"
      title: "Move {{match.path}}"
      needs: [S2]
  ---
  You are working on {{step.id}}: {{step.title}}.
  {{#attempt.failures}}The last attempt failed: {{.}}{{/attempt.failures}}

  """

/// What `for:` is over, from lists.
struct FakeSource: ExpansionSource {
  var files: [String] = []
  var printed: [String: [String]] = [:]
  var texts: [String: String] = [:]

  func text(of path: String) throws -> String? { texts[path] }

  struct Broken: Error, CustomStringConvertible {
    var description: String { "exit status 1" }
  }

  func trackedFiles() throws -> [String]? { files }
  func lines(of command: String) throws -> [String]? {
    guard let lines = printed[command] else { throw Broken() }
    return lines
  }
}

func parse(_ text: String) throws(PlanFault) -> PlanFile {
  try PlanFile.parse(Array(text.utf8), path: "plan.md")
}

/// A whole plan whose front matter starts with a name and `gate: none` on lines 2 and 3.
func plan(_ yaml: String, body: String = "") -> String {
  "---\nmigration: m\ngate: none\n\(yaml)\n---\n\(body)"
}

/// The plan expanded.
func expand(_ text: String, _ source: FakeSource = FakeSource()) throws(PlanFault) -> Plan {
  try parse(text).expand(using: source)
}

/// The fault as `line:column: message`, or `nil` when the text is a plan.
func refusal(_ text: String) -> PlanFault? { refusal(Array(text.utf8)) }

func refusal(_ bytes: [UInt8]) -> PlanFault? {
  do throws(PlanFault) {
    _ = try PlanFile.parse(bytes, path: "plan.md")
    return nil
  } catch {
    return error
  }
}

func expansionFault(_ text: String, _ source: FakeSource = FakeSource()) -> PlanFault? {
  do throws(PlanFault) {
    _ = try expand(text, source)
    return nil
  } catch {
    return error
  }
}

/// All that `check` tells of a plan in a repository.
func allFaults(_ text: String, _ source: FakeSource = FakeSource()) -> PlanFault? {
  do throws(PlanFault) {
    _ = try PlanFile.read(Array(text.utf8), path: "plan.md").expand(using: source)
    return nil
  } catch {
    return error
  }
}

/// The processor time that this thread spends on some work. Unlike the time on the wall it does not grow with
/// what else the machine does.
func processorTime(_ work: () throws -> Void) rethrows -> Duration {
  func now() -> Duration {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
  }
  let begin = now()
  try work()
  return now() - begin
}

/// The part of a fault that people read, as the command prints it.
func shown(_ fault: PlanFault?) -> String {
  guard let fault else { return "accepted" }
  return "\(fault.line):\(fault.column): \(fault.message)" + (fault.hint.map { "\nhint: \($0)" } ?? "")
}
