import Git
import Migration

/// What goes to the remote that was recorded before it could.
extension SharedStore {
  /// A ledger that was not shared until now goes over whole, with the branches and results it speaks of.
  /// False when somebody else was faster.
  func sendAll(_ mine: OID, _ report: inout SyncReport) throws(LedgerError) -> Bool {
    let snapshot = try read()
    var updates = [GitProgram.PushUpdate(ref: LedgerRefs.ledger, to: mine, from: nil)]
    // What lies on the ref of a claim that is in force goes over when it is handed in.
    let attempts = try clone.attempts().filter {
      LedgerRefs.strangerFault($0.name, $0.oid.objectID, snapshot.state) == nil
    }
    for migration in snapshot.state.migrations
    where !migration.phase.isTerminal && !migration.peopleShareBranch {
      // A start that was cut off has not made its branch yet.
      let begin = migration.tip == migration.start ? migration.start.oid : nil
      if let tip = try clone.tip(of: migration.intoRef) ?? begin {
        updates.append(GitProgram.PushUpdate(ref: migration.intoRef, to: tip, from: nil))
      }
    }
    updates += attempts.map { GitProgram.PushUpdate(ref: $0.name, to: $0.oid, from: nil) }
    guard try send(updates) else { return false }
    answered(mine)
    report.sent = snapshot.sequence
    return true
  }

  /// Brings over what waited: as it is when nobody else was there, otherwise decided anew on what the others
  /// did. What is refused is told and kept. False when somebody else was faster.
  ///
  /// `unwanted` are results that the remote does not take, with its words: their attempts have failed.
  func sendWaiting(
    _ mine: OID, onto tip: OID, unwanted: [ObjectID: String] = [:], _ report: inout SyncReport
  ) throws(LedgerError) -> Bool {
    let base = try clone.snapshot(at: tip)
    var current = base
    var accepted: [Proposal] = []
    var effects: [Effect] = []
    var refused: [RefusedEvent] = []
    var arrived = 0
    // By its nonce an entry is known again when it was decided anew.
    let theirs = Set(try clone.entries(to: tip, without: mine).map(\.nonce))
    for entry in try clone.entries(to: mine, without: tip) {
      // An earlier try came through, and nobody could tell us.
      if theirs.contains(entry.nonce) {
        arrived += 1
        continue
      }
      let (event, proposal) = try proposed(by: entry, in: mine, unwanted, &refused)
      let again = Event(
        migration: event.migration, at: max(clone.clock.now(), current.state.at), by: event.by,
        change: event.change, reserved: event.reserved
      )
      do throws(Refusal) {
        let found = try current.state.apply(again.written(in: current.state))
        // What follows from an entry that goes over as it was recorded here was done then.
        if event.change != entry.event.change { effects += found }
        accepted.append(proposal)
      } catch {
        refused.append(RefusedEvent(sentence: event.sentence, reason: error.message))
      }
    }
    var new = tip
    if unwanted.isEmpty, try clone.isAncestor(tip, of: mine) {
      (new, refused, arrived) = (mine, [], 0)
      current = try clone.snapshot(at: mine)
    } else if !accepted.isEmpty {
      let at = max(clone.clock.now(), base.state.at)
      guard case .ready(let draft) = try clone.draft(accepted, on: base, at: at, by: "") else { return false }
      (new, current) = (draft.tip, draft.snapshot)
    }
    if new != tip {
      let updates =
        [GitProgram.PushUpdate(ref: LedgerRefs.ledger, to: new, from: tip)]
        + companions(of: accepted, from: base.state, to: current.state)
      do throws(LedgerError) {
        guard try send(updates) else { return false }
      } catch {
        guard case .rejected = error, unwanted.isEmpty else { throw error }
        guard let unwanted = try sendAlone(accepted, on: base) else { return false }
        if unwanted.isEmpty { throw error }
        return try sendWaiting(mine, onto: tip, unwanted: unwanted, &report)
      }
      answered(new)
      contact.due += effects
    }
    if !refused.isEmpty { report.keptOn = try clone.keepRefused(mine) }
    for event in refused { clone.warn("'\(event.sentence)' was refused: \(event.reason)") }
    report.refused += refused
    report.sent += accepted.count + arrived
    try adopt(new, replacing: mine)
    return true
  }

  /// What is proposed for an entry that waited: the same, or that its attempt has failed, when the remote
  /// does not take the result.
  private func proposed(
    by entry: Entry, in mine: OID, _ unwanted: [ObjectID: String], _ refused: inout [RefusedEvent]
  ) throws(LedgerError) -> (Event, Proposal) {
    var event = entry.event
    var proposal = try proposalAgain(entry, in: mine)
    if let (fence, result) = event.change.result, let words = unwanted[result.commit] {
      refused.append(RefusedEvent(sentence: event.sentence, reason: words))
      event.change = .attemptFailed(fence, .refused(by: remote.name, saying: words))
      // By the same nonce: of a push of unknown outcome it is known which of the two has arrived.
      proposal = Proposal(event.migration, event.change)
      (proposal.author, proposal.nonce, proposal.facts) = (event.by, entry.nonce, event.reserved)
    }
    if let number = event.change.planNumber {
      proposal.planText = try clone.planText(event.migration, number: number, in: try read())
    }
    return (event, proposal)
  }

