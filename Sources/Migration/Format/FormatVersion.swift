import CanonicalJSON

/// The versions of the ledger's format: the rules that an entry was accepted under, by the entry's `v`.
///
/// Every version from the oldest to the newest is read, for ever. A ledger is written in the version that it
/// began with until `git migrate init --upgrade` records otherwise, so that one upgraded clone does not stop
/// the others at night.
public enum FormatVersion {
  /// The oldest version that is read.
  public static let oldest = 1
  /// The newest version that is read, and the one that an upgrade leads to.
  public static let newest = 2
  /// What a new ledger is written in.
  public static let ofNewLedgers = newest

  /// The versions that are read.
  static let known = oldest...newest
  /// The name that stands for the whole ledger where an entry belongs to no migration.
  public static let everyMigration = "*"
}

extension State {
  /// The version that the next entry is written in.
  public func version(for change: Change) -> Int {
    if case .ledger(.upgraded(let version)) = change { return version }
    return version == 0 ? FormatVersion.ofNewLedgers : version
  }

  /// Whether an entry of that version may come next.
  func requireVersion(of event: Event) throws(Refusal) {
    if case .ledger(.upgraded(let version)) = event.change {
      guard version > self.version, FormatVersion.known.contains(version), event.version == version else {
        throw Refusal(.wrongPhase, "the ledger is written in version \(self.version) of the format already")
      }
      return
    }
    guard event.version >= event.change.since else {
      throw Refusal(.invalid, "version \(event.version) of the format knows no '\(event.change.kindName)'")
    }
    guard version == 0 || event.version == version else {
      throw Refusal(
        .invalid, "an entry of version \(event.version) in a ledger of version \(version)",
        hint: "'git migrate init --upgrade' moves a ledger to version \(FormatVersion.newest)")
    }
  }
}

extension Event {
  /// The member that names the cause of a failure (`Fingerprint`) or of a pause, from version 2 on.
  public static let causeKey = "cause"
  /// The member that has the name that the plan's patterns give that cause.
  public static let causeNameKey = "cause_name"

  /// The event as the ledger writes it in its version: from version 2 on with the cause of the failure that
  /// it records, and the facts of an attempt or a verdict that it brought along.
  public func written(in state: State) -> Event {
    var event = self
    event.version = state.version(for: change)
    event.reserved = []
    guard event.version >= 2 else {
      event.change = change.withoutEvidence
      return event
    }
    var facts = reserved.filter { fact in
      Facts.forms(change.kind).contains { $0.name == fact.key && $0.shape.accepts(fact.value) }
    }
    if let (failure, id) = change.fault {
      let plan = state.migration(named: migration)?.plan
      let step = plan?.steps.first { $0.id == id }
      let name = FailurePattern.name(of: failure, by: plan?.failures ?? [])
      facts.append(JSON.Member(Event.causeKey, .string(Fingerprint.of(failure, step: step, name: name))))
      if let name { facts.append(JSON.Member(Event.causeNameKey, .string(name))) }
    }
    // In the order in which they are read again, so that an entry is what it was written as.
    event.reserved = ReservedMembers.forms(change.kind).compactMap { form in
      facts.first { $0.key == form.name }
    }
    return event
  }
}

extension Change {
  /// The failure that it records, and the step that failed; a failing base is no step's.
  var fault: (failure: Failure, step: String?)? {
    if case .baseline(.recorded(let found)) = self, found.verdict != .passed {
      return (Failure(kind: .gate, reason: found.reason, details: found.details), nil)
    }
    if case .train(.finished(let report)) = self { return report.failure.map { ($0, report.culprit) } }
    if case .loop(.trialFinished(let report)) = self { return report.failure.map { ($0, report.step) } }
    return failure.map { ($0, step) }
  }
}
