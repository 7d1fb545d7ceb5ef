import Git
import Ledger
import Migration
import Supervision
import System

/// A world made from nothing for one test: a home, a repository, an environment. Removed at the end.
///
/// Nothing of the machine's own configuration reaches it, and it never changes the process's own directory or
/// environment, so tests run side by side.
public final class TestRepository {
  /// The folder of everything, with links resolved.
  public let root: String
  /// The repository's work tree, or the bare repository.
  public let path: String
  /// What programs get to see; a test may add to it.
  public var environment: [String: String]
  private var ticks: Int64 = 0
  /// The longest run of a program, in seconds.
  public var timeoutSeconds = 300

  /// The setting that keeps a sandbox away, for a world with a configuration of its own.
  public static let noWalls = "[migrate]\n\tsandbox = off\n"

  /// The first second of the tests' time: 2026-01-01T00:00:00Z.
  public static let epoch: Int64 = 1_767_225_600

  /// Makes a world; `repository` says what is in it.
  public init(_ repository: Kind = .oneCommit) throws {
    let made = try Files.makeTemporaryDirectory(prefix: "git-migrate-test-")
    root = Files.realPath(made) ?? made
    path = root + "/repo"
    let inherited = ChildEnvironment.current()
    environment = [
      "HOME": root + "/home", "PATH": TestBinary.directory + ":" + (inherited["PATH"] ?? "/usr/bin:/bin"),
      "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": root + "/gitconfig", "TZ": "UTC", "LC_ALL": "C",
      "GIT_AUTHOR_NAME": "Tester", "GIT_AUTHOR_EMAIL": "tester@example.com", "GIT_COMMITTER_NAME": "Tester",
      "GIT_COMMITTER_EMAIL": "tester@example.com", "MIGRATE_WORKER": "tester", "USER": "tester",
      "GIT_TERMINAL_PROMPT": "0",
      // What is freed is overwritten, so that whoever still reads it is seen. Not with a negative word: it is
      // no reference to Swift, and released without a look.
      "MALLOC_PERTURB_": "90",
    ]
    // Where the toolchain's libraries are found is the machine's business.
    if let library = inherited["LD_LIBRARY_PATH"] { environment["LD_LIBRARY_PATH"] = library }
    #if KNOWN_BUGS
      // Here, and in the programs that the test starts.
      _ = TestRepository.isBugOn
      environment["MIGRATE_KNOWN_BUG"] = inherited["MIGRATE_KNOWN_BUG"]
    #endif
    // A file of its own: of /dev/null, `git config --global` would make a file for the whole machine.
    // What workers tell a test in their home would be gone with a sandbox; tests of walls put them up.
    try Files.writeAtomically(root + "/gitconfig", Array(TestRepository.noWalls.utf8))
    try Files.makeDirectories(root + "/home")
    try Files.makeDirectories(path)
    switch repository {
    case .none: break
    case .bare: try git("init", "--quiet", "--bare", "--initial-branch=main")
    case .unborn: try git("init", "--quiet", "--initial-branch=main")
    case .oneCommit:
      try git("init", "--quiet", "--initial-branch=main")
      try write("a.txt", "a\n")
      try git("add", ".")
      try git("commit", "--quiet", "--message=one")
    }
  }

  deinit { try? Files.removeTree(root) }

  #if KNOWN_BUGS
    /// Switches on the bug that `MIGRATE_KNOWN_BUG` names, before the first world is there.
    private static let isBugOn: Bool = {
      KnownBug.active = KnownBug(rawValue: ChildEnvironment.current()["MIGRATE_KNOWN_BUG"] ?? "")
      return KnownBug.active != nil
    }()
  #endif

  /// What a world begins with.
  public enum Kind: Sendable {
    /// A folder that is no repository.
    case none
    /// A bare repository.
    case bare
    /// A repository without a commit.
    case unborn
    /// `a.txt` committed on `main`.
    case oneCommit
  }

  // MARK: Programs

  /// Runs `git` in the repository; throws what it said when it fails. Each run is a second after the last.
  @discardableResult
  public func git(_ arguments: String...) throws -> String {
    let run = try runGit(arguments)
    guard run.code == 0 else { throw TestFailure("git \(arguments.joined(separator: " ")): \(run)") }
    return run.out.hasSuffix("\n") ? String(run.out.dropLast()) : run.out
  }

  /// Runs `git` and gives what it left, whatever it is.
  public func runGit(
    _ arguments: [String], input: String? = nil, in directory: String? = nil, adding: [String: String] = [:]
  ) throws -> TestRun {
    return try run("git", arguments, input: input, in: directory, adding: adding)
  }

