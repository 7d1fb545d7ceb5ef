/// Somebody is about to judge a tree that no step has touched: the others wait for the verdict.
public struct BaselineClaim: Equatable, Sendable {
  /// One more than the last claim of this migration's base: fences the verdict.
  public var run: Int
  /// The tree that is judged.
  public var tree: ObjectID
  /// The digest of the verifiers that judge it.
  public var verifiers: String
  /// Who judges it.
  public var holder: String
  /// The process that does.
  public var owner: Owner
  /// When the claim lapses unless it is renewed.
  public var expiresAt: Timestamp

  /// Makes a claim.
  public init(
    run: Int, tree: ObjectID, verifiers: String, holder: String, owner: Owner, expiresAt: Timestamp
  ) {
    self.run = run
    self.tree = tree
    self.verifiers = verifiers
    self.holder = holder
    self.owner = owner
    self.expiresAt = expiresAt
  }
}

/// A verdict on a tree that no step has touched.
public struct Baseline: Equatable, Sendable {
  /// The tree that was checked.
  public var tree: ObjectID
  /// The digest of the verifiers that ran.
  public var verifiers: String
  /// What they found.
  public var verdict: Verdict
  /// One line for people.
  public var reason: String
  /// What was found, one text a fault; together at most `Failure.maximumDetailBytes`.
  public var details: [String]
  /// The ignored folders that were kept from what was judged before.
  public var kept: [String]
  /// The number of the claim that it was judged under; `nil` in entries of before there were claims.
  public var run: Int?
  /// How the verdict came about.
  public var evidence: VerdictEvidence

  /// Makes a baseline; details beyond the limit are cut as those of a failure are.
  public init(
    tree: ObjectID, verifiers: String, verdict: Verdict, reason: String, details: [String] = [],
    kept: [String] = [], run: Int? = nil, evidence: VerdictEvidence = VerdictEvidence()
  ) {
    self.tree = tree
    self.verifiers = verifiers
    self.verdict = verdict
    self.reason = reason
    self.details = Failure(kind: .gate, reason: reason, details: details).details
    self.kept = kept
    self.run = run
    self.evidence = evidence
  }
}
