import Git
import Ledger
import Migration
import System

import func Glibc.memchr
import func Glibc.memcmp

/// Decides whether refs of migrations may move as somebody asks: what the git hooks ask (DESIGN §6).
///
/// Pure over the repository and its ledger: nothing is written. Our own merges are judged like everybody
/// else's. For refs that belong to no migration the answer is always yes; for ours, what cannot be judged is
/// refused.
public struct RefGuard {
  /// Where the question comes from, and so what a ref's value before the move is.
  public enum Vantage: Equatable, Sendable {
    /// A transaction of this repository: the refs are locked, and what they say now counts. The old value of
    /// the update may be missing although the ref exists; packing and pruning look like creation and
    /// deletion.
    case transaction
    /// A push from here: the old value of the update is the receiver's.
    case push
    /// A push to here, before any ref moves: this repository is the authority, and who pushes is not trusted.
    case receive
  }

  let ledger: Ledger
  let vantage: Vantage
  /// Refs that are guarded even when the ledger cannot be read to say so.
  package let listed: Set<String>

  /// Makes a guard over a ledger. `listed` are the integration branches this clone was told of, full ref
  /// names.
  public init(ledger: Ledger, vantage: Vantage, listed: Set<String> = []) {
    self.ledger = ledger
    self.vantage = vantage
    self.listed = listed
  }

  var repository: Repository { ledger.repository }

  /// Passes when every update of one transaction is allowed; throws the first objection.
  ///
  /// When the ledger itself moves in the transaction, and may, the branches are judged by what it says then:
  /// a push of entries and branch together is one thing.
  public func check(_ updates: [RefUpdate]) throws(RefObjection) {
    var moves: [RefUpdate] = []
    var names: Set<[UInt8]> = []
    var meant: [RefUpdate] = []
    for update in updates { meant.append(try self.meant(update)) }
    for update in meant where isReference(update.ref) {
      guard names.insert(Array(update.ref.utf8)).inserted else {
        throw RefObjection(update.ref, "it is to move twice")
      }
      if try !isNoOp(update) { moves.append(update) }
    }
    var pending: LedgerSnapshot?
    for update in moves where update.ref.isBytewise(LedgerRefs.ledger) {
      pending = try checkLedger(update)
      if let pending, case .receive = vantage { try checkBegun(update, pending, moves) }
    }
    var known = pending
    for update in moves where !update.ref.isBytewise(LedgerRefs.ledger) {
      if update.ref.hasBytewisePrefix(LedgerRefs.archiveFolder) {
        try checkArchive(update, by: try snapshot(for: update, &known))
      } else if update.ref.hasBytewisePrefix("refs/migrate/") {
        try checkKept(update, moves)
        if update.new != .none, vantage != .transaction {
          try checkName(update, by: try snapshot(for: update, &known))
        }
      } else {
        try checkBranch(update, by: try snapshot(for: update, &known))
      }
    }
  }

  /// An update by the name of the ref that moves: git tells a server's `pre-receive` the name that was
  /// pushed, which may be symbolic there.
  private func meant(_ update: RefUpdate) throws(RefObjection) -> RefUpdate {
    guard case .receive = vantage else { return update }
    var meant = update
    do throws(GitError) {
      if let target = try repository.symbolicTarget(of: update.ref) { meant.ref = target }
    } catch {
      throw RefObjection(update.ref, "it cannot be read here: \(error.message)")
    }
    return meant
  }

  /// Pseudo-refs such as `HEAD` move along with a branch that is judged itself.
  private func isReference(_ ref: String) -> Bool {
    ref.hasBytewisePrefix("refs/migrate/") || ref.hasBytewisePrefix("refs/heads/")
  }

  /// The ledger as it is, read once for all. A branch of nobody's passes even when it cannot be read.
  private func snapshot(
    for update: RefUpdate, _ known: inout LedgerSnapshot?
  ) throws(RefObjection) -> LedgerSnapshot {
    if let known { return known }
    do throws(LedgerError) {
      let read = try ledger.read()
      known = read
      return read
    } catch {
      let isOurs =
        update.ref.hasBytewisePrefix("refs/heads/migrate/")
        || update.ref.hasBytewisePrefix("refs/migrate/")
      guard isOurs || listed.contains(update.ref) else { return .empty }
      throw RefObjection(update.ref, "it cannot be checked: \(error.description)", hint: error.hint)
    }
  }

