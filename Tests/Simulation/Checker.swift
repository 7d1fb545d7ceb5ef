import Migration

/// The invariants of the design, from the entries alone: knows nothing of how `decide` works and keeps its
/// own, much simpler, books.
struct Checker {
  /// What the entries say of a step.
  struct Books {
    enum Kind: UInt8 { case idle, leased, submitted, gating, merging, merged, skipped, cancelled }
    var kind = Kind.idle
    var epoch = 0
    var lastClaimed = 0
    var holder = ""
    var machine = ""
    var owner: Owner?
    var expiresAt = Timestamp(milliseconds: 0)
    var renewal = 0
    var failures = 0
    var granted = 0
    var gate = 0
    var gateTree = 0
    var gateTip = 0
    var hasPassed = false
    var intent: (old: Int, new: Int, tree: Int)?
    var planned = PlannedStep(id: "")
    var needs: [Int] = []
    /// Whether the state said so after the last entry.
    var wasBlocked = false

    var isInFlight: Bool {
      switch kind {
      case .leased, .submitted, .gating, .merging: true
      case .idle, .merged, .skipped, .cancelled: false
      }
    }
    var isTerminal: Bool {
      switch kind {
      case .merged, .skipped, .cancelled: true
      case .idle, .leased, .submitted, .gating, .merging: false
      }
    }
  }

  var steps: [Books] = []
  var attempts = 1
  var plan: Plan?
  var planNumber = 0
  var digest = ""
  var tip = 1
  var refresh: (old: Int, new: Int, tree: Int, owner: Owner, expiresAt: Timestamp)?
  var isEnded = false
  var isPaused = false
  var lastAt = Timestamp(milliseconds: 0)
  /// Trees that a verifier really passed, with the digest of the verifiers.
  var passed: Set<String> = []
  /// Appends that are in the chain, and those whose process was told that they are not.
  private var appends: Set<Int> = []
  var events = 0

  // MARK: Appends (I-3, I-4)

  mutating func appended(_ append: Int) -> String? {
    appends.insert(append).inserted ? nil : "I-3: append \(append) is in the chain twice"
  }

  func acknowledged(_ append: Int, isWon: Bool) -> String? {
    if isWon == appends.contains(append) { return nil }
    return
      "I-4: append \(append) was acknowledged as \(isWon ? "won" : "lost"), and is \(isWon ? "not " : "")"
      + "in the chain"
  }

  // MARK: The branch (I-22, I-23)

  mutating func judged(_ tree: Int, _ digest: String) { passed.insert("\(tree) \(digest)") }

  func moved(from old: Int, to new: Int) -> String? {
    if let refresh, refresh.old == old, refresh.new == new { return nil }
    for step in steps {
      if case .merging = step.kind, let intent = step.intent, intent.old == old, intent.new == new {
        return nil
      }
    }
    return "I-23: the branch moved from \(old) to \(new) and no intent in force says so"
  }

  // MARK: Entries

  /// What the accepted event breaks, or `nil`.
  mutating func see(_ event: Event, isLast: Bool, _ world: World) -> String? {
    defer { lastAt = event.at }
    if world.chain.count != events + 1 { return "I-2: entries that were seen are gone" }
    if event.at < lastAt { return "I-5: time went back" }
    if isEnded { return "I-18: an event was accepted after the end" }
    if let fault = fenced(event.change) ?? book(event, world) { return fault }
    return isLast ? compare(world) : nil
  }

  /// I-13: whatever speaks for a claim speaks for the current one.
  private func fenced(_ change: Change) -> String? {
    guard let fence = change.fence else { return nil }
    let index = stepNumber(fence.step)
    guard steps.indices.contains(index) else { return "I-13: '\(fence.step)' is no step" }
    if case .stepClaimed = change { return nil }
    if fence.epoch == steps[index].epoch { return nil }
    return "I-13: '\(change.kind.rawValue)' of \(fence.step) was accepted for epoch \(fence.epoch), "
      + "which is \(steps[index].epoch)"
  }

  /// The state that `decide` made says the same as the books.
  private mutating func compare(_ world: World) -> String? {
    guard let migration = world.migration else { return "I-8: no migration" }
    if migration.steps.count != steps.count { return "I-20: the number of steps" }
    if migration.phase.isTerminal != isEnded { return "I-18: the end" }
    for index in steps.indices {
      let epoch = migration.steps[index].epoch
      if epoch != steps[index].epoch { return "I-12: \(stepName(index)) has epoch \(epoch) in the state" }
      if let fault = compare(index, migration) { return fault }
    }
    return nil
  }

  private mutating func compare(_ index: Int, _ migration: MigrationState) -> String? {
    let kind = steps[index].kind
    let isSame: Bool
    steps[index].wasBlocked = false
    switch migration.steps[index].phase {
    case .waiting:
      isSame = kind == .idle
      if !hasOpenNeed(index) { return "I-19: \(stepName(index)) waits for nothing" }
    case .ready:
      isSame = kind == .idle
      if hasOpenNeed(index) { return "I-21: \(stepName(index)) is ready with an open need" }
      if steps[index].failures >= attempts + steps[index].granted {
        return "I-16: \(stepName(index)) is ready with no attempt left"
      }
    case .backoff:
      isSame = kind == .idle
      if steps[index].failures >= attempts + steps[index].granted {
        return "I-16: \(stepName(index)) rests with no attempt left"
      }
    case .blocked:
      isSame = kind == .idle
      steps[index].wasBlocked = true
    case .leased: isSame = kind == .leased
    case .submitted: isSame = kind == .submitted
    case .gating: isSame = kind == .gating
    case .merging: isSame = kind == .merging
    case .merged: isSame = kind == .merged
    case .skipped: isSame = kind == .skipped
    case .cancelled: isSame = kind == .cancelled
    }
    if isEnded && !steps[index].isTerminal { return "I-18: \(stepName(index)) is open after the end" }
    return isSame
      ? nil
      : "I-18: \(stepName(index)) is \(migration.steps[index].phase.word), \(kind) by the entries"
  }

  func hasOpenNeed(_ index: Int) -> Bool {
    for need in steps[index].needs where steps[need].kind != .merged && steps[need].kind != .skipped {
      return true
    }
    return false
  }
}
