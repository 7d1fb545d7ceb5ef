import Git
import Migration

/// Entries that are written as objects but that no ref points to yet.
struct Draft {
  /// The last of them.
  var tip: OID
  /// The ledger as it will be.
  var snapshot: LedgerSnapshot
  /// What must be done once it is.
  var effects: [Effect]
}

enum DraftOutcome {
  case ready(Draft)
  case refused(Refusal)
}

extension Ledger {
  /// Decides each proposal on what the one before it left, and writes the commits. Moves no ref.
  func draft(
    _ proposals: [Proposal], on seen: LedgerSnapshot, at: Timestamp, by author: String
  ) throws(LedgerError) -> DraftOutcome {
    var snapshot = seen
    var effects: [Effect] = []
    for proposal in proposals {
      let event = Event(
        migration: proposal.migration, at: at, by: proposal.author ?? author,
        change: proposal.change.mappingTexts(redact))
      do throws(Refusal) {
        // In place: only the first of many proposals copies what it changes.
        effects += try snapshot.state.apply(event)
        snapshot.sequence += 1
      } catch {
        return .refused(error)
      }
      let entry = Entry(
        sequence: snapshot.sequence, nonce: proposal.nonce ?? randomness.nonce(), event: event)
      let line = entry.json.canonicalBytes
      guard line.count <= Entry.maximumBytes else { throw .tooLarge(bytes: line.count) }
      do throws(GitError) {
        let tree = try tree(after: entry, snapshot, planText: proposal.planText)
        let signature = Signature(name: "git-migrate", email: "git-migrate@localhost", seconds: at.seconds)
        snapshot.tip = try repository.writeCommit(
          tree: tree, parents: snapshot.tip.map { [$0] } ?? [],
          message: Chain.message(entry, line: line), author: signature, committer: signature)
        snapshot.tree = tree
      } catch {
        throw .git(error)
      }
    }
    guard let tip = snapshot.tip else { return .refused(Refusal(.invalid, "there is nothing to record")) }
    return .ready(Draft(tip: tip, snapshot: snapshot, effects: effects))
  }

  /// The tree of an entry: its parent's, unless the entry brings a plan or is due for a checkpoint.
  private func tree(
    after entry: Entry, _ snapshot: LedgerSnapshot, planText: [UInt8]?
  ) throws(GitError) -> OID {
    let plan = entry.event.change.plan
    let isDue = entry.sequence % Checkpoint.interval == 0
    if let tree = snapshot.tree, plan == nil, !isDue { return tree }
    var files: [(path: String, blob: OID, mode: FileMode)] = []
    if let plan, let number = entry.event.change.planNumber {
      let expanded = try repository.writeBlob(plan.json.canonicalBytes)
      files.append((PlanStore.expandedPath(plan.migration, number), expanded, .blob))
      let text = try repository.writeBlob(planText ?? [])
      files.append((PlanStore.textPath(plan.migration, number), text, .blob))
    }
    let checkpoint = Checkpoint.bytes(snapshot.state, sequence: entry.sequence)
    files.append((Checkpoint.path, try repository.writeBlob(checkpoint), .blob))
    let status = Checkpoint.status(snapshot.state, after: entry)
    files.append((Checkpoint.statusPath, try repository.writeBlob(status), .blob))
    return try repository.writeTree(updating: snapshot.tree, upserts: files, removals: [])
  }
}
