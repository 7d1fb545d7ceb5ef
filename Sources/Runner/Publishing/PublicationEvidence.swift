import Migration
import Plans

/// What a pull request says of its unit: facts of the ledger, which whoever reviews can look up, and no words
/// of anybody's.
struct PublicationEvidence {
  private let unit: ProposedUnit
  private let state: MigrationState
  private let steps: [(id: String, title: String, commit: ObjectID?)]
  /// How many steps the text names.
  private static let named = 50

  init(_ unit: ProposedUnit, _ state: MigrationState) {
    (self.unit, self.state) = (unit, state)
    let whole = unit.since.isEmpty ? state.steps.map(\.id) : unit.since
    let ids = unit.steps.isEmpty ? whole : unit.steps
    steps = ids.compactMap { id in
      guard let index = state.index(of: id), case .merged(let commit) = state.steps[index].phase else {
        return nil
      }
      return (id, state.plan.steps[index].title, commit)
    }
  }

  /// The ordinary title.
  var title: String {
    if steps.count == 1, let step = steps.first { return "\(state.name): \(step.title)" }
    let number = Count.of(steps.count, "step")
    return unit.steps.isEmpty ? "\(state.name): \(number)" : "\(state.name): \(number) of \(unit.unit)"
  }

  /// The ordinary text.
  var body: String {
    """
    A part of the migration **\(state.name)** (plan \(state.planNumber), `\(state.planDigest.prefix(12))`): \
    \(Count.of(steps.count, "step")), \(Count.of(unit.files.count, "file")).

    \(list)

    ### What it passed

    \(passed)

    ### To look further

    In a clone that has the ledger: \
    \(steps.first.map { "`git migrate show \($0.id)`, " } ?? "")`git migrate log`.
    """
  }

  private var list: String {
    var lines = steps.prefix(Self.named).map { step in
      "- \(Self.plain(step.title)) (`\(step.id)`" + (step.commit.map { ", \($0.short)" } ?? "") + ")"
    }
    if steps.count > Self.named { lines.append("- … and \(steps.count - Self.named) more") }
    return lines.joined(separator: "\n")
  }

  /// Titles are the plan's: nobody is to be called by one.
  private static func plain(_ text: String) -> String { text.replacing("@", with: "@\u{200B}") }

  private var verifiers: [String] { state.plan.gate.verifiers.map { "\($0.name) (\($0.kind.rawValue))" } }

  private var passed: String {
    var lines: [String] = []
    if verifiers.isEmpty {
      lines.append("- no verifier: the plan says `gate: none`")
    } else {
      let whose =
        unit.steps.isEmpty
        ? "this commit's tree passed"
        : "each step passed, on `\(state.into)` with all that was merged before it,"
      lines.append("- \(whose) \(verifiers.joined(separator: ", "))")
      if !unit.steps.isEmpty {
        lines.append(
          "- these steps alone, on `\(state.publishedBase)`, were not judged by it: "
            + "that is for the checks here")
      }
    }
    let guards = state.plan.gate.guards.map(\.rawValue)
    if !guards.isEmpty { lines.append("- guards: \(guards.joined(separator: ", "))") }
    let own = steps.compactMap { state.step($0.id) }
    let attempts = own.reduce(0) { $0 + $1.epoch }
    lines.append("- \(Count.of(attempts, "attempt")), of which \(own.reduce(0) { $0 + $1.failures }) failed")
    if !causes.isEmpty { lines.append("- met on the way: \(causes.joined(separator: "; "))") }
    if !cost.isEmpty { lines.append("- agents used \(cost)") }
    return lines.joined(separator: "\n")
  }

  /// What attempts of these steps failed for.
  private var causes: [String] {
    var found: [String] = []
    for step in steps {
      guard let cause = state.step(step.id)?.lastFailure?.reason else { continue }
      let line = Self.plain(cause.split(whereSeparator: \.isNewline).first.map(String.init) ?? cause)
      if !found.contains(line) { found.append(line) }
    }
    return Array(found.prefix(5))
  }

  private var cost: String {
    let used = steps.compactMap { state.step($0.id)?.used }.reduce(Amounts()) { $0 + $1 }
    return used.isZero ? "" : used.words
  }

  /// The names that templates of a plan may use (`PublicationNames`).
  var values: TemplateValue {
    .map([
      "migration": .map(["name": .text(state.name)]),
      "unit": .map(["name": .text(unit.unit)]),
      "plan": .map(["number": .text(String(state.planNumber)), "digest": .text(state.planDigest)]),
      "base": .map(["branch": .text(state.publishedBase)]),
      "steps": .list(steps.map { .text("\($0.title) (\($0.id))") }),
      "files": .list(unit.files.map { .text($0) }),
      "owners": .list(unit.owners.map { .text($0) }),
      "verifiers": .list(verifiers.map { .text($0) }),
      "count": .map(["steps": .text(String(steps.count)), "files": .text(String(unit.files.count))]),
      "cost": .text(cost), "evidence": .text(body),
      "braces": .map(["open": .text("{{")]),
    ])
  }
}
