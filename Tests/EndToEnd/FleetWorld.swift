import CanonicalJSON
import Migration
import Support
import System
import Testing

/// A home repository, and bare repositories that a fleet's plan is for.
final class FleetWorld {
  let home: TestRepository
  var path: String { home.path }
  /// Where the bare repositories are.
  var servers: String { home.root + "/servers" }

  /// Makes the targets: of each its name, and whether its base passes the gate, which wants a file `good`.
  init(_ targets: [(name: String, isGood: Bool)] = [("cart", true), ("mail", true), ("pay", true)]) throws {
    home = try TestRepository()
    for (name, isGood) in targets { try add(name, isGood: isGood) }
  }

  /// Makes one more target.
  func add(_ name: String, isGood: Bool = true) throws {
    let work = home.root + "/work-\(name)"
    try Files.makeDirectories(work)
    try Files.makeDirectories(servers)
    _ = try git(work, "init", "--quiet", "--initial-branch=main")
    try Files.writeAtomically(work + "/app.py", Array("import oldlog  # \(name)\n".utf8))
    if isGood { try Files.writeAtomically(work + "/good", Array("yes\n".utf8)) }
    _ = try git(work, "add", ".")
    _ = try git(work, "commit", "--quiet", "--message=begin \(name)")
    _ = try git(home.root, "clone", "--quiet", "--bare", work, "\(servers)/\(name).git")
  }

  /// Puts what one target has in the place of what another one has.
  func copy(_ name: String, to other: String) throws {
    _ = try git(
      "\(servers)/\(other).git", "fetch", "--quiet", "--force", "\(servers)/\(name).git", "+main:main")
  }

  /// Commits a file to the main branch of a target, as people there do.
  func commit(_ name: String, _ file: String, _ text: String) throws {
    let work = home.root + "/work-\(name)"
    try Files.writeAtomically("\(work)/\(file)", Array(text.utf8))
    _ = try git(work, "add", ".")
    _ = try git(work, "commit", "--quiet", "--message=\(file)")
    _ = try git(work, "push", "--quiet", "\(servers)/\(name).git", "main")
  }

  /// Writes a file that cannot be made smaller.
  func random(_ path: String, bytes: Int) throws {
    var generator = SystemRandomNumberGenerator()
    let words = (0..<bytes / 8).map { _ in generator.next() }
    try Files.writeAtomically("\(home.root)/\(path)", words.withUnsafeBytes { Array($0) })
  }

  /// Runs git in a folder; throws what it said when it fails.
  func git(_ folder: String, _ arguments: String...) throws -> String {
    let run = try home.runGit(arguments, in: folder)
    guard run.code == 0 else { throw TestFailure("git \(arguments.joined(separator: " ")): \(run)") }
    return run.out.hasSuffix("\n") ? String(run.out.dropLast()) : run.out
  }

  /// The address of a target.
  func url(_ name: String) -> String { "file://\(servers)/\(name).git" }

  /// Runs git in the bare repository of a target.
  func at(_ name: String, _ arguments: String...) throws -> String {
    let run = try home.runGit(["-C", "\(servers)/\(name).git"] + arguments)
    guard run.code == 0 else { throw TestFailure("\(arguments): \(run)") }
    return run.out.hasSuffix("\n") ? String(run.out.dropLast()) : run.out
  }

  /// Where a branch of a target is; empty when it is not there.
  func tip(_ name: String, _ branch: String = "migrate/guava") throws -> String {
    let run = try home.runGit(["-C", "\(servers)/\(name).git", "rev-parse", "--verify", "--quiet", branch])
    return run.out.split(whereSeparator: \.isNewline).first.map(String.init) ?? ""
  }

  /// The file that locks the branch of ours in a target.
  func lock(_ name: String) -> String { "\(servers)/\(name).git/refs/heads/migrate/guava.lock" }

  /// Writes a plan for these targets and gives its path.
  func plan(
    _ names: [String], steps: String = FleetWorld.codemod, waves: String = "", more: String = "",
    gate: String = "{ verifiers: [{ name: good, kind: lint, run: 'test -e good' }] }"
  ) throws -> String {
    let list = names.map { "    - { url: '\(url($0))', owner: 'team-\($0)' }" }.joined(separator: "\n")
    let text = """
      ---
      migration: guava
      attempts: 1
      backoff: { initial: 0, max: 0 }
      gate: \(gate)
      targets:
      \(waves)  list:
      \(list)
      \(more)
      steps:
      \(steps)
      ---
      Do {{step.id}} in {{target.id}}.

      """
    let file = home.root + "/guava.md"
    try Files.writeAtomically(file, Array(text.utf8))
    return file
  }

  static let codemod = "  - { id: S1, title: 'Move to newlog', run: 'sed -i s/oldlog/newlog/ app.py' }"

  /// Runs `git migrate` in the home.
  func migrate(_ arguments: String..., adding: [String: String] = [:]) throws -> TestRun {
    try home.run(TestBinary.path, arguments, adding: adding)
  }

  func migrate(_ arguments: [String]) throws -> TestRun { try home.run(TestBinary.path, arguments) }

  /// Runs the same twice at the same time; fails when one of them does.
  func twice(_ arguments: String...) throws -> TestRun {
    let script = #""$@" & first=$!; "$@"; second=$?; wait "$first" && exit "$second""#
    return try home.run("/bin/sh", ["-c", script, "sh", TestBinary.path] + arguments)
  }

  /// Where each target is, by its id.
  func states() throws -> [String: String] {
    let report = try JSON.parse(try migrate("fleet", "status", "--json").out)
    guard case .array(let targets)? = report["targets"] else { return [:] }
    var found: [String: String] = [:]
    for target in targets {
      if case .string(let id)? = target["id"], case .string(let state)? = target["state"] {
        found[id] = state
      }
    }
    return found
  }

  /// The sentences of the ledger, oldest first.
  func sentences() throws -> [String] {
    try git(path, "log", "--reverse", "--format=%s", "refs/migrate/ledger").split(separator: "\n")
      .map(String.init)
  }

  /// What `git migrate fsck` has to say; empty when all is well.
  func complaints() throws -> String {
    let run = try migrate("fsck")
    return run.code == 0 ? "" : run.description
  }
}
