import Draws
import Git
import Ledger
import Migration
import Runner
import Site

/// A command of a person or worker that takes its time: `refresh`, `finish`, `submit` and `verify` go on in
/// turn with the runs, and die and sleep as they do.
final class RunningCommand {
  let process: Process
  /// What it is, for the trace.
  let name: String
  /// When something is to be done here next, in true time.
  var wakesAt: Int64
  private let world: World
  /// One round: what came of it, in words, once something has.
  private let round: () throws(CommandError) -> ErrandRound<String>
  /// Whether it began when nothing was wrong any more: else it may remember that the server was out of reach.
  private let beganInCalm: Bool
  /// What it must not have recorded.
  private let recordsNothing: Bool

  private init<Work: ErrandWork>(_ world: World, _ process: Process, _ name: String, _ work: Work) {
    self.world = world
    self.process = process
    self.name = name
    wakesAt = world.now
    beganInCalm = world.isCalm
    recordsNothing = !work.sweeps
    let errand = Errand(in: process, World.migration, work) { world.note("  (\(name): \($0))") }
    round = { () throws(CommandError) -> ErrandRound<String> in
      switch try errand.step() {
      case .more: .more
      case .nothing: .nothing
      case .ended(let outcome): .ended(String(describing: outcome))
      }
    }
  }

  private init(
    _ world: World, _ process: Process, _ name: String,
    _ round: @escaping () throws(CommandError) -> ErrandRound<String>
  ) {
    (self.world, self.process, self.name, self.round) = (world, process, name, round)
    wakesAt = world.now
    beganInCalm = world.isCalm
    recordsNothing = false
  }

  /// Tries steps again by the plan in force, which changes nothing about them.
  static func trial(_ process: Process, _ wishes: [TrialWish]) -> RunningCommand {
    let world = process.world
    let run = TrialRun(in: process, World.migration, wishes, workers: 2) { world.note("  (trial: \($0))") }
    return RunningCommand(world, process, "trial") { () throws(CommandError) -> ErrandRound<String> in
      switch try run.step() {
      case .more: .more
      case .nothing: .nothing
      case .ended(let reports): .ended(reports.map { "\($0.step) \($0.outcome)" }.joined(separator: ", "))
      }
    }
  }

  static func refresh(_ process: Process) -> RunningCommand {
    RunningCommand(process.world, process, "refresh", RefreshWork(in: process) { _ in })
  }

  static func finish(_ process: Process, isPartial: Bool) -> RunningCommand {
    let work = FinishWork(
      in: process, World.migration, isPartial: isPartial, leavesBase: true, report: { _ in }, note: { _ in })
    return RunningCommand(process.world, process, "finish", work)
  }

  static func submit(_ process: Process, _ fence: Fence) -> RunningCommand {
    let work = MergeWork(in: process, World.migration, fence) { _ in }
    return RunningCommand(process.world, process, "submit of \(fence.step)", work)
  }

  static func verify(_ process: Process, _ claim: WorkerClaim) -> RunningCommand {
    RunningCommand(process.world, process, "verify", VerifyWork(in: process, claim) { _ in })
  }

  /// Whether nothing can go on here now.
  var isStuck: Bool { process.machine.isStuck }

  /// Goes on for a round; `false` once it is over.
  func goOn() -> Bool {
    process.machine.isBusy = true
    defer { process.machine.isBusy = false }
    do throws(CommandError) {
      let round = try self.round()
      if process.isCrashed { return false }
      switch round {
      case .more: wakesAt = world.now
      case .nothing:
        process.gates.removeAll { $0.endsAt <= world.now }
        let soon = world.now + Int64(world.chance.draw(200...20_000))
        wakesAt = process.gates.map(\.endsAt).min().map { min($0, soon) } ?? soon
      case .ended(let outcome):
        if let notice = process.owed.first {
          world.fail("I-16", "\(name) has recorded it, and has told nobody: \(notice)")
        }
        return end(outcome)
      }
      return true
    } catch {
      if process.isCrashed { return false }
      if world.isCalm, !isAnswer(error) {
        world.fail("I-19", "\(name) ends with an error although nothing is wrong: \(error.message)")
      }
      return end(error.message)
    }
  }

  /// Whether it is a no that a command may say at any time.
  private func isAnswer(_ error: CommandError) -> Bool {
    if error.isOffline && !beganInCalm { return true }
    return switch error.exitCode {
    case .no, .couldNotVerify, .interrupted: true
    case .done, .nothingNow, .nothingLeft, .machineCannot, .fatal, .usage: false
    }
  }

  private func end(_ outcome: String) -> Bool {
    try? Interpreter(in: process).performDue()
    world.note("\(name) ends: \(outcome.prefix(120))")
    if recordsNothing, process.appends > 0 { world.fail("I-10", "\(name) has recorded something") }
    process.end()
    return false
  }
}

extension World {
  /// How many commands people have under way at most.
  static let mostCommands = 3

  /// Begins a command, unless enough are under way.
  func begin(_ command: RunningCommand) {
    guard commands.count < World.mostCommands else { return command.process.end() }
    note("\(command.process.actor) begins \(command.name)")
    commands.append(command)
  }

  /// Lets a command go on.
  func goOn(_ command: RunningCommand) {
    load.rounds += 1
    if !command.goOn() { commands.removeAll { $0 === command } }
  }
}
