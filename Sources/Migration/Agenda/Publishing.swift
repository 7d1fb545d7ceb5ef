/// A step that is part of the integration branch, with what it changed: what publication needs of git.
public struct MergedStep: Equatable, Sendable {
  /// The step.
  public var step: String
  /// Its commit on the integration branch.
  public var commit: ObjectID
  /// The paths that it changed.
  public var files: [String]

  /// Makes one.
  public init(step: String, commit: ObjectID, files: [String]) {
    (self.step, self.commit, self.files) = (step, commit, files)
  }
}

/// A unit as the plan's policy makes it of what is merged.
public struct ProposedUnit: Equatable, Sendable {
  /// Its name.
  public var unit: String
  /// Its steps, in the order in which they were merged; empty for the whole branch.
  public var steps: [String] = []
  /// The paths that it changes, in their order, each once.
  public var files: [String] = []
  /// Who owns these.
  public var owners: [String] = []
  /// Whether no more steps will come to it, but those that mend it.
  public var isComplete = false
  /// Whether all that was offered in it was undone since.
  public var isWithdrawn = false
  /// Of the whole branch that is offered again: what was merged since it was offered last.
  public var since: [String] = []

  /// Makes one without a step.
  public init(unit: String) { self.unit = unit }
}

/// Where a unit is on its way, and what is due.
public enum UnitStanding: Equatable, Sendable {
  /// A move of its branch was cut off: it is looked what became of it.
  case settle
  /// Its branch is to be made or moved.
  case push
  /// Its pull request is to be found or opened.
  case open
  /// A step is to be added that mends it.
  case fix
  /// It was a draft long enough.
  case ready
  /// The forge is asked what became of it.
  case look
  /// Nothing before something else happens.
  case waits(reason: String)
  /// So many seconds are left until its window opens.
  case later(seconds: Int)
  /// Its branch is people's.
  case people(reason: String)
  /// It is merged or closed.
  case ended(String)
}

extension MigrationState {
  /// The name of the unit that is the whole branch, the first time that it is offered.
  public static let wholeUnit = "all"

  /// The unit that the whole branch is offered in now: another one once that before is in the base and more
  /// was merged here since.
  public var openWholeUnit: String { wholeUnits.last ?? Self.wholeUnit }

  /// The units that the whole branch was offered in, and the one that it is offered in now, behind them.
  private var wholeUnits: [String] {
    var names = [Self.wholeUnit]
    while let last = names.last, let known = publications[last], case .merged? = known.end, known.isBehind {
      names.append("\(Self.wholeUnit)-\(names.count + 1)")
    }
    return names
  }

  /// Of these, in the order of the branch, those that came after what was offered of the whole branch before.
  private func sinceOffered(_ merged: [MergedStep]) -> ArraySlice<MergedStep> {
    guard let before = wholeUnits.dropLast().last, let head = publications[before]?.head,
      let last = merged.lastIndex(where: { $0.commit == head })
    else { return merged[...] }
    return merged[(last + 1)...]
  }

