import CanonicalJSON
import Migration
import System

/// A repository with a migration, driven through the built program as a user does it.
public final class MigrationWorld {
  /// The repository and its surroundings.
  public let repository: TestRepository
  /// The name of the migration.
  public let name = "mig"

  /// Makes the repository: `a.txt`, and the files given, committed on `main`.
  public init(files: [String: String] = [:]) throws {
    repository = try TestRepository()
    guard !files.isEmpty else { return }
    for (path, text) in files { try repository.write(path, text) }
    try repository.git("add", "--all", "--force")
    try repository.git("commit", "--quiet", "--message=files")
  }

  // MARK: The plan

  /// The text of a plan with these steps. Attempts that fail are tried again at once.
  public static func plan(_ steps: String, gate: String = "none", more: String = "") -> String {
    """
    ---
    migration: mig
    attempts: 2
    backoff: { initial: 0, max: 0 }
    gate: \(gate)
    \(more)
    steps:
    \(steps)
    ---
    Do {{step.id}}.{{#attempt.failures}} Failed: {{.}}{{/attempt.failures}}

    """
  }

  /// Starts the migration; throws what `start` said when it would not.
  public func start(_ steps: String, gate: String = "none", more: String = "") throws {
    try command("start", steps, gate: gate, more: more)
  }

  /// Replaces the plan.
  public func amend(_ steps: String, gate: String = "none", more: String = "") throws {
    try command("amend", steps, gate: gate, more: more)
  }

  private func command(_ word: String, _ steps: String, gate: String, more: String) throws {
    let plan = MigrationWorld.plan(steps, gate: gate, more: more)
    try Files.writeAtomically(repository.root + "/plan.md", Array(plan.utf8))
    let run = try repository.runMigrate(word, repository.root + "/plan.md")
    guard run.code == 0 else { throw TestFailure("\(word): \(run)") }
  }

  // MARK: Running

  /// Runs `git migrate` to its end.
  public func migrate(_ arguments: String..., in directory: String? = nil, adding: [String: String] = [:])
    throws -> TestRun
  {
    try repository.run(TestBinary.path, arguments, in: directory, adding: adding)
  }

  /// Starts `git migrate` and goes on.
  public func begin(_ arguments: String...) throws -> BackgroundRun {
    try BackgroundRun(repository, TestBinary.path, arguments)
  }

  /// The folder of a worktree slot.
  public func slot(_ number: Int) -> String { repository.path + ".migrate/slot-\(number)" }

  /// A path in the home that steps know as `$HOME`, for what they and the test tell each other.
  public func home(_ file: String) -> String { repository.root + "/home/" + file }

  /// The text of a file there; empty when there is none.
  public func note(_ file: String) throws -> String {
    String(decoding: try Files.readFile(home(file)) ?? [], as: UTF8.self)
  }

  /// Makes a file there: what a step waits for.
  public func allow(_ file: String) throws { try Files.writeAtomically(home(file), []) }

  // MARK: What became of it

  /// The state of each step by its id.
  public func states() throws -> [String: String] { try members("state") }

  /// A member of each step's status by the step's id; what is no text is left out.
  public func members(_ member: String) throws -> [String: String] {
    var found: [String: String] = [:]
    for step in try steps() {
      if case .string(let id)? = step["id"], case .string(let text)? = step[member] { found[id] = text }
    }
    return found
  }

  /// What `status --json` prints; throws what it says when it does not end well.
  private func status() throws -> JSON {
    let run = try migrate("status", "--json")
    guard run.code == 0 else { throw TestFailure("no status: \(run)") }
    return try JSON.parse(run.out)
  }

  /// The status of each step.
  public func steps() throws -> [JSON] {
    let status = try status()
    guard case .array(let migrations)? = status["migrations"],
      case .array(let steps)? = migrations.first?["steps"]
    else { return [] }
    return steps
  }

  /// The state of the migration itself.
  public func phase() throws -> String {
    let status = try status()
    guard case .array(let migrations)? = status["migrations"],
      case .string(let state)? = migrations.first?["state"]
    else { return "" }
    return state
  }

  /// The sentences of the ledger, oldest first.
  public func sentences() throws -> [String] {
    try repository.git("log", "--reverse", "--format=%s", "refs/migrate/ledger").split(separator: "\n")
      .map(String.init)
  }

  /// How many sentences of the ledger have this in them.
  public func count(_ text: String) throws -> Int { try sentences().count { $0.contains(text) } }

  /// A file of a commit, branch or ref.
  public func file(_ path: String, at revision: String = "migrate/mig") throws -> String {
    try repository.git("show", "\(revision):\(path)")
  }

  /// The subjects of the integration branch since `main`, oldest first.
  public func merged() throws -> [String] {
    try repository.git("log", "--reverse", "--format=%s", "main..migrate/mig").split(separator: "\n")
      .map(String.init)
  }

  /// What `git migrate fsck` and `git fsck --strict` have to say; empty when all is well.
  public func complaints() throws -> String {
    let ledger = try migrate("fsck")
    let git = try repository.runGit(["fsck", "--strict", "--no-dangling"])
    return (ledger.code == 0 ? "" : ledger.description) + (git.code == 0 ? "" : git.description)
  }

  /// The processes that come from this world, as `PID: command`: they all have its home.
  public func processes() throws -> [String] {
    let mark = Array("HOME=\(repository.root)/home".utf8)
    var found: [String] = []
    for name in try Files.listDirectory("/proc") where Int32(name) != nil {
      guard let environment = try? Files.readFile("/proc/\(name)/environ") else { continue }
      guard environment.split(separator: 0).contains(where: { $0.elementsEqual(mark) }) else { continue }
      let command = (try? Files.readFile("/proc/\(name)/cmdline")) ?? []
      let words = command.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
      if !words.isEmpty { found.append("\(name): \(words.joined(separator: " "))") }
    }
    return found
  }

  /// The processes that are still there after the five seconds that they have (I-28).
  public func survivors() throws -> [String] {
    var left: [String] = []
    _ = try eventually(within: 5) {
      left = try processes()
      return left.isEmpty
    }
    return left
  }
}
