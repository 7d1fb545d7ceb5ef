import CanonicalJSON

/// Several results are judged on one candidate.
public enum TrainChange: Equatable, Sendable {
  /// Somebody judges them from now on.
  case started(TrainStart)
  /// Others join them at the end, while no verdict is known: a service judges, and holds nobody up.
  case joined(TrainJoin)
  /// They did not pass together: those before the culprit passed.
  case split(TrainSplit)
  /// They passed, or why the culprit cannot land was found.
  case finished(TrainReport)

  /// The version of the format from which on trains are known.
  public static let version = 2

  /// The kinds, as the ledger writes them.
  public enum Kind: String, CaseIterable, Sendable {
    case started = "train.started"
    case joined = "train.joined"
    case split = "train.split"
    case finished = "train.finished"
  }

  var kind: Kind {
    switch self {
    case .started: .started
    case .joined: .joined
    case .split: .split
    case .finished: .finished
    }
  }

  func write(to object: inout ObjectBuilder) {
    switch self {
    case .started(let start): start.write(to: &object)
    case .joined(let join): join.write(to: &object)
    case .split(let split): split.write(to: &object)
    case .finished(let report): report.write(to: &object)
    }
  }

  init(_ kind: Kind, from object: inout ObjectReader) throws(JSONFault) {
    switch kind {
    case .started: self = .started(try TrainStart(from: &object))
    case .joined: self = .joined(try TrainJoin(from: &object))
    case .split: self = .split(try TrainSplit(from: &object))
    case .finished: self = .finished(try TrainReport(from: &object))
    }
  }

  /// The steps that are named.
  var steps: [String] {
    switch self {
    case .started(let start): start.members.map(\.fence.step)
    case .joined(let join): join.members.map(\.fence.step)
    case .split(let split): [split.culprit]
    case .finished(let report): report.culprit.map { [$0] } ?? []
    }
  }

  /// What is said of it to people, after the migration's name.
  var words: String {
    switch self {
    case .started(let start): "train \(start.train) started: \(steps.joined(separator: ", "))"
    case .joined(let join): "train \(join.train) joined by \(steps.joined(separator: ", "))"
    case .split(let split):
      "train \(split.train) failed: \(Count.of(split.passed, "step")) passed together, "
        + "not with \(split.culprit)\(split.evidence.words(kept: split.kept))"
    case .finished(let report):
      if let failure = report.failure {
        "train \(report.train) \(report.verdict.words)\(report.culprit.map { " by \($0)" } ?? ""): "
          + failure.reason
      } else {
        "train \(report.train) passed\(report.evidence.words(kept: report.kept))"
      }
    }
  }

  func mappingTexts(_ redact: (String) -> String) -> TrainChange {
    switch self {
    case .finished(var report):
      report.failure = report.failure?.mappingTexts(redact)
      return .finished(report)
    case .started, .joined, .split: return self
    }
  }
}

extension Change {
  /// Several results are judged on one candidate from now on.
  public static func trainStarted(_ start: TrainStart) -> Change { .train(.started(start)) }

  /// Others join them at the end.
  public static func trainJoined(_ join: TrainJoin) -> Change { .train(.joined(join)) }

  /// They did not pass together.
  public static func trainSplit(_ split: TrainSplit) -> Change { .train(.split(split)) }

  /// They passed, or why the culprit cannot land was found.
  public static func trainFinished(_ report: TrainReport) -> Change { .train(.finished(report)) }
}
