import CanonicalJSON
import Git
import Ledger
import Migration
import Site

/// What the ledger tells about one step, claim by claim.
struct StepHistory {
  /// One claim and all that followed from it, oldest first.
  struct Attempt: Sendable {
    /// The claim's number.
    var epoch: Int
    /// The events that speak for it.
    var events: [Event]
    /// Its result and the ref that keeps it, unless that was folded into the archive; `nil` when this clone
    /// has none.
    var result: (commit: ObjectID, ref: String?)?
    /// What was said, when this clone has it.
    var texts: AttemptTexts?

    /// The claim, unless the ledger begins after it.
    var claim: Claim? {
      for event in events { if case .claim(_, .claimed(let claim)) = event.change { return claim } }
      return nil
    }

    /// What was written and is not in the result.
    var left: [String] {
      events.flatMap { event in
        event.change.result?.result.left ?? []
      }
    }

    /// The agent that worked, as far as that was told.
    var agent: String? {
      for event in events {
        if case .string(let name)? = event.reserved.first(where: { $0.key == ClaimFacts.agent })?.value {
          return name
        }
      }
      return nil
    }

    /// Whether something was said in it that is kept: an agent's attempt that has ended.
    var hasWords: Bool {
      agent != nil
        && events.contains { event in
          if case .claim(_, .submitted) = event.change { return true }
          if case .claim(_, .stageEnded) = event.change { return true }
          if case .claim(_, .failed) = event.change { return true }
          if case .claim(_, .released) = event.change { return true }
          return false
        }
    }

    /// What it used, as far as that was told.
    var used: Amounts? { events.lazy.compactMap(\.used).first }

    /// What a person should know of it.
    var warnings: [String] { events.flatMap(\.warnings) }

    /// Every failure that was recorded.
    var failures: [Migration.Failure] { events.compactMap(\.change.failure) }
  }

  /// The claims, oldest first.
  private(set) var attempts: [Attempt] = []
  /// What a person did to the step.
  private(set) var decisions: [Event] = []

  /// Reads the ledger backwards until the step's first claim. Words that only the shared repository has are
  /// brought here; `warn` hears why they cannot be.
  init(
    of step: String, in migration: MigrationState, _ site: Site, warn: (String) -> Void
  ) throws(CommandError) {
    var events: [Event] = []
    try site.ledger.walk { (entry) throws(CommandError) in
      guard entry.migration == migration.name, let event = entry.event else { return true }
      if event.change.steps.contains(step) || event.change.isTrainVerdict { events.append(event) }
      if case .migration(.started) = event.change { return false }
      return true
    }
    var train: Int?
    for event in events.reversed() {
      if case .train(.started) = event.change, event.change.steps.contains(step) {
        train = event.change.train
      }
      if case .train(.joined(let join)) = event.change { train = join.train }
      if event.change.isTrainVerdict, !event.change.steps.contains(step) {
        // A verdict on a train that it was in, and that says nothing of it alone.
        guard let last = attempts.indices.last, event.change.train == train, train != nil else { continue }
        attempts[last].events.append(event)
        if case .train(.finished) = event.change { train = nil }
        continue
      }
      guard let fence = event.change.fence(of: step, after: attempts.last?.epoch) else {
        decisions.append(event)
        continue
      }
      if let last = attempts.indices.last, attempts[last].epoch == fence.epoch {
        attempts[last].events.append(event)
      } else {
        attempts.append(Attempt(epoch: fence.epoch, events: [event], result: nil))
      }
    }
    bringWords(of: step, in: migration.name, site, warn: warn)
    for index in attempts.indices {
      let fence = Fence(step: step, epoch: attempts[index].epoch)
      attempts[index].texts = AttemptTexts(of: migration.name, fence, in: site)
      guard let kept = try reporting({ try site.ledger.reader.result(migration.name, fence) }) else {
        continue
      }
      attempts[index].result = (kept.commit.objectID, kept.ref)
    }
  }
}

extension StepHistory {
  /// Brings the words here that another clone has pushed.
  private func bringWords(of step: String, in migration: String, _ site: Site, warn: (String) -> Void) {
    let missing = attempts.filter(\.hasWords).map { Fence(step: step, epoch: $0.epoch) }.filter { fence in
      (try? site.repository.resolve(LedgerRefs.words(migration, fence))).flatMap(\.self) == nil
    }
    if missing.isEmpty || site.ledger.remote == nil { return }
    do throws(LedgerError) { try site.ledger.fetchWords(migration, missing) } catch {
      warn("the words of its attempts are not here: \(error.description)")
    }
  }
}

extension Migration.Change {
  /// The train that a verdict is on, or that begins.
  fileprivate var train: Int? {
    switch self {
    case .train(.started(let start)): start.train
    case .train(.joined(let join)): join.train
    case .train(.split(let split)): split.train
    case .train(.finished(let report)): report.train
    case .migration, .refresh, .baseline, .claim, .gate, .merge, .step, .ledger, .agent, .machine, .loop,
      .lesson, .publication, .notice, .forge, .fleet, .reserved:
      nil
    }
  }

  fileprivate var isTrainVerdict: Bool {
    switch self {
    case .train(.split), .train(.finished): true
    case .train(.started), .train(.joined), .migration, .refresh, .baseline, .claim, .gate, .merge, .step,
      .ledger, .agent,
      .machine, .loop, .lesson, .publication, .notice, .forge, .fleet,
      .reserved:
      false
    }
  }
}
