import Git
import Ledger
import Migration
import Site

/// Runs the gate on a tree that no step has touched, and records what it found. The base must pass first,
/// once per tree: otherwise its failures would be blamed on the steps (DESIGN §6).
final class BaselineTask {
  enum Ending: Equatable {
    case passed
    case failed(String)
    case stopped
  }

  private let site: any Surroundings
  private let migration: String
  private let digest: String
  private let tree: OID
  /// The number of the claim; `nil` where the verdict was known, so that nothing was claimed.
  private let run: Int?
  private let job: any GateVerification
  private let held: HoldWatch?
  /// What the verdict rests on here.
  private let basis: VerdictBasis?
  private var isStopping = false

  /// Claims the base of a migration, then starts the gate on `commit`, whose tree is `tree`. Refused while
  /// somebody else judges it: what they find counts for all. `report` is told what leads the verifiers
  /// astray.
  static func begin(
    site: any Surroundings, state: MigrationState, commit: OID, tree: OID, report: (String) -> Void
  ) throws(CommandError) -> Result<BaselineTask, Refusal> {
    let basis = try site.basis(of: state, report: report)
    let known = try site.knownPass(tree.objectID, state, on: basis)
    if let known, known.evidence.reused != nil {
      let job = RememberedVerdict(known)
      return .success(BaselineTask(site: site, state: state, tree: tree, run: nil, job: job, basis: basis))
    }
    let outcome = try Interpreter(in: site).append(by: site.actor) { (snapshot, at) throws(Refusal) in
      guard let now = snapshot.state.migration(named: state.name) else {
        throw Refusal.noMigration(state.name)
      }
      let run = now.baselineRuns + 1
      let claim = BaselineClaim(
        run: run, tree: tree.objectID, verifiers: state.gateDigest, holder: site.actor, owner: site.owner,
        expiresAt: at.adding(seconds: now.plan.leaseSeconds))
      return (run, [Proposal(state.name, .baselineClaimed(claim))])
    }
    let run: Int
    switch outcome {
    case .refused(let refusal): return .failure(refusal)
    case .recorded(_, let number), .nothing(_, let number): run = number
    }
    do throws(CommandError) {
      let job: any GateVerification
      if let known {
        job = RememberedVerdict(known)
      } else {
        job = try site.startGate(state.plan, on: commit, for: .baseline(migration: state.name))
      }
      // While the verifiers are at work already, so that nobody waits for it.
      site.outsideCode(state.plan).forEach(report)
      return .success(BaselineTask(site: site, state: state, tree: tree, run: run, job: job, basis: basis))
    } catch {
      let change = Migration.Change.baselineAbandoned(run: run, evidence: .holder)
      _ = try? Interpreter(in: site).append([Proposal(state.name, change)], by: site.actor)
      throw error
    }
  }

  private init(
    site: any Surroundings, state: MigrationState, tree: OID, run: Int?, job: any GateVerification,
    basis: VerdictBasis?
  ) {
    self.site = site
    self.tree = tree
    self.run = run
    held = run.map { HoldWatch(.base(run: $0)) }
    self.job = job
    self.basis = basis
    migration = state.name
    digest = state.gateDigest
  }

  var descriptor: Int32 { job.descriptor }

  /// What it holds in the ledger; nothing more while it ends.
  var watch: HoldWatch? { isStopping ? nil : held }

  func stop() {
    isStopping = true
    job.stop()
  }

  /// Gives the base back when the machine could not judge it; false where the ledger has no place for that.
  private func giveUp(_ hindrance: Hindrance, _ run: Int) throws(CommandError) -> Bool {
    guard try site.snapshot().state.version >= MachineChange.version else {
      return false
    }
    _ = try Interpreter(in: site).append(by: site.actor) { [self] (snapshot, _) throws(Refusal) in
      let given = Proposal(migration, .baselineAbandoned(run: run, evidence: .holder))
      guard case .missing(let missing) = hindrance else { return ((), [given]) }
      let trouble = Proposal.trouble(missing, of: site.owner.machine, in: snapshot.state)
      return ((), [given] + [trouble].compactMap(\.self))
    }
    return true
  }

  /// What the gate found, or `nil` while it runs.
  func advance() throws(CommandError) -> Ending? {
    guard let report = try job.poll() else { return nil }
    if isStopping {
      guard let run else { return .stopped }
      // What is not ours any more needs no giving back.
      _ = try Interpreter(in: site).append(
        [Proposal(migration, .baselineAbandoned(run: run, evidence: .holder))], by: site.actor)
      return .stopped
    }
    if let run, let hindrance = report.hindrance, try giveUp(hindrance, run) { return .stopped }
    let reason = report.failure?.reason ?? "passed"
    var evidence = report.evidence
    evidence.basis = basis
    let baseline = Baseline(
      tree: tree.objectID, verifiers: digest, verdict: report.verdict, reason: reason,
      details: report.failure.map { $0.details.isEmpty ? [$0.reason] : $0.details } ?? [],
      kept: report.kept, run: run, evidence: evidence)
    let outcome = try Interpreter(in: site).append(by: site.actor) { [self] (snapshot, _) throws(Refusal) in
      let now = snapshot.state.migration(named: migration)
      // Whoever was faster has said the same of it.
      let isKnown = now?.verdict(tree: tree.objectID, verifiers: digest)?.verdict == .passed
      if run == nil, isKnown { return ((), []) }
      return ((), [Proposal(migration, .baselineRecorded(baseline)).resting(on: report.runs)])
    }
    // The migration has ended meanwhile, has another plan, or somebody else judges: what was found says
    // nothing about that.
    if outcome.refusal != nil { return .stopped }
    return report.verdict == .passed ? .passed : .failed(reason)
  }
}
