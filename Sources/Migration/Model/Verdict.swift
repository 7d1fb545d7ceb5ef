/// What a gate found. Only `passed` ever merges (DESIGN §3).
public enum Verdict: String, Sendable, CaseIterable {
  /// Every verifier passed and, where it could be seen, ran at least one test.
  case passed
  /// A verifier found a fault in the candidate.
  case failed
  /// A verifier could not be run at all (a missing program, a signal): nothing is known about the candidate.
  case couldNotRun
  /// A test runner ran and executed no test: nothing is known about the candidate.
  case ranNoTests

  /// The verdict as people read it.
  public var words: String {
    switch self {
    case .passed: "passed"
    case .failed: "failed"
    case .couldNotRun: "could not run"
    case .ranNoTests: "ran no tests"
    }
  }
}

extension Baseline {
  /// Why the tree did not pass; `nil` when it did.
  public var failure: Failure? {
    verdict == .passed ? nil : Failure(kind: .gate, reason: reason, details: details)
  }
}
