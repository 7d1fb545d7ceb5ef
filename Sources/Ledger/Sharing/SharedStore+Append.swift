import Git
import Migration

/// What became of bringing a draft to the remote.
private enum SharingOutcome {
  /// It has it, at the end of what was pushed or before that.
  case shared(OID)
  /// Somebody else was faster; the ledger here is as new as theirs now.
  case lost
  /// It could not be reached, and the events may wait.
  case waits
  /// So they may, but a push of them was cut off and may still arrive: why that is not known.
  case waitsOpen(String)
}

/// An append to a shared ledger is a push from the value that was decided on.
extension SharedStore {
  /// Brings a draft to where it is decided whether it counts: to the remote or, when it may wait for that, to
  /// the ref here.
  package func swap(to draft: inout Draft, from seen: LedgerSnapshot) throws(LedgerError) -> SwapOutcome {
    let parcel = try parcel(of: draft, after: seen)
    if let parcel, isCrowded, !isResting, try isFollowing(seen) {
      return try swap(&draft, by: parcel, after: seen)
    }
    switch try share(draft, after: seen) {
    case .shared(let tip):
      follow(tip)
      return .won
    case .lost:
      contact.losses += 1
      contact.crowd.meet(max(1, min(try read().sequence - seen.sequence, Parcel.most)), at: clone.clock.now())
      guard isCrowded else { return .lost }
      if let parcel { return try swap(&draft, by: parcel, after: seen) }
      // What goes wrong with the question is no fault of the entry.
      if let known = seen.tip { try? remote.askForDrafts(known) }
      if remote.takesDrafts {
        clone.pause(atMostMicroseconds: contact.crowd.longestRest(beforeTry: min(contact.losses, 3)) / 4)
      }
      return .lost
    case .waits: return try clone.moveHere(to: draft.tip, from: seen.tip)
    case .waitsOpen(let reason):
      guard try record(draft, after: seen) else {
        throw .unreachable(remote: remote.name, reason: reason)
      }
      return .won
    }
  }

  /// The same for one that others may bring.
  private func swap(
    _ draft: inout Draft, by parcel: Parcel, after seen: LedgerSnapshot
  ) throws(LedgerError) -> SwapOutcome {
    guard let landed = try carry(parcel, after: seen, isFirst: false) else { return .lost }
    draft = landed
    return .won
  }

  /// Whether what was read is what the remote is believed to have, and not what waits for it.
  private func isFollowing(_ seen: LedgerSnapshot) throws(LedgerError) -> Bool {
    try asGit { () throws(GitError) in try remote.knownTip() } == seen.tip
  }

  /// Records a draft here that the remote may have: this one or none. With another one we could lose against
  /// ourselves.
  func record(_ draft: Draft, after seen: LedgerSnapshot) throws(LedgerError) -> Bool {
    var errors = 0
    while true {
      switch try clone.moveHere(to: draft.tip, from: seen.tip) {
      case .won: return true
      case .lost: return false
      case .busy:
        errors += 1
        if try !clone.canWait(afterErrors: errors) { return false }
      case .unknown:
        if try clone.contains(draft, after: seen) { return true }
        errors += 1
        if errors >= Tries.afterErrors { return false }
      }
    }
  }

  /// Pushes a draft whose parent is the tip that the remote is believed to have.
  private func share(_ draft: Draft, after seen: LedgerSnapshot) throws(LedgerError) -> SharingOutcome {
    let proposals = draft.proposals
    if isResting {
      return try wait(proposals, contact.obstacle ?? "it could not be reached a moment ago")
    }
    let known = try asGit { () throws(GitError) in try remote.knownTip() }
    // With entries that wait in between, which `shareWaiting` could not bring over.
    guard known == seen.tip else {
      return try wait(proposals, contact.obstacle ?? "entries wait for it already")
    }
    var course = PushCourse()
    var (load, isBare) = (try load(on: draft, after: seen), false)
    while true {
      // Anew each time: what the last contact has shown of the branches may have changed.
      let updates =
        [GitProgram.PushUpdate(ref: LedgerRefs.ledger, to: load.tip, from: seen.tip)]
        + companions(of: proposals, from: seen.state, to: draft.snapshot.state) + load.deletions
      let answer: PushCourse.Answer
      switch try asGit({ () throws(GitError) in try remote.push(updates) }) {
      case .won:
        if isBare { remote.noteDraftsRefused() }
        contact.losses = 0
        settle(load)
        return .shared(load.tip)
      case .lost(let refs):
        let found = try look(for: draft, after: seen)
        if found == .unmoved, !refs.isEmpty, refs.allSatisfy(isOfInbox) {
          // Somebody has taken theirs back.
          load = Load(tip: draft.tip)
          continue
        }
        answer = .lost(refs, found)
      case .rejected(let reason):
        if !load.isPlain {
          // What was taken along may be what it does not want.
          (load, isBare) = (Load(tip: draft.tip), true)
          continue
        }
        answer = .rejected(reason)
      case .unknown(let reason): answer = .cutOff(reason, try lookAfterOpenPush(of: draft, after: seen))
      }
      switch course.next(after: answer) {
      case .push(let number): if number > 0 { pause(number) }
      case .shared: return .shared(load.tip)
      case .lost: return .lost
      case .wait(let reason): return try wait(proposals, reason)
      case .waitOpen(let reason): return try wait(proposals, open: reason)
      case .waitLocked: return try waitLocked(proposals)
      case .branchMoved(let ref): throw .branchMoved(ref: ref, remote: remote.name)
      case .rejected(let reason): throw .rejected(remote: remote.name, reason: reason)
      }
    }
  }

