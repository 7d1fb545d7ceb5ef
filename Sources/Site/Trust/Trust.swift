import Ledger
import Migration
import System

/// Which plans this user has approved to run commands (DESIGN §4, THREATS T11).
///
/// One file in the user's own state folder. Nothing that comes with a repository can add to it: not a file in
/// it, not its configuration, not its ledger. An approval is for the exact bytes of a plan file; any change
/// asks again.
public struct Trust: Sendable {
  /// An approval.
  public struct Approval: Equatable, Sendable {
    /// SHA-256 of the plan file.
    public var digest: String
    /// When it was given, in seconds since the Unix epoch.
    public var seconds: Int64
    /// The migration's name or the plan's path, for people.
    public var name: String

    /// Makes an approval.
    public init(digest: String, seconds: Int64, name: String) {
      self.digest = digest
      self.seconds = seconds
      self.name = name
    }
  }

  /// The file that keeps the approvals.
  public let path: String

  /// The largest file that is read, in bytes.
  private static let limit = 16 << 20

  /// Finds the file: `$XDG_STATE_HOME/git-migrate/trusted`, by default below `~/.local/state`.
  ///
  /// Throws when there is no such folder.
  public init(environment: [String: String]) throws(CommandError) {
    guard let folder = StateFolder.path(environment) else {
      throw CommandError(
        "no place to keep which plans are trusted: HOME is not set", hint: "set HOME, or XDG_STATE_HOME")
    }
    path = folder + "/trusted"
  }

  /// Whether this user approved the plan file with that digest. Throws when the file cannot be trusted
  /// itself.
  public func isApproved(digest: String) throws(CommandError) -> Bool {
    try list(of: digest).contains { $0.digest == digest }
  }

  /// The approvals, oldest first. Lines that are none are passed over.
  public func list() throws(CommandError) -> [Approval] { try list(of: "") }

  /// Those with a digest that begins so: of thousands of lines no other is taken apart.
  private func list(of digest: String) throws(CommandError) -> [Approval] {
    try Trust.requirePrivate([Files.parent(of: path), path])
    guard let bytes = try reporting({ try Files.readFile(path, limit: Trust.limit) }) else { return [] }
    let beginning = Array(digest.utf8)
    return bytes.split(separator: 0x0A).compactMap { line in
      guard line.starts(with: beginning) else { return nil }
      let fields = line.split(separator: 0x20, maxSplits: 2, omittingEmptySubsequences: false)
        .map { String(decoding: $0, as: UTF8.self) }
      guard fields.count == 3, Trust.isDigest(fields[0]), let seconds = Int64(fields[1]) else { return nil }
      return Approval(digest: fields[0], seconds: seconds, name: fields[2])
    }
  }

  /// Approves a plan file; a second time changes nothing. `name` is for people.
  public func approve(digest: String, name: String, at time: Timestamp) throws(CommandError) {
    try approve([(digest, name)], at: time)
  }

  /// Approves many at once.
  public func approve(_ plans: [(digest: String, name: String)], at time: Timestamp) throws(CommandError) {
    if let bad = plans.first(where: { !Trust.isDigest($0.digest) }) {
      throw CommandError("'\(bad.digest)' is not the digest of a plan")
    }
    try change { (approvals) in
      var known = Set(approvals.map(\.digest))
      for plan in plans where known.insert(plan.digest).inserted {
        let clean = TerminalText.sanitizedLine(plan.name)
        approvals.append(
          Approval(digest: plan.digest, seconds: time.seconds, name: clean.isEmpty ? "-" : clean))
      }
    }
  }

  /// Takes approvals back: those with this digest or this name. Gives how many there were.
  @discardableResult
  public func revoke(_ digestOrName: String) throws(CommandError) -> Int {
    var count = 0
    try change { (approvals) in
      let before = approvals.count
      approvals.removeAll { $0.digest == digestOrName || $0.name == digestOrName }
      count = before - approvals.count
    }
    return count
  }

  /// Reads, changes and writes the file with nobody in between.
  private func change(_ body: (inout [Approval]) -> Void) throws(CommandError) {
    try reporting { try Files.makeDirectories(Files.parent(of: path), mode: 0o700) }
    let lock = try reporting { try FileLock.acquire(path: path + ".lock", wait: true) }
    defer { withExtendedLifetime(lock) {} }
    let before = try list()
    var after = before
    body(&after)
    guard after != before else { return }
    let text = after.map { "\($0.digest) \($0.seconds) \($0.name)\n" }.joined()
    try reporting { try Files.writeAtomically(path, Array(text.utf8), mode: 0o600, fsync: true) }
  }

  /// Approvals that somebody else could have written count for nothing.
  package static func requirePrivate(_ places: [String]) throws(CommandError) {
    for place in places {
      guard let status = FileStatus(following: place) else { continue }
      guard status.isPrivateToWrite else {
        throw CommandError(
          "'\(place)' is not yours alone to write, so the approvals in it count for nothing",
          hint: "chown it to yourself and run: chmod go-w '\(place)'")
      }
    }
  }

  private static func isDigest(_ text: String) -> Bool {
    text.utf8.count == 64 && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
  }
}

extension Plan {
  /// Every command the plan makes a machine run, each with where it stands in the plan: what a person
  /// approves.
  public var commands: [(place: String, command: String)] {
    var list: [(place: String, command: String)] = []
    if let setup = worktree.setup { list.append(("worktree set-up", setup)) }
    for agent in allAgents { list.append((Plan.place(agent.place, agent.env), agent.shown)) }
    if let setup = gate.setup, setup.run != worktree.setup { list.append(("gate set-up", setup.run)) }
    if let toolchain = gate.toolchain { list.append(("gate toolchain", toolchain)) }
    for verifier in gate.verifiers {
      let place = verifier.remote.map { "verifier \(verifier.name), after a push to \($0)" }
      list.append((Plan.place(place ?? "verifier \(verifier.name)", verifier.env), verifier.run))
    }
    for step in steps { if let run = step.run { list.append(("step \(step.id)", run)) } }
    if let until { list.append(("until", until.count)) }
    if let notify { list.append(("notify", notify)) }
    for channel in messages?.channels ?? [] {
      list.append(("notify by \(channel.kind.rawValue)", channel.target))
    }
    return list
  }

  /// Which variables a program gets is a part of what is approved.
  private static func place(_ place: String, _ env: [String]) -> String {
    env.isEmpty ? place : "\(place), which gets \(env.joined(separator: ", "))"
  }
}
