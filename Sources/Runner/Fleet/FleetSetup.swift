import Git
import Ledger
import Migration
import Plans
import Site
import Supervision
import System

/// Begins a fleet: brings the base of each of its repositories into this one, and begins a migration in each;
/// or brings those that have begun up to the plan. What one of them does not let happen is told and holds up
/// no other.
public final class FleetSetup {
  let site: Site
  let report: (String) -> Void
  /// How many are begun by one append.
  private static let batch = 50

  /// What could not be done for which target, for people.
  public private(set) var problems: [Problem] = []
  /// The plan that is carried out.
  private let plan: FleetPlanFile
  /// Whether plans are the fleet's, by digest: a target may have been given one of its own.
  private var isOfFleet: [String: Bool] = [:]

  /// What could not be done for a target.
  public struct Problem: Equatable, Sendable {
    /// The target's id.
    public var target: String
    /// In words that follow its name.
    public var words: String
  }

  /// Makes one; `report` is told what happens, a line at a time.
  public init(_ site: Site, _ plan: FleetPlanFile, report: @escaping (String) -> Void) {
    (self.site, self.plan, self.report) = (site, plan, report)
  }

  /// The members of a fleet as its plan has them, or the file or command that the plan names. Throws with all
  /// that is wrong. `runsCommand` says whether the user has approved the command, `asksForge` whether a forge
  /// is asked.
  public static func members(
    _ file: PlanFile, site: Site?, runsCommand: Bool, asksForge: Bool
  ) throws(CommandError) -> [FleetMember] {
    guard let fleet = file.fleet else {
      throw CommandError(
        "'\(file.path)' has no 'targets'", hint: "list repositories there, or use 'git migrate start'")
    }
    let (lines, source) = try lines(of: fleet, file, site, runsCommand, asksForge)
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
    of fleet: FleetPlan, _ file: PlanFile, _ site: Site?, _ runsCommand: Bool, _ asksForge: Bool
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
    case .forge(let query):
      guard let site, asksForge else {
        throw CommandError(
          "the targets cannot be listed without asking the forge for '\(TerminalText.sanitizedLine(query))'",
          hint: "list them with 'git migrate fleet check -n \(file.path)'", exitCode: .couldNotVerify)
      }
      source = "'\(query)'"
      text = try ForgeListing(site).lines(of: query)
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

  /// Begins the members that have not begun, and brings the others up to the plan; gives the migrations whose
  /// base was bad, with the newest base of each.
  package func begin(
    _ members: [FleetMember], _ interruption: () throws(CommandError) -> Interruption
  ) throws(CommandError) -> [BadBase] {
    var bad: [BadBase] = []
    var waiting: [Proposal] = []
    var bases: [String: FleetBases.Found] = [:]
    let state = try reporting { try site.ledger.read() }.state
    for (index, member) in members.enumerated() {
      if index % FleetSetup.batch == 0 {
        let next = members[index...].prefix(FleetSetup.batch).map {
          FleetBases.Wanted(FleetMember.migration(of: $0.fleet, in: $0.target.id), $0)
        }.filter { state.migration(named: $0.migration) == nil }
        bases = try FleetBases(site).bring(next, try interruption())
      }
      let name = FleetMember.migration(of: member.fleet, in: member.target.id)
      let known = state.migration(named: name)
      do throws(CommandError) {
        if let known {
          let found = try revisit(known, member, in: state)
          bad += found.bad
          waiting += found.amendment
        } else {
          waiting.append(try proposal(member, name, bases[name]))
        }
      } catch {
        let verb = known == nil ? "begun" : "brought up to the plan"
        note(member.target.id, "could not be \(verb): \(TerminalText.sanitizedLine(error.message))")
      }
      if waiting.count >= FleetSetup.batch { try flush(&waiting) }
    }
    try flush(&waiting)
    tellDropped(members, state)
    return bad
  }

  private func note(_ target: String, _ words: String) {
    problems.append(Problem(target: target, words: words))
  }

  private func proposal(
    _ wanted: FleetMember, _ name: String, _ found: FleetBases.Found?
  ) throws(CommandError) -> Proposal {
    var member = wanted
    let commit: OID
    switch found {
    case .at(let base, let tip): (member.target.base, commit) = (base, tip)
    case .missing(let reason): throw CommandError(reason)
    case nil: throw CommandError("nobody brought its base")
    }
    guard member.target.base != member.branch else {
      throw CommandError("'\(member.branch)' is the branch that people there work on")
    }
    let expanded = try expanded(for: member, at: commit, allowingNone: false)
    let start = MigrationStart(
      plan: expanded, digest: plan.digest, base: FleetMember.baseBranch(of: name), commit: commit.objectID,
      shared: false)
    return Proposal(name, .migrationStarted(start), planText: plan.bytes)
  }

  private func expanded(
    for member: FleetMember, at commit: OID, allowingNone: Bool
  ) throws(CommandError) -> Plan {
    let source = try TreeSource(site: site, commit: commit)
    do throws(PlanFault) {
      return try plan.file.expand(for: member, using: source, allowingNone: allowingNone)
    } catch {
      throw CommandError(error)
    }
  }

  /// Records what the newest state allows of it: another process may have done the same meanwhile.
  private func flush(_ waiting: inout [Proposal]) throws(CommandError) {
    let proposals = waiting
    waiting = []
    if proposals.isEmpty { return }
    let actor = site.actor
    let outcome = try Interpreter(site: site, report: report).append(by: actor) {
      (snapshot, at) throws(Refusal) -> (value: Accepted, proposals: [Proposal]) in
      let accepted = Accepted(proposals, in: snapshot.state, at: at, by: actor)
      return (accepted, accepted.proposals)
    }
    switch outcome {
    case .refused(let refusal): throw CommandError(refusal)
    case .nothing(let snapshot, let accepted): tell(accepted, snapshot.state)
    case .recorded(let snapshot, let accepted):
      let approvals = accepted.proposals.compactMap { proposal in
        snapshot.state.migration(named: proposal.migration).map { ($0.approvalDigest, $0.name) }
      }
      try Trust(environment: site.environment).approve(approvals, at: site.clock.now())
      tell(accepted, snapshot.state)
    }
  }

  private func tell(_ accepted: Accepted, _ state: State) {
    let begun = accepted.proposals.count { if case .migration(.started) = $0.change { true } else { false } }
    if begun > 0 {
      report("\(Count.of(begun, "target")) begun")
      site.packRefs()
    }
    let amended = accepted.proposals.count - begun
    if amended > 0 { report("the plan of \(Count.of(amended, "target")) is amended") }
    for (name, refusal) in accepted.refused where refusal.code != .migrationExists {
      let target = state.migration(named: name)?.plan.fleet?.target.id ?? name
      note(target, "stays as it is: \(refusal.message)")
    }
  }

  // MARK: What has begun

  /// What is due for a target that has begun: a look at its base, where that was bad, and the plan as it is
  /// now.
  private func revisit(
    _ known: MigrationState, _ wanted: FleetMember, in state: State
  ) throws(CommandError) -> (bad: [BadBase], amendment: [Proposal]) {
    guard let member = known.plan.fleet, member.fleet == wanted.fleet, member.target.url == wanted.target.url
    else { throw CommandError("'\(known.name)' is a migration of something else already") }
    if known.phase.isTerminal { return ([], []) }
    let next = known.member(like: wanted, openWave: state.fleets[wanted.fleet].wave)
    var bad: [BadBase] = []
    if known.standingInFleet(isOpen: true) == .badBase {
      let base = try site.bringBase(of: next, as: known.name)
      bad.append(BadBase(migration: known.name, base: base, gate: known.gateDigest))
    }
    guard next != member || known.planDigest != plan.digest else { return (bad, []) }
    guard try hasFleetPlan(known) else {
      report("'\(member.target.id)' keeps the plan of its own that it was given by 'git migrate amend'")
      return (bad, [])
    }
    let isBegun = known.steps.contains { $0.phase.isTerminal }
    let expanded = try expanded(for: next, at: known.tip.oid, allowingNone: isBegun)
    let amendment = PlanAmendment(plan: expanded, number: known.planNumber + 1, digest: plan.digest)
    return (bad, [Proposal(known.name, .planAmended(amendment), planText: plan.bytes)])
  }

  /// Whether the plan in force is one of the fleet's own file.
  private func hasFleetPlan(_ known: MigrationState) throws(CommandError) -> Bool {
    if known.planDigest == plan.digest { return true }
    if let found = isOfFleet[known.planDigest] { return found }
    let bytes = try reporting {
      try site.ledger.reader.planText(known.name, number: known.planNumber, in: try site.ledger.read())
    }
    let file = bytes.flatMap { try? PlanFile.parse($0, path: known.name) }
    let found = file?.settings.migration != known.name
    isOfFleet[known.planDigest] = found
    return found
  }

  /// What the list names no longer goes on: what is under way there may be wanted.
  private func tellDropped(_ members: [FleetMember], _ state: State) {
    guard let fleet = members.first?.fleet else { return }
    let names = Set(members.map { FleetMember.migration(of: fleet, in: $0.target.id) })
    let gone = state.members(of: fleet).filter { !$0.phase.isTerminal && !names.contains($0.name) }
    guard let first = gone.first else { return }
    report(
      "\(Count.of(gone.count, "target")) of '\(fleet)' not in the list any more, first "
        + "'\(first.plan.fleet?.target.id ?? "")': 'git migrate abort -m \(first.name)' gives one up")
  }
}

extension Site {
  /// Puts all refs into one file: git looks through them for each fetch and push, and a file for each takes
  /// as long to open as all of them together. Nothing depends on it.
  func packRefs() { _ = try? git.run(["pack-refs", "--all"]) }
}