  /// Runs `git migrate`, as a user does.
  public func runMigrate(
    _ arguments: String..., input: String? = nil, in directory: String? = nil, adding: [String: String] = [:]
  ) throws -> TestRun {
    try run(
      TestBinary.path, arguments, input: input, in: directory, adding: adding)
  }

  /// Runs a program in the world's environment; it is ended when `mayGoOn`, asked each second, says no.
  public func run(
    _ program: String, _ arguments: [String], input: String? = nil, in directory: String? = nil,
    adding: [String: String] = [:], mayGoOn: (() -> Bool)? = nil
  ) throws -> TestRun {
    ticks += 1
    let date = "@\(TestRepository.epoch + ticks) +0000"
    let all = environment.merging(["GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date]) { $1 }
    var command = Command(
      program, arguments, environment: all.merging(adding) { $1 }, directory: directory ?? path)
    command.input = input.map { Array($0.utf8) }
    command.timeoutSeconds = timeoutSeconds
    return TestRun(try command.run(mayGoOn: mayGoOn))
  }

  // MARK: Files

  /// Writes a file of the work tree, with the folders above it.
  public func write(_ name: String, _ text: String) throws {
    let file = path + "/" + name
    try Files.makeDirectories(Files.parent(of: file))
    try Files.writeAtomically(file, Array(text.utf8))
  }

  /// Writes a log of a step as the runner does.
  public func writeLog(_ migration: String, _ step: String, _ name: String, _ text: String) throws {
    try write(".git/migrate/logs/\(migration)/\(step)/\(name).log", text)
  }

  // MARK: The ledger

  /// The commit that `HEAD` names.
  public func head() throws -> ObjectID {
    guard let id = ObjectID(try git("rev-parse", "HEAD")) else { throw TestFailure("HEAD names no commit") }
    return id
  }

  /// Starts a migration with this plan at `HEAD` and makes its branch.
  public func start(_ plan: Plan, text: String = "plan\n") throws {
    let bytes = Array(text.utf8)
    let start = MigrationStart(
      plan: plan, digest: SHA256.hexDigest(of: bytes), base: "main", commit: try head(), shared: false)
    try record(plan.migration, [.migrationStarted(start)], planText: bytes)
    try git("branch", plan.into)
  }

  /// Records changes, each a second after the last; throws what was refused.
  public func record(
    _ migration: String, _ changes: [Migration.Change], by author: String = "tester", planText: [UInt8]? = nil
  ) throws {
    let repository = try Repository.open(gitDirectory: path, environment: environment)
    ticks += 1
    let ledger = Ledger(
      repository: repository, clock: FixedClock(seconds: TestRepository.epoch + ticks),
      randomness: CountingSource(from: UInt64(ticks) << 32))
    for change in changes {
      let outcome = try ledger.append([Proposal(migration, change, planText: planText)], by: author)
      if case .refused(let refusal) = outcome { throw TestFailure("refused: \(refusal.message)") }
    }
  }

  /// Puts a commit with this message on the ledger that no version of the program would write.
  public func tamper(message: String) throws {
    let tip = try git("rev-parse", "refs/migrate/ledger")
    let made = try runGit(["commit-tree", "-p", tip, tip + "^{tree}"], input: message)
    try git("update-ref", "refs/migrate/ledger", String(made.out.dropLast()))
  }

  // MARK: Comparing

  /// `text` with the world's folder as `<root>` and object names as `<oid>`, so that it can be compared.
  public func normalized(_ text: String) -> String {
    var result = ""
    var word = ""
    func endWord() {
      let isName = (word.utf8.count == 40 || word.utf8.count == 10) && word.contains { $0.isNumber }
      result += isName ? "<oid>" : word
      word = ""
    }
    for character in text.split(separator: root, omittingEmptySubsequences: false).joined(separator: "<root>")
    {
      if character.isASCII && character.isHexDigit && !character.isUppercase {
        word.append(character)
      } else {
        endWord()
        result.append(character)
      }
    }
    endWord()
    return result
  }

  /// A run with both texts normalised.
  public func normalized(_ run: TestRun) -> TestRun {
    TestRun(run.code, out: normalized(run.out), err: normalized(run.err))
  }
}

/// Why a test's world could not be made.
public struct TestFailure: Error, CustomStringConvertible {
  /// What happened.
  public let description: String

  /// Makes a failure.
  public init(_ description: String) { self.description = description }
}

private struct FixedClock: WallClock {
  let seconds: Int64

  func now() -> Timestamp { Timestamp(milliseconds: seconds * 1000) }
}

private final class CountingSource: RandomSource {
  private var value: UInt64

  init(from value: UInt64) { self.value = value }

  func next() -> UInt64 {
    value += 1
    return value
  }
}
