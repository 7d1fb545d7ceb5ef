import Git
import Migration
import System

/// The repository that several clones share a ledger through: its ref is the authority (DESIGN §2).
///
/// A seam: tests bring one that loses races and cuts connections.
public protocol LedgerRemote: AnyObject {
  /// How people call it: the name of a git remote, or an address.
  var name: String { get }
  /// Brings the shared ledger and the integration branches here and gives the ledger's tip there; `nil` when
  /// there is none. `branches` are full ref names. Throws when it cannot be reached.
  func fetch(branches: [String]) throws(GitError) -> OID?
  /// Brings refs here that are written once, results and words of attempts; one that is not there is no
  /// error.
  func fetch(attempts: [String]) throws(GitError)
  /// Moves refs there, all or none, each from the value that it is expected to have.
  func push(_ updates: [GitProgram.PushUpdate]) throws(GitError) -> GitProgram.PushOutcome
  /// The newest tip there that was looked at and found good; `nil` when there never was one. No fetch moves
  /// it, neither ours nor one by hand.
  func knownTip() throws(GitError) -> OID?
  /// Remembers a tip that was looked at, or that a push of ours has made.
  func remember(_ tip: OID) throws(GitError)
  /// Where a branch was there when it was fetched last; `nil` when it was not there.
  func knownTip(ofBranch ref: String) throws(GitError) -> OID?
  /// Makes and deletes a ref of ours there, to see whether it may.
  func probe(_ commit: OID) throws(GitError) -> ProbeOutcome
  /// When what is known here was the newest there, by any process of this clone; `nil` when nobody knows.
  var lastContact: Timestamp? { get }
  /// The full names of the refs there that match patterns of `git ls-remote`.
  func refs(_ patterns: [String]) throws(GitError) -> [String]
  /// Brings an archive of results here, beside the one of this clone, and gives its tip there; `nil` when
  /// there is none.
  func fetchArchive(_ ref: String) throws(GitError) -> OID?
  /// Deletes refs there, all or none, each of which is at its commit; `nil`, or why it does not.
  func delete(_ refs: [(ref: String, commit: OID)]) throws(GitError) -> String?
  /// Whether entries may be left there for others to take along, as far as anybody knows.
  var takesDrafts: Bool { get }
  /// Finds out whether they may, by refs that name this commit, where nobody has said it and nobody knows.
  func askForDrafts(_ commit: OID) throws(GitError)
  /// Takes note that it does not let them be made, or deleted.
  func noteDraftsRefused()
  /// What was left there, as it was when the ledger was fetched last.
  func waiting() throws(GitError) -> [WaitingDraft]
  /// How often any process of this clone has pushed to it since the ledger was fetched last.
  var pushesSinceFetch: Int { get }
}

/// What a throw-away ref has shown about a server.
public enum ProbeOutcome: Equatable, Sendable {
  /// It makes and deletes our refs.
  case willing
  /// It makes them, but this one is still there: why it was not deleted.
  case keeps(ref: String, reason: String)
  /// It does not make them: why.
  case refuses(String)
  /// Nobody answered, so that nothing is known of it: why.
  case unreachable(String)
  /// It moves one ref at a time only: a merge and its entry could come apart.
  case isNotAtomic
  /// It makes them, and whoever fetches does not see them.
  case hides
}

/// A shared repository that the `git` program reaches.
public final class GitRemote: LedgerRemote {
  /// The name of the git remote, or the address without a password.
  public let name: String
  private let repository: Repository
  private let git: GitProgram
  private let clock: any WallClock
  private let fetchURL: String
  private let pushURL: String

  /// What `migrate.combine` says.
  private let wish: Bool?
  private let consent: DraftConsent
  private var answer: Bool?

  /// The folder of refs that belongs to this remote.
  private let folder: String
  private var trackingRef: String { folder + "/ledger" }
  private var knownRef: String { folder + "/known" }

