import System

extension GitProgram {
  /// Moves a ref like `updateRef`, provided that `objection`, which is asked while git holds the ref's lock,
  /// has none: what it looks at cannot become untrue before the ref has moved, if whoever makes it untrue
  /// holds the lock as well. The objection is the text of `denied` then.
  ///
  /// Throws when git cannot be started.
  public func updateRef(
    _ ref: String, to new: OID, from old: OID?, hooks: Hooks, message: String = "",
    unless objection: () -> String?
  ) throws(GitError) -> RefUpdate {
    var found: String?
    let outcome = try transact(
      "update \(ref) \(new.hex) \((old ?? .zero).hex)", hooks: hooks, message: message
    ) {
      found = objection()
      return found == nil
    }
    return found.map { .denied($0) } ?? outcome
  }

  /// Runs `body` while git holds the lock of a ref that is at `value`: nobody can move it meanwhile. Gives
  /// `nil`, or git's words when it could not be held there. Throws when git cannot be started.
  public func holdRef(_ ref: String, at value: OID, _ body: () -> Void) throws(GitError) -> String? {
    var isHeld = false
    let outcome = try transact("verify \(ref) \(value.hex)", hooks: .none, message: "") {
      body()
      isHeld = true
      return false
    }
    if isHeld { return nil }
    switch outcome {
    case .moved: return "git did not hold it"
    case .lost(let text), .denied(let text), .busy(let text), .unknown(let text): return text
    }
  }

  /// One transaction of refs, committed when `decide`, called with the locks taken, says so. Should this
  /// process die meanwhile, git sees the end of its input and lets everything go.
  private func transact(
    _ line: String, hooks: Hooks, message: String, _ decide: () -> Bool
  ) throws(GitError) -> RefUpdate {
    let note = message.isEmpty ? [] : ["-m", message]
    let input = PathText.bytes("start\n\(line)\nprepare\n")
    let output = try withoutActuallyEscaping(decide) { (decide) throws(GitError) in
      try run(["update-ref", "--no-deref"] + note + ["--stdin"], input: input, hooks: hooks) { seen in
        guard String(decoding: seen, as: UTF8.self).contains("prepare: ok\n") else { return nil }
        return PathText.bytes(decide() ? "commit\n" : "abort\n")
      }
    }
    if output.isSuccess { return .moved }
    return GitProgram.refusal(output.errorText)
  }
}
