import CanonicalJSON
import Git
import Migration

/// What one entry says to people, with what it is about.
public struct LedgerSentence: Equatable, Sendable {
  /// The sentence. It begins with the name of the step or, when it is about none, of the migration.
  public var text: String
  /// The name of the migration.
  public var migration: String
  /// Whether it is about a step.
  public var isAboutStep: Bool
  /// What kind of event it tells; `nil` for one that this program does not know.
  public var kind: Migration.Change.Kind?

  /// Reads it of an entry's commit, whatever version of the format wrote that.
  init(of commit: Commit) {
    text = commit.subject
    let line = commit.textBytes.split(separator: 0x0A).last.map { Array($0) } ?? []
    let json = try? JSON.parse(line)
    if case .string(let name)? = json?["migration"] { migration = name } else { migration = "" }
    if case .string? = json?["step"] { isAboutStep = true } else { isAboutStep = false }
    if case .string(let word)? = json?["kind"] { kind = Migration.Change.Kind(rawValue: word) }
  }

  /// The sentence of an event.
  package init(of event: Event) {
    (text, migration, isAboutStep) = (event.sentence, event.migration, event.change.step != nil)
    kind = event.change.kind
  }

  /// The sentence, with the migration's name in front where it would not say which that is.
  public var withMigration: String { isAboutStep ? "\(migration): \(text)" : text }
}

/// One entry with what it changed, as `git migrate replay` shows it.
public struct ReplayedEntry: Sendable {
  /// The entry.
  public var found: LedgerEntry
  /// The state before it.
  public var before: State
  /// The state after it.
  public var after: State
  /// What had to be done because of it.
  public var effects: [Effect]
}

extension ChainReader {
  /// Every entry, oldest first. Reads the whole chain.
  public func entries() throws(LedgerError) -> [LedgerEntry] {
    var found: [LedgerEntry] = []
    for oid in try commits() { found.append(try chain.entry(of: try chain.commit(oid), plans: plans)) }
    return found
  }

  /// The commits of the chain, oldest first. Follows first parents from the tip.
  public func commits() throws(LedgerError) -> [OID] {
    try tip().map { (tip) throws(LedgerError) in try commits(to: tip, from: nil) } ?? []
  }

  /// The commits after `old` up to `tip`, oldest first; throws `damaged` when `old` is not behind `tip`.
  public func commits(to tip: OID, from old: OID?) throws(LedgerError) -> [OID] {
    var list: [OID] = []
    var next: OID? = tip
    while let oid = next, oid != old {
      list.append(oid)
      next = try chain.commit(oid).parents.first
    }
    guard next == old else {
      throw .damaged(commit: tip, reason: "it does not follow '\(old?.hex.prefix(10) ?? "")'")
    }
    return list.reversed()
  }

  /// The sentences of the entries up to `tip` that the chain up to `old` does not have, oldest first.
  ///
  /// Of a shared ledger `old` need not lie behind `tip`: what waited here stands, decided anew, behind what
  /// others recorded meanwhile. By its nonce it is known again, and not told twice.
  public func sentences(to tip: OID, from old: OID?) throws(LedgerError) -> [LedgerSentence] {
    let new = try asGit { () throws(GitError) in
      try repository.commits(from: tip, excluding: old.map { [$0] } ?? [], firstParentOnly: true)
    }
    let replaced = try old.map { (old) throws(LedgerError) in
      try asGit { () throws(GitError) in
        try repository.commits(from: old, excluding: [tip], firstParentOnly: true)
      }
    }
    var known: Set<String> = []
    for oid in replaced ?? [] { known.insert(try entry(oid).nonce) }
    var sentences: [LedgerSentence] = []
    for oid in new.reversed() {
      if !known.isEmpty, known.contains(try entry(oid).nonce) { continue }
      sentences.append(LedgerSentence(of: try chain.commit(oid)))
    }
    return sentences
  }

  /// The entries up to `tip` that are not among those up to `known`, oldest first.
  package func entries(to tip: OID, without known: OID?) throws(LedgerError) -> [Entry] {
    let commits = try asGit { () throws(GitError) in
      try repository.commits(from: tip, excluding: known.map { [$0] } ?? [], firstParentOnly: true)
    }
    return try commits.reversed().map { (oid) throws(LedgerError) in try entry(oid) }
  }

  /// Some migrations by when the chain up to `tip` named them last, longest ago first; those that it never
  /// names are left out. Reads back from the tip until all were met.
  package func byLastEntry(_ migrations: [String], to tip: OID) throws(LedgerError) -> [String] {
    var (found, left): ([String], Set<String>) = ([], Set(migrations))
    var next: OID? = tip
    while let oid = next, !left.isEmpty {
      let commit = try chain.commit(oid)
      let name = LedgerSentence(of: commit).migration
      if left.remove(name) != nil { found.append(name) }
      next = commit.parents.first
    }
    return found.reversed()
  }

  private func entry(_ oid: OID) throws(LedgerError) -> Entry {
    try chain.entry(of: try chain.commit(oid), plans: plans).entry
  }

  /// Folds the chain from its beginning and hands each entry over with the states around it.
  public func replay(_ visit: (ReplayedEntry) -> Void) throws(LedgerError) {
    var snapshot = LedgerSnapshot.empty
    for oid in try commits() {
      let found = try chain.entry(of: try chain.commit(oid), plans: plans)
      let before = snapshot.state
      let effects = try advance(&snapshot, by: found)
      visit(ReplayedEntry(found: found, before: before, after: snapshot.state, effects: effects))
    }
  }

  /// The exact bytes of a plan file as it was given, or `nil` when the ledger has no such plan.
  public func planText(_ migration: String, number: Int, in snapshot: LedgerSnapshot) throws(LedgerError)
    -> [UInt8]?
  {
    guard let tree = snapshot.tree else { return nil }
    do throws(GitError) {
      let path = PlanStore.textPath(migration, number)
      return try repository.entry(at: path, inTree: tree).map { (found) throws(GitError) in
        try repository.blob(found.oid)
      }
    } catch {
      throw .git(error)
    }
  }
}

extension ChainReader {
  /// Folds the chain from its beginning and shows each event with the state after it. Reads the whole chain.
  package func fold(_ visit: (Event, State) -> Void) throws(LedgerError) -> LedgerSnapshot {
    var snapshot = LedgerSnapshot.empty
    for oid in try commits() {
      let found = try chain.entry(of: try chain.commit(oid), plans: plans)
      try advance(&snapshot, by: found)
      visit(found.entry.event, snapshot.state)
    }
    return snapshot
  }
}
