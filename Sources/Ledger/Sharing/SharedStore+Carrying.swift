import Git
import Migration

/// How far an append has come that others may bring into the ledger.
private struct Carriage {
  /// Whether it lies in the remote, for others to take along.
  var isLeft = false
  /// Whether something of it was cut off, and may still come to lie there, or in the ledger.
  var isOpen = false
  /// How often others were faster.
  var losses = 0
  /// What of that was so although the ledger had not moved, and where that stood.
  var standstills = 0
  var lastTip: OID?
  /// Whether the last look has shown nobody else.
  var isAlone = false
  /// How often the remote could not be reached, or did not let it be taken back.
  var outages = 0

  static let mostOutages = 3
}

/// What a try to bring entries into the ledger has come to.
private enum Turn {
  /// They are in it.
  case won(Draft)
  /// They cannot be, as things stand.
  case refused
  /// Others were faster, or nobody knows.
  case again
}

/// An append that was too late, or expects to be, waits where whoever is next takes it along; after a rest it
/// is next itself, and takes along what waits (FLEET 2.4). Its entries keep their nonces, and the ref that
/// keeps them goes away in the very push that brings them: each gets there once, whoever brings it, and a
/// push that arrives late brings nothing any more.
extension SharedStore {
  /// Sees to it that an append gets into the ledger, and gives it as it is there; `nil` when it cannot be any
  /// more, and is to be decided anew. `isFirst`: nobody has tried it yet; otherwise the remote was looked at
  /// a moment ago.
  func carry(_ parcel: Parcel, after seen: LedgerSnapshot, isFirst: Bool) throws(LedgerError) -> Draft? {
    var way = Carriage()
    defer { clone.drop(parcel.place) }
    var turn = Turn.again
    if isFirst, !isCrowded {
      turn = try attempt(parcel, &way)
    } else if contact.crowd.sendsAhead(parcel.nonces.first ?? "") {
      // Somebody has to come by, and who does need not leave anything.
      turn = isFirst ? try lookAndAttempt(parcel, &way, after: seen) : try attempt(parcel, &way)
    }
    while true {
      switch turn {
      case .won(let draft): return draft
      case .refused: if try isTakenBack(parcel, &way) { return nil }
      case .again: break
      }
      turn = try takeTurn(parcel, &way, after: seen)
    }
  }

  /// Leaves it there, rests, looks what became of it, and tries itself.
  private func takeTurn(
    _ parcel: Parcel, _ way: inout Carriage, after seen: LedgerSnapshot
  ) throws(LedgerError) -> Turn {
    if !way.isLeft, remote.takesDrafts { try leave(parcel, &way) }
    // In two parts, so that few are very early, when nobody can have come by yet.
    let rest = contact.crowd.longestRest(beforeTry: way.losses) / 2
    for _ in 0..<2 { clone.pause(atMostMicroseconds: rest) }
    return try lookAndAttempt(parcel, &way, after: seen)
  }

  private func lookAndAttempt(
    _ parcel: Parcel, _ way: inout Carriage, after seen: LedgerSnapshot
  ) throws(LedgerError) -> Turn {
    let (begin, before) = (clone.clock.now(), try read())
    if let error = try pullIfReachable() {
      way.outages += 1
      return way.outages < Carriage.mostOutages ? .again : .won(try keepHere(parcel, error))
    }
    let waiting = contact.waiting.filter { $0 != parcel.place }.count
    let others = max(waiting, min(try read().sequence - before.sequence, Parcel.most))
    way.isAlone = others == 0
    contact.crowd.meet(others, at: clone.clock.now())
    if let landed = try landed(parcel, after: seen) { return .won(landed) }
    let isThere = contact.waiting.contains(parcel.place)
    if way.isLeft, !isThere { return gone(parcel, &way) }
    way.isLeft = isThere
    let turn = try attempt(parcel, &way)
    contact.crowd.took(clone.clock.now().milliseconds - begin.milliseconds)
    return turn
  }

  /// Whoever took it away could not bring it.
  private func gone(_ parcel: Parcel, _ way: inout Carriage) -> Turn {
    way.isLeft = false
    #if KNOWN_BUGS
      if KnownBug.draftGoneIsWon.isOn, let snapshot = try? clone.snapshot(at: parcel.place.tip) {
        return .won(
          Draft(tip: parcel.place.tip, snapshot: snapshot, effects: [], proposals: parcel.proposals))
      }
    #endif
    return .refused
  }

