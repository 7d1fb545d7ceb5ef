/// The members that version 2 of the format has in kinds of version 1 beside those that rules read. They are
/// kept as they are; the rules refuse an event that has one, but for a cause and the facts of an attempt.
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
    case .attemptFailed:
      [.may("cause", .text), .may("warnings", .texts), .may("findings", .texts)] + AttemptFacts.forms
    case .stepSubmitted: [.may("warnings", .texts), .may("summary", .digest)] + AttemptFacts.forms
    case .stepReleased: AttemptFacts.forms
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
    case .mergeIntended, .stepMerged:
      [.may("train", .counter), .may("steps", .texts), .may("commits", .texts)]
    case .migrationPaused: [.may("cause", .text)]
    case .stepRetried, .stepSkipped: [.may("cause", .text), .may("steps", .texts)]
    case .migrationStarted: [.may("targets", .digest)]
    case .planAmended: [.may("targets", .digest), .may("from", .text)]
    case .migrationResumed, .migrationAborted, .migrationFinished, .refreshIntended, .refreshMerged,
      .refreshAbandoned, .baselineClaimed, .baselineRenewed, .baselineAbandoned, .leaseRenewed, .leaseExpired,
      .gateStarted, .gateRenewed, .gateAbandoned, .mergeAbandoned, .stepAdded, .ledgerUpgraded,
      .reserved:
      []
    }
  }
}
