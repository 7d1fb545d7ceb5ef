import CanonicalJSON

/// The rules of causes, lessons, samples, trials and counts.
extension Reducer {
  mutating func apply(_ change: LoopChange) throws(Refusal) {
    try requireNotEnded()
    switch change {
    case .labelled(let cause, let label): try self.label(cause, label)
    case .sampled(let sample): try draw(sample)
    case .trialStarted(let start): try startTrial(start)
    case .trialFinished(let report): try finishTrial(report)
    case .counted(let count): try self.count(count)
    }
  }

  mutating func apply(_ change: LessonChange) throws(Refusal) {
    guard event.migration == FormatVersion.everyMigration else {
      throw Refusal(.invalid, "a lesson is of all migrations, '\(FormatVersion.everyMigration)'")
    }
    switch change {
    case .added(let lesson):
      if let fault = lesson.fault { throw Refusal(.invalid, fault) }
      guard lesson.id == state.lessons.nextID else {
        throw Refusal(.stale, "the next lesson is \(state.lessons.nextID)")
      }
      guard state.lessons.list.count < Lesson.most else {
        throw Refusal(
          .limited, "there are \(Lesson.most) lessons already",
          hint: "take some away with 'git migrate lesson remove'")
      }
      state.lessons.add(lesson)
    case .removed(let lesson):
      guard state.lessons[lesson]?.id == lesson else {
        throw Refusal(.invalid, "no lesson is called '\(lesson)'")
      }
      state.lessons.remove(lesson)
    }
  }

  // MARK: Causes

  /// Keeps why the last attempt of a step failed, and what for.
  mutating func noteFailure(_ index: Int, _ failure: Failure) {
    migration.steps[index].lastFailure = failure
    migration.steps[index].cause = nil
    guard event.version >= CauseBook.version else { return }
    let (cause, name) = cause(of: failure, index)
    migration.steps[index].cause = cause
    if let fleet = migration.plan.fleet?.fleet { state.fleets.note(cause: cause, in: fleet) }
    // Its own steps are asked only when there is no room left.
    let steps = migration.steps
    migration.causes.note(cause, name: name, failure) { cause in steps.contains { $0.cause == cause } }
  }

  /// What the entry says of it; of what the rules find themselves, it is found here.
  private func cause(of failure: Failure, _ index: Int) -> (String, name: String?) {
    if event.change.fault?.step == migration.steps[index].id,
      case .string(let cause)? = event.fact(Event.causeKey)
    {
      if case .string(let name)? = event.fact(Event.causeNameKey) { return (cause, name) }
      return (cause, nil)
    }
    return (Fingerprint.of(failure, step: migration.plan.steps[index]), nil)
  }

  mutating func forgetFailure(_ index: Int) {
    migration.steps[index].lastFailure = nil
    migration.steps[index].cause = nil
  }

  private mutating func label(_ cause: String, _ label: String) throws(Refusal) {
    guard migration.causes[cause] != nil else {
      throw Refusal(.invalid, "nothing has failed for the cause '\(cause)' in '\(migration.name)'")
    }
    guard !label.isEmpty, label.utf8.count <= CauseBook.longestLabel, !label.contains(where: \.isNewline)
    else {
      throw Refusal(.invalid, "a label is one line of 1 to \(CauseBook.longestLabel) bytes")
    }
    migration.causes.label(cause, label)
  }

  // MARK: Samples and trials

  private mutating func draw(_ sample: SampleDraw) throws(Refusal) {
    guard sample.round == (migration.loop.sample?.round ?? 0) + 1 else {
      throw Refusal(.stale, "the next sample is number \((migration.loop.sample?.round ?? 0) + 1)")
    }
    guard !sample.steps.isEmpty, sample.steps.count <= SampleDraw.most,
      Set(sample.steps).count == sample.steps.count
    else { throw Refusal(.invalid, "a sample has 1 to \(SampleDraw.most) steps, each once") }
    for step in sample.steps { _ = try indexOfStep(step) }
    migration.loop.sample = sample
  }

  private mutating func startTrial(_ start: TrialStart) throws(Refusal) {
    // Who mends a prompt after a pause tries it before the others go on.
    try requireNotEnded()
    _ = try indexOfStep(start.step)
    guard start.trial == migration.loop.trials + 1 else {
      throw Refusal(.stale, "the next trial is number \(migration.loop.trials + 1)")
    }
    guard start.plan == migration.planNumber, start.digest == migration.planDigest else {
      throw Refusal(.stale, "a trial is done by the plan in force, number \(migration.planNumber)")
    }
    guard !start.holder.isEmpty else { throw Refusal(.invalid, "a trial needs a holder") }
    try requireProcess(start.owner)
    try requireLength(until: start.expiresAt)
    guard migration.loop.open.count < SampleDraw.most else {
      throw Refusal(.limited, "\(SampleDraw.most) trials are under way")
    }
    // What agents may use at most holds for trials, too.
    if let words = migration.shortage { throw Refusal(.limited, words, hint: Budget.remedy) }
    migration.loop.trials = start.trial
    migration.loop.open.append(start)
  }

  private mutating func finishTrial(_ report: TrialReport) throws(Refusal) {
    guard let index = migration.loop.open.firstIndex(where: { $0.trial == report.trial }) else {
      throw Refusal(.wrongPhase, "trial \(report.trial) is not under way")
    }
    let start = migration.loop.open[index]
    guard start.step == report.step else {
      throw Refusal(.invalid, "trial \(report.trial) is of '\(start.step)', not '\(report.step)'")
    }
    if event.by != start.holder {
      guard report.outcome == .lost, report.evidence != .holder else {
        throw Refusal(.held, "trial \(report.trial) is \(start.holder)'s, not \(event.by)'s")
      }
      try require(report.evidence, owner: start.owner, expiresAt: start.expiresAt)
    }
    guard (report.failure != nil) == (report.outcome == .failed) else {
      throw Refusal(.invalid, "a trial that fails says why, and no other")
    }
    migration.loop.open.remove(at: index)
    guard let used = Amounts(facts: event.reserved) else { return }
    migration.spending.add(used, at: at)
  }

  // MARK: Uses

  /// Done means that nothing is left of what was counted. Whoever takes a part takes it with what is left.
  func requireNoUses(_ result: ObjectID) throws(Refusal) {
    guard event.version >= LoopChange.version, let until = migration.plan.until else { return }
    guard let count = migration.loop.count(at: result, by: until.digest) else {
      throw Refusal(
        .wrongPhase, "the uses at \(result.short) are not counted yet", hint: "run 'git migrate finish' again"
      )
    }
    guard count == 0 else {
      throw Refusal(
        .wrongPhase, "\(Count.of(count, "use")) left of what '\(migration.name)' migrates away",
        hint: "'git migrate amend --expand' makes steps of what is new; '--partial' takes what is there")
    }
  }

  private mutating func count(_ uses: UseCount) throws(Refusal) {
    guard uses.count >= 0 else { throw Refusal(.invalid, "a count is not negative") }
    guard let until = migration.plan.until, until.digest == uses.command else {
      throw Refusal(.stale, "the plan counts something else, or nothing")
    }
    if migration.loop.count(at: uses.commit, by: uses.command) != nil {
      throw Refusal(.wrongPhase, "the uses at \(uses.commit.short) are counted already")
    }
    migration.loop.counts.append(CountedUses(at: at, uses: uses))
    let surplus = migration.loop.counts.count - DailyLoop.mostCounts
    if surplus > 0 { migration.loop.counts.removeFirst(surplus) }
  }
}
