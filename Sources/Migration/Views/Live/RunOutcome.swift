/// Something that has come to an end in a run, as one line for people.
public struct RunOutcome: Equatable, Sendable {
  /// What became of it; `refused` is no attempt of a step: the base does not pass.
  public enum Kind: String, CaseIterable, Sendable {
    case merged, unchanged, failed, blocked, skipped, refused, told
  }

  /// What became of it.
  public var kind: Kind
  /// The migration.
  public var migration: String
  /// The step, or who else it is about.
  public var subject: String
  /// A commit, or why.
  public var words: String
  /// How long the attempt took, in seconds.
  public var seconds: Int?
  /// What the step has cost, in millionths of a US dollar.
  public var cost = 0
  /// `2/3` of a failed attempt, `holds 2` of a blocked step.
  public var note = ""

  /// What an entry brings to an end, in the state after it; nothing for most. `course` tells times.
  public static func of(_ event: Event, in state: State, _ course: Course?) -> [RunOutcome] {
    guard let migration = state.migration(named: event.migration) else { return about(event) }
    var maker = Maker(migration: migration, course: course, at: event.at)
    switch event.change {
    case .merge(_, .merged(let commit, let train)):
      if let train {
        for member in train.members { maker.add(.merged, member.fence.step, member.commit.short) }
      } else if let step = event.change.steps.first {
        maker.add(.merged, step, commit.short)
      }
    case .gate(let fence, .finished(let report)):
      if report.isNoChange {
        maker.add(.unchanged, fence.step, "nothing had to be changed")
      } else if let failure = report.failure {
        maker.fail(fence.step, failure, report.verdict)
      }
    case .train(.finished(let report)):
      if let step = report.culprit, let failure = report.failure { maker.fail(step, failure, report.verdict) }
    case .claim(let fence, .failed(let failure)): maker.fail(fence.step, failure, .failed)
    case .claim(let fence, .expired): maker.add(.told, fence.step, "lost its worker")
    case .step(_, .skipped(let reason, _)):
      for step in event.change.steps { maker.add(.skipped, step, reason) }
    case .baseline(.recorded(let baseline)):
      if let failure = baseline.failure { maker.add(.refused, "the base", failure.reason) }
    case .migration(.paused(let reason)): maker.add(.told, migration.name, "paused: \(reason)")
    case .migration(.resumed): maker.add(.told, migration.name, "goes on")
    case .migration(.amended(let amendment)):
      maker.add(.told, migration.name, "follows plan \(amendment.number)")
    case .migration, .refresh, .baseline, .claim, .gate, .train, .merge, .step, .ledger, .agent, .machine,
      .loop,
      .lesson, .publication, .notice, .forge, .fleet, .reserved:
      break
    }
    return maker.outcomes
  }

  private static func about(_ event: Event) -> [RunOutcome] {
    switch event.change {
    case .agent(.rests(let agent, let cause, _, let reason)):
      [RunOutcome(kind: .told, migration: "", subject: agent, words: "rests: \(cause ?? reason)")]
    case .agent(.woke(let agent)):
      [RunOutcome(kind: .told, migration: "", subject: agent, words: "serves again")]
    case .machine(.troubled(_, let missing)):
      [RunOutcome(kind: .told, migration: "", subject: missing.program, words: missing.reason)]
    case .machine(.cleared(_, let program)):
      [RunOutcome(kind: .told, migration: "", subject: program, words: "is there again")]
    case .migration, .refresh, .baseline, .claim, .gate, .train, .merge, .step, .ledger, .loop, .lesson,
      .publication, .notice, .forge, .fleet,
      .reserved:
      []
    }
  }

  private struct Maker {
    let migration: MigrationState
    let course: Course?
    let at: Timestamp
    var outcomes: [RunOutcome] = []

    mutating func add(_ kind: Kind, _ step: String, _ words: String, note: String = "") {
      var outcome = RunOutcome(
        kind: kind, migration: migration.name, subject: step, words: words, note: note)
      if let begun = course?.steps[step]?.attempted {
        outcome.seconds = Int(max(0, (at.milliseconds - begun.milliseconds) / 1000))
      }
      outcome.cost = migration.step(step)?.used.microdollars ?? 0
      outcomes.append(outcome)
    }

    mutating func fail(_ name: String, _ failure: Failure, _ verdict: Verdict) {
      guard verdict == .failed, let step = migration.step(name) else {
        return add(.told, name, "could not be judged: \(failure.reason)")
      }
      if case .blocked = step.phase {
        let holds = migration.blockedCauses.first { $0.steps.contains(name) }?.holds ?? 0
        return add(.blocked, name, failure.reason, note: holds > 0 ? "holds \(holds)" : "")
      }
      add(.failed, name, failure.reason, note: "\(step.failures)/\(migration.allowance(step))")
    }
  }

  /// The line, cut to so many columns unless that is 0.
  public func line(width: Int, idWidth: Int, isASCII: Bool, colour: Bool, named: Bool = false) -> String {
    let name = PlainText.line(
      named && !migration.isEmpty && subject != migration
        ? "\(migration)/\(subject)" : subject)
    var tail: [String] = []
    if !note.isEmpty { tail.append(note) }
    switch kind {
    case .merged, .unchanged, .failed, .blocked:
      if let seconds { tail.append(SpanText.words(seconds)) }
      if cost > 0 { tail.append(Money.text(cost)) }
    case .skipped, .refused, .told: break
    }
    let right = tail.joined(separator: "  ")
    let sign = isASCII ? kind.ascii : kind.sign
    let head =
      "\(PlainText.padded(sign, to: isASCII ? 5 : 1)) \(PlainText.padded(kind.word, to: 9)) "
      + PlainText.padded(name, to: idWidth) + "  "
    let words = PlainText.line(words)
    guard width > 0 else { return painted(head + words + (right.isEmpty ? "" : "  " + right), sign, colour) }
    let room = width - PlainText.width(head) - (right.isEmpty ? 0 : PlainText.width(right) + 2)
    let left = head + PlainText.cut(words, to: max(0, room))
    if right.isEmpty { return painted(PlainText.cut(left, to: width), sign, colour) }
    let gap = max(1, width - PlainText.width(left) - PlainText.width(right))
    let line = left + String(repeating: " ", count: gap) + right
    return painted(PlainText.cut(line, to: width), sign, colour)
  }

  private func painted(_ line: String, _ sign: String, _ colour: Bool) -> String {
    guard colour, line.hasPrefix(sign) else { return line }
    return kind.paint.on(sign) + line.dropFirst(sign.count)
  }
}

extension RunOutcome.Kind {
  var word: String {
    switch self {
    case .merged: "merged"
    case .unchanged: "unchanged"
    case .failed, .refused: "failed"
    case .blocked: "blocked"
    case .skipped: "skipped"
    case .told: ""
    }
  }

  fileprivate var sign: String {
    switch self {
    case .merged: "✓"
    case .unchanged: "="
    case .failed, .refused: "✗"
    case .blocked: "■"
    case .skipped: "-"
    case .told: "·"
    }
  }

  fileprivate var ascii: String {
    switch self {
    case .merged: "ok"
    case .unchanged: "same"
    case .failed, .refused: "FAIL"
    case .blocked: "BLOCK"
    case .skipped: "skip"
    case .told: "*"
    }
  }

  fileprivate var paint: Paint {
    switch self {
    case .merged, .unchanged: .green
    case .failed, .refused: .yellow
    case .blocked: .red
    case .skipped: .dim
    case .told: .cyan
    }
  }
}
