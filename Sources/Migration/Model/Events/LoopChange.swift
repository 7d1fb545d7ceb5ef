import CanonicalJSON

/// What the owner of a migration does with it all day: steps are drawn to be tried first, tried again under
/// another plan, failures get names, and what is left to do is counted.
public enum LoopChange: Equatable, Sendable {
  /// A person named a cause that attempts fail for.
  case labelled(cause: String, label: String)
  /// Steps were drawn that are to be done first.
  case sampled(SampleDraw)
  /// Somebody tries a step again, which changes nothing about it.
  case trialStarted(TrialStart)
  /// What a trial came to.
  case trialFinished(TrialReport)
  /// How many uses of what is migrated away are left in a tree.
  case counted(UseCount)

  /// The version of the format from which on these are known.
  public static let version = 2

  /// The kinds, as the ledger writes them.
  public enum Kind: String, CaseIterable, Sendable {
    case labelled = "cause.labelled"
    case sampled = "sample.drawn"
    case trialStarted = "trial.started"
    case trialFinished = "trial.finished"
    case counted = "uses.counted"
  }

  var kind: Kind {
    switch self {
    case .labelled: .labelled
    case .sampled: .sampled
    case .trialStarted: .trialStarted
    case .trialFinished: .trialFinished
    case .counted: .counted
    }
  }

  func write(to object: inout ObjectBuilder) {
    switch self {
    case .labelled(let cause, let label):
      object.set("cause", cause)
      object.set("label", label)
    case .sampled(let sample): sample.write(to: &object)
    case .trialStarted(let start): start.write(to: &object)
    case .trialFinished(let report): report.write(to: &object)
    case .counted(let count): count.write(to: &object)
    }
  }

  init(_ kind: Kind, from object: inout ObjectReader) throws(JSONFault) {
    switch kind {
    case .labelled:
      self = .labelled(cause: try object.string("cause"), label: try object.string("label"))
    case .sampled: self = .sampled(try SampleDraw(from: &object))
    case .trialStarted: self = .trialStarted(try TrialStart(from: &object))
    case .trialFinished: self = .trialFinished(try TrialReport(from: &object))
    case .counted: self = .counted(try UseCount(from: &object))
    }
  }

  /// The steps that it is about.
  var steps: [String] {
    switch self {
    case .labelled, .counted: []
    case .sampled(let sample): sample.steps
    case .trialStarted(let start): [start.step]
    case .trialFinished(let report): [report.step]
    }
  }

  /// What is said of it to people, after the migration's name.
  func words(by author: String) -> String {
    switch self {
    case .labelled(_, let label): "failures called '\(label)' by \(author)"
    case .sampled(let sample):
      "sample \(sample.round) drawn by \(author): \(sample.steps.joined(separator: ", "))"
    case .trialStarted(let start): "trial \(start.trial) of \(start.step) started by \(start.holder)"
    case .trialFinished(let report):
      "trial \(report.trial) of \(report.step) \(report.outcome.words)"
        + (report.failure.map { ": \($0.reason)" } ?? "")
    case .counted(let count): "\(Count.of(count.count, "use")) left at \(count.commit.short)"
    }
  }

  func mappingTexts(_ redact: (String) -> String) -> LoopChange {
    switch self {
    case .labelled(let cause, let label): return .labelled(cause: cause, label: redact(label))
    case .trialFinished(var report):
      report.failure = report.failure?.mappingTexts(redact)
      return .trialFinished(report)
    case .sampled, .trialStarted, .counted: return self
    }
  }
}

extension Change {
  /// A person named a cause that attempts fail for.
  public static func causeLabelled(_ cause: String, _ label: String) -> Change {
    .loop(.labelled(cause: cause, label: label))
  }

  /// Steps were drawn that are to be done first.
  public static func sampleDrawn(_ sample: SampleDraw) -> Change { .loop(.sampled(sample)) }

  /// Somebody tries a step again.
  public static func trialStarted(_ start: TrialStart) -> Change { .loop(.trialStarted(start)) }

  /// What a trial came to.
  public static func trialFinished(_ report: TrialReport) -> Change { .loop(.trialFinished(report)) }

  /// How many uses are left in a tree.
  public static func usesCounted(_ count: UseCount) -> Change { .loop(.counted(count)) }
}