  /// What an entry of a chain proposed, with the lists of tests that it brought along.
  func proposalAgain(_ entry: Entry, in mine: OID) throws(LedgerError) -> Proposal {
    let event = entry.event
    var proposal = Proposal(event.migration, event.change)
    (proposal.author, proposal.nonce, proposal.facts) = (event.by, entry.nonce, event.reserved)
    let digests = event.runs.compactMap(\.tests)
    if digests.isEmpty { return proposal }
    let snapshot = try clone.snapshot(at: mine)
    for digest in digests {
      if let list = try clone.testList(digest, in: snapshot) { proposal.lists.append(list) }
    }
    return proposal
  }

  /// Pushes the results among these by themselves, until one gets through: then, or when somebody else was
  /// faster, the answer is `nil`, and the others are to be decided anew. Otherwise gives those that the
  /// remote does not take, each with its words.
  private func sendAlone(
    _ proposals: [Proposal], on base: LedgerSnapshot
  ) throws(LedgerError) -> [ObjectID: String]? {
    var unwanted: [ObjectID: String] = [:]
    for proposal in proposals {
      guard let result = proposal.change.result?.result else { continue }
      let at = max(clone.clock.now(), base.state.at)
      guard case .ready(let draft) = try clone.draft([proposal], on: base, at: at, by: "") else { continue }
      let updates =
        [GitProgram.PushUpdate(ref: LedgerRefs.ledger, to: draft.tip, from: base.tip)]
        + companions(of: [proposal], from: base.state, to: draft.snapshot.state)
      switch try asGit({ () throws(GitError) in try remote.push(updates) }) {
      case .won:
        answered(draft.tip)
        return nil
      case .lost, .unknown: return nil
      case .rejected(let words): unwanted[result.commit] = words
      }
    }
    return unwanted
  }

  /// False when somebody else was faster.
  private func send(_ updates: [GitProgram.PushUpdate]) throws(LedgerError) -> Bool {
    switch try asGit({ () throws(GitError) in try remote.push(updates) }) {
    case .won: return true
    case .lost(let refs):
      guard refs.contains(LedgerRefs.ledger) || refs.isEmpty else {
        throw .branchMoved(ref: refs.first ?? "", remote: remote.name)
      }
      return false
    case .rejected(let reason): throw .rejected(remote: remote.name, reason: reason)
    case .unknown(let reason): throw .unreachable(remote: remote.name, reason: reason)
    }
  }

  /// What must move together with entries: the branch of a merge, so that nobody sees one without the other,
  /// and the result that a submission names, so that any machine can judge it.
  func companions(
    of proposals: [Proposal], from before: State, to after: State
  ) -> [GitProgram.PushUpdate] {
    var updates: [GitProgram.PushUpdate] = []
    for proposal in proposals {
      let old = before.migration(named: proposal.migration)
      let ref = (old ?? after.migration(named: proposal.migration))?.intoRef ?? ""
      switch proposal.change {
      case .migration(.started):
        guard let new = after.migration(named: proposal.migration), !new.peopleShareBranch else { continue }
        updates.append(GitProgram.PushUpdate(ref: ref, to: new.start.oid, from: nil))
      case .claim(let fence, .submitted), .claim(let fence, .stageEnded):
        guard let result = proposal.change.result?.result else { continue }
        let attempt = LedgerRefs.attempt(proposal.migration, fence)
        guard (try? clone.tip(of: attempt)).flatMap(\.self) == result.commit.oid else { continue }
        updates.append(GitProgram.PushUpdate(ref: attempt, to: result.commit.oid, from: nil))
        updates += [clone.words(proposal.migration, fence)].compactMap(\.self)
      case .claim(let fence, .failed), .claim(let fence, .released), .claim(let fence, .expired):
        updates += [clone.words(proposal.migration, fence)].compactMap(\.self)
      case .merge(_, .merged(let commit, _)), .refresh(.merged(let commit)):
        guard let move = old?.move(doneBy: proposal.change), !isThere(commit.oid, ref) else { continue }
        updates.append(GitProgram.PushUpdate(ref: ref, to: commit.oid, from: move.old))
      case .migration, .refresh, .baseline, .claim, .gate, .train, .merge, .step, .ledger, .agent, .machine,
        .loop,
        .lesson, .publication, .notice, .forge, .fleet, .reserved:
        continue
      }
    }
    return updates
  }

  /// Whether a branch was seen to have a commit already: git moves the refs of a push one after the other in
  /// the end, and a server that is killed in between has the branch and not the entry. By now people may have
  /// built on it, where the branch is theirs.
  private func isThere(_ commit: OID, _ branch: String) -> Bool {
    guard let tip = (try? remote.knownTip(ofBranch: branch)).flatMap(\.self) else { return false }
    return tip == commit || (try? clone.isAncestor(commit, of: tip)) ?? false
  }
}
