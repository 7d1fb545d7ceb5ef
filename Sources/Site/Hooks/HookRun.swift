import Git
import Guarding
import Ledger
import Migration
import System

/// What the scripts in `hooks/` call: `git migrate hook NAME`, with what git gave them on standard input.
public struct HookRun {
  let ledger: Ledger
  let branches: HookBranches

  /// Finds the repository that the hook runs for. A push's objects are read from where git put them for the
  /// time.
  public init(directory: String, environment: [String: String]) throws(CommandError) {
    let repository = try reporting { try Repository.discover(from: directory, environment: environment) }
    ledger = Ledger(repository: repository)
    branches = HookBranches(commonDirectory: repository.commonDirectory)
  }

  /// Judges what git asks. Returns when it may happen, and throws the objection when it may not.
  public func judge(_ hook: String, _ arguments: [String], input: [UInt8]) throws(CommandError) {
    switch hook {
    case "reference-transaction":
      guard arguments.first == "prepared" else { return }
      try check(.transaction) { () throws(RefObjection) in try RefUpdate.read(transaction: input) }
    case "pre-receive":
      try check(.receive) { () throws(RefObjection) in try RefUpdate.read(transaction: input) }
    case "pre-push":
      if try isElsewhere(arguments) { return }
      try check(.push) { () throws(RefObjection) in try RefUpdate.read(push: input) }
    case "pre-merge-commit": try checkMerge(into: arguments.first)
    default:
      throw CommandError("no hook '\(hook)'", hint: "'git migrate init' installs the hooks", exitCode: .usage)
    }
  }

  /// Whether a push goes to a repository that the ledger is not shared through, as a backup does: what is
  /// there is nobody's authority, and it has our copies of the shared one, too. git gives the remote's
  /// name, or its address, and the address.
  private func isElsewhere(_ arguments: [String]) throws(CommandError) -> Bool {
    try reporting { () throws -> Bool in
      guard let shared = try ledger.repository.config("migrate.remote"), !shared.isEmpty,
        let name = arguments.first, let address = arguments.dropFirst().first
      else { return false }
      let known = try GitRemote.addresses(of: shared, in: ledger.repository) + [shared]
      let places = known.map { Files.realPath($0) ?? $0 }
      return ![name, address].contains { places.contains(Files.realPath($0) ?? $0) }
    }
  }

  private func check(
    _ vantage: RefGuard.Vantage, _ read: () throws(RefObjection) -> [RefUpdate]
  ) throws(CommandError) {
    do throws(RefObjection) {
      let updates = try read()
      let listed = Set(branches.list())
      try RefGuard(ledger: ledger, vantage: vantage, listed: listed).check(updates)
      note(updates, listed)
    } catch {
      throw CommandError(error.description, hint: error.hint, exitCode: .no)
    }
  }

  /// A ledger that arrives by fetch or push may tell of integration branches that the scripts do not know
  /// yet.
  private func note(_ updates: [RefUpdate], _ listed: Set<String>) {
    guard let new = updates.last(where: { $0.ref == Ledger.ref })?.new.oid,
      let snapshot = try? ledger.snapshot(at: new)
    else { return }
    // Only a filter for speed and for a missing binary: what cannot be written now is written by the next
    // one.
    try? branches.add(snapshot.state)
  }

  /// A merge by hand on a migration's own branch would be refused when the branch moves; this says so before.
  private func checkMerge(into ref: String?) throws(CommandError) {
    guard let ref else { throw CommandError("which branch?", exitCode: .usage) }
    let state = try reporting { try ledger.read() }.state
    let open = state.migrations.first { !$0.phase.isTerminal && !$0.peopleShareBranch && $0.intoRef == ref }
    guard let open else { return }
    throw CommandError(
      "refusing to merge into '\(open.into)': the migration '\(open.name)' moves it, through its gate",
      hint: "hand work in with 'git migrate submit', bring the base in with 'git migrate refresh'",
      exitCode: .no)
  }
}

/// The file that tells the hook scripts which branches outside of `refs/heads/migrate/` they must ask about:
/// one full ref name a line.
public struct HookBranches: Sendable {
  /// The file.
  public let path: String

  /// Names the file of a repository.
  public init(commonDirectory: String) { path = commonDirectory + "/migrate/branches" }

  /// The refs in the file.
  public func list() -> [String] {
    guard let bytes = try? Files.readFile(path, limit: 1 << 20) else { return [] }
    return bytes.split(separator: 0x0A).map { PathText.string($0) }
  }

  /// Adds the integration branches of open migrations. To be called before such a branch is made.
  public func add(_ state: State) throws(CommandError) {
    let wanted = state.migrations.filter { !$0.phase.isTerminal }.map(\.intoRef)
      .filter { !$0.hasPrefix("refs/heads/migrate/") }
    let listed = list()
    let missing = wanted.filter { !listed.contains($0) }
    guard !missing.isEmpty else { return }
    let text = (listed + missing).map { $0 + "\n" }.joined()
    try reporting {
      try Files.makeDirectories(Files.parent(of: path))
      try Files.writeAtomically(path, PathText.bytes(text))
    }
  }
}
