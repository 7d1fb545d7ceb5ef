extension Event {
  /// The event as a person reads it in `git log refs/migrate/ledger`: one line, no full stop, at most 100
  /// characters, safe to print (I-30).
  public var sentence: String {
    let text = Sentence(event: self).text
    let clean = PlainText.line(text)
    return clean.count > 100 ? clean.prefix(99) + "…" : clean
  }
}

private struct Sentence {
  let event: Event

  var text: String {
    if let step = event.change.step { return "\(step) \(aboutStep)" }
    if event.migration == FormatVersion.everyMigration { return aboutMigration }
    return "\(event.migration) \(aboutMigration)"
  }

  private var aboutMigration: String {
    switch event.change {
    case .migrationStarted(let start):
      "started with \(Count.of(start.plan.steps.count, "step")) into \(start.plan.into)"
    case .planAmended(let amendment):
      "amended to plan \(amendment.number) with \(Count.of(amendment.plan.steps.count, "step"))"
    case .migrationPaused(let reason): "paused: \(reason)"
    case .migrationResumed: "resumed"
    case .migrationAborted(let reason): "aborted: \(reason)"
    case .migrationFinished(let result, let partial):
      "finished\(partial ? " in part" : "") at \(result.short)"
    case .refreshIntended(let refresh): "about to take in base \(refresh.base.short)"
    case .refreshMerged(let commit): "took in the moved base as \(commit.short)"
    case .refreshAbandoned(_, let reason): "did not take in the moved base: \(reason)"
    case .baselineClaimed(let claim): "base is judged by \(claim.holder) (run \(claim.run))"
    case .baselineRenewed(let run, _): "base renewed by \(event.by) (run \(run))"
    case .baselineAbandoned(let run, let evidence):
      switch evidence {
      case .holderDead: "base lost its judge, who died (run \(run))"
      case .timeout: "base was judged for too long (run \(run))"
      case .holder: "base not judged to the end by \(event.by) (run \(run))"
      }
    case .baselineRecorded(let baseline):
      "baseline \(baseline.verdict.words)"
        + (baseline.failure.map { ": \($0.reason)" } ?? kept(baseline.kept))
    case .train(let change): change.sentence
    case .ledgerUpgraded(let version): "ledger upgraded to version \(version) of the format"
    case .reserved(let reserved): reserved.sentence
    case .stepClaimed, .leaseRenewed, .leaseExpired, .stepReleased, .attemptFailed, .stepSubmitted,
      .gateStarted, .gateRenewed, .gateFinished, .gateAbandoned, .mergeIntended, .mergeAbandoned,
      .stepMerged, .stepAdded, .stepRetried, .stepSkipped:
      event.change.kindName
    }
  }

  /// A verdict that may rest on more than the tree says so.
  private func kept(_ folders: [String]) -> String {
    folders.isEmpty ? "" : " (kept \(folders.joined(separator: ", ")))"
  }

  private var aboutStep: String {
    switch event.change {
    case .stepClaimed(let claim): "claimed by \(claim.holder) (epoch \(claim.fence.epoch))"
    case .leaseRenewed(let fence, _): "renewed by \(event.by) (epoch \(fence.epoch))"
    case .leaseExpired(let fence, _, let evidence):
      switch evidence {
      case .holderDead: "lost its holder, which died (epoch \(fence.epoch))"
      case .timeout, .holder: "lease ran out (epoch \(fence.epoch))"
      }
    case .stepReleased(_, let forced, let reason):
      "released\(forced ? " by force" : "") by \(event.by)\(reason.isEmpty ? "" : ": \(reason)")"
    case .attemptFailed(_, let failure): "attempt failed: \(failure.reason)"
    case .stepSubmitted(_, let result):
      result.isNoOp
        ? "submitted as nothing to do by \(event.by)" : "submitted by \(event.by) as \(result.commit.short)"
    case .gateStarted(_, let start): "gate \(start.gate) started on tree \(start.tree.short)"
    case .gateRenewed(_, let gate, _): "gate \(gate) renewed by \(event.by)"
    case .gateFinished(_, let report):
      if let failure = report.failure {
        "gate \(report.gate) \(report.verdict.words): \(failure.reason)"
      } else if report.isNoChange {
        "gate \(report.gate) passed, nothing to merge"
      } else {
        "gate \(report.gate) \(report.verdict.words)\(kept(report.kept))"
      }
    case .gateAbandoned(_, let gate, _): "gate \(gate) given up"
    case .mergeIntended(_, let target):
      target.train.map {
        "and \(Count.of($0.members.count - 1, "step")) before it about to be merged as \(target.new.short)"
      } ?? "about to be merged as \(target.new.short)"
    case .mergeAbandoned(_, _, let reason): "not merged: \(reason)"
    case .stepMerged(_, let commit, let train):
      train.map { "and \(Count.of($0.members.count - 1, "step")) before it merged as \(commit.short)" }
        ?? "merged as \(commit.short)"
    case .stepAdded(let addition):
      "added: base \(addition.base.short) conflicts in \(addition.paths.joined(separator: ", "))"
    case .stepRetried(_, let reason): "retried by \(event.by)\(reason.isEmpty ? "" : ": \(reason)")"
    case .stepSkipped(_, let reason): "skipped by \(event.by)\(reason.isEmpty ? "" : ": \(reason)")"
    case .migrationStarted, .planAmended, .migrationPaused, .migrationResumed, .migrationAborted,
      .migrationFinished, .refreshIntended, .refreshMerged, .refreshAbandoned, .baselineClaimed,
      .baselineRenewed, .baselineAbandoned, .baselineRecorded, .train, .ledgerUpgraded, .reserved:
      event.change.kindName
    }
  }
}
