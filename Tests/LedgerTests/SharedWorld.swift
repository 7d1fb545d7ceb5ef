import Git
import Migration
import Support
import System

@testable import Ledger

/// A bare repository, and clones that share a ledger through it.
final class SharedWorld {
  let ledgers: LedgerWorld
  let server: String

  /// Starts a migration of `count` steps in the first clone and shares it.
  ///
  /// `before` is done in between.
  init(steps count: Int, before: (LedgerWorld) throws -> Void = { _ in }) throws {
    ledgers = try LedgerWorld(steps: count)
    try before(ledgers)
    server = ledgers.repository.root + "/server.git"
    try ledgers.repository.git("init", "--quiet", "--bare", "--initial-branch=main", server)
    try ledgers.repository.git("-C", server, "config", "core.logAllRefUpdates", "always")
    try share(ledgers.repository.path)
    try ledgers.repository.git("push", "--quiet", "origin", "main")
    _ = try writer(in: ledgers.repository.path).synchronize()
  }

  private func share(_ path: String) throws {
    let repository = ledgers.repository
    if try repository.runGit(["-C", path, "remote", "get-url", "origin"]).code != 0 {
      try repository.git("-C", path, "remote", "add", "origin", server)
    }
    try repository.git("-C", path, "config", "migrate.remote", "origin")
    try repository.git("-C", path, "config", "migrate.combine", "true")
  }

  /// Another clone; the folder.
  func clone(_ name: String) throws -> String {
    let path = "\(ledgers.repository.root)/\(name)"
    try ledgers.repository.git("clone", "--quiet", server, path)
    try share(path)
    _ = try writer(in: path).synchronize()
    return path
  }

  /// A writer in a clone, as another process there would have. `wrapped` puts something between it and the
  /// server.
  func writer(
    in path: String? = nil, clock: any WallClock = SystemClock(),
    wrapped: (GitRemote) -> any LedgerRemote = { $0 }
  ) throws -> Ledger {
    let repository = try Repository.open(
      gitDirectory: (path ?? ledgers.repository.path) + "/.git", environment: ledgers.repository.environment)
    let ledger = Ledger(repository: repository, clock: clock)
    if let remote = try GitRemote(repository, GitProgram(repository)) { ledger.remote = wrapped(remote) }
    return ledger
  }

  /// What `init` lets every `git fetch` do.
  func fetchByHand(in path: String? = nil) throws {
    try ledgers.repository.git(
      "-C", path ?? ledgers.repository.path, "fetch", "--quiet", "--prune", "origin",
      "+\(Ledger.ref)*:refs/migrate/remotes/origin/ledger*")
  }

  /// The sentences that the server's ledger has, oldest first.
  func sentences() throws -> [String] {
    try ledgers.repository.git("-C", server, "log", "--reverse", "--format=%s", Ledger.ref)
      .split(separator: "\n").map(String.init)
  }

  /// What a ref names on a side.
  func tip(_ side: String, _ ref: String = Ledger.ref) throws -> String {
    try ledgers.repository.git("-C", side, "rev-parse", ref)
  }

  /// How many pushes have moved the server's ledger since it was shared.
  func pushes() throws -> Int {
    try ledgers.repository.git("-C", server, "reflog", "show", "--format=%H", Ledger.ref).split(
      separator: "\n"
    )
    .count - 1
  }

  /// Takes the server away, or brings it back.
  func setReachable(_ isReachable: Bool) throws {
    let away = server + ".away"
    try Files.move(isReachable ? away : server, to: isReachable ? server : away)
  }
}

/// A remote whose connection fails when a test wants it to.
final class FaultyRemote: ForwardingRemote {
  enum Fault {
    /// The ledger's lock is held there.
    case busy
    /// The connection is cut before the server has the entries.
    case cutBefore
    /// It is cut after the server has them.
    case cutAfter
    /// It takes nothing for the moment, with a word.
    case refuses
    /// It is cut here; what was sent is still on its way when we look, and arrives before our next push.
    case late

    /// After these nobody here knows whether the server has the entries.
    static let open: [Fault] = [.cutBefore, .cutAfter, .late]
  }

  var faults: [Fault] = []
  /// Whether a push asks for the old value; without, it is the known bug B1.
  var isBlind = false
  var pushes = 0
  var server = ""
  var git: GitProgram?
  private var onItsWay: [GitProgram.PushUpdate]?
  /// What others do just before, and just after, something late arrives.
  var beforeArrival: () -> Void = {}
  var afterArrival: () -> Void = {}

  /// Whether nothing can be fetched.
  var isFetchCut = false

  override func fetch(branches: [String]) throws(GitError) -> OID? {
    if isFetchCut { throw GitError(message: "it cannot be reached", operation: "fetch") }
    return try real.fetch(branches: branches)
  }

  /// Lets arrive what is on its way.
  func arrive() throws(GitError) {
    guard let late = onItsWay else { return }
    onItsWay = nil
    beforeArrival()
    _ = try real.push(late)
    afterArrival()
  }

  override func push(_ updates: [GitProgram.PushUpdate]) throws(GitError) -> GitProgram.PushOutcome {
    pushes += 1
    if isBlind, let git {
      let specs = updates.map { "+\($0.new.hex):\($0.ref)" }
      return try git.run(["push", "--quiet", server] + specs).isSuccess ? .won : .unknown("it failed")
    }
    if faults.last != .busy { try arrive() }
    switch faults.popLast() {
    case nil: return try real.push(updates)
    case .busy: return .lost([Ledger.ref])
    case .refuses: return .rejected("it is read-only")
    case .late:
      onItsWay = updates
      return .unknown("the remote end hung up unexpectedly")
    case .cutBefore: return .unknown("the remote end hung up unexpectedly")
    case .cutAfter:
      _ = try real.push(updates)
      return .unknown("the remote end hung up unexpectedly")
    }
  }
}
