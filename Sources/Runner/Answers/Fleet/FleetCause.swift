import Migration
import Site
import System

/// Why steps fail in the targets of a fleet: one thing to look at, over all of them.
package struct FleetCause: Answer {
  /// What people call it by: `F4`, in every target the same, and for good.
  package let id: String
  /// Its fingerprint.
  package let fingerprint: String
  /// The label, the name or what was found first for it.
  package private(set) var title: String
  /// The targets in which a step that is not done failed for it last.
  package private(set) var targets: [String] = []
  /// The migrations there.
  package private(set) var migrations: [String] = []
  /// How many steps these are.
  package private(set) var steps = 0
  /// How many of them are blocked.
  package private(set) var blocked = 0

  /// How many targets a line names.
  private static let named = 4

  /// Why the steps of a fleet fail, what stops most targets first.
  package static func all(of fleet: String, in state: State) -> [FleetCause] {
    var found: [String: FleetCause] = [:]
    let numbers = state.fleets[fleet].causes
    for member in state.members(of: fleet) {
      for report in CauseReport.causes(of: member) where !report.steps.isEmpty {
        var cause =
          found[report.fingerprint]
          ?? FleetCause(
            id: numbers.firstIndex(of: report.fingerprint).map { "F\($0 + 1)" } ?? report.fingerprint,
            fingerprint: report.fingerprint, title: report.title)
        if let label = report.label { cause.title = label }
        cause.targets.append(member.plan.fleet?.target.id ?? member.name)
        cause.migrations.append(member.name)
        cause.steps += report.steps.count
        cause.blocked += report.blocked.count
        found[report.fingerprint] = cause
      }
    }
    let order = Dictionary(
      numbers.enumerated().map { ($0.element, $0.offset) }, uniquingKeysWith: { first, _ in first })
    return found.values.sorted { left, right in
      let (one, other) = (order[left.fingerprint] ?? .max, order[right.fingerprint] ?? .max)
      return (right.targets.count, one, left.fingerprint) < (left.targets.count, other, right.fingerprint)
    }
  }

  private init(id: String, fingerprint: String, title: String) {
    (self.id, self.fingerprint, self.title) = (id, fingerprint, title)
  }

  /// `F4  39 targets  Could not resolve guava:33  org-a org-b …`, for people.
  package var line: String {
    let more = targets.count > FleetCause.named ? " …" : ""
    let names = targets.prefix(FleetCause.named).joined(separator: " ")
    return TerminalText.sanitizedLine(
      "\(id)  \(Count.of(targets.count, "target"))  \(title)  \(names)\(more)")
  }

  /// The cause and where it stops steps.
  package static let form = AnswerForm<FleetCause>([
    .text("id", \.id), .text("cause", \.fingerprint), .text("title", \.title), .texts("targets", \.targets),
    .texts("migrations", \.migrations), .number("steps", \.steps), .number("blocked", \.blocked),
  ])
}

/// Why the steps of a fleet fail, a cause a line, for `git migrate fleet failures`.
package struct FleetFailures: PrintedAnswer {
  /// The fleet's name.
  package let fleet: String
  /// The causes, what stops most targets first.
  package let causes: [FleetCause]

  /// Looks at a fleet.
  package init(_ fleet: String, in state: State) {
    (self.fleet, causes) = (fleet, FleetCause.all(of: fleet, in: state))
  }

  /// The causes.
  package static let form = AnswerForm<FleetFailures>.document([
    .text("fleet", \.fleet), .list("causes", \.causes),
  ])

  package func text(_ palette: Palette) -> String {
    if causes.isEmpty { return "\(fleet): no step fails\n" }
    return causes.map { cause in
      let rest = cause.line.dropFirst(cause.id.count)
      return (cause.blocked > 0 ? palette.red(cause.id) : palette.bold(cause.id)) + rest + "\n"
    }.joined()
  }

  /// What to do next.
  package var hint: String? {
    guard let first = causes.first, let migration = first.migrations.first else { return nil }
    return "see one whole example with 'git migrate failures -m \(migration)'; "
      + "'git migrate retry -m \(fleet) --failure \(first.id)' lets its steps try again in all targets"
  }
}
