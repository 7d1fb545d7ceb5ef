import Ledger
import Migration
import Site

/// The programs that work needs, as a run sees them: which were there when it began, and which are missing.
struct ProgramWatch {
  /// Those that were there when a plan was first seen.
  private var seen: Set<String> = []
  /// The words that were none then: each plan of a fleet has the same, and what another has said of them is
  /// not asked again.
  private var absent: Set<String> = []
  private var plans: [String: Int] = [:]
  /// What is missing, where the ledger has no place for it.
  private var missing: [MissingProgram] = []
  private var lastLook: Timestamp?
  /// The shortest time between two looks for what is missing, in seconds.
  private static let lookSeconds = 5
  /// The most words of one plan that are looked up.
  private static let mostWords = 256

  /// Looks, once for each plan, which of the words of its commands are programs here; `missing` says which of
  /// some are not.
  mutating func see(_ plan: Plan, _ number: Int, missing: (Set<String>) -> Set<String>) {
    guard plans[plan.migration] != number else { return }
    // Of a plan that is changed, whoever changed it may have brought what was missing.
    if plans.updateValue(number, forKey: plan.migration) != nil { absent = [] }
    var commands = (plan.gate.verifiers + plan.ownVerifiers).map(\.run) + plan.allAgents.map(\.command)
    commands += [plan.gate.setup?.run, plan.worktree.setup].compactMap(\.self)
    commands += Set(plan.steps.compactMap { $0.run.flatMap { ShellText.words($0).first } }).sorted()
    let words = Set(commands.flatMap { ShellText.words($0) }.filter { !$0.hasPrefix("-") })
    let asked = Set(words.sorted().prefix(ProgramWatch.mostWords)).subtracting(seen.union(absent))
    if asked.isEmpty { return }
    let gone = missing(asked)
    absent.formUnion(gone)
    seen.formUnion(asked.subtracting(gone))
  }

  mutating func note(_ found: MissingProgram) {
    if !missing.contains(where: { $0.program == found.program }) { missing.append(found) }
  }

  /// What this machine has not got, as far as anybody knows.
  func known(in state: State, _ machine: String) -> [MissingProgram] {
    state.version >= MachineChange.version ? state.troubles[machine].map(\.missing) : missing
  }

  /// Whether one of them was there when the run began: it may come back.
  func awaits(_ missing: [MissingProgram]) -> Bool { missing.contains { seen.contains($0.program) } }

  /// Those of them that are there again; looked for now and then.
  mutating func returned(
    _ known: [MissingProgram], in site: any Surroundings
  ) -> [MissingProgram] {
    let now = site.clock.now()
    if known.isEmpty { return [] }
    if let last = lastLook, now >= last, now < last.adding(seconds: Self.lookSeconds) { return [] }
    lastLook = now
    let missing = site.missing(among: Set(known.map(\.program)))
    let back = known.filter { !missing.contains($0.program) }
    self.missing.removeAll { back.contains($0) }
    return back
  }
}

/// What a run makes of programs that are missing here: what needs them waits, and nothing is charged to the
/// steps.
extension Orchestrator {
  /// Says which programs are there again, so that work goes on; says whether there were any.
  func heedPrograms(_ state: State) throws(CommandError) -> Bool {
    let machine = site.owner.machine
    let back = programs.returned(programs.known(in: state, machine), in: site)
    if back.isEmpty { return false }
    guard state.version >= MachineChange.version else { return true }
    _ = try Interpreter(in: site).append(by: site.actor) { (snapshot, _) throws(Refusal) in
      let known = snapshot.state.troubles[machine].map(\.missing.program)
      return (
        (),
        back.filter { known.contains($0.program) }.map {
          Proposal(FormatVersion.everyMigration, .machineCleared(machine, program: $0.program))
        }
      )
    }
    return true
  }
}