  /// The units of what is merged, by the plan's policy; steps stay in the unit that they were offered in.
  /// `merged` is in the order of the integration branch.
  public func proposedUnits(_ merged: [MergedStep], owners: CodeOwners?) -> [ProposedUnit] {
    let policy = plan.publish ?? PublishPolicy()
    var units: [ProposedUnit] = []
    var keys: [String: String] = [:]
    let whole = openWholeUnit
    func add(_ step: MergedStep, to name: String) {
      let index = units.firstIndex { $0.unit == name } ?? units.endIndex
      if index == units.endIndex { units.append(ProposedUnit(unit: name)) }
      if policy.unit != .migration { units[index].steps.append(step.step) }
      if policy.unit == .migration, whole != Self.wholeUnit { units[index].since.append(step.step) }
      units[index].files += step.files
    }
    let offered = policy.unit == .migration ? sinceOffered(merged) : merged[...]
    // What takes the base in is no work to be offered to it.
    for step in offered where base(takenInBy: step.step) == nil && !undoesOffers(step.step) {
      if policy.unit == .migration {
        add(step, to: whole)
      } else if let unit = publications.unit(of: step.step) ?? mended(by: step.step) {
        add(step, to: unit)
      } else {
        let key = PublicationKey.of(step, policy, owners)
        var (name, number) = (keys[key] ?? PublicationKey.name(key), 1)
        // What is offered already stays as it is, and a full one too: what follows begins another.
        while isClosed(name, units, adding: step, policy) {
          number += 1
          name = "\(PublicationKey.name(key))-\(number)"
        }
        keys[key] = name
        add(step, to: name)
      }
    }
    let current = Set(keys.values)
    for index in units.indices {
      units[index].files = Array(Set(units[index].files)).sorted {
        $0.utf8.lexicographicallyPrecedes($1.utf8)
      }
      for path in units[index].files {
        for owner in owners?.owners(of: path) ?? [] where !units[index].owners.contains(owner) {
          units[index].owners.append(owner)
        }
      }
      units[index].isComplete =
        openCount == 0 || (policy.unit != .migration && !current.contains(units[index].unit))
        || policy.unit == .step
    }
    return units + withdrawn(units)
  }

  /// Whether a step does no more than undo what is not in the base yet: the units that offer that let it go.
  private func undoesOffers(_ step: String) -> Bool {
    guard plan.publish?.unit ?? .migration != .migration, let index = index(of: step),
      !plan.steps[index].reverts.isEmpty
    else { return false }
    return plan.steps[index].reverts.allSatisfy { id in
      guard let unit = publications.unit(of: id), case .merged = publications[unit]?.end else { return true }
      return false
    }
  }

  /// The units that are on their way and have nothing left that is merged.
  private func withdrawn(_ others: [ProposedUnit]) -> [ProposedUnit] {
    publications.list.filter { known in
      known.end == nil && !known.steps.isEmpty && !others.contains { $0.unit == known.unit }
        && known.steps.allSatisfy { !isMerged($0) }
    }.map { known in
      var unit = ProposedUnit(unit: known.unit)
      (unit.steps, unit.isComplete, unit.isWithdrawn) = (known.steps, true, true)
      return unit
    }
  }

  /// Whether a step is part of the integration branch now.
  func isMerged(_ step: String) -> Bool {
    if case .merged = self.step(step)?.phase { true } else { false }
  }

  private func isClosed(
    _ name: String, _ units: [ProposedUnit], adding step: MergedStep, _ policy: PublishPolicy
  ) -> Bool {
    if publications[name] != nil { return true }
    guard let most = policy.maxFiles, let unit = units.first(where: { $0.unit == name }) else { return false }
    return Set(unit.files).union(step.files).count > most
  }

  /// The unit that a step was added for, to mend it.
  public func mended(by step: String) -> String? {
    index(of: step).flatMap { plan.steps[$0].mends }
  }

  /// The step that mends a unit and is not done.
  public func openFix(of unit: String) -> Step? {
    steps.indices.suffix(keptCount).first { plan.steps[$0].mends == unit && !steps[$0].phase.isTerminal }
      .map { steps[$0] }
  }

  /// Where a unit is, and what is due for it at `now`; `moment` is the same time where people live.
  public func standing(of proposed: ProposedUnit, at now: Timestamp, _ moment: WeekMoment) -> UnitStanding {
    let policy = plan.publish ?? PublishPolicy()
    let known = publications[proposed.unit]
    if let known, known.end != nil { return .ended(known.word) }
    if let reason = known?.handedOver { return .people(reason: reason) }
    if known?.intent != nil { return .settle }
    if proposed.isWithdrawn, known?.request == nil { return .waits(reason: "a step that is not undone") }
    if policy.needsApproval, !publications.approved.contains(proposed.unit) {
      return .waits(reason: "a person's 'git migrate approve \(proposed.unit)'")
    }
    let opened = publications.list.compactMap(\.request?.at)
    guard let known, known.head != nil else {
      guard proposed.isComplete else {
        return .waits(reason: "\(Count.of(openCount, "step")) that may come to it")
      }
      let seconds = policy.window.wait(moment, at: now, opened: opened)
      return seconds > 0 ? .later(seconds: seconds) : .push
    }
    if wantsMove(known, proposed) { return .push }
    guard known.request != nil else {
      let seconds = policy.window.wait(moment, at: now, opened: opened)
      return seconds > 0 ? .later(seconds: seconds) : .open
    }
    if wantsFix(known, policy) { return .fix }
    return isReady(known, policy) ? .ready : .look
  }

