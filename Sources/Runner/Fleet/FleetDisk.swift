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

  /// Gives up as much as is needed and no more, what was used longest ago first: worktrees that are free,
  /// then targets that are done with. Throws when the setting is no size, or the ledger cannot be written.
  public func keep(_ fleet: String) throws(CommandError) {
    guard let limit = try limit(), try used() > limit else { return }
    let state = try reporting { try site.ledger.read() }.state
    if try !Slots(site: site).survey().free.isEmpty {
      let kept = try Slots(site: site).removeAll(in: state) { () throws(CommandError) in try used() <= limit }
      for reason in kept { report("not removed: \(reason)") }
      report("worktrees that nobody uses are removed: 'migrate.fleetDisk' is \(MachineLimits.words(limit))")
    }
    // What a run has written is smaller once it is packed.
    if try used() > limit { try collect() }
    // What was given up before is gone in an hour, and makes room then.
    let excess = try used() - unreachable() - limit
    let gone = excess > 0 ? try giveUp(excess, of: fleet, in: state) : 0
    if gone > 0 {
      report("\(Count.of(gone, "target")) that \(gone == 1 ? "is" : "are") done with given up here")
      try collect()
    }
    let left = try used()
    guard left > limit else { return }
    let rest =
      try left - unreachable() > limit ? "the rest is in use, or nowhere else" : "some goes in an hour"
    report(
      "'\(fleet)' holds \(MachineLimits.words(left)) here, more than 'migrate.fleetDisk' "
        + "(\(MachineLimits.words(limit))): \(rest)")
  }

  /// How many bytes the repository and the worktrees of its slots take.
  private func used() throws(CommandError) -> Int {
    let root = try site.worktreeRoot()
    return DiskUse.bytes(below: [site.repository.commonDirectory + "/objects", root])
  }

  /// How many of them are objects to which nothing leads, and which are not dropped yet.
  private func unreachable() throws(CommandError) -> Int {
    let output = try reporting { try site.git.run(["prune", "--dry-run", "--expire=now"]) }
    let folder = site.repository.commonDirectory + "/objects"
    return DiskUse.bytes(
      below: output.text.split(whereSeparator: \.isNewline).compactMap { line in
        OID(String(line.prefix { $0 != " " })).map { "\(folder)/\($0.hex.prefix(2))/\($0.hex.dropFirst(2))" }
      })
  }

  /// Gives targets up that are done with, those of which nothing was heard for longest first, until that many
  /// bytes are free; says how many.
  private func giveUp(_ excess: Int, of fleet: String, in state: State) throws(CommandError) -> Int {
    var members: [String: MigrationState] = [:]
    for member in state.members(of: fleet) where member.standingInFleet(isOpen: true) == .merged {
      members[member.name] = member
    }
    guard !members.isEmpty, let tip = try site.snapshot().tip else { return 0 }
    let oldest = try reporting { try site.ledger.reader.byLastEntry(Array(members.keys), to: tip) }
    var (gone, freed) = (0, 0)
    for member in oldest.compactMap({ members[$0] }) where freed < excess {
      guard try end(member), let tips = try release(member) else { continue }
      gone += 1
      freed += try size(ofAllBehind: tips)
    }
    return gone
  }

  /// How many bytes the objects take that only these lead to.
  private func size(ofAllBehind tips: [OID]) throws(CommandError) -> Int {
    let output = try reporting {
      try site.git.run(
        ["rev-list", "--objects", "--disk-usage", "--stdin", "--not", "--all"],
        input: Array(tips.map(\.hex).lines.utf8))
    }
    return output.text.split(whereSeparator: \.isWhitespace).first.flatMap { Int($0) } ?? 0
  }

  /// Sees to it that a target has ended: what people there have merged is finished. False when it goes on.
  private func end(_ member: MigrationState) throws(CommandError) -> Bool {
    if member.phase.isTerminal { return true }
    guard member.inFlight.isEmpty, member.refresh == nil else { return false }
    let change = Migration.Change.migrationFinished(result: member.tip, partial: false)
    return try Interpreter(site: site, report: report).append(
      [Proposal(member.name, change)], by: site.actor
    ).refusal == nil
  }

  /// Takes the refs of a target away whose work is in its own base; gives where they were, `nil` when git
  /// does not let its branches go.
  private func release(_ member: MigrationState) throws(CommandError) -> [OID]? {
    var tips: [OID] = []
    let own = [
      "refs/migrate/attempt/\(member.name)/*", LedgerRefs.archive(member.name),
      "refs/migrate/remotes/published/base/\(member.base)",
    ]
    for pattern in own {
      for (name, oid) in try reporting({ try site.repository.references(matching: pattern) }) {
        tips.append(oid)
        if case .won = site.repository.deleteReference(name, expected: oid) { continue }
        report("'\(name)' was changed meanwhile, and stays")
      }
    }
    site.repository.removeEmptyRefFolders(in: LedgerRefs.attemptFolder + member.name) { _ in true }
    var lines: [String] = []
    for name in [member.intoRef, "refs/heads/\(member.base)"] {
      guard let tip = try site.tip(of: name) else { continue }
      tips.append(tip)
      lines.append("delete \(name) \(tip.hex)")
    }
    if lines.isEmpty { return tips.isEmpty ? nil : tips }
    let output = try reporting {
      try site.git.run(["update-ref", "--stdin"], input: Array(lines.lines.utf8), hooks: .effective)
    }
    if output.isSuccess { return tips }
    report("\(member.name) is kept: \(output.errorText)")
    return nil
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
