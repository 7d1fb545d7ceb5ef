import CanonicalJSON

/// The wish to undo merged steps: a step of its own reverts them, through the gate.
public struct StepUndoing: Equatable, Sendable {
  /// The steps, each after those that need it.
  public var steps: [String]
  /// Why.
  public var reason: String

  /// Makes a wish.
  public init(steps: [String], reason: String) { (self.steps, self.reason) = (steps, reason) }

  func write(to object: inout ObjectBuilder) {
    object.set("steps", steps)
    object.set("reason", reason)
  }

  init(from object: inout ObjectReader) throws(JSONFault) {
    self.init(steps: try object.strings("steps"), reason: try object.string("reason"))
  }
}

extension MigrationState {
  /// What has to be undone with a merged step: it, and whatever is merged and needs it, each after those that
  /// need it. Throws when it is not merged, or something that needs it is under way.
  public func undoing(_ id: String) throws(Refusal) -> [String] {
    guard let first = index(of: id) else { throw Refusal.noStep(id, in: name) }
    guard case .merged(let commit) = steps[first].phase else {
      throw Refusal(.wrongPhase, "'\(id)' is \(steps[first].phase.word), so there is nothing to undo")
    }
    guard commit != nil else { throw Refusal(.wrongPhase, "'\(id)' has changed nothing") }
    var wanted: Set<Int> = [first]
    var queue = [first]
    while let index = queue.popLast() {
      for dependent in graph.dependents[index] where !wanted.contains(dependent) {
        switch steps[dependent].phase {
        case .merged:
          wanted.insert(dependent)
          queue.append(dependent)
        case .leased, .submitted, .gating, .merging:
          throw Refusal(
            .held, "'\(steps[dependent].id)', which needs '\(id)', is \(steps[dependent].phase.word)",
            hint: "wait for it, or release or skip it")
        case .waiting, .ready, .backoff, .blocked, .person, .proposed, .skipped, .cancelled, .undone: continue
        }
      }
    }
    return graph.topologicalOrder.reversed().filter(wanted.contains).map { steps[$0].id }
  }

  /// The id of the step that would undo that one.
  public func undoID(of step: String) -> String { freeID("undo-\(step.prefix(48))") }

  /// The id of the step that does an undone one again: `<id>.2`, `<id>.3`.
  func againID(of step: String) -> String {
    let parts = step.split(separator: ".")
    let stem =
      parts.count > 1 && Int(parts.last ?? "") != nil ? parts.dropLast().joined(separator: ".") : step
    var number = 2
    let taken = Set(plan.steps.lazy.map { $0.id.lowercased() })
    while taken.contains("\(stem).\(number)".lowercased()) { number += 1 }
    return "\(stem.prefix(56)).\(number)"
  }

  /// What says why a step whose need is undone is blocked.
  static let undoneWords = "which it needs, is undone"

  /// The newest step that does an undone one again, or `nil`.
  func again(_ index: Int) -> Int? {
    let stem = MigrationState.stem(plan.steps[index])
    let number = MigrationState.turn(plan.steps[index])
    let others = plan.steps.indices.filter {
      MigrationState.stem(plan.steps[$0]) == stem && MigrationState.turn(plan.steps[$0]) > number
    }
    return others.max { MigrationState.turn(plan.steps[$0]) < MigrationState.turn(plan.steps[$1]) }
  }

  /// How often it was begun: 1 for a step that does no other again.
  private static func turn(_ step: PlannedStep) -> Int {
    let stem = stem(step)
    return stem.count == step.id.count ? 1 : Int(step.id.dropFirst(stem.count + 1)) ?? 1
  }

  /// The id without the number of one that does another again.
  private static func stem(_ step: PlannedStep) -> Substring {
    guard step.isAdded, let dot = step.id.lastIndex(of: "."),
      Int(step.id[step.id.index(after: dot)...]) != nil
    else { return step.id[...] }
    return step.id[..<dot]
  }

  /// Whether what needs that step may begin: an undone one is replaced by the one that does it again.
  public func isMet(_ index: Int) -> Bool {
    if case .undone = steps[index].phase { return again(index).map(isMet) ?? false }
    return steps[index].phase.satisfiesDependents
  }

  /// Why a step cannot go on: one that it needs is undone, and nobody does it again, or it was cancelled.
  func undoneNeed(_ index: Int) -> String? {
    for need in graph.needs[index] {
      switch steps[need].phase {
      case .cancelled: return "'\(steps[need].id)', which it needs, is cancelled"
      case .undone:
        guard let again = again(need) else { return "'\(steps[need].id)', \(MigrationState.undoneWords)" }
        if case .undone = steps[again].phase { return "'\(steps[again].id)', \(MigrationState.undoneWords)" }
        if steps[again].phase == .cancelled { return "'\(steps[need].id)', \(MigrationState.undoneWords)" }
      case .waiting, .ready, .leased, .submitted, .gating, .merging, .merged, .backoff, .blocked, .person,
        .proposed, .skipped:
        continue
      }
    }
    return nil
  }