  /// What the ref says before the move.
  ///
  /// Who pushes to here says what they expect, and may lie: without `--atomic`, git would refuse the one ref
  /// and move the others, which were judged as if that one had moved too. Who honestly was slower hears it in
  /// git's words, by which a lost race is known (refs/files-backend.c).
  package func current(_ update: RefUpdate) throws(RefObjection) -> OID? {
    if case .push = vantage {
      guard case .symbolic = update.old else { return update.old.oid }
      throw RefObjection(update.ref, "it is a symbolic ref on the other side")
    }
    let here: OID?
    do throws(GitError) {
      here = try repository.resolve(update.ref)
    } catch {
      throw RefObjection(update.ref, "it cannot be checked: \(error.description)", hint: error.hint)
    }
    if case .receive = vantage, update.old.oid != here {
      let (now, expected) = (here ?? .zero, update.old.oid ?? .zero)
      throw RefObjection(
        update.ref, "cannot lock ref '\(update.ref)': is at \(now.hex) but expected \(expected.hex)",
        hint: "fetch it, then try again")
    }
    return here
  }

  /// The object the ref is to name; `nil` deletes it. A symbolic ref is never one of ours.
  package func target(_ update: RefUpdate) throws(RefObjection) -> OID? {
    guard case .symbolic(let name) = update.new else { return update.new.oid }
    throw RefObjection(
      update.ref, "it would become a symbolic ref to '\(name)'",
      hint: "refs of a migration name commits directly")
  }

  // MARK: Refs under refs/migrate

  /// The chain only grows, by entries that `decide` accepts. Gives the ledger as it will be.
  private func checkLedger(_ update: RefUpdate) throws(RefObjection) -> LedgerSnapshot {
    let now = try current(update)
    guard let new = try target(update) else {
      if now == nil { return .empty }
      throw RefObjection(
        update.ref, "the ledger is never deleted", hint: "end a migration with 'git migrate abort'")
    }
    if let kind = try? repository.objectHeader(new).kind, kind != .commit {
      throw RefObjection(
        update.ref, "'\(new.short)' is a \(kind.rawValue), no commit", hint: "entries are commits")
    }
    do throws(GitError) {
      if let now, try !repository.isAncestor(now, of: new) {
        throw GitError(message: "", operation: "")
      }
    } catch {
      if error.isNotFound {
        throw RefObjection(
          update.ref, "its history is not all here: \(error.description)", hint: "fetch the rest of it first")
      }
      let old = now?.short ?? "nothing"
      throw RefObjection(
        update.ref, "'\(new.short)' does not follow '\(old)': the ledger only grows",
        hint: "fetch '\(LedgerRefs.ledger)', then try again")
    }
    do throws(InspectionFault) {
      var moves = MoveCheck(repository: repository)
      let after = try ledger.reader.verifySuccession(from: now, to: new) {
        (found, before) throws(InspectionFault) in
        try checkTime(found)
        try moves.note(found, before)
      }
      if case .receive = vantage {
        try moves.requireAll(in: after.state)
        try moves.requireResults(in: after.state)
      }
      return after
    } catch {
      throw objection(update, error)
    }
  }

  private func objection(_ update: RefUpdate, _ fault: InspectionFault) -> RefObjection {
    switch fault {
    case .breach(let breach):
      let entry = "entry '\(breach.commit.short)'"
      return RefObjection(
        update.ref, "the entries are not legal: \(breach.rule) at \(entry): \(breach.reason)",
        hint: "fetch '\(LedgerRefs.ledger)', then let git-migrate write the entries;\n"
          + "'git migrate fsck' checks a ledger")
    case .unreadable(.git(let error)) where error.isNotFound:
      return RefObjection(
        update.ref, "its history is not all here: \(error.description)", hint: "fetch the rest of it first")
    case .unreadable(let error):
      return RefObjection(
        update.ref, "the entries are not legal: \(error.description)", hint: error.hint)
    }
  }

  private func checkTime(_ found: LedgerEntry) throws(InspectionFault) {
    guard case .receive = vantage, let breach = ledger.timeBreach(found) else { return }
    throw .breach(breach)
  }