  // MARK: Pieces

  /// Whether so many append that what is left there for others gets into the ledger sooner.
  var isCrowded: Bool {
    contact.crowd.isLarge(at: clone.clock.now(), losses: contact.losses)
  }

  private func isOfInbox(_ ref: String) -> Bool { ref.hasPrefix(LedgerRefs.inboxFolder) }

  /// Looks what the remote has after a push.
  private func look(for draft: Draft, after seen: LedgerSnapshot) throws(LedgerError) -> PushCourse.Look {
    let unreachable = try pullIfReachable()
    // An earlier try may have come through after all.
    if try hasArrived(draft) { return .arrived }
    if unreachable != nil { return .unreachable }
    return try read().tip == seen.tip ? .unmoved : .moved
  }

  /// The same after a push of unknown outcome: the connection may have been cut before or after. That our own
  /// ref could not follow is no error when the remote has the draft.
  private func lookAfterOpenPush(
    of draft: Draft, after seen: LedgerSnapshot
  ) throws(LedgerError) -> PushCourse.Look {
    do throws(LedgerError) {
      return try look(for: draft, after: seen)
    } catch {
      if try hasArrived(draft) { return .arrived }
      throw error
    }
  }

  /// Whether the remote was seen to have a draft.
  private func hasArrived(_ draft: Draft) throws(LedgerError) -> Bool {
    guard let tip = try asGit({ () throws(GitError) in try remote.knownTip() }) else { return false }
    return try clone.isAncestor(draft.tip, of: tip)
  }

  /// Whether events may be recorded here alone for now. Reports on one's own work may; what would take
  /// something from others, or promise it, may not.
  private func wait(_ proposals: [Proposal], _ reason: String) throws(LedgerError) -> SharingOutcome {
    let error = LedgerError.unreachable(remote: remote.name, reason: reason)
    guard proposals.allSatisfy(\.change.mayWait) else { throw error }
    tellUnreachable(error)
    return .waits
  }

  /// The same, when the remote says that others were faster, and nobody was.
  private func waitLocked(_ proposals: [Proposal]) throws(LedgerError) -> SharingOutcome {
    guard proposals.allSatisfy(\.change.mayWait) else {
      throw .rejected(remote: remote.name, reason: Self.standsStill)
    }
    return try wait(proposals, Self.standsStill)
  }

  /// The same, when it stays unknown whether the remote has them.
  private func wait(_ proposals: [Proposal], open reason: String) throws(LedgerError) -> SharingOutcome {
    let reason = reason + ToldReasons.openEnd
    _ = try wait(proposals, reason)
    return .waitsOpen(reason)
  }
}

extension Migration.Change {
  /// Whether it is a report on its author's own work, which stays true until it can be shared.
  var mayWait: Bool {
    switch self {
    case .baseline(.renewed), .claim(_, .renewed), .claim(_, .submitted), .claim(_, .failed),
      .claim(_, .handedOver), .claim(_, .stageEnded),
      .gate(_, .renewed), .gate(_, .finished), .gate(_, .abandoned), .train(.split), .train(.finished):
      true
    case .baseline(.abandoned(_, let evidence)): evidence == .holder
    case .claim(_, .released(let forced, _)): !forced
    // What a service said stays true, too, and what a machine has not got.
    case .agent, .machine: true
    case .migration, .refresh, .baseline, .claim, .gate, .train, .merge, .step, .ledger, .loop,
      .lesson, .publication, .notice, .forge, .fleet, .reserved:
      false
    }
  }
}
