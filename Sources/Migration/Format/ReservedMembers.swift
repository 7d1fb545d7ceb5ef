/// The members that version 2 of the format has in kinds of version 1 and no rule reads yet. They are kept as
/// they are; the rules refuse an event that has one.
enum ReservedMembers {
  /// The forms of a kind; all may be left out.
  static func forms(_ kind: Change.Kind) -> [MemberForm] {
    switch kind {
    case .stepClaimed:
      [
        .may("agent", .text), .may("adapter", .text), .may("model", .text), .may("agent_version", .text),
        .may("session", .text), .may("continues", .counter), .may("sandbox", .text),
        .may("resources", .words),
        .may("stage", .text), .may("target", .text), .may("has", .texts),
      ]
    case .attemptFailed: [.may("cause", .text), .may("warnings", .texts), .may("findings", .texts)]
    case .stepSubmitted: [.may("warnings", .texts), .may("summary", .digest)]
    case .gateFinished:
      [
        .may("setup", .digest), .may("sandbox", .text), .may("toolchain", .digest), .may("runner", .text),
        .may("executed", .counter), .may("skipped", .counter), .may("tests", .digest),
        .may("mutated", .texts),
        .may("flaky", .texts), .may("cause", .text), .may("findings", .texts), .may("partner", .text),
      ]
    case .baselineRecorded:
      [
        .may("setup", .digest), .may("sandbox", .text), .may("toolchain", .digest), .may("runner", .text),
        .may("executed", .counter), .may("skipped", .counter), .may("tests", .digest), .may("flaky", .texts),
      ]
    case .trainStarted, .trainSplit: []
    case .trainFinished:
      [
        .may("setup", .digest), .may("sandbox", .text), .may("toolchain", .digest), .may("runner", .text),
        .may("executed", .counter), .may("skipped", .counter), .may("tests", .digest),
        .may("mutated", .texts), .may("flaky", .texts), .may("cause", .text), .may("findings", .texts),
      ]
    case .migrationPaused: [.may("cause", .text)]
    case .stepRetried, .stepSkipped: [.may("cause", .text), .may("steps", .texts)]
    case .migrationStarted: [.may("targets", .digest)]
    case .planAmended: [.may("targets", .digest), .may("from", .text)]
    case .migrationResumed, .migrationAborted, .migrationFinished, .refreshIntended, .refreshMerged,
      .refreshAbandoned, .baselineClaimed, .baselineRenewed, .baselineAbandoned, .leaseRenewed, .leaseExpired,
      .stepReleased, .mergeIntended, .stepMerged, .gateStarted, .gateRenewed, .gateAbandoned, .mergeAbandoned,
      .stepAdded, .ledgerUpgraded,
      .reserved:
      []
    }
  }
}