  // MARK: Pieces

  private func leave(_ parcel: Parcel, _ way: inout Carriage) throws(LedgerError) {
    let update = GitProgram.PushUpdate(ref: parcel.place.ref, to: parcel.place.tip, from: nil)
    switch try asGit({ () throws(GitError) in try remote.push([update]) }) {
    case .won: way.isLeft = true
    case .lost: break
    // The hooks of an older version, or a rule of the server's: we wait for our turn without it.
    case .rejected: remote.noteDraftsRefused()
    case .unknown: way.isOpen = true
    }
  }

  /// Decides it anew on what the ledger is now, and pushes it with what waits.
  private func attempt(_ parcel: Parcel, _ way: inout Carriage) throws(LedgerError) -> Turn {
    let now = try read()
    guard try asGit({ () throws(GitError) in try remote.knownTip() }) == now.tip else { return .again }
    if way.losses > 0, way.lastTip == now.tip { way.standstills += 1 }
    if way.standstills >= PushCourse.mostStandstills { return try standsStill(parcel, &way) }
    way.lastTip = now.tip
    let at = max(clone.clock.now(), now.state.at)
    guard case .ready(let own) = try clone.draft(parcel.proposals, on: now, at: at, by: "") else {
      return .refused
    }
    var load = try load(on: own, besides: parcel.place, after: now)
    var (takesAway, isBare) = (way.isLeft, false)
    while true {
      var updates = [GitProgram.PushUpdate(ref: LedgerRefs.ledger, to: load.tip, from: now.tip)]
      updates += load.deletions
      if takesAway {
        updates.append(GitProgram.PushUpdate(ref: parcel.place.ref, to: .zero, from: parcel.place.tip))
      }
      switch try asGit({ () throws(GitError) in try remote.push(updates) }) {
      case .won:
        if isBare { remote.noteDraftsRefused() }
        settle(load, besides: parcel.place)
        follow(load.tip)
        if way.isAlone, way.losses == 0 { contact.crowd.isAlone() }
        return .won(own)
      case .rejected(let reason):
        if load.isPlain, !takesAway { return try rejected(parcel, &way, reason) }
        // What was taken along may be what it does not want, or that a ref is deleted: one that stays harms
        // nobody once its entries are in the ledger.
        isBare = true
        if load.isPlain { takesAway = false } else { load = Load(tip: own.tip) }
        continue
      case .lost: break
      case .unknown: way.isOpen = way.isOpen || !way.isLeft
      }
      way.losses += 1
      return .again
    }
  }

  /// The remote says that others were faster, and nobody was.
  private func standsStill(_ parcel: Parcel, _ way: inout Carriage) throws(LedgerError) -> Turn {
    guard try isTakenBack(parcel, &way) else { return .again }
    let error = LedgerError.rejected(remote: remote.name, reason: Self.standsStill)
    guard parcel.proposals.allSatisfy(\.change.mayWait) else { throw error }
    return .won(try keepHere(parcel, error))
  }

  private func rejected(
    _ parcel: Parcel, _ way: inout Carriage, _ reason: String
  ) throws(LedgerError) -> Turn {
    guard try isTakenBack(parcel, &way) else { return .again }
    throw .rejected(remote: remote.name, reason: reason)
  }

  /// Takes note that the remote has a load.
  func settle(_ load: Load, besides mine: WaitingDraft? = nil) {
    answered(load.tip)
    contact.waiting.removeAll { $0 == mine || load.there.contains($0) }
    for draft in load.here { clone.drop(draft) }
  }

  /// Takes it back, so that nobody can bring it any more. False when somebody may have been faster.
  private func isTakenBack(_ parcel: Parcel, _ way: inout Carriage) throws(LedgerError) -> Bool {
    if way.isLeft {
      let place = (ref: parcel.place.ref, commit: parcel.place.tip)
      if let reason = try asGit({ () throws(GitError) in try remote.delete([place]) }) {
        way.outages += 1
        guard way.outages >= Carriage.mostOutages else { return false }
        throw .unreachable(remote: remote.name, reason: reason + ToldReasons.openEnd)
      }
      way.isLeft = false
      contact.waiting.removeAll { $0 == parcel.place }
    }
    if way.isOpen {
      throw .unreachable(remote: remote.name, reason: "a push was cut off" + ToldReasons.openEnd)
    }
    return true
  }