  /// What attempts brought about is kept: such a ref is made once. Our own recycling needs no hook.
  private func checkKept(_ update: RefUpdate, _ moves: [RefUpdate]) throws(RefObjection) {
    if update.ref.hasBytewisePrefix(LedgerRefs.probeFolder) { return _ = try target(update) }
    // Whoever takes it along, or takes it back, deletes it; it is never another one.
    if update.ref.hasBytewisePrefix(LedgerRefs.inboxFolder), try target(update) == nil {
      return _ = try current(update)
    }
    // What a remote was seen to have, and what it refused, is this clone's own affair.
    if vantage == .transaction, LedgerRefs.own.contains(where: update.ref.hasBytewisePrefix) {
      return _ = try target(update)
    }
    guard let now = try current(update) else { return _ = try target(update) }
    guard let new = try target(update) else {
      if try isArchived(update.ref, now, moves) { return }
      throw RefObjection(
        update.ref, "it keeps the work of an attempt",
        hint: "git-migrate drops it when it is not needed any more")
    }
    if new != now {
      throw RefObjection(
        update.ref, "it keeps the work of an attempt and is written once",
        hint: "a new claim gets a ref of its own")
    }
  }

  /// Nothing but the ledger and the results of claims that it knows lies under `refs/migrate/`.
  private func checkName(_ update: RefUpdate, by snapshot: LedgerSnapshot) throws(RefObjection) {
    guard let new = try target(update) else { return }
    let kind = try? repository.objectHeader(new).kind
    guard kind == .commit else {
      throw RefObjection(update.ref, "'\(new.short)' is \(kind.map { "a \($0.rawValue)" } ?? "not here")")
    }
    if update.ref.hasBytewisePrefix(LedgerRefs.probeFolder) { return }
    if update.ref.hasBytewisePrefix(LedgerRefs.inboxFolder) { return try checkDraft(update.ref, new) }
    if let reason = LedgerRefs.fault(update.ref, snapshot.state) {
      throw RefObjection(update.ref, reason, hint: "push '\(LedgerRefs.ledger)' first")
    }
    if case .receive = vantage,
      let reason = LedgerRefs.strangerFault(update.ref, new.objectID, snapshot.state)
    {
      throw RefObjection(update.ref, reason, hint: "'git migrate submit' pushes a result with its entry")
    }
  }

  // MARK: Packing

  /// Whether the update changes no value (PITFALLS E.3): `git pack-refs` announces a copy as `0 → oid` and
  /// the pruning of the loose file as `oid → 0`.
  private func isNoOp(_ update: RefUpdate) throws(RefObjection) -> Bool {
    guard case .transaction = vantage else { return update.old == update.new }
    switch (update.old, update.new) {
    case (_, .oid(let new)):
      let now = try current(update)
      return now == new || now != nil && isPacking(update)
    case (.oid(let old), .none): return isPruning(update.ref, old)
    case (_, .symbolic), (.none, .none), (.symbolic, .none): return false
    }
  }

  /// Packing copies what a ref said when git read it. Somebody may have moved the ref since, and then nobody
  /// ever reads the copy. It looks like a creation; but who moves a ref has it locked all the while, and who
  /// packs has `packed-refs` locked instead. Others who move the ref lock it for a moment, so that a lock is
  /// looked at again.
  private func isPacking(_ update: RefUpdate) -> Bool {
    guard case .none = update.old else { return false }
    for _ in 0..<100 where StaleLock.present(on: "packed-refs", in: repository) != nil {
      if StaleLock.present(on: update.ref, in: repository) == nil { return true }
      RetryPolicy.pause(microseconds: 10_000)
    }
    return false
  }

  /// Pruning leaves the packed value. A real deletion takes that away too, and so holds the lock of
  /// `packed-refs`; since somebody else may hold it for a moment, a held lock is looked at again for a while.
  private func isPruning(_ ref: String, _ old: OID) -> Bool {
    let path = repository.commonDirectory + "/packed-refs"
    guard let packed = try? Files.readFile(path, limit: 1 << 30),
      Self.hasLine(packed, PathText.bytes("\(old.hex) \(ref)"))
    else { return false }
    for _ in 0..<10 {
      if !Files.exists(path + ".lock") { return true }
      RetryPolicy.pause(microseconds: 10_000)
    }
    return false
  }

  private static func hasLine(_ bytes: [UInt8], _ line: [UInt8]) -> Bool {
    bytes.withUnsafeBytes { text in
      line.withUnsafeBytes { wanted in
        guard var place = text.baseAddress, let word = wanted.baseAddress else { return false }
        var rest = text.count
        while let end = memchr(place, 0x0A, rest) {
          let length = UnsafeRawPointer(end) - place
          if length == wanted.count && memcmp(place, word, length) == 0 { return true }
          place += length + 1
          rest -= length + 1
        }
        return false
      }
    }
  }
}
