/// How a migration stands, as one word for people, with the sentence that says why.
public enum Standing: String, CaseIterable, Sendable {
  case aborted, finished, untrusted, paused, waits, running, rests, idle, done

  /// The heading of a page.
  public var title: String {
    switch self {
    case .aborted: "Aborted"
    case .finished: "Finished"
    case .untrusted: "Waits for your approval"
    case .paused: "Paused"
    case .waits: "Waits for you"
    case .running: "Running"
    case .rests: "Rests"
    case .idle: "Nobody is at work"
    case .done: "All steps are done"
    }
  }
}

extension MigrationReport {
  /// How it stands.
  public var standing: Standing {
    if !isOpen { return state == MigrationPhase.aborted(reason: "").word ? .aborted : .finished }
    let codes = Set(needs.map(\.code))
    if codes.contains(.paused) || codes.contains(.base) { return .paused }
    let isBusy = StepWord.underWay.contains { count($0) > 0 } || baseline != nil
    if isBusy { return .running }
    if codes.contains(.done) { return .done }
    if codes.contains(.untrusted) { return .untrusted }
    if codes.contains(.idle) { return codes.contains(.rests) ? .rests : .idle }
    return codes.contains(.blocked) || codes.contains(.person) || codes.contains(.obstructed)
      ? .waits : .running
  }

  /// What to do next: of what needs a person the first that has a command.
  public var nextAction: Need? {
    switch standing {
    case .idle: needs.first { $0.code == .idle }
    case .done: needs.first { $0.code == .done }
    case .aborted, .finished, .untrusted, .paused, .waits, .running, .rests:
      needs.first { $0.command != nil && $0.isUrgent }
    }
  }

  /// Why it stands like that, in a sentence.
  public var sentence: String {
    let causes = needs.filter { $0.code == .blocked }
    let blocked = count(.blocked)
    let stuck =
      blocked == 0
      ? ""
      : "\(blocked == 1 ? "1 step is" : "\(blocked) steps are") blocked in "
        + (causes.count == 1 ? "1 cause" : "\(causes.count) causes")
        + (held > 0 ? " and hold \(held) others" : "")
    let working = StepWord.underWay.reduce(0) { $0 + count($1) }
    switch standing {
    case .aborted: return reason.map { PlainText.line($0) } ?? "A person ended it."
    case .finished: return "The result was handed back."
    case .untrusted: return "You have not approved the plan in force; nothing begins here before."
    case .paused:
      return needs.first { $0.code == .paused || $0.code == .base }.map { PlainText.line($0.reason) } ?? ""
    case .waits:
      let asked = count(.person) + count(.proposed)
      if asked > 0 {
        let words = "\(Count.of(asked, "step")) \(asked == 1 ? "waits" : "wait") for your word"
        return "Nothing goes on by itself: \(words)\(stuck.isEmpty ? "" : "; \(stuck)")."
      }
      if stuck.isEmpty { return "The integration branch cannot be moved here." }
      return "Nothing goes on by itself: \(stuck)."
    case .running:
      let parts = ["\(Count.of(working, "step")) under way", stuck].filter { !$0.isEmpty }
      return (working == 0 && baseline != nil ? "The base is judged." : parts.joined(separator: "; ") + ".")
    case .rests:
      return needs.first { $0.code == .rests }.map { PlainText.line("\($0.name ?? ""): \($0.reason).") } ?? ""
    case .idle:
      let parts = [needs.first { $0.code == .idle }?.reason ?? "", stuck].filter { !$0.isEmpty }
      return parts.joined(separator: "; ") + "."
    case .done: return "Hand the result back."
    }
  }
}

extension StepWord {
  /// The states in which somebody works on a step, or judges it.
  static let underWay: [StepWord] = [.leased, .submitted, .gating, .merging]
}
