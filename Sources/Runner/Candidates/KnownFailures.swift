import Gate
import Migration

/// Which failures of the verifiers are let pass because the base has them, too (`known: allow`).
enum KnownFailures {
  /// None: whoever fails has failed.
  case none
  /// The base itself is judged: whatever fails by name becomes known.
  case all
  /// These, by verifier, as `GateFailure.key`.
  case these([String: Set<String>])

  /// The failures that the base does not have; `nil` when the run cannot be told apart from others, because
  /// it was cut off or nothing in it was recognised.
  func unknown(_ judgement: Judgement, of verifier: String) -> [GateFailure]? {
    let failures = judgement.failures
    guard judgement.verdict == .failed, judgement.isByExitCode, !failures.isEmpty,
      failures.allSatisfy({ $0.test != nil || $0.file != nil })
    else { return nil }
    switch self {
    case .none: return nil
    case .all: return []
    case .these(let known): return failures.filter { known[verifier]?.contains($0.key) != true }
    }
  }
}
