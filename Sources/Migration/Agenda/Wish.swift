/// What somebody's command is to bring about in a migration, beside what every process sees to: `refresh`,
/// `submit`, `verify` and `finish` ask the same agenda as a run, and know no rule themselves.
public enum Wish: Equatable, Sendable {
  /// Take the moved base in.
  case refresh
  /// Take the result of a claim, which is handed in, through its gate.
  case merge(Fence)
  /// Try the gate on the work of a claim, which is not handed in.
  case verify(Fence)
  /// End the migration with what is on its branch; with `partial` the open steps are cancelled.
  case finish(partial: Bool)
}

/// A result that a process has found to pass as a whole, and the gate that said so.
public struct GoodResult: Equatable, Sendable {
  /// The tip of the integration branch.
  public var commit: ObjectID
  /// The digest of the gate.
  public var gate: String

  /// Makes a fact.
  public init(commit: ObjectID, gate: String) {
    self.commit = commit
    self.gate = gate
  }
}

extension MigrationState {
  /// What is due for the wish of a command: one duty, or none while somebody else (`holdUp(of:)`) has to be
  /// done first, or time has to pass.
  func wished(at now: Timestamp, _ seat: Seat) -> [Duty] {
    guard let wish = seat.wish, seat.judging == .nothing else { return [] }
    if isAnswered(wish) { return [.answer] }
    if holdUp(of: wish) != nil { return [] }
    switch wish {
    case .refresh: return [.takeBaseIn]
    case .merge(let fence): return queue(at: now).contains(fence) ? [.gate(fence)] : []
    case .verify(let fence): return [.tryGate(fence)]
    case .finish(let partial): return [ending(partial: partial, seat)]
    }
  }

  /// Whether the state says already what became of a wish, or that nothing can.
  private func isAnswered(_ wish: Wish) -> Bool {
    if phase.isTerminal { return true }
    switch wish {
    case .refresh, .finish: return false
    case .merge(let fence):
      guard let step = step(fence.step), step.epoch == fence.epoch else { return true }
      switch step.phase {
      case .submitted: if case .paused = phase { return true } else { return false }
      case .gating, .merging: return false
      case .waiting, .ready, .leased, .merged, .backoff, .blocked, .person, .proposed, .skipped, .cancelled,
        .undone:
        return true
      }
    case .verify(let fence):
      guard let step = step(fence.step), step.epoch == fence.epoch, case .leased = step.phase else {
        return true
      }
      return false
    }
  }

  /// Who has to be done before a wish can go on: a step, or a refresh; `nil` when nobody has.
  public func holdUp(of wish: Wish) -> String? {
    switch wish {
    // Whatever passes the gate is what the branch gets, so that a second candidate would be judged in vain.
    case .refresh, .merge: mover
    case .verify: nil
    // What is judged and not merged yet is cancelled, like everything that is open.
    case .finish: moving
    }
  }

  /// The whole is judged once nothing else stands against the end; with what the rules refuse anyway nobody
  /// waits for verifiers. What passed is taken as long as it is still the result, and the gate the same.
  private func ending(partial: Bool, _ seat: Seat) -> Duty {
    let result: ObjectID
    switch seat.branch {
    case .at(let commit, _): result = commit
    // It is missed in words, by whoever performs it.
    case .absent, .unknown: result = tip
    }
    if openCount > 0 && !partial { return .finish(result: result) }
    #if KNOWN_BUGS
      if KnownBug.resultMovedUnseen.isOn, seat.goodResult != nil { return .finish(result: result) }
    #endif
    let good = GoodResult(commit: result, gate: gateDigest)
    return seat.goodResult == good ? .finish(result: result) : .judgeResult(result)
  }
}

extension MigrationState {
  /// That nothing can happen in it any more.
  public var ended: Refusal { Refusal(.ended, "the migration '\(name)' is \(phase.word)") }
}
