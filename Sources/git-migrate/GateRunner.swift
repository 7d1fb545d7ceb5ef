import Git
import Glibc
import Ledger
import Migration
import Processes
import Runner

/// Takes one step through its gate for a command that waits for the verdict.
final class GateRunner {
  /// How the step ended.
  enum Ending {
    case merged
    case sentBack(Migration.Failure)
    case unknown(String)
    case ended(String)
  }

  /// The descriptor that becomes readable when a signal asks for the end: Ctrl-C, a lost terminal.
  let signals: Int32
  private let context: Context
  private let site: Site
  private var isInterrupted = false

  init(_ context: Context) throws(CommandError) {
    self.context = context
    site = try context.site()
    signals = try reporting { try SignalPipe.installForEnd() }
    // `run | head`: an end by SIGPIPE would leave claims and gates to lapse.
    context.output.whenReaderLeaves { SignalPipe.note(SIGPIPE) }
  }

  /// Whether the user wants to stop.
  func shouldStop() -> Bool {
    if let signal = SignalPipe.drain().first {
      context.stopSignal = context.stopSignal ?? signal
      isInterrupted = true
    }
    return isInterrupted
  }

  /// Runs the gate of a submitted step, or waits for whoever runs it, until the step has left the gate.
  func pass(_ migration: String, _ fence: Fence) throws(CommandError) -> Ending {
    var told = ToldReasons()
    while true {
      let snapshot = try Recovery(site: site) { [context] in
        if told.isNew($0) { context.warn($0) }
      }.sweep(migration)
      guard let step = snapshot.state.migration(named: migration)?.step(fence.step) else {
        return .ended("gone")
      }
      if let ending = ending(step, fence) { return ending }
      if shouldStop() {
        throw CommandError(
          "interrupted; '\(fence.step)' is submitted and waits for its gate",
          hint: "'git migrate run' takes it on", exitCode: .interrupted)
      }
      let attempt = try GateAttempt(site: site, migration: migration, fence: fence).run(
        stopWhen: shouldStop, signals: signals, warn: { [context] in context.warn($0) })
      switch attempt {
      case .sentBack(let failure): return .sentBack(failure)
      case .unknown(let reason): return .unknown(reason)
      case .decided: continue
      case .notNow:
        var poller = Poller()
        poller.add(reading: signals)
        _ = poller.wait(milliseconds: 200)
      }
    }
  }

  private func ending(_ step: Step, _ fence: Fence) -> Ending? {
    guard step.epoch == fence.epoch else { return .ended(step.phase.word) }
    switch step.phase {
    case .submitted, .gating, .merging: return nil
    case .merged: return .merged
    case .leased, .ready, .backoff, .waiting, .blocked:
      return .sentBack(step.lastFailure ?? Migration.Failure(kind: .gate, reason: "it was sent back"))
    case .skipped, .cancelled: return .ended(step.phase.word)
    }
  }
}

/// Takes away the worktrees that nobody needs any more.
struct Cleaning {
  let context: Context

  init(_ context: Context) { self.context = context }

  /// Removes every free slot; what cannot be removed is said and left.
  func removeSlots() throws(CommandError) {
    let site = try context.site()
    guard (try? site.mainDirectory()) != nil else { return }
    Slots(site: site).removeLeftCaches()
    let state = try reporting { try site.ledger.read() }.state
    guard state.migrations.allSatisfy(\.phase.isTerminal) else { return }
    do throws(CommandError) {
      for kept in try Slots(site: site).removeAll(in: state) { context.warn("kept the worktree \(kept)") }
    } catch {
      context.warn("worktrees could not be removed: \(error.message)", hint: error.hint)
    }
  }
}
