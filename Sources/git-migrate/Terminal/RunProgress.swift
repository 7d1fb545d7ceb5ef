import Ledger
import Migration
import Runner
import System

/// Shows how a run goes: a line for each ledger entry and, on a terminal, one line below that is kept up to
/// date.
final class RunProgress: RunObserver {
  private let context: Context
  private let scope: Orchestrator.Scope
  private let isQuiet: Bool
  private let isLive: Bool
  private var isShown = false
  /// How many attempts of each step of each migration had failed when that was looked at last.
  private var failures: [String: [String: Int]] = [:]

  init(_ context: Context, _ scope: Orchestrator.Scope, isQuiet: Bool) {
    self.context = context
    self.scope = scope
    self.isQuiet = isQuiet
    isLive = context.output.isTerminal && !isQuiet
  }

  func ledgerGrew(_ snapshot: LedgerSnapshot, sentences: [LedgerSentence]) {
    guard !isQuiet else { return }
    clear()
    for sentence in sentences where !RunProgress.isNoise(sentence.text) {
      let text = isAlone(sentence.migration) ? sentence.text : sentence.withMigration
      write(TerminalText.sanitizedLine(text) + "\n")
    }
    let migrations = migrations(snapshot.state)
    for migration in migrations { tellLogs(migration) }
    guard isLive, migrations.contains(where: { !$0.steps.isEmpty }) else { return }
    write("\r\u{1B}[2K" + line(migrations))
    isShown = true
  }

  /// Whether this run is about that migration alone, so that its name need not be said.
  private func isAlone(_ migration: String) -> Bool { scope == .migration(migration) }

  /// Where a person reads more about the attempts that have failed since.
  private func tellLogs(_ state: MigrationState) {
    var now: [String: Int] = [:]
    let option = isAlone(state.name) ? "" : "--migration \(state.name) "
    for step in state.steps where step.failures > 0 {
      now[step.id] = step.failures
      guard let seen = failures[state.name], step.failures > seen[step.id, default: 0] else { continue }
      let logs = try? LogFile.list(of: state.name, step: step.id, context.site())
      let last = logs?.max { $0.changed < $1.changed }
      // Another machine has the logs of its own attempts.
      guard let last else { continue }
      write("  log: \(TerminalText.sanitizedLine(last.path)) ('git migrate logs \(option)\(step.id)')\n")
    }
    failures[state.name] = now
  }

  func warn(_ text: String) {
    clear()
    context.warn(text)
  }

  func warn(_ text: String, of migration: String) {
    warn(isAlone(migration) ? text : "\(migration): \(text)")
  }

  /// Takes the live line away.
  func clear() {
    guard isShown else { return }
    write("\r\u{1B}[2K")
    isShown = false
  }

  /// Renewals and intents say nothing to a person that the entry after them does not.
  private static func isNoise(_ sentence: String) -> Bool {
    sentence.contains(" about to be merged as ") || sentence.contains(" renewed by ")
  }

  private func migrations(_ state: State) -> [MigrationState] {
    switch scope {
    case .migration(let name): state.migration(named: name).map { [$0] } ?? []
    case .all: state.migrations.filter { !$0.phase.isTerminal }
    }
  }

  private func line(_ migrations: [MigrationState]) -> String {
    // Steps of different migrations may have the same name.
    let steps = migrations.flatMap { migration in
      migration.steps.map { step in
        (id: isAlone(migration.name) ? step.id : "\(migration.name)/\(step.id)", phase: step.phase)
      }
    }
    let done = steps.count { $0.phase.isTerminal }
    var parts = ["\(done)/\(steps.count) done"]
    let working = steps.filter { if case .leased = $0.phase { true } else { false } }.map(\.id)
    if !working.isEmpty { parts.append("at work: " + working.prefix(6).joined(separator: " ")) }
    let judged = steps.filter { step in
      switch step.phase {
      case .gating, .merging: true
      case .waiting, .ready, .leased, .submitted, .merged, .backoff, .blocked, .skipped, .cancelled: false
      }
    }
    if let first = judged.first { parts.append("gate: \(first.id)") }
    let blocked = steps.count { if case .blocked = $0.phase { true } else { false } }
    if blocked > 0 { parts.append("\(blocked) blocked") }
    let text = parts.joined(separator: " · ")
    let width = max(20, context.width)
    return text.count < width ? text : String(text.prefix(width - 1))
  }

  private func write(_ text: String) {
    // A reader that is gone ends the run like a signal, not in the middle of its work.
    try? context.output.write(text)
    try? context.output.flush()
  }
}