  /// Whether a draft of ours is to be one no longer: the plan says so by now, or its checks do.
  private func isReady(_ known: Publication, _ policy: PublishPolicy) -> Bool {
    guard known.request?.isDraft == true, let seen = known.seen, seen.state == "draft",
      seen.head == known.head
    else { return false }
    if !policy.isDraft(known.unit) { return true }
    return policy.readiesWhenGreen && seen.checks == .green && seen.review != .changes
  }

  /// Whether the branch of a unit is to be moved: more has come to it, or the base has gone from under it.
  private func wantsMove(_ known: Publication, _ proposed: ProposedUnit) -> Bool {
    if proposed.steps.isEmpty {
      return proposed.isComplete && known.head != tip
    }
    if proposed.isWithdrawn { return false }
    if known.steps != proposed.steps { return true }
    return known.seen?.conflicts == true && known.seen?.head == known.head
  }

  /// Whether a step is to be added that mends it: for what was said of its branch as it is now.
  private func wantsFix(_ known: Publication, _ policy: PublishPolicy) -> Bool {
    guard case .running = phase, known.wantsFix, known.seen?.head == known.head else {
      return false
    }
    return known.fixes < policy.fixes && openFix(of: known.unit) == nil && plan.agent != nil
  }

  /// The id that the next step has that mends a unit.
  public func fixID(of unit: String) -> String {
    let number = (publications[unit]?.fixes ?? 0) + 1
    return "fix-\(unit.prefix(48))-\(number)"
  }
}

/// By what steps come together in a unit.
enum PublicationKey {
  /// What a step belongs to.
  static func of(_ step: MergedStep, _ policy: PublishPolicy, _ owners: CodeOwners?) -> String {
    switch policy.unit {
    case .migration: return MigrationState.wholeUnit
    case .step: return step.step
    case .owner:
      var found: Set<String> = []
      for path in step.files { found.formUnion(owners?.owners(of: path) ?? []) }
      if found.count > 3 { return "many-owners" }
      return found.isEmpty ? "nobody" : found.sorted().joined(separator: " ")
    case .folder:
      var counts: [String: Int] = [:]
      for path in step.files {
        let folder = path.split(separator: "/").dropLast().prefix(policy.depth).joined(separator: "/")
        counts[folder.isEmpty ? "top" : folder, default: 0] += 1
      }
      return counts.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key ?? "top"
    }
  }

  /// The unit's name for a key: what may stand in a branch. Keys that would look alike get different names.
  static func name(_ key: String) -> String {
    if Identifier.stepFault(key) == nil { return key }
    var text = key.hasPrefix("@") ? String(key.dropFirst()) : key
    let isPlain = Identifier.stepFault(text) == nil && text.utf8.count <= 40
    if isPlain { return text }
    text = String(
      decoding: text.utf8.map { (byte: UInt8) -> UInt8 in
        let isGood =
          (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
        return isGood ? byte : UInt8(ascii: "-")
      }, as: UTF8.self)
    let words = text.split(separator: "-").joined(separator: "-").prefix(32)
    let digest = SHA256.hexDigest(of: Array(key.utf8)).prefix(6)
    return words.isEmpty ? "unit-\(digest)" : "\(words)-\(digest)"
  }
}