  /// An append as it is in the ledger, whoever brought it there; `nil` when it is not.
  func landed(_ parcel: Parcel, after seen: LedgerSnapshot) throws(LedgerError) -> Draft? {
    guard let tip = try asGit({ () throws(GitError) in try remote.knownTip() }), tip != seen.tip else {
      return nil
    }
    let nonces = Set(parcel.nonces)
    let entries = try clone.entries(to: tip, without: seen.tip)
    guard let last = entries.lastIndex(where: { nonces.contains($0.nonce) }) else { return nil }
    let commits = try clone.commits(to: tip, without: seen.tip)
    guard commits.count == entries.count, let place = commits.dropFirst(last).first else { return nil }
    var state = seen.state
    var effects: [Effect] = []
    for entry in entries.prefix(last + 1) {
      do throws(Refusal) {
        let found = try state.apply(entry.event)
        if nonces.contains(entry.nonce) { effects += found }
      } catch {
        throw .damaged(commit: place, reason: "its event was not allowed: \(error.message)")
      }
    }
    return Draft(
      tip: place, snapshot: try clone.snapshot(at: place), effects: effects, proposals: parcel.proposals)
  }

  /// Records it here when it may wait: by its nonces it is known when the remote is there again, if somebody
  /// has brought it meanwhile.
  private func keepHere(_ parcel: Parcel, _ error: LedgerError) throws(LedgerError) -> Draft {
    guard parcel.proposals.allSatisfy(\.change.mayWait) else { throw open(error) }
    let now = try read()
    let at = max(clone.clock.now(), now.state.at)
    guard case .ready(let own) = try clone.draft(parcel.proposals, on: now, at: at, by: ""),
      try record(own, after: now)
    else { throw open(error) }
    tellUnreachable(error)
    return own
  }

  /// The same error, which says that nobody knows.
  private func open(_ error: LedgerError) -> LedgerError {
    switch error {
    case .unreachable(let name, let reason): .unreachable(remote: name, reason: reason + ToldReasons.openEnd)
    case .rejected(let name, let reason): .unreachable(remote: name, reason: reason + ToldReasons.openEnd)
    case .git, .damaged, .newer, .rewritten, .setBack, .file, .busy, .notWritten, .branchMoved, .tooLarge:
      error
    }
  }
}

// MARK: Processes of one clone

extension SharedStore {
  /// Leaves what an append would propose now for whoever has the queue of this clone, and will take it along;
  /// `nil` when it has to be brought by itself.
  package func leaveHere(
    by author: String, _ propose: (LedgerSnapshot, Timestamp) throws(Refusal) -> [Proposal]
  ) throws(LedgerError) -> LeftParcel? {
    guard remote.takesDrafts, !isResting else { return nil }
    let seen = try clone.read()
    guard try asGit({ () throws(GitError) in try remote.knownTip() }) == seen.tip else { return nil }
    let at = max(clone.clock.now(), seen.state.at)
    let proposals: [Proposal]
    do throws(Refusal) { proposals = try propose(seen, at) } catch { return nil }
    guard !proposals.isEmpty, proposals.allSatisfy(\.change.mayBeCarried),
      case .ready(let draft) = try clone.draft(proposals, on: seen, at: at, by: author),
      let parcel = try parcel(of: draft, after: seen), try clone.leave(parcel.place)
    else { return nil }
    return LeftParcel(parcel: parcel, seen: seen)
  }

  /// What became of it; whoever calls has the queue. `nil`: it is to be decided anew.
  package func collect(_ left: LeftParcel) throws(LedgerError) -> AppendOutcome? {
    if let landed = try landed(left.parcel, after: left.seen) {
      clone.drop(left.parcel.place)
      return win(landed)
    }
    // Without a remote it is recorded here, if it may wait, like any other.
    guard try clone.waiting().contains(left.parcel.place), !isResting else {
      clone.drop(left.parcel.place)
      return nil
    }
    return try carry(left.parcel, after: left.seen, isFirst: true).map(win)
  }
}

/// An append that was left for others of its clone.
package struct LeftParcel {
  let parcel: Parcel
  let seen: LedgerSnapshot
}
