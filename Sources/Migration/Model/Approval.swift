import CanonicalJSON

extension MigrationState {
  /// What a user approves before the plan's commands run: the plan file's bytes, and the expanded plan that
  /// lies beside it in the ledger. Whoever writes an entry chooses both, and only the second is carried out.
  public var approvalDigest: String {
    var approved = plan
    // Steps of earlier plans that stay as history run no more.
    approved.steps.removeLast(keptCount)
    return SHA256.hexDigest(of: Array((planDigest + "\n").utf8) + approved.json.canonicalBytes)
  }
}
