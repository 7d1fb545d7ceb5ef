import Git
import Ledger
import Migration
import System

extension Site {
  /// Where a ref is; `nil` when there is none.
  package func tip(of ref: String) throws(CommandError) -> OID? {
    try reporting { try repository.resolve(ref) }
  }

  /// The tree of a commit.
  package func tree(of commit: OID) throws(CommandError) -> OID {
    try reporting { try repository.treeOf(commit: commit) }
  }

  /// Whether `tip` holds all of `commit`.
  package func isAncestor(_ commit: OID, of tip: OID) throws(CommandError) -> Bool {
    try reporting { try repository.objectExists(commit) && repository.isAncestor(commit, of: tip) }
  }

  /// The commits of an integration branch from where its migration began up to `tip`, oldest first.
  package func history(
    of migration: MigrationState, to tip: OID
  ) throws(CommandError) -> [BranchCommit] {
    try reporting { () throws -> [BranchCommit] in
      var (commits, next): ([Commit], OID?) = ([], tip)
      while let oid = next {
        let commit = try repository.commit(oid)
        commits.append(commit)
        next = oid == migration.start.oid ? nil : commit.parents.first
      }
      commits.reverse()
      return commits.enumerated().map { index, commit in
        BranchCommit(
          commit: commit.oid, subject: commit.subject,
          isEnd: commits.indices.contains(index + 1)
            ? !commit.isInsideTrain(before: commits[index + 1]) : true)
      }
    }
  }

  /// Makes a branch, through the hooks. Gives the reason why git does not, or `nil`.
  package func createBranch(_ branch: String, at commit: OID) throws(CommandError) -> String? {
    let ref = "refs/heads/" + branch
    try announceBranches()
    let locked = try lockHeld(on: ref, isOwn: true)
    return try reporting { () throws -> String? in
      guard try repository.resolve(ref) == nil else { return nil }
      if let locked { return locked }
      switch try git.updateRef(
        ref, to: commit, from: nil, hooks: .effective, message: "git-migrate")
      {
      case .moved: return nil
      case .lost(let text), .denied(let text), .busy(let text), .unknown(let text): return text
      }
    }
  }

  /// Makes several branches at once, through the hooks: all that are not there, or none. Gives those that are
  /// there then.
  package func createBranches(
    _ wanted: [(branch: String, commit: OID)]
  ) throws(CommandError) -> Set<String> {
    try announceBranches()
    return try reporting { () throws -> Set<String> in
      func isThere(_ branch: String) throws -> Bool { try repository.resolve("refs/heads/" + branch) != nil }
      let lines = try wanted.filter { try !isThere($0.branch) }.map {
        "create refs/heads/\($0.branch) \($0.commit.hex)\n"
      }
      if !lines.isEmpty {
        _ = try git.run(
          ["update-ref", "--no-deref", "-m", "git-migrate", "--stdin"], input: Array(lines.joined().utf8),
          hooks: .effective)
      }
      return Set(try wanted.map(\.branch).filter(isThere))
    }
  }

  /// Where the branch is checked out, its files move along when nothing that changes is changed there, too;
  /// otherwise nothing moves at all.
  package func requestMove(
    of ref: String, from old: OID, to new: OID, isOwn: Bool, unless objection: () -> String?
  ) throws(CommandError) -> String? {
    if isOwn { _ = try reporting { try StaleLock.recover(ref, in: repository, now: clock.now()) } }
    return try reporting { () throws -> String? in
      guard let place = try checkouts(ref).first else {
        switch try git.updateRef(
          ref, to: new, from: old, hooks: .effective, message: "git-migrate", unless: objection)
        {
        case .moved: return nil
        case .lost(let text), .denied(let text), .busy(let text), .unknown(let text): return firstLine(text)
        }
      }
      // git asks nobody but the hook while it holds the lock of a branch that is checked out.
      let tree = try repository.treeOf(commit: new)
      if let refused = try obstacle(toMoving: ref, isOwn: isOwn)
        ?? obstacle(toMoving: ref, from: old, toTree: tree) ?? objection()
      {
        return refused
      }
      let program = program(of: try checkout(place))
      try requireApprovedCommands(of: program, at: place)
      let output = try program.mergeFastForward(workTree: place, to: new)
      if output.isSuccess { return nil }
      // Nobody made these changes, and they would be in the way of the next try.
      if try repository.resolve(ref) == old {
        _ = try program.takeBackFiles(workTree: place, from: new, to: old)
      }
      return firstLine(output.errorText)
    }
  }

  /// Why git would not lead a branch from `old` to `new` now, or `nil`. Nothing is moved: hooks are asked,
  /// and then hear that the move is given up.
  package func objection(toMoving ref: String, from old: OID, to new: OID) throws(CommandError) -> String? {
    if let found = try obstacle(toMoving: ref, isOwn: false) { return found }
    if let found = try obstacle(toMoving: ref, from: old, toTree: self.tree(of: new)) { return found }
    return try reporting { () throws -> String? in
      if let place = try checkouts(ref).first {
        try requireApprovedCommands(of: program(of: checkout(place)), at: place)
      }
      var isWilling = false
      let outcome = try git.updateRef(ref, to: new, from: old, hooks: .effective) {
        isWilling = true
        return "it was only tried"
      }
      if isWilling { return nil }
      switch outcome {
      case .moved: return nil
      case .lost(let text), .denied(let text), .busy(let text), .unknown(let text): return firstLine(text)
      }
    }
  }

  /// Calls `body` while git holds the branch's lock.
  package func holdStill(
    _ ref: String, at tip: OID, isOwn: Bool, _ body: () throws(CommandError) -> Void
  ) throws(CommandError) -> String? {
    if let locked = try lockHeld(on: ref, isOwn: isOwn) { return locked }
    var failure: CommandError?
    let refused = try reporting {
      try git.holdRef(ref, at: tip) {
        do throws(CommandError) { try body() } catch { failure = error }
      }
    }
    if let failure { throw failure }
    guard let refused, try self.tip(of: ref) == tip else { return nil }
    return firstLine(refused)
  }

  /// git writes the files first, and would find only then that the branch is locked: a look before it spares
  /// people the sight of files that come and go, and the ledger a merge that comes to nothing. Git itself has
  /// a branch locked for a moment.
  package func lockHeld(on ref: String, isOwn: Bool) throws(CommandError) -> String? {
    if isOwn { _ = try reporting { try StaleLock.recover(ref, in: repository, now: clock.now()) } }
    for _ in 0..<10 {
      if StaleLock.present(on: ref, in: repository) == nil { return nil }
      RetryPolicy.pause(microseconds: 100_000)
    }
    return StaleLock.present(on: ref, in: repository).map {
      "'\($0)' is there: if no git is at work, a killed one left it, and it can be removed"
        + (isOwn ? "; git-migrate does that when it is older than a minute" : "")
    }
  }

  /// What git says, in one line: with the first file of a list, and with what a hook said.
  private func firstLine(_ text: String) -> String {
    let lines = text.split(whereSeparator: \.isNewline).map(String.init)
    let found = lines.firstIndex {
      $0.contains("git-migrate") || $0.hasPrefix("error:") || $0.hasPrefix("fatal:")
    }
    guard let found, let telling = lines.dropFirst(found).first else {
      return lines.first ?? "git gave no reason"
    }
    if telling.hasSuffix(":"), let next = lines.dropFirst(found + 1).first {
      return telling + " " + next.drop { $0.isWhitespace }
    }
    if found > 0, telling.contains("aborted by hook"), let said = lines.first { return "\(telling): \(said)" }
    return telling
  }
}