  /// Makes a remote from what `migrate.remote` says; `nil` when it says nothing.
  ///
  /// Throws for a name that is neither a remote of the repository nor an address.
  public init?(
    _ repository: Repository, _ git: GitProgram, clock: any WallClock = SystemClock()
  ) throws(GitError) {
    guard let name = try repository.config("migrate.remote"), !name.isEmpty else { return nil }
    // An address, as it is told of, also in the ledger.
    self.name = AddressText.withoutPasswords(name)
    self.repository = repository
    self.clock = clock
    var git = git
    git.timeoutSeconds = 120
    self.git = git
    wish = try repository.configBool("migrate.combine")
    folder = GitRemote.folder(ofRemote: name, in: repository)
    if let url = try repository.config("remote.\(name).url") {
      fetchURL = GitRemote.address(url, from: repository)
      pushURL = GitRemote.address(try repository.config("remote.\(name).pushurl") ?? url, from: repository)
    } else if name.contains("/") || name.contains(":") {
      fetchURL = GitRemote.address(name, from: repository)
      pushURL = fetchURL
    } else {
      throw GitError(
        message: "there is no such remote", operation: "use", subject: "migrate.remote=\(name)",
        hint: "add it with 'git remote add \(name) URL', or 'git config --unset migrate.remote'")
    }
    consent = DraftConsent(
      path: repository.commonDirectory + "/migrate/combine", address: AddressText.withoutPasswords(pushURL))
    answer = wish ?? consent.remembered(at: clock.now())
  }

  // MARK: Drafts

  /// Whether entries may be left there for others to take along: when `migrate.combine` says so or, where it
  /// says nothing, when the server was seen to make refs of ours and to delete them.
  public var takesDrafts: Bool { answer ?? false }

  /// Finds out whether they may; that it cannot be reached says nothing.
  public func askForDrafts(_ commit: OID) throws(GitError) {
    guard answer == nil else { return }
    switch try probe(commit) {
    case .unreachable: return
    case .willing: note(true)
    case .keeps, .refuses, .isNotAtomic, .hides: note(false)
    }
  }

  /// Takes note that it does not let them be made, or deleted: this process leaves nothing there any more,
  /// and others of this clone neither, unless `migrate.combine` says that they may.
  public func noteDraftsRefused() { note(false) }

  private func note(_ isWilling: Bool) {
    answer = isWilling
    if wish == nil { consent.remember(isWilling, at: clock.now()) }
  }

  /// A relative path begins at the top of the work tree, as for git itself; our programs run elsewhere.
  /// Where a push to the remote of that name goes; what is no name of one is an address itself.
  public static func pushAddress(_ name: String, in repository: Repository) -> String {
    guard let url = (try? repository.config("remote.\(name).url")) ?? nil else {
      return address(name, from: repository)
    }
    return address(((try? repository.config("remote.\(name).pushurl")) ?? nil) ?? url, from: repository)
  }

  private static func address(_ url: String, from repository: Repository) -> String {
    let common = repository.commonDirectory
    let top = common.hasSuffix("/.git") ? String(common.dropLast("/.git".count)) : common
    let path = top + "/" + url
    return !url.hasPrefix("/") && Files.exists(path) ? path : url
  }

  /// The folder of refs of a remote; an address, which is no ref name, has one for itself.
  public static func folder(ofRemote name: String, in repository: Repository) -> String {
    let isNamed = (try? repository.config("remote.\(name).url")).flatMap(\.self) != nil
    return LedgerRefs.remoteFolder + (isNamed ? name : "address")
  }

  /// Brings ledger and branches here; see `LedgerRemote`.
  public func fetch(branches: [String]) throws(GitError) -> OID? {
    // A pattern, because a name that is not there would be an error.
    var patterns = [
      "+\(LedgerRefs.ledger)*:\(trackingRef)*", "+refs/heads/migrate/*:\(folder)/heads/migrate/*",
    ]
    if takesDrafts { patterns.append("+\(LedgerRefs.inboxFolder)*:\(draftFolder)*") }
    let others = branches.filter { !$0.hasPrefix("refs/heads/migrate/") && $0.hasPrefix("refs/heads/") }
    let heads = others.map { "+\($0)*:\(folder)/heads/\($0.dropFirst("refs/heads/".count))*" }
    recoverLocks(branches)
    try git.fetch(from: fetchURL, patterns + heads)
    noteContact(pushes: 0)
    return try repository.resolve(trackingRef)
  }

