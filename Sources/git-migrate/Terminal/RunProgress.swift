import Git
import Ledger
import Migration
import Runner
import Site
import System

/// Shows how a run goes: on a terminal a few lines that are kept up to date, with a line above them for
/// whatever comes to an end; elsewhere, or when more is asked for, a line for each ledger entry.
final class RunProgress: RunObserver {
  /// What is shown.
  enum Style {
    /// Warnings alone.
    case quiet
    /// A line an entry.
    case plain
    /// A line an entry, as JSON.
    case json
    /// What comes to an end, above a picture of what goes on.
    case live(LiveScreen)
  }

  private let context: Context
  private let scope: Orchestrator.Scope
  private let style: Style
  /// Whether every entry is told on a terminal, too.
  private let isVerbose: Bool
  private let site: Site
  private let view: WorkersView
  private let began: Timestamp
  /// Where attempts are sent to when they have ended, where the user wants that.
  private let traces: TraceFollower?
  private var snapshot: LedgerSnapshot?
  private var courses: [String: Course] = [:]
  private var drawnAt: Timestamp?
  private var isChanged = true
  /// How many attempts of each step of each migration had failed when that was looked at last.
  private var failures: [String: [String: Int]] = [:]
  /// What the run has brought to an end, of each migration.
  private(set) var tallies: [String: RunTally] = [:]

  /// The first picture comes after so many milliseconds: what is over by then needs none.
  private static let patience: Int64 = 500
  /// The shortest time between two pictures, in milliseconds.
  private static let shortest: Int64 = 100

  init(_ context: Context, _ scope: Orchestrator.Scope, _ style: Style, isVerbose: Bool) throws(CommandError)
  {
    self.context = context
    self.scope = scope
    self.style = style
    self.isVerbose = isVerbose
    site = try context.site()
    view = WorkersView(site)
    began = site.clock.now()
    courses = (try? site.courses()) ?? [:]
    traces = try TraceFollower(site) { context.warn($0) }
  }

  func ledgerGrew(_ snapshot: LedgerSnapshot, sentences: [LedgerSentence]) {
    let old = self.snapshot
    self.snapshot = snapshot
    isChanged = true
    let entries = old == nil ? [] : (try? site.ledger.entries(after: old?.tip)) ?? []
    var outcomes: [RunOutcome] = []
    for entry in entries {
      guard let event = entry.event else { continue }
      courses[event.migration, default: Course()].add(event)
      for outcome in RunOutcome.of(event, in: snapshot.state, courses[event.migration]) {
        tallies[outcome.migration, default: RunTally()].add(outcome)
        traces?.note(outcome.migration)
        if isShown(outcome) { outcomes.append(outcome) }
      }
    }
    switch style {
    case .quiet: return
    case .json: for entry in entries { try? context.print(LoggedEntry(entry, namesMigration: true)) }
    case .plain: tell(sentences, snapshot.state)
    case .live(let screen):
      if isVerbose { tell(sentences, snapshot.state) } else { tell(outcomes, screen) }
    }
  }

  func tick() {
    traces?.tick()
    guard case .live(let screen) = style, let snapshot else { return }
    let now = site.clock.now()
    guard now.milliseconds - began.milliseconds >= RunProgress.patience else { return }
    if let drawnAt {
      let age = now.milliseconds - drawnAt.milliseconds
      guard age >= (isChanged ? RunProgress.shortest : 1000) || age < 0 else { return }
    }
    draw(screen, snapshot, now)
  }

  func noticed(_ signal: Int32) {
    guard case .live(let screen) = style else { return }
    if signal == Signal.suspend { screen.suspend() }
    isChanged = true
  }

  func warn(_ text: String) { context.warn(text) }

  func warn(_ text: String, of migration: String) {
    warn(isAlone(migration) ? text : "\(migration): \(text)")
  }

  /// Takes the picture away, and sends the last traces.
  func clear(isInterrupted: Bool) {
    if case .live(let screen) = style { screen.takeAway() }
    traces?.end(isInterrupted: isInterrupted)
  }

  /// How long the run has gone on, in seconds.
  var seconds: Int { Int(max(0, site.clock.now().seconds - began.seconds)) }

  // MARK: The picture

  private func draw(_ screen: LiveScreen, _ snapshot: LedgerSnapshot, _ now: Timestamp, above: [String] = [])
  {
    (drawnAt, isChanged) = (now, false)
    let states = migrations(snapshot.state)
    let report = StatusReport(
      snapshot.state, sequence: snapshot.sequence, now: now, courses: courses)
    let shown = report.migrations.filter { found in states.contains { $0.name == found.name } }
    let workers = states.flatMap { view.workers($0, courses[$0.name], at: now) }
    var picture = RunPicture(shown, workers: workers, began: began, now: now)
    picture.clock = { [now] in TimeText.clock($0, now: now) }
    screen.draw(shown.allSatisfy { $0.steps.isEmpty } ? [] : picture.lines(on: screen.screen), above: above)
  }

  private func tell(_ outcomes: [RunOutcome], _ screen: LiveScreen) {
    guard !outcomes.isEmpty else { return }
    let form = screen.screen
    let names =
      migrations(snapshot?.state ?? State()).flatMap(\.steps).prefix(1000).map(\.id.count).max() ?? 8
    let width = screen.isStandardOutput ? form.columns - 1 : 0
    let lines = outcomes.map {
      $0.line(
        width: width, idWidth: min(names, max(12, form.columns / 4)), isASCII: form.isASCII,
        colour: form.colour && screen.isStandardOutput, named: isOfMany)
    }
    guard screen.isStandardOutput, let snapshot, drawnAt != nil else {
      return write(lines.map { $0 + "\n" }.joined())
    }
    draw(screen, snapshot, site.clock.now(), above: lines)
  }

  private func isShown(_ outcome: RunOutcome) -> Bool {
    outcome.migration.isEmpty || isOfMany || isAlone(outcome.migration)
  }

  // MARK: Lines

  private func tell(_ sentences: [LedgerSentence], _ state: State) {
    for sentence in sentences where !RunProgress.isNoise(sentence.kind) {
      let text = isAlone(sentence.migration) ? sentence.text : sentence.withMigration
      write(TerminalText.sanitizedLine(text) + "\n")
    }
    for migration in migrations(state) { tellLogs(migration) }
  }

  private var isOfMany: Bool {
    switch scope {
    case .migration: false
    case .all, .fleet: true
    }
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
      let logs = try? LogFile.list(of: state.name, step: step.id, site)
      let last = logs?.max { $0.changed < $1.changed }
      // Another machine has the logs of its own attempts.
      guard let last else { continue }
      write("  log: \(TerminalText.sanitizedLine(last.path)) ('git migrate logs \(option)\(step.id)')\n")
    }
    failures[state.name] = now
  }

  /// Renewals and intents say nothing to a person that the entry after them does not.
  private static func isNoise(_ kind: Migration.Change.Kind?) -> Bool {
    [.merge(.intended), .claim(.renewed), .gate(.renewed), .baseline(.renewed)].contains(kind)
  }

  private func migrations(_ state: State) -> [MigrationState] {
    switch scope {
    case .migration(let name): state.migration(named: name).map { [$0] } ?? []
    case .all: state.migrations.filter { !$0.phase.isTerminal }
    case .fleet(let name): state.members(of: name).filter { !$0.inFlight.isEmpty || $0.baselineRun != nil }
    }
  }

  private func write(_ text: String) {
    // A reader that is gone ends the run like a signal, not in the middle of its work.
    try? context.output.write(text)
    try? context.output.flush()
  }
}
