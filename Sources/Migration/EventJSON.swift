extension Change {
  /// The kind, as the ledger and `git migrate log` write it: `<subject>.<what happened>`.
  public var kind: Kind {
    switch self {
    case .migrationStarted: .migrationStarted
    case .planAmended: .planAmended
    case .migrationPaused: .migrationPaused
    case .migrationResumed: .migrationResumed
    case .migrationAborted: .migrationAborted
    case .migrationFinished: .migrationFinished
    case .refreshIntended: .refreshIntended
    case .refreshMerged: .refreshMerged
    case .refreshAbandoned: .refreshAbandoned
    case .baselineClaimed: .baselineClaimed
    case .baselineRenewed: .baselineRenewed
    case .baselineAbandoned: .baselineAbandoned
    case .baselineRecorded: .baselineRecorded
    case .stepClaimed: .stepClaimed
    case .leaseRenewed: .leaseRenewed
    case .leaseExpired: .leaseExpired
    case .stepReleased: .stepReleased
    case .attemptFailed: .attemptFailed
    case .stepSubmitted: .stepSubmitted
    case .gateStarted: .gateStarted
    case .gateRenewed: .gateRenewed
    case .gateFinished: .gateFinished
    case .gateAbandoned: .gateAbandoned
    case .mergeIntended: .mergeIntended
    case .mergeAbandoned: .mergeAbandoned
    case .stepMerged: .stepMerged
    case .train(let change): change.kind
    case .stepAdded: .stepAdded
    case .stepRetried: .stepRetried
    case .stepSkipped: .stepSkipped
    case .ledgerUpgraded: .ledgerUpgraded
    case .reserved: .reserved
    }
  }

  /// The word that the ledger and `git migrate log` write: that of `kind`, or of the reserved kind.
  public var kindName: String {
    if case .reserved(let reserved) = self { return reserved.kind.rawValue }
    return kind.rawValue
  }

  /// The kinds of change.
  public enum Kind: String, CaseIterable, Sendable {
    case migrationStarted = "migration.started"
    case planAmended = "plan.amended"
    case migrationPaused = "migration.paused"
    case migrationResumed = "migration.resumed"
    case migrationAborted = "migration.aborted"
    case migrationFinished = "migration.finished"
    case refreshIntended = "refresh.intended"
    case refreshMerged = "refresh.merged"
    case refreshAbandoned = "refresh.abandoned"
    case baselineClaimed = "baseline.claimed"
    case baselineRenewed = "baseline.renewed"
    case baselineAbandoned = "baseline.abandoned"
    case baselineRecorded = "baseline.recorded"
    case stepClaimed = "step.claimed"
    case leaseRenewed = "lease.renewed"
    case leaseExpired = "lease.expired"
    case stepReleased = "step.released"
    case attemptFailed = "attempt.failed"
    case stepSubmitted = "step.submitted"
    case gateStarted = "gate.started"
    case gateRenewed = "gate.renewed"
    case gateFinished = "gate.finished"
    case gateAbandoned = "gate.abandoned"
    case mergeIntended = "merge.intended"
    case mergeAbandoned = "merge.abandoned"
    case stepMerged = "step.merged"
    case trainStarted = "train.started"
    case trainSplit = "train.split"
    case trainFinished = "train.finished"
    case stepAdded = "step.added"
    case stepRetried = "step.retried"
    case stepSkipped = "step.skipped"
    case ledgerUpgraded = "ledger.upgraded"
    /// Stands for every `ReservedKind`; no entry has this word.
    case reserved = "reserved"

    /// The version of the format from which on there are entries of this kind.
    var since: Int {
      switch self {
      case .trainStarted, .trainSplit, .trainFinished: TrainChange.version
      case .ledgerUpgraded: 2
      case .migrationStarted, .planAmended, .migrationPaused, .migrationResumed, .migrationAborted,
        .migrationFinished, .refreshIntended, .refreshMerged, .refreshAbandoned, .baselineClaimed,
        .baselineRenewed, .baselineAbandoned, .baselineRecorded, .stepClaimed, .leaseRenewed, .leaseExpired,
        .stepReleased, .attemptFailed, .stepSubmitted, .gateStarted, .gateRenewed, .gateFinished,
        .gateAbandoned, .mergeIntended, .mergeAbandoned, .stepMerged, .stepAdded, .stepRetried, .stepSkipped,
        .reserved:
        1
      }
    }
  }

  /// The plan that travels beside the entry instead of in it, if the change carries one.
  public var plan: Plan? {
    switch self {
    case .migrationStarted(let start): start.plan
    case .planAmended(let amendment): amendment.plan
    case .migrationPaused, .migrationResumed, .migrationAborted, .migrationFinished, .refreshIntended,
      .refreshMerged, .refreshAbandoned, .baselineClaimed, .baselineRenewed, .baselineAbandoned,
      .baselineRecorded, .stepClaimed, .leaseRenewed, .leaseExpired, .stepReleased, .attemptFailed,
      .stepSubmitted, .gateStarted, .gateRenewed, .gateFinished, .gateAbandoned, .mergeIntended,
      .mergeAbandoned, .stepMerged, .train, .stepAdded, .stepRetried, .stepSkipped,
      .ledgerUpgraded, .reserved:
      nil
    }
  }

  /// The number of the plan that the change brings, if it brings one.
  public var planNumber: Int? {
    if case .planAmended(let amendment) = self { return amendment.number }
    return plan == nil ? nil : 1
  }

  /// The claim the change speaks for, if it speaks for one.
  public var fence: Fence? {
    switch self {
    case .stepClaimed(let claim): claim.fence
    case .leaseRenewed(let fence, _), .leaseExpired(let fence, _, _), .stepReleased(let fence, _, _),
      .attemptFailed(let fence, _), .stepSubmitted(let fence, _), .gateStarted(let fence, _),
      .gateRenewed(let fence, _, _), .gateFinished(let fence, _), .gateAbandoned(let fence, _, _),
      .mergeIntended(let fence, _), .mergeAbandoned(let fence, _, _), .stepMerged(let fence, _, _):
      fence
    case .migrationStarted, .planAmended, .migrationPaused, .migrationResumed, .migrationAborted,
      .migrationFinished, .refreshIntended, .refreshMerged, .refreshAbandoned, .baselineClaimed,
      .baselineRenewed, .baselineAbandoned, .baselineRecorded, .train, .stepAdded, .stepRetried,
      .stepSkipped, .ledgerUpgraded, .reserved:
      nil
    }
  }

  /// The step the change is about, if it is about one.
  public var step: String? {
    switch self {
    case .stepAdded(let addition): addition.step
    case .stepRetried(let step, _), .stepSkipped(let step, _): step
    case .migrationStarted, .planAmended, .migrationPaused, .migrationResumed, .migrationAborted,
      .migrationFinished, .refreshIntended, .refreshMerged, .refreshAbandoned, .baselineClaimed,
      .baselineRenewed, .baselineAbandoned, .baselineRecorded, .stepClaimed, .leaseRenewed, .leaseExpired,
      .stepReleased, .attemptFailed, .stepSubmitted, .gateStarted, .gateRenewed, .gateFinished,
      .gateAbandoned, .mergeIntended, .mergeAbandoned, .stepMerged, .train, .ledgerUpgraded, .reserved:
      fence?.step
    }
  }

  /// The steps that the change is about: one, those of a train, or none.
  public var steps: [String] {
    switch self {
    case .train(let change): change.steps
    case .mergeIntended(_, let target): target.train?.steps ?? [step].compactMap(\.self)
    case .stepMerged(_, _, let train): train?.steps ?? [step].compactMap(\.self)
    case .migrationStarted, .planAmended, .migrationPaused, .migrationResumed, .migrationAborted,
      .migrationFinished, .refreshIntended, .refreshMerged, .refreshAbandoned, .baselineClaimed,
      .baselineRenewed, .baselineAbandoned, .baselineRecorded, .stepClaimed, .leaseRenewed, .leaseExpired,
      .stepReleased, .attemptFailed, .stepSubmitted, .gateStarted, .gateRenewed, .gateFinished,
      .gateAbandoned, .mergeAbandoned, .stepAdded, .stepRetried, .stepSkipped, .ledgerUpgraded, .reserved:
      [step].compactMap(\.self)
    }
  }

  /// Writes the payload's members; the plan of a start or an amendment is not among them.
  func write(to object: inout ObjectBuilder) {
    if let fence {
      object.set("step", fence.step)
      object.set("epoch", fence.epoch)
    }
    switch self {
    case .migrationStarted(let start):
      object.set("digest", start.digest)
      object.set("base", start.base)
      object.set("commit", start.commit)
      object.set("shared", start.shared)
    case .planAmended(let amendment):
      object.set("number", amendment.number)
      object.set("digest", amendment.digest)
    case .migrationPaused(let reason), .migrationAborted(let reason): object.set("reason", reason)
    case .refreshAbandoned(let evidence, let reason):
      object.set("evidence", evidence.json)
      object.set("reason", reason)
    case .migrationResumed: break
    case .migrationFinished(let result, let partial):
      object.set("commit", result)
      object.set("partial", partial)
    case .refreshIntended(let refresh): refresh.write(to: &object)
    case .refreshMerged(let commit): object.set("commit", commit)
    case .baselineClaimed(let claim): claim.write(to: &object)
    case .baselineRenewed(let run, let expiresAt):
      object.set("run", run)
      object.set("expires_at", expiresAt)
    case .baselineAbandoned(let run, let evidence):
      object.set("run", run)
      object.set("evidence", evidence.json)
    case .baselineRecorded(let baseline): baseline.write(to: &object)
    case .stepClaimed(let claim): claim.write(to: &object)
    case .leaseRenewed(_, let expiresAt): object.set("expires_at", expiresAt)
    case .leaseExpired(_, let renewal, let evidence):
      object.set("renewal", renewal)
      object.set("evidence", evidence.json)
    case .stepReleased(_, let forced, let reason):
      object.set("forced", forced)
      object.set("reason", reason)
    case .attemptFailed(_, let failure): object.set("failure", failure.json)
    case .stepSubmitted(_, let result): result.write(to: &object)
    case .gateStarted(_, let start): start.write(to: &object)
    case .gateRenewed(_, let gate, let expiresAt):
      object.set("gate", gate)
      object.set("expires_at", expiresAt)
    case .gateFinished(_, let report): report.write(to: &object)
    case .gateAbandoned(_, let gate, let evidence):
      object.set("gate", gate)
      object.set("evidence", evidence.json)
    case .mergeIntended(_, let target): target.write(to: &object)
    case .mergeAbandoned(_, let evidence, let reason):
      object.set("evidence", evidence.json)
      object.set("reason", reason)
    case .stepMerged(_, let commit, let train):
      object.set("commit", commit)
      train?.write(to: &object)
    case .train(let change): change.write(to: &object)
    case .stepAdded(let addition): addition.write(to: &object)
    case .stepRetried(let step, let reason), .stepSkipped(let step, let reason):
      object.set("step", step)
      object.set("reason", reason)
    case .ledgerUpgraded(let version): object.set("to", version)
    case .reserved(let reserved): for member in reserved.members { object.set(member.key, member.value) }
    }
  }

  /// Reads the payload of a change of that kind. `plan` brings the plan that lies beside the entry.
  static func read(
    _ kind: Kind, from object: inout ObjectReader, plan: (_ number: Int) throws(JSONFault) -> Plan
  ) throws(JSONFault) -> Change {
    switch kind {
    case .migrationStarted:
      return .migrationStarted(
        MigrationStart(
          plan: try plan(1), digest: try object.string("digest"), base: try object.string("base"),
          commit: try object.objectID("commit"), shared: try object.flag("shared")))
    case .planAmended:
      let number = try object.integer("number")
      return .planAmended(
        PlanAmendment(plan: try plan(number), number: number, digest: try object.string("digest")))
    case .migrationPaused: return .migrationPaused(reason: try object.string("reason"))
    case .migrationResumed: return .migrationResumed
    case .migrationAborted: return .migrationAborted(reason: try object.string("reason"))
    case .migrationFinished:
      return .migrationFinished(
        result: try object.objectID("commit"), partial: try object.flag("partial"))
    case .refreshIntended: return .refreshIntended(try Refresh(from: &object))
    case .refreshMerged: return .refreshMerged(commit: try object.objectID("commit"))
    case .refreshAbandoned:
      return .refreshAbandoned(
        evidence: try Evidence(json: try object.required("evidence")), reason: try object.string("reason"))
    case .baselineClaimed: return .baselineClaimed(try BaselineClaim(from: &object))
    case .baselineRenewed:
      return .baselineRenewed(
        run: try object.counter("run"), expiresAt: try object.timestamp("expires_at"))
    case .baselineAbandoned:
      return .baselineAbandoned(
        run: try object.counter("run"), evidence: try Evidence(json: try object.required("evidence")))
    case .baselineRecorded: return .baselineRecorded(try Baseline(from: &object))
    case .trainStarted: return .train(.started(try TrainStart(from: &object)))
    case .trainSplit: return .train(.split(try TrainSplit(from: &object)))
    case .trainFinished: return .train(.finished(try TrainReport(from: &object)))
    case .stepAdded: return .stepAdded(try StepAddition(from: &object))
    case .stepRetried:
      return .stepRetried(step: try object.string("step"), reason: try object.string("reason"))
    case .stepSkipped:
      return .stepSkipped(step: try object.string("step"), reason: try object.string("reason"))
    case .ledgerUpgraded: return .ledgerUpgraded(version: try object.counter("to"))
    case .reserved: throw JSONFault("no entry is of the kind '\(kind.rawValue)'")
    case .stepClaimed, .leaseRenewed, .leaseExpired, .stepReleased, .attemptFailed, .stepSubmitted,
      .gateStarted, .gateRenewed, .gateFinished, .gateAbandoned, .mergeIntended, .mergeAbandoned,
      .stepMerged:
      let fence = Fence(step: try object.string("step"), epoch: try object.integer("epoch"))
      return try readFenced(kind, fence, from: &object)
    }
  }

  private static func readFenced(
    _ kind: Kind, _ fence: Fence, from object: inout ObjectReader
  ) throws(JSONFault) -> Change {
    switch kind {
    case .stepClaimed: return .stepClaimed(try Claim(fence: fence, from: &object))
    case .leaseRenewed: return .leaseRenewed(fence, expiresAt: try object.timestamp("expires_at"))
    case .leaseExpired:
      return .leaseExpired(
        fence, renewal: try object.integer("renewal"),
        evidence: try Evidence(json: try object.required("evidence")))
    case .stepReleased:
      return .stepReleased(fence, forced: try object.flag("forced"), reason: try object.string("reason"))
    case .attemptFailed:
      return .attemptFailed(fence, try Failure(json: try object.required("failure")))
    case .stepSubmitted: return .stepSubmitted(fence, try Submission.Result(from: &object))
    case .gateStarted: return .gateStarted(fence, try GateStart(from: &object))
    case .gateRenewed:
      return .gateRenewed(
        fence, gate: try object.counter("gate"), expiresAt: try object.timestamp("expires_at"))
    case .gateFinished: return .gateFinished(fence, try GateReport(from: &object))
    case .gateAbandoned:
      return .gateAbandoned(
        fence, gate: try object.integer("gate"),
        evidence: try Evidence(json: try object.required("evidence")))
    case .mergeIntended: return .mergeIntended(fence, try MergeTarget(from: &object))
    case .mergeAbandoned:
      return .mergeAbandoned(
        fence, evidence: try Evidence(json: try object.required("evidence")),
        reason: try object.string("reason"))
    case .stepMerged:
      return .stepMerged(
        fence, commit: try object.objectID("commit"), train: try TrainMerge.optional(from: &object))
    case .migrationStarted, .planAmended, .migrationPaused, .migrationResumed, .migrationAborted,
      .migrationFinished, .refreshIntended, .refreshMerged, .refreshAbandoned, .baselineClaimed,
      .baselineRenewed, .baselineAbandoned, .baselineRecorded, .trainStarted, .trainSplit, .trainFinished,
      .stepAdded, .stepRetried, .stepSkipped, .ledgerUpgraded, .reserved:
      throw JSONFault("'\(kind.rawValue)' speaks for no claim")
    }
  }
}
