import Git
import Ledger
import Migration
import Plans
import Site
import Supervision
import System

/// Begins a fleet: brings the base of each of its repositories into this one, and begins a migration in each.
/// What one of them does not let happen is told and holds up no other.
public struct FleetSetup {
  private let site: Site
  private let report: (String) -> Void
  /// How many are begun by one append.
  private static let batch = 50

  /// Why a target could not be begun.
  public struct Problem: Equatable, Sendable {
    /// The target's id.
    public var target: String
    /// Who is asked about it.
    public var owner: String?
    /// Why, for people.
    public var reason: String
  }

  /// Makes one; `report` is told what happens, a line at a time.
  public init(_ site: Site, report: @escaping (String) -> Void) { (self.site, self.report) = (site, report) }

  /// The members of a fleet as its plan has them, or the file or command that the plan names. Throws with all
  /// that is wrong. `runsCommand` says whether the user has approved the command.
  public static func members(
    _ file: PlanFile, site: Site?, runsCommand: Bool
  ) throws(CommandError) -> [FleetMember] {
    guard let fleet = file.fleet else {
      throw CommandError(
        "'\(file.path)' has no 'targets'", hint: "list repositories there, or use 'git migrate start'")
    }
    let (lines, source) = try lines(of: fleet, file, site, runsCommand)
    var faults: [CommandError] = []
    let members = fleet.members(of: lines, for: file.settings) { line, message in
      faults.append(CommandError("\(source):\(line.line): \(message)"))
    }
    if lines.isEmpty { faults.append(CommandError("'\(source)' names no repository")) }
    if var first = faults.first {
      first.others = Array(faults.dropFirst().prefix(49))
      throw first
    }
    return members
  }

  private static func lines(
    of fleet: FleetPlan, _ file: PlanFile, _ site: Site?, _ runsCommand: Bool
  ) throws(CommandError) -> ([TargetLine], String) {
    let (text, source): (String, String)
    switch fleet.source {
    case .list(let lines): return (lines, file.path)
    case .file(let name):
      source = name.hasPrefix("/") ? name : Files.parent(of: file.path) + "/" + name
      let bytes = try reporting { try Files.readFile(source, limit: 8 << 20) }
      guard let bytes else { throw CommandError("there is no list of targets '\(source)'") }
      guard let found = String(validating: bytes, as: UTF8.self) else {
        throw CommandError("the list of targets '\(source)' is no UTF-8")
      }
      text = found
    case .command(let command):
      guard let site, runsCommand else {
        throw CommandError(
          "the targets cannot be listed without running '\(TerminalText.sanitizedLine(command))'",
          hint: "read the plan, then run 'git migrate check --run-commands \(file.path)'",
          exitCode: .couldNotVerify)
      }
      source = "the targets"
      text = try reporting { try TreeSource(site: site).lines(of: command) ?? [] }.joined(separator: "\n")
    }
    let list = TargetList(text)
    if let first = list.faults.first {
      var error = CommandError("\(source):\(first.line): \(first.message)")
      error.others = list.faults.dropFirst().prefix(49).map {
        CommandError("\(source):\($0.line): \($0.message)")
      }
      throw error
    }
    return (list.lines, source)
  }

  // MARK: Beginning

  /// Begins the members that have not begun, and brings here the newest base of those whose base was bad.
  /// Gives those that could not be begun.
  public func begin(
    _ members: [FleetMember], of file: PlanFile, bytes: [UInt8], digest: String
  ) throws(CommandError) -> [Problem] {
    var problems: [Problem] = []
    var waiting: [Proposal] = []
    let state = try reporting { try site.ledger.read() }.state
    for member in members {
      let name = FleetMember.migration(of: member.fleet, in: member.target.id)
      func note(_ reason: String) {
        problems.append(Problem(target: member.target.id, owner: member.target.owner, reason: reason))
      }
      do throws(CommandError) {
        if let known = state.migration(named: name) {
          guard known.plan.fleet?.target.url == member.target.url else {
            throw CommandError("'\(name)' is a migration of something else already")
          }
          if known.standingInFleet(isOpen: true) == .badBase { _ = try bring(member, as: name) }
          continue
        }
        waiting.append(try proposal(member, name, file, bytes: bytes, digest: digest))
      } catch {
        note(TerminalText.sanitizedLine(error.message))
        continue
      }
      if waiting.count >= FleetSetup.batch { try flush(&waiting) }
    }
    try flush(&waiting)
    return problems
  }

  private func proposal(
    _ wanted: FleetMember, _ name: String, _ file: PlanFile, bytes: [UInt8], digest: String
  ) throws(CommandError) -> Proposal {
    var member = wanted
    if member.target.base == nil { member.target.base = try head(of: member.target.url) }
    guard member.target.base != member.branch else {
      throw CommandError("'\(member.branch)' is the branch that people there work on")
    }
    let commit = try bring(member, as: name)
    let source = try TreeSource(site: site, commit: commit)
    let plan: Plan
    do throws(PlanFault) {
      plan = try file.expand(for: member, using: source)
    } catch {
      throw CommandError(error)
    }
    let start = MigrationStart(
      plan: plan, digest: digest, base: FleetMember.baseBranch(of: name), commit: commit.objectID,
      shared: false)
    return Proposal(name, .migrationStarted(start), planText: bytes)
  }

  private func flush(_ waiting: inout [Proposal]) throws(CommandError) {
    if waiting.isEmpty { return }
    let outcome = try Interpreter(site: site, report: report).append(waiting, by: site.actor)
    if let refusal = outcome.refusal { throw CommandError(refusal) }
    guard case .recorded(let snapshot, _) = outcome else { return }
    let approvals = waiting.compactMap { proposal in
      snapshot.state.migration(named: proposal.migration).map { ($0.approvalDigest, $0.name) }
    }
    try Trust(environment: site.environment).approve(approvals, at: site.clock.now())
    report("\(Count.of(waiting.count, "target")) begun, last '\(waiting.last?.migration ?? "")'")
    waiting = []
  }

  /// Brings the base of a target here; gives where it is.
  private func bring(_ member: FleetMember, as name: String) throws(CommandError) -> OID {
    let (base, ref) = (member.target.base ?? "", "refs/heads/" + FleetMember.baseBranch(of: name))
    return try reporting { () throws -> OID in
      do {
        try site.git.fetch(
          from: member.target.url, ["+refs/heads/\(base):\(ref)"], deletesGone: false)
      } catch let error as GitError {
        throw CommandError(error.message)
      }
      guard let tip = try site.repository.resolve(ref) else {
        throw CommandError("it has no branch '\(base)'")
      }
      return tip
    }
  }

  /// The branch that the HEAD of a repository names.
  private func head(of url: String) throws(CommandError) -> String {
    let output = try reporting {
      try site.git.run([
        "-c", "protocol.git.allow=user", "ls-remote", "--quiet", "--symref", "--", url, "HEAD",
      ])
    }
    guard output.isSuccess else {
      let line = output.errorText.split(whereSeparator: \.isNewline).first.map(String.init)
      throw CommandError(line ?? "git cannot reach it")
    }
    for line in output.text.split(whereSeparator: \.isNewline) where line.hasPrefix("ref: refs/heads/") {
      let name = line.dropFirst("ref: refs/heads/".count).prefix { $0 != "\t" }
      if BranchName.fault(String(name)) == nil { return String(name) }
    }
    throw CommandError("its HEAD names no branch: say 'base'")
  }
}
