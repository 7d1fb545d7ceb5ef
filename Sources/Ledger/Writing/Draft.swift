import CanonicalJSON
import Git
import Migration

/// Entries that are written as objects but that no ref points to yet.
package struct Draft {
  /// The last of them.
  package var tip: OID
  /// The ledger as it will be.
  package var snapshot: LedgerSnapshot
  /// What must be done once it is.
  package var effects: [Effect]
  /// What they were made of.
  var proposals: [Proposal]
}

/// A draft while it grows.
package struct DraftSketch {
  /// The ledger as it will be.
  package private(set) var snapshot: LedgerSnapshot
  private var effects: [Effect] = []
  private var proposals: [Proposal] = []

  init(snapshot: LedgerSnapshot) { self.snapshot = snapshot }

  /// Lets an event happen and gives its entry, which is still to be written.
  package mutating func decide(_ event: Event, nonce: () -> String) throws(Refusal) -> Entry {
    // In place: only the first of many proposals copies what it changes.
    let event = event.written(in: snapshot.state)
    effects += try snapshot.state.apply(event)
    snapshot.sequence += 1
    return Entry(sequence: snapshot.sequence, nonce: nonce(), event: event)
  }

  /// Takes note of the commit that the entry was written as.
  package mutating func add(_ commit: OID, tree: OID?, of proposal: Proposal) {
    snapshot.tip = commit
    snapshot.tree = tree
    proposals.append(proposal)
  }

  /// The draft, unless nothing was added.
  var draft: Draft? {
    guard !proposals.isEmpty, let tip = snapshot.tip else { return nil }
    return Draft(tip: tip, snapshot: snapshot, effects: effects, proposals: proposals)
  }
}

/// What became of drafting.
package enum DraftOutcome {
  /// Every proposal was accepted.
  case ready(Draft)
  /// One of them was not.
  case refused(Refusal)
}

/// How a text is spelled in an entry.
private func spelled(_ text: String) -> String {
  #if KNOWN_BUGS
    if KnownBug.namesWrittenAsBytes.isOn { return text }
  #endif
  return NameText.spelled(text)
}

extension Ledger: EntryWriter {
  /// Decides one proposal on what a sketch has so far, and writes its commit; gives the refusal when there is
  /// one, and the sketch is as it was.
  package func extend(
    _ sketch: inout DraftSketch, by proposal: Proposal, at: Timestamp, _ author: String
  ) throws(LedgerError) -> Refusal? {
    let isReport = proposal.change.isReport
    var room = TextRoom()
    let event = Event(
      migration: proposal.migration, at: at, by: NameText.spelled(proposal.author ?? author),
      change: proposal.change.mappingTexts {
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
      operation: "append to", subject: Ledger.ref)
  }

  /// From so many on, entries are written as one pack: a file for each, synced by itself, would cost more.
  static let batchCount = 8

  /// Writes what `body` drafts as one pack, when it is of many entries.
  package func together(
    _ count: Int, _ body: () throws(LedgerError) -> DraftOutcome
  ) throws(LedgerError) -> DraftOutcome {
    guard count >= Ledger.batchCount else { return try body() }
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
    let isDue = plan != nil || entry.sequence % Checkpoint.interval == 0
    if let tree = snapshot.tree, !isDue, entry.event.runs.isEmpty { return tree }
    var (files, gone) = try testLists(proposal.lists, wanted: snapshot.state.testLists, in: snapshot.tree)
    if let tree = snapshot.tree, !isDue {
      if files.isEmpty && gone.isEmpty { return tree }
      return try writing.writeTree(updating: tree, upserts: files, removals: gone)
    }
    if let plan, let number = entry.event.change.planNumber {
      let expanded = try writing.writeBlob(plan.json.canonicalBytes)
      files.append((PlanStore.expandedPath(plan.migration, number), expanded, .blob))
      let text = try writing.writeBlob(planText ?? [])
      files.append((PlanStore.textPath(plan.migration, number), text, .blob))
    }
    let written = pages.write(snapshot.state, sequence: entry.sequence, at: entry.event.at)
    files.append((Checkpoint.path, try writing.writeBlob(written.checkpoint), .blob))
    files.append((Checkpoint.statusPath, try writing.writeBlob(written.status), .blob))
    return try writing.writeTree(updating: snapshot.tree, upserts: files, removals: gone)
  }
}
