import CanonicalJSON
import Git
import Migration

/// How a text is spelled in an entry.
private func spelled(_ text: String) -> String {
  #if KNOWN_BUGS
    if KnownBug.namesWrittenAsBytes.isOn { return text }
  #endif
  return NameText.spelled(text)
}

/// Writes the entries of a ledger as objects, and moves no ref.
final class ChainWriter: EntryWriter {
  private let repository: Repository
  private let randomness: any RandomSource
  private let redact: (String) -> String
  /// Where the objects go: into the repository, or a batch for it.
  var writing: any ObjectWriter
  /// The files of the last checkpoint that was written here.
  private var pages = CheckpointPages()

  /// From so many on, entries are written as one pack: a file for each, synced by itself, would cost more.
  static let batchCount = 8

  /// Every free text of an event goes through `redact` before the entry is built.
  init(_ repository: Repository, randomness: any RandomSource, redact: @escaping (String) -> String) {
    self.repository = repository
    self.randomness = randomness
    self.redact = redact
    writing = repository
  }

  /// Decides one proposal on what a sketch has so far, and writes its commit; gives the refusal when there is
  /// one, and the sketch is as it was.
  package func extend(
    _ sketch: inout DraftSketch, by proposal: Proposal, at: Timestamp, _ author: String
  ) throws(LedgerError) -> Refusal? {
    let isReport = proposal.change.isReport
    var room = TextRoom()
    let event = Event(
      migration: proposal.migration, at: at, by: NameText.spelled(proposal.author ?? author),
      change: proposal.change(at: at).mappingTexts {
        let text = spelled(redact($0))
        return isReport ? room.fit(text) : text
      },
      reserved: proposal.facts.map { fact in
        JSON.Member(fact.key, fact.value.mappingTexts { spelled(redact($0)) })
      })
    let entry: Entry
    do throws(Refusal) {
      entry = try sketch.decide(event) { proposal.nonce ?? randomness.nonce() }
    } catch {
      return error
    }
    let line = entry.json.canonicalBytes
    guard line.count <= Entry.maximumBytes else { throw .tooLarge(bytes: line.count) }
    do throws(GitError) {
      let tree = try tree(after: entry, sketch.snapshot, proposal)
      let signature = Signature(name: "git-migrate", email: "git-migrate@localhost", seconds: at.seconds)
      let commit = try writing.writeCommit(
        tree: tree, parents: sketch.snapshot.tip.map { [$0] } ?? [],
        message: Chain.message(entry, line: line), author: signature, committer: signature)
      try requireReadable(commit, entry)
      sketch.add(commit, tree: tree, of: proposal)
    } catch {
      throw .git(error)
    }
    return nil
  }

  /// Reads an entry back as every reader will, before any ref can lead to it: what a writer of ours appends,
  /// no reader of ours refuses.
  private func requireReadable(_ commit: OID, _ entry: Entry) throws(GitError) {
    let plan = entry.event.change.plan
    let number = entry.event.change.planNumber
    let message: [UInt8]
    do throws(GitError) {
      message = try writing.message(ofCommit: commit)
    } catch {
      // `git gc --prune=now` takes objects that no ref has yet: the ref will not move, and it is tried again.
      guard error.isNotFound else { throw error }
      return
    }
    do throws(EntryFault) {
      let line = try Chain.line(inMessage: message)
      let found = try Entry(line: line) { (_, wanted) throws(JSONFault) in
        guard let plan, number == wanted else { throw JSONFault("it carries no plan") }
        return plan
      }
      if found == entry { return }
    } catch {
      // Said below, like an entry that reads as another.
    }
    throw GitError(
      message: "the entry '\(entry.event.sentence)' could not be read back and was not recorded",
      operation: "append to", subject: LedgerRefs.ledger)
  }

  /// Writes what `body` drafts as one pack, when it is of many entries.
  package func together(
    _ count: Int, _ body: () throws(LedgerError) -> DraftOutcome
  ) throws(LedgerError) -> DraftOutcome {
    guard count >= Self.batchCount else { return try body() }
    let batch = try asGit { () throws(GitError) in try ObjectBatch(for: repository) }
    writing = batch
    defer { writing = repository }
    let outcome = try body()
    if case .ready = outcome { try asGit { () throws(GitError) in try batch.store() } }
    return outcome
  }

  /// The tree of an entry: its parent's, unless the entry brings a plan or tests that are new, or is due for
  /// a checkpoint.
  private func tree(
    after entry: Entry, _ snapshot: LedgerSnapshot, _ proposal: Proposal
  ) throws(GitError) -> OID {
    let plan = entry.event.change.plan
    let planText = proposal.planText
    let isDue = Checkpoint.isDue(entry, isFirst: snapshot.tree == nil)
    if let tree = snapshot.tree, !isDue, plan == nil, entry.event.runs.isEmpty { return tree }
    var (files, gone) = try testLists(proposal.lists, wanted: snapshot.state.testLists, in: snapshot.tree)
    if let plan, let number = entry.event.change.planNumber {
      let expanded = try writing.writeBlob(plan.json.canonicalBytes)
      files.append((PlanStore.expandedPath(plan.migration, number), expanded, .blob))
      let text = try writing.writeBlob(planText ?? [])
      files.append((PlanStore.textPath(plan.migration, number), text, .blob))
    }
    if let tree = snapshot.tree, !isDue {
      if files.isEmpty && gone.isEmpty { return tree }
      return try writing.writeTree(updating: tree, upserts: files, removals: gone)
    }
    let written = pages.write(snapshot.state, sequence: entry.sequence, at: entry.event.at)
    files.append((Checkpoint.path, try writing.writeBlob(written.checkpoint), .blob))
    files.append((Checkpoint.statusPath, try writing.writeBlob(written.status), .blob))
    return try writing.writeTree(updating: snapshot.tree, upserts: files, removals: gone)
  }

  /// What is to be written of `lists`, and what is to go, so that only wanted ones lie in `tree`. The tree
  /// may be one that is only drafted.
  private func testLists(
    _ lists: [[UInt8]], wanted: Set<String>, in tree: OID?
  ) throws(GitError) -> (files: [(path: String, blob: OID, mode: FileMode)], gone: [String]) {
    var there: Set<String> = []
    if let tree { there = Set(try writing.names(inFolder: TestLists.folder, ofTree: tree)) }
    var files: [(path: String, blob: OID, mode: FileMode)] = []
    for list in lists where list.count <= TestLists.maximumBytes {
      let digest = SHA256.hexDigest(of: list)
      guard wanted.contains(digest), there.insert(digest).inserted else { continue }
      files.append((TestLists.path(digest), try writing.writeBlob(list), .blob))
    }
    return (files, there.subtracting(wanted).sorted().map(TestLists.path))
  }
}
