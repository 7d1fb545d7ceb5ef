extension GitProgram {
  /// One ref that is to move on the other side.
  public struct PushUpdate: Equatable, Sendable {
    /// The full ref name, the same on both sides.
    public var ref: String
    /// The object it is to name; `OID.zero` deletes it.
    public var new: OID
    /// What it must name there now; `nil`: it must not exist.
    public var old: OID?

    /// Makes an update.
    public init(ref: String, to new: OID, from old: OID?) {
      self.ref = ref
      self.new = new
      self.old = old
    }
  }

  /// What became of a push.
  public enum PushOutcome: Equatable, Sendable {
    /// The other side has every ref at its new value, and this push, or an earlier one with the very same
    /// objects, brought it there.
    case won
    /// These refs were not where they were expected; nothing moved.
    case lost([String])
    /// The other side does not want it, and says why; nothing moved.
    case rejected(String)
    /// It failed, and whether the other side has it is not known (PITFALLS F3).
    case unknown(String)
  }

  /// Moves refs of another repository, all or none, each from the value that it is expected to have.
  ///
  /// `url` is an address or a path. With `hooks` the `pre-push` hook runs. Both forms in which git tells of a
  /// lost race are told apart from everything else: the refusal by this side ("stale info") and the one by
  /// the other, which another push reached first. Throws when git cannot be started.
  public func push(
    to url: String, _ updates: [PushUpdate], hooks: Hooks = .none
  ) throws(GitError) -> PushOutcome {
    var arguments = ["-c", "protocol.git.allow=user", "push", "--porcelain", "--no-follow-tags"]
    if updates.count > 1 { arguments.append("--atomic") }
    arguments += updates.map { "--force-with-lease=\($0.ref):\($0.old?.hex ?? "")" }
    arguments += ["--", url] + updates.map { $0.new == .zero ? ":\($0.ref)" : "\($0.new.hex):\($0.ref)" }
    let output = try run(arguments, hooks: hooks)
    let outcome = GitProgram.pushOutcome(output, updates.map(\.ref), hadHook: hooks != .none)
    guard case .unknown(let reason) = outcome, let unused = unusedForNetwork() else { return outcome }
    return .unknown("\(reason) (\(unused))")
  }

  /// Deletes a ref of another repository that is at `commit`; why it could not, or `nil`.
  public func deleteRemote(_ ref: String, at commit: OID, on url: String) throws(GitError) -> String? {
    try deleteRemote([(ref, commit)], on: url)
  }

  /// Deletes refs of another repository, all or none, each of which is at its commit; why it could not, or
  /// `nil`.
  public func deleteRemote(
    _ refs: [(ref: String, commit: OID)], on url: String
  ) throws(GitError) -> String? {
    var arguments = ["-c", "protocol.git.allow=user", "push", "--porcelain", "--no-follow-tags"]
    if refs.count > 1 { arguments.append("--atomic") }
    arguments += refs.map { "--force-with-lease=\($0.ref):\($0.commit.hex)" }
    let output = try run(arguments + ["--", url] + refs.map { ":\($0.ref)" })
    if output.isSuccess { return nil }
    let lines = output.errorText.split(whereSeparator: \.isNewline)
    return GitProgram.telling(GitProgram.remarks(of: output)) ?? lines.first.map(String.init) ?? output.text
  }

  /// The server's own words: why a hook refused, or which ref could not be locked.
  private static func remarks(of output: Output) -> [String] {
    output.errorText.split(whereSeparator: \.isNewline).filter { $0.hasPrefix("remote: ") }
      .map { $0.dropFirst("remote: ".count).trimmingSuffix() }.filter { !$0.isEmpty }
  }

  /// The remark that says most. That a hook declined is what git adds to the hook's own reason.
  private static func telling(_ remarks: [String]) -> String? {
    let reasons = remarks.filter { !$0.hasPrefix("error: hook declined to update ") }
    let signs = ["fatal: ", "error: "]
    return reasons.first { remark in signs.contains { remark.lowercased().contains($0) } } ?? reasons.first
      ?? remarks.first
  }

  /// Reads what `git push --porcelain` said about these refs: a line for each ref, `<flag> TAB <from>:<to>
  /// TAB <summary>`.
  ///
  /// `hadHook`: a `pre-push` hook could speak before anything was sent.
  static func pushOutcome(_ output: Output, _ refs: [String], hadHook: Bool = false) -> PushOutcome {
    var flags: [String: Character] = [:]
    var summaries: [String: String] = [:]
    for line in output.text.split(whereSeparator: \.isNewline) {
      let fields = line.split(separator: "\t", omittingEmptySubsequences: false)
      guard fields.count >= 3, let flag = fields[0].first, fields[0].count == 1,
        let name = fields[1].split(separator: ":", omittingEmptySubsequences: false).last.map(String.init)
      else { continue }
      flags[name] = flag
      summaries[name] = fields[2...].joined(separator: " ")
    }
    if output.isSuccess, refs.allSatisfy({ [" ", "*", "=", "+", "-"].contains(flags[$0]) }) { return .won }
    let remarks = GitProgram.remarks(of: output)
    var lost: [String] = []
    var reasons: [String] = []
    for ref in refs where flags[ref] == "!" {
      let summary = summaries[ref] ?? ""
      let lock = remarks.first { $0.contains("cannot lock ref '\(ref)'") }
      if let lock, GitProgram.isLasting(lock) {
        reasons.append(lock)
      } else if lock != nil || GitProgram.raceSigns.contains(where: summary.contains) {
        lost.append(ref)
      } else if !["(atomic push failed)", "(atomic transaction failed)"].contains(where: summary.contains) {
        reasons.append(summary)
      }
    }
    if !lost.isEmpty { return .lost(lost) }
    let words = reasons + remarks + output.errorText.split(whereSeparator: \.isNewline).map(String.init)
    if !reasons.isEmpty,
      let broken = words.first(where: { text in GitProgram.absences.contains(where: text.contains) })
    {
      return .unknown(broken)
    }
    if let reason = reasons.first { return .rejected(GitProgram.telling(remarks) ?? reason) }
    let lines = output.errorText.split(whereSeparator: \.isNewline).map(String.init)
    let fatal = lines.first { $0.hasPrefix("fatal: ") || $0.hasPrefix("error: ") || $0.hasPrefix("ssh: ") }
    // Both are said before anything is sent.
    if let fatal, fatal.hasPrefix("fatal: the receiving end does not support ") { return .rejected(fatal) }
    if hadHook, flags.isEmpty, remarks.isEmpty, let hook = GitProgram.hookWords(lines) {
      return .rejected(GitProgram.ownHookSaysNo + hook)
    }
    return .unknown(GitWords.reason(in: output.errorText) ?? "git push ended with \(output.status)")
  }

  /// How the words begin with which a hook of this repository, and nobody on the other side, refused a push.
  public static let ownHookSaysNo = "the 'pre-push' hook here says no: "

  /// What a `pre-push` hook said before git gave up, when nothing but that can have ended the push.
  private static func hookWords(_ lines: [String]) -> String? {
    guard let end = lines.lastIndex(where: { $0.hasPrefix("error: failed to push some refs to ") }),
      !lines.contains(where: { $0.hasPrefix("fatal: ") && !$0.contains("refusing to change") })
    else { return nil }
    let said = lines[..<end].filter { !$0.allSatisfy(\.isWhitespace) }
    let telling = said.first { $0.hasPrefix("fatal: ") || $0.hasPrefix("error: ") } ?? said.last
    return telling.map { $0.hasPrefix("fatal: ") ? String($0.dropFirst(7)) : $0 } ?? "it gave no reason"
  }

  /// Texts of transport.c, builtin/send-pack.c, builtin/receive-pack.c and refs/files-backend.c.
  private static let raceSigns = [
    "(stale info)", "(fetch first)", "(non-fast-forward)", "(needs force)", "(already exists)",
    "failed to update ref", "reference already exists", "(failed to lock)", "failed to update",
    "(incorrect old value provided)", "(cannot lock ref",
  ]

  /// Whether a ref could not be locked for a reason that does not pass by itself: another ref is in its way,
  /// or the server may not, or cannot, write. That a lock is there already passes; of refs/files-backend.c.
  private static func isLasting(_ lock: String) -> Bool {
    if lock.contains("' exists; cannot create '") { return true }
    return lock.contains("': Unable to create '") && !lock.contains(": File exists")
  }

  /// What is said by, or of, a server that went away or broke down in the middle; of builtin/receive-pack.c,
  /// builtin/send-pack.c and object-file.c. Nobody there has looked at what was sent.
  private static let absences = [
    "[remote failure]", "unable to create temporary object directory", "unable to create temporary file",
    "unable to migrate objects to permanent storage", "unable to create temp-file",
  ]

  /// Brings refs of another repository here with all that they lead to. A refspec names a ref or a pattern;
  /// what matches nothing is no error, and a target whose source is gone is deleted when that is asked for.
  ///
  /// `depth` is how many commits of what is not here yet are brought; `nil` is all of them.
  ///
  /// Throws with git's own words when the other side cannot be reached or read.
  public func fetch(
    from url: String, _ refspecs: [String], deletesGone: Bool = true, depth: Int? = nil
  ) throws(GitError) {
    let output = try run(
      [
        "-c", "protocol.git.allow=user", "fetch", "--quiet", deletesGone ? "--prune" : "--no-prune",
        "--no-tags", "--no-write-fetch-head",
        "--no-recurse-submodules", "--no-auto-maintenance", "--no-show-forced-updates",
      ] + (depth.map { ["--depth=\($0)"] } ?? []) + ["--", url] + refspecs)
    guard !output.isSuccess else { return }
    let message = GitWords.reason(in: output.errorText) ?? "git fetch ended with \(output.status)"
    throw GitError(
      message: unusedForNetwork().map { "\(message) (\($0))" } ?? message, operation: "fetch from",
      subject: url)
  }

  /// The full names of the refs of another repository that match any of these patterns.
  ///
  /// Throws with git's own words when the other side cannot be reached or read.
  public func remoteRefs(of url: String, _ patterns: [String]) throws(GitError) -> [String] {
    let output = try run(
      ["-c", "protocol.git.allow=user", "ls-remote", "--quiet", "--refs", "--", url] + patterns)
    guard output.isSuccess else {
      throw GitError(
        message: GitWords.reason(in: output.errorText) ?? "git ls-remote ended with \(output.status)",
        operation: "list the refs of", subject: url)
    }
    return output.stdout.split(separator: 0x0A).compactMap { line in
      line.firstIndex(of: 0x09).map { PathText.string(line[line.index(after: $0)...]) }
    }
  }

  /// What git itself would have used to reach another repository, and was not used here; `nil` when there is
  /// no such thing.
  private func unusedForNetwork() -> String? {
    let found = (try? unapprovedSettings())?.last {
      ["core.askpass", "core.gitproxy", "core.sshcommand"].contains($0.key) || $0.key.hasPrefix("credential.")
    }
    return found.map {
      "'\($0.key)' in '\($0.origin)' was not used: approve it with 'git migrate trust'"
    }
  }
}

extension Substring {
  /// Without the white space that git pads remote lines with.
  fileprivate func trimmingSuffix() -> String {
    var rest = self
    while let last = rest.last, last.isWhitespace { rest.removeLast() }
    return String(rest)
  }
}
