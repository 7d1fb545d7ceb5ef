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
  package var proposals: [Proposal]
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