  /// Takes away what a killed `git fetch` left: nobody but git-migrate writes these refs.
  private func recoverLocks(_ branches: [String]) {
    let heads = branches.filter { $0.hasPrefix("refs/heads/") }
    let copies = heads.map { "\(folder)/heads/\($0.dropFirst("refs/heads/".count))" }
    // What stays in the way is told by the fetch itself.
    for ref in [trackingRef, knownRef] + copies {
      _ = try? StaleLock.recover(ref, in: repository, now: clock.now())
    }
  }

  /// Brings results of claims here; see `LedgerRemote`.
  public func fetch(attempts: [String]) throws(GitError) {
    guard !attempts.isEmpty else { return }
    // Never overwritten: an attempt's ref is written once, by whoever made it. Nor is anything deleted: what
    // failed attempts left is only here, and the pattern of claim 1 is that of claim 10, too.
    try git.fetch(from: fetchURL, attempts.map { "\($0)*:\($0)*" }, deletesGone: false)
  }

  /// Moves refs there, all or none; see `LedgerRemote`.
  public func push(_ updates: [GitProgram.PushUpdate]) throws(GitError) -> GitProgram.PushOutcome {
    // What a `pre-push` hook brings along (LFS objects) belongs to branches; the ledger needs none of it.
    let hasBranch = updates.contains { $0.ref.hasPrefix("refs/heads/") }
    let outcome = try git.push(to: pushURL, updates, hooks: hasBranch ? .effective : .none)
    if case .won = outcome { noteContact(pushes: pushesSinceFetch + 1) }
    return outcome
  }

  /// Where the other side's drafts come to lie.
  private var draftFolder: String { folder + "/inbox/" }

  /// What was left there, as it was when the ledger was fetched last.
  public func waiting() throws(GitError) -> [WaitingDraft] {
    guard takesDrafts else { return [] }
    return try repository.references(matching: draftFolder + "*").map {
      WaitingDraft(ref: LedgerRefs.inboxFolder + $0.name.dropFirst(draftFolder.count), tip: $0.oid)
    }
  }

  private var contactPath: String { repository.commonDirectory + "/migrate/contact" }

  /// When, and how many pushes there were since the last fetch. It may be too few, when two processes write
  /// at once, and what cannot be written is not known: it decides nothing but when we look.
  private func noteContact(pushes: Int) {
    try? Files.makeDirectories(repository.commonDirectory + "/migrate")
    try? Files.writeAtomically(contactPath, Array("\(clock.now().milliseconds)\n\(pushes)\n".utf8))
  }

  private func contactLine(_ number: Int) -> Int64? {
    guard let bytes = try? Files.readPlain(contactPath, limit: 64) else { return nil }
    let lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
    return lines.count > number ? Int64(String(decoding: lines[number], as: UTF8.self)) : nil
  }

  /// How often any process of this clone has pushed since the ledger was fetched last.
  public var pushesSinceFetch: Int { contactLine(1).map { Int(clamping: $0) } ?? 0 }

  /// When a fetch or a push of this clone got through last.
  public var lastContact: Timestamp? {
    contactLine(0).map { Timestamp(milliseconds: $0) }
  }

  /// The newest tip there that was looked at and found good.
  public func knownTip() throws(GitError) -> OID? { try repository.resolve(knownRef) }

