import Git
import Ledger
import Migration
import Site
import System

/// Keeps what a fleet holds here within `migrate.fleetDisk`: what people in the targets have taken, and the
/// worktrees that nobody uses, are given up, and never what is in use or is nowhere else.
public struct FleetDisk {
  private let site: Site
  private let report: (String) -> Void

  /// How long what nothing leads to any more is kept, in git's words: somebody may be about to use it.
  private static let grace = "1.hour.ago"

  /// Makes it; `report` is told what goes, a line at a time.
  public init(_ site: Site, report: @escaping (String) -> Void) {
    (self.site, self.report) = (site, report)
  }

  /// The limit in bytes; `nil` without one. Throws when the setting is no size.
  public func limit() throws(CommandError) -> Int? {
    guard let text = try reporting({ try site.repository.config("migrate.fleetDisk") }) else { return nil }
    guard let size = MachineLimits.bytes(text) else {
      throw CommandError(
        "'migrate.fleetDisk' is '\(text)', not a size such as 500m or 20g",
        hint: "0 switches it off; see git-migrate-fleet(1)")
    }
    return size == 0 ? nil : size
  }

  /// Gives up as much as is needed, what was used longest ago first: worktrees that are free, then targets
  /// that are done with. Throws when the setting is no size, or the ledger cannot be written.
  public func keep(_ fleet: String) throws(CommandError) {
    guard let limit = try limit(), try used() > limit else { return }
    var state = try reporting { try site.ledger.read() }.state
    if try !Slots(site: site).survey().free.isEmpty {
      for reason in try Slots(site: site).removeAll(in: state) { report("not removed: \(reason)") }
      report("worktrees that nobody uses are removed: 'migrate.fleetDisk' is \(MachineLimits.words(limit))")
    }
    if try used() > limit {
      let ended = try end(of: fleet, in: state)
      state = try reporting { try site.ledger.read() }.state
      let gone = try release(ended, in: state)
      if gone > 0 {
        report("\(Count.of(gone, "target")) that \(gone == 1 ? "is" : "are") done with given up here")
      }
      try collect()
    }
    let left = try used()
    guard left > limit else { return }
    report(
      "'\(fleet)' holds \(MachineLimits.words(left)) here, more than 'migrate.fleetDisk' "
        + "(\(MachineLimits.words(limit))): the rest is in use, or nowhere else")
  }

  /// How many bytes the repository and the worktrees of its slots take.
  private func used() throws(CommandError) -> Int {
    let root = try site.worktreeRoot()
    return DiskUse.bytes(below: [site.repository.commonDirectory + "/objects", root])
  }

  /// The targets that are done with, those of which nothing was heard for longest first: what people there
  /// have merged is finished by that.
  private func end(of fleet: String, in state: State) throws(CommandError) -> [MigrationState] {
    let done = state.members(of: fleet).filter { $0.standingInFleet(isOpen: true) == .merged }
    let open = done.filter { !$0.phase.isTerminal && $0.inFlight.isEmpty && $0.refresh == nil }
    let proposals = open.map { Proposal($0.name, .migrationFinished(result: $0.tip, partial: false)) }
    if !proposals.isEmpty {
      let actor = site.actor
      let outcome = try Interpreter(site: site, report: report).append(by: actor) {
        (snapshot, at) throws(Refusal) -> (value: Void, proposals: [Proposal]) in
        ((), Accepted(proposals, in: snapshot.state, at: at, by: actor).proposals)
      }
      if let refusal = outcome.refusal { throw CommandError(refusal) }
    }
    return done
  }

  /// Takes the refs of targets away whose work is in their own base; gives of how many.
  private func release(_ members: [MigrationState], in state: State) throws(CommandError) -> Int {
    var gone = 0
    for known in members {
      guard let member = state.migration(named: known.name), member.phase.isTerminal else { continue }
      let own = [
        "refs/migrate/attempt/\(member.name)/*", LedgerRefs.archive(member.name),
        "refs/migrate/remotes/published/base/\(member.base)",
      ]
      for pattern in own {
        for (name, oid) in try reporting({ try site.repository.references(matching: pattern) }) {
          if case .won = site.repository.deleteReference(name, expected: oid) { continue }
          report("'\(name)' was changed meanwhile, and stays")
        }
      }
      site.repository.removeEmptyRefFolders(in: LedgerRefs.attemptFolder + member.name) { _ in true }
      var lines: [String] = []
      for name in [member.intoRef, "refs/heads/\(member.base)"] {
        if let tip = try site.tip(of: name) { lines.append("delete \(name) \(tip.hex)\n") }
      }
      if lines.isEmpty { continue }
      let output = try reporting {
        try site.git.run(["update-ref", "--stdin"], input: Array(lines.joined().utf8), hooks: .effective)
      }
      if output.isSuccess { gone += 1 } else { report("\(member.name) is kept: \(output.errorText)") }
    }
    return gone
  }

  /// Drops what nothing leads to, but for what is so new that somebody may be about to use it.
  private func collect() throws(CommandError) {
    for words in [
      ["repack", "-q", "-A", "-d", "--unpack-unreachable=\(FleetDisk.grace)"],
      ["prune", "--expire=\(FleetDisk.grace)"],
    ] {
      let output = try reporting { try site.git.run(words) }
      if !output.isSuccess { report("git \(words[0]): \(output.errorText)") }
    }
  }
}
