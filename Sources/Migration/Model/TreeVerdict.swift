/// A verdict on a tree.
public struct TreeVerdict: Equatable, Sendable {
  /// The tree.
  public var tree: ObjectID
  /// The digest of the verifiers.
  public var verifiers: String
  /// What they found.
  public var verdict: Verdict
  /// What each of them told; empty where that was not recorded.
  public var runs: [VerifierRun]

  /// Makes a verdict.
  public init(tree: ObjectID, verifiers: String, verdict: Verdict, runs: [VerifierRun] = []) {
    self.tree = tree
    self.verifiers = verifiers
    self.verdict = verdict
    self.runs = runs
  }
}