  /// What needs a step, or one that it does again.
  func dependents(of index: Int) -> [Int] {
    guard plan.steps[index].isAdded else { return graph.dependents[index] }
    let stem = MigrationState.stem(plan.steps[index])
    let others = plan.steps.indices.filter { $0 != index && MigrationState.stem(plan.steps[$0]) == stem }
    return graph.dependents[index] + others.flatMap { graph.dependents[$0] }
  }

  private func freeID(_ name: String) -> String {
    let taken = Set(plan.steps.lazy.map { $0.id.lowercased() })
    var (id, number) = (name, 1)
    while taken.contains(id.lowercased()) {
      number += 1
      id = "\(name)-\(number)"
    }
    return id
  }
}

/// The rules of undoing.
extension Reducer {
  mutating func undo(_ id: String, _ undoing: StepUndoing) throws(Refusal) {
    try requireNotEnded()
    guard let last = undoing.steps.last, !undoing.reason.isEmpty else {
      throw Refusal(.invalid, "steps are undone by name and with a reason")
    }
    guard try migration.undoing(last) == undoing.steps else {
      throw Refusal(.stale, "what needs '\(last)' is not what it was")
    }
    guard id == migration.undoID(of: last) else {
      throw Refusal(.invalid, "the step that undoes '\(last)' is called '\(migration.undoID(of: last))'")
    }
    if let other = migration.plan.steps.first(where: { !Set($0.reverts).isDisjoint(with: undoing.steps) }),
      migration.step(other.id)?.phase.isTerminal == false
    {
      throw Refusal(.wrongPhase, "'\(other.id)' is to undo some of that already")
    }
    guard migration.steps.count < Plan.stepLimit else { throw Refusal(.limited, "the plan is full") }
    var step = PlannedStep(
      id: id, title: "Undo \(undoing.steps.joined(separator: ", ").prefix(150))",
      priority: migration.plan.steps.lazy.map(\.priority).max() ?? 0)
    let commits = undoing.steps.compactMap { name -> String? in
      guard let step = migration.step(name), case .merged(let commit?) = step.phase else { return nil }
      return commit.hex
    }
    step.run = "git revert --no-edit --no-commit \(commits.joined(separator: " "))"
    step.prompt =
      "Undo what these commits did, and nothing else: \(commits.joined(separator: ", ")).\n"
      + "Why: \(undoing.reason.replacing("{{", with: "{ {"))\n"
      + "'git revert' left conflicts or did not pass the gate; put that right.\n"
      + "{{#attempt.failures}}\n{{.}}\n{{/attempt.failures}}\n"
    step.isShared = migration.plan.agent != nil
    step.expectsChange = true
    step.isAdded = true
    step.reverts = undoing.steps
    if !step.isShared { step.prompt = nil }
    migration.plan.steps.append(step)
    add(Step(id: id, phase: .ready))
  }

  /// What a merged step was to undo is undone.
  mutating func noteUndone(by index: Int) {
    let planned = migration.plan.steps[index]
    for id in planned.reverts {
      guard let reverted = migration.index(of: id), case .merged = migration.steps[reverted].phase else {
        continue
      }
      set(reverted, .undone(by: planned.id))
    }
    for id in planned.reverts { migration.index(of: id).map { reopenDependents(of: $0) } }
  }

  /// What needs an undone step waits for a person, until that is done again.
  private mutating func reopenDependents(of index: Int) {
    for dependent in migration.dependents(of: index) {
      let phase: StepPhase
      switch migration.steps[dependent].phase {
      case .waiting, .ready, .backoff: phase = openPhase(dependent)
      case .blocked(let reason) where reason.hasSuffix(MigrationState.undoneWords):
        phase = openPhase(dependent)
      case .leased, .submitted, .gating, .merging, .merged, .blocked, .person, .proposed, .skipped,
        .cancelled, .undone:
        continue
      }
      if case .blocked(let reason) = phase {
        block(dependent, reason)
      } else {
        set(dependent, phase)
      }
    }
  }

  /// What was undone is done again by a step of its own.
  mutating func doAgain(_ index: Int) throws(Refusal) {
    guard migration.steps.count < Plan.stepLimit else { throw Refusal(.limited, "the plan is full") }
    var step = migration.plan.steps[index]
    step.id = migration.againID(of: step.id)
    step.isAdded = true
    step.reverts = []
    step.skip = nil
    // What it needs is undone, too, and done again before.
    step.needs = step.needs.map { need in
      guard let found = migration.step(need), case .undone = found.phase else { return need }
      let again = migration.plan.steps.last { $0.isAdded && $0.id.hasPrefix("\(need).") }
      return again?.id ?? need
    }
    migration.plan.steps.append(step)
    add(Step(id: step.id, phase: .waiting))
    let last = migration.steps.count - 1
    set(last, openPhase(last))
    reopenDependents(of: index)
  }
}
