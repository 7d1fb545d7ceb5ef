import Git
import Migration

/// What a push takes along for others (FLEET 2.4).
extension SharedStore {
  /// The append of a draft, when others may bring its entries into the ledger; `nil` when it has to get there
  /// by itself.
  func parcel(of draft: Draft, after seen: LedgerSnapshot) throws(LedgerError) -> Parcel? {
    guard remote.takesDrafts, seen.tip != nil, draft.proposals.count <= Parcel.most,
      draft.proposals.allSatisfy({ $0.change.mayBeCarried && $0.planText == nil }),
      companions(of: draft.proposals, from: seen.state, to: draft.snapshot.state).isEmpty
    else { return nil }
    let entries = try clone.entries(to: draft.tip, without: seen.tip)
    guard let first = entries.first else { return nil }
    var proposals: [Proposal] = []
    for entry in entries {
      var proposal = try proposalAgain(entry, in: draft.tip)
      proposal.decidedAt = entry.event.at
      proposals.append(proposal)
    }
    return Parcel(
      place: WaitingDraft(ref: LedgerRefs.inbox(first.nonce), tip: draft.tip), proposals: proposals)
  }

  /// Decides what waits on top of a draft of ours, each append as a whole or not at all, and says what is to
  /// go away with it. `mine` is the place of the draft itself.
  func load(
    on own: Draft, besides mine: WaitingDraft? = nil, after seen: LedgerSnapshot
  ) throws(LedgerError) -> Load {
    var load = Load(tip: own.tip)
    guard remote.takesDrafts else { return load }
    let there = contact.waiting.filter { $0.ref != mine?.ref }
    let here = try clone.waiting().filter { $0.ref != mine?.ref }
    let known = Set(there.map(\.ref))
    let all = there + here.filter { !known.contains($0.ref) }
    if all.isEmpty { return load }
    var sketch = DraftSketch(snapshot: own.snapshot)
    var count = own.proposals.count
    var done: Set<String> = []
    var used = Set(own.proposals.compactMap(\.nonce))
    let outcome = try clone.together(ChainWriter.batchCount) { () throws(LedgerError) in
      for draft in all {
        guard let part = try open(draft, after: seen) else { continue }
        // The same entries under another name.
        guard part.allSatisfy({ used.insert($0.nonce ?? "").inserted }) else { continue }
        guard count + part.count <= Parcel.mostOfPush else { break }
        count += part.count
        done.insert(draft.ref)
        try extend(&sketch, by: part, at: max(clone.clock.now(), sketch.snapshot.state.at))
      }
      return sketch.draft.map(DraftOutcome.ready) ?? .refused(Refusal(.invalid, "nothing waits"))
    }
    if case .ready(let draft) = outcome { load.tip = draft.tip }
    load.there = there.filter { done.contains($0.ref) }
    #if KNOWN_BUGS
      if KnownBug.draftLeftBehind.isOn { load.there = [] }
    #endif
    load.here = here.filter { done.contains($0.ref) }
    return load
  }

  /// All of these or none.
  private func extend(
    _ sketch: inout DraftSketch, by proposals: [Proposal], at: Timestamp
  ) throws(LedgerError) {
    let before = sketch
    for proposal in proposals {
      guard try clone.extend(&sketch, by: proposal, at: at, "") != nil else { continue }
      // Whoever wanted it finds it gone and not in the ledger, and decides anew.
      return sketch = before
    }
  }

  /// What a draft of somebody else's wants: nothing when its entries are in the ledger already; `nil` for one
  /// that is left where it is, because it cannot be read, or is not one that others may bring.
  private func open(_ draft: WaitingDraft, after seen: LedgerSnapshot) throws(LedgerError) -> [Proposal]? {
    let entries: [Entry]
    do throws(LedgerError) {
      entries = try clone.entries(to: draft.tip, without: seen.tip)
    } catch {
      // A newer program's, or damaged: nothing of ours depends on it.
      return nil
    }
    let isOpen = entries.allSatisfy { $0.event.change.mayBeCarried }
    guard isOpen, entries.count <= Parcel.most else { return nil }
    if try isInLedger(entries.map(\.nonce), of: draft, seen) { return [] }
    var proposals: [Proposal] = []
    for entry in entries { proposals.append(try proposalAgain(entry, in: draft.tip)) }
    guard companions(of: proposals, from: seen.state, to: seen.state).isEmpty else { return nil }
    return proposals
  }

  /// A server that is killed in the middle of a push has the entries and the ref that kept them, too.
  private func isInLedger(
    _ nonces: [String], of draft: WaitingDraft, _ seen: LedgerSnapshot
  ) throws(LedgerError) -> Bool {
    #if KNOWN_BUGS
      if KnownBug.draftLeftBehind.isOn { return false }
    #endif
    guard let tip = seen.tip else { return false }
    if nonces.isEmpty { return true }
    let wanted = Set(nonces)
    return try clone.entries(to: tip, without: draft.tip).contains { wanted.contains($0.nonce) }
  }
}
