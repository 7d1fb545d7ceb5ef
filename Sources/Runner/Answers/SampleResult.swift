import Migration
import Site
import Supervision
import System

/// What came of a sample, in one line: `shop: 3 of 300: 1 merged, 2 failed in 2 causes, $0.41 and 3m10s a
/// step`.
package struct SampleResult {
  /// The line.
  package let text: String

  /// Looks at the steps of a sample.
  package init(_ state: MigrationState, _ steps: Set<String>) {
    let own = state.steps.filter { steps.contains($0.id) }
    let merged = own.count { if case .merged = $0.phase { true } else { false } }
    let failed = own.filter { $0.lastFailure != nil && !$0.phase.isTerminal }
    let causes = CauseReport.causes(of: state).filter { cause in cause.steps.contains(where: steps.contains) }
    var parts = ["\(merged) merged"]
    if !failed.isEmpty { parts.append("\(failed.count) failed in \(Count.of(causes.count, "cause"))") }
    let open = own.count { !$0.phase.isTerminal && $0.lastFailure == nil }
    if open > 0 { parts.append("\(open) open") }
    let used = own.map(\.used).filter { !$0.isZero }
    if !used.isEmpty {
      let total = used.reduce(Amounts(), +)
      let time = SpanText.words(total.milliseconds / 1000 / used.count)
      let money = total.microdollars > 0 ? "\(Money.text(total.microdollars / used.count)) and " : ""
      parts.append("\(money)\(time) a step")
    }
    text =
      "\(state.name): \(own.count) of \(state.steps.count - state.keptCount): "
      + parts.joined(separator: ", ")
  }
}

/// What a run would do, and what that can take at most.
package struct PlannedRun {
  private let state: MigrationState
  private let steps: [PlannedStep]
  private let ready: Int

  /// Looks at a migration; `only` and `limit` say which steps are meant.
  package init(_ state: MigrationState, only: Set<String>?, limit: Int?) {
    self.state = state
    var open: [(planned: PlannedStep, isReady: Bool)] = []
    for (step, planned) in zip(state.steps, state.plan.steps) where only?.contains(step.id) ?? true {
      switch step.phase {
      case .ready, .backoff: open.append((planned, true))
      case .waiting: open.append((planned, false))
      case .leased, .submitted, .gating, .merging, .merged, .blocked, .person, .proposed, .skipped,
        .cancelled, .undone:
        continue
      }
    }
    let chosen = open.prefix(limit ?? .max)
    steps = chosen.map(\.planned)
    ready = chosen.count(where: \.isReady)
  }

  /// The text for people.
  package var text: String {
    guard !steps.isEmpty else { return "\(state.name): nothing would be begun\n" }
    let shown = steps.prefix(20).map(\.id).joined(separator: ", ")
    let more = steps.count > 20 ? " and \(steps.count - 20) more" : ""
    var rows: [(String, String)] = [("steps", "\(steps.count): \(shown)\(more)")]
    if ready < steps.count { rows.append(("wait", "\(steps.count - ready) for steps before them")) }
    let codemods = steps.count { $0.run != nil }
    let agents = steps.count { state.plan.agent(of: $0) != nil }
    if codemods > 0 { rows.append(("codemods", "\(codemods)")) }
    if agents > 0 { rows.append(("agents", "\(agents), at most \(agents * state.plan.attempts) attempts")) }
    if steps.count > codemods + agents { rows.append(("by others", "\(steps.count - codemods - agents)")) }
    rows.append(("at most", "\(bound), for one worker"))
    return "\(state.name): a run would begin\n" + Rows.text(rows)
  }

  /// The most time and money that the steps can take.
  private var bound: String {
    var seconds: Int64 = 0
    var (money, isBounded) = (0, true)
    let budget = state.plan.budget
    for step in steps {
      guard let agent = state.plan.agent(of: step) else {
        seconds += Int64(step.timeoutSeconds ?? 3600) * Int64(state.plan.attempts)
        continue
      }
      let limit = step.timeoutSeconds ?? agent.timeoutSeconds ?? Plan.Agent.defaultTimeoutSeconds
      seconds += Int64(limit) * Int64(state.plan.attempts)
      if let most = budget.step[.usd] {
        money = money.plusCapped(most)
      } else if let most = agent.budget[.usd] ?? budget.attempt[.usd] {
        money = money.plusCapped(most.multipliedCapped(state.plan.attempts))
      } else {
        isBounded = false
      }
    }
    if let total = budget.total[.usd] {
      let rest = max(0, total - state.spending.total.microdollars)
      (money, isBounded) = (isBounded ? min(money, rest) : rest, true)
    }
    let time = SpanText.words(seconds)
    guard steps.contains(where: { state.plan.agent(of: $0) != nil }) else { return time }
    return isBounded ? "\(Money.text(money)) and \(time)" : "\(time); the plan has no budget of money"
  }
}

extension Int {
  fileprivate func plusCapped(_ other: Int) -> Int {
    let (sum, overflowed) = addingReportingOverflow(other)
    return overflowed ? .max : sum
  }

  fileprivate func multipliedCapped(_ other: Int) -> Int {
    let (product, overflowed) = multipliedReportingOverflow(by: other)
    return overflowed ? .max : product
  }
}