  /// Remembers a tip that was looked at, or that a push of ours has made.
  public func remember(_ tip: OID) throws(GitError) {
    let known = try knownTip()
    guard known != tip else { return }
    var outcome = repository.compareAndSwap(ref: knownRef, to: tip, from: known)
    if case .busy = outcome, (try? StaleLock.recover(knownRef, in: repository, now: clock.now())) == true {
      outcome = repository.compareAndSwap(ref: knownRef, to: tip, from: known)
    }
    switch outcome {
    // Whoever was faster knows as much as we do, and the next contact sets it right.
    case .won, .lost: return
    case .busy(let error), .unknown(let error): throw error
    }
  }

  /// Where a branch was there when it was fetched last.
  public func knownTip(ofBranch ref: String) throws(GitError) -> OID? {
    guard ref.hasPrefix("refs/heads/") else { return nil }
    return try repository.resolve("\(folder)/heads/\(ref.dropFirst("refs/heads/".count))")
  }

  /// The full names of the refs there that match patterns of `git ls-remote`.
  public func refs(_ patterns: [String]) throws(GitError) -> [String] {
    try git.remoteRefs(of: fetchURL, patterns)
  }

  /// Brings an archive of results here, beside the one of this clone.
  public func fetchArchive(_ ref: String) throws(GitError) -> OID? {
    let copy = "\(folder)/archive/\(ref.dropFirst(LedgerRefs.archiveFolder.count))"
    _ = try? StaleLock.recover(copy, in: repository, now: clock.now())
    try git.fetch(from: fetchURL, ["+\(ref)*:\(copy)*"])
    return try repository.resolve(copy)
  }

  /// Deletes refs there, all or none, each of which is at its commit.
  public func delete(_ refs: [(ref: String, commit: OID)]) throws(GitError) -> String? {
    try git.deleteRemote(refs, on: pushURL)
  }

  /// Makes two refs below `refs/migrate/probe/` there at once, looks for them, and deletes them.
  public func probe(_ commit: OID) throws(GitError) -> ProbeOutcome {
    let ref = LedgerRefs.probeFolder + SystemRandomness().nonce()
    let refs = [ref, ref + "-2"]
    switch try git.push(to: pushURL, refs.map { GitProgram.PushUpdate(ref: $0, to: commit, from: nil) }) {
    case .won: break
    case .lost: return .refuses("somebody else made '\(ref)'")
    case .rejected(let reason) where reason.contains("does not support --atomic"): return .isNotAtomic
    case .rejected(let reason): return .refuses(reason)
    case .unknown(let reason):
      // Some servers say no by ending the connection.
      do throws(GitError) { _ = try git.remoteRefs(of: fetchURL, refs) } catch { return .unreachable(reason) }
      return .refuses(reason)
    }
    let isSeen = Set(try git.remoteRefs(of: fetchURL, refs)).isSuperset(of: refs)
    for ref in refs {
      guard let reason = try git.deleteRemote(ref, at: commit, on: pushURL) else { continue }
      return isSeen ? .keeps(ref: ref, reason: reason) : .hides
    }
    return isSeen ? .willing : .hides
  }

  /// The addresses that a remote, or an address, leads to: as they are written, and where they are paths.
  public static func addresses(of name: String, in repository: Repository) throws(GitError) -> [String] {
    let written =
      try repository.configValues("remote.\(name).url") + repository.configValues("remote.\(name).pushurl")
      + [name]
    return written + written.map { address($0, from: repository) }
  }

  /// Why a ledger cannot be shared through this remote as it is configured, or `nil`: what is pushed must be
  /// what is fetched, and there must be one of it.
  public static func fault(ofRemote name: String, in repository: Repository) throws(GitError) -> String? {
    let urls = try repository.configValues("remote.\(name).url")
    let pushURLs = try repository.configValues("remote.\(name).pushurl")
    if urls.count > 1 { return "it has \(urls.count) addresses" }
    if pushURLs.count > 1 { return "it is pushed to \(pushURLs.count) addresses" }
    if let url = urls.first, let other = pushURLs.first, url != other {
      let (shown, otherShown) = (AddressText.withoutPasswords(url), AddressText.withoutPasswords(other))
      return "it is fetched from '\(shown)' and pushed to '\(otherShown)'"
    }
    return nil
  }
}
