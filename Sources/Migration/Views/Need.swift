/// Something that goes on only when a person does something, with the one command for it.
public struct Need: Equatable, Sendable {
  /// What it is.
  public enum Code: String, CaseIterable, Sendable {
    /// This user has not approved the plan in force.
    case untrusted
    /// Somebody paused it, or it paused itself.
    case paused
    /// The base does not pass its own gate.
    case base
    /// A worktree in which the integration branch is checked out is in the way.
    case obstructed
    /// Steps are blocked for one cause.
    case blocked
    /// Work waits for a person's word, or proposed steps do.
    case person
    /// An agent rests because its service does not serve; it goes on by itself.
    case rests
    /// A way to people does not work, so that messages are not sent.
    case untold
    /// Nobody works on what could be worked on.
    case idle
    /// All steps are done.
    case done
  }

  /// What it is.
  public var code: Code
  /// What it is called, where there may be several: `F1`, or the name of an agent.
  public var name: String?
  /// In one line, why.
  public var reason: String
  /// What to do; `nil` when only time helps.
  public var command: String?
  /// The steps that it is about.
  public var steps: [String] = []
  /// How many others wait for them.
  public var holds = 0
  /// When it goes on by itself.
  public var until: Timestamp?

  /// Whether a person must act, not only may.
  public var isUrgent: Bool {
    switch code {
    case .untrusted, .paused, .base, .obstructed, .blocked, .person: true
    case .rests, .idle, .done, .untold: false
    }
  }

  /// `F1  2 steps, hold 4: 'x' was never closed`, without the command.
  public func text(_ clock: (Timestamp) -> String) -> String {
    let words = PlainText.line(reason)
    switch code {
    case .untrusted, .obstructed, .idle, .done: return words
    case .untold: return "messages by \(PlainText.line(name ?? "")) fail: \(words)"
    case .paused: return words.isEmpty ? "paused" : "paused: \(words)"
    case .base: return "the base does not pass: \(words)"
    case .rests:
      let who = PlainText.line(name ?? "the agent")
      if let probe = steps.first { return "\(who) rests: \(probe) tries whether it serves again (\(words))" }
      if let until { return "\(who) rests until \(clock(until)) (\(words))" }
      return "\(who) rests: the next attempt tries whether it serves again (\(words))"
    case .person: return "\(Count.of(steps.count, "step")) \(words)"
    case .blocked:
      let counts = BlockedCause.counts(steps.count, holds: holds)
      return (name.map { "\($0)  " } ?? "") + "\(counts): \(words)"
    }
  }
}

/// What only this machine can know of a migration.
public struct LocalFindings: Equatable, Sendable {
  /// Whether this user has not approved the plan in force.
  public var isUntrusted = false
  /// Why the integration branch could not be moved here now.
  public var obstacle: String?

  /// Nothing is known.
  public init() {}
}

extension MigrationState {
  /// What needs a person, most urgent first. `option` stands in its commands where more than one migration is
  /// open: `--migration NAME `.
  public func needs(
    at now: Timestamp, rests: AgentRests, here: LocalFindings = LocalFindings(), option: String = ""
  ) -> [Need] {
    if phase.isTerminal { return [] }
    var needs: [Need] = []
    if here.isUntrusted {
      needs.append(
        Need(
          code: .untrusted, reason: "you have not approved plan \(planNumber) of '\(name)'",
          command: "git migrate trust \(plan.fleet?.fleet ?? name)"))
    }
    if case .paused(let reason) = phase {
      needs.append(
        baselineFailure.map {
          Need(code: .base, reason: $0.reason, command: "git migrate logs \(option)--baseline")
        } ?? Need(code: .paused, reason: reason, command: resumption(option)))
    }
    if let obstacle = here.obstacle {
      needs.append(Need(code: .obstructed, reason: obstacle, command: nil))
    }
    for cause in blockedCauses {
      // One step is looked at by its own name, which tells more.
      let subject = cause.steps.count > 1 ? cause.name : cause.steps.first
      needs.append(
        Need(
          code: .blocked, name: cause.name, reason: cause.words,
          command: subject.map { "git migrate show \(option)\($0)" }, steps: cause.steps,
          holds: cause.holds))
    }
    needs += waits(option)
    for service in plan.services {
      guard let rest = rests[service] else { continue }
      needs.append(
        Need(
          code: .rests, name: service, reason: rest.cause.isEmpty ? rest.reason : rest.cause, command: nil,
          steps: rest.probe.map { [$0.fence.step] } ?? [], until: rest.until > now ? rest.until : nil))
    }
    for failing in notices.failing where plan.messages != nil {
      needs.append(Need(code: .untold, name: failing.channel, reason: failing.reason, command: nil))
    }
    return needs + ending(option)
  }

  /// The steps that wait for a person's word.
  private func waits(_ option: String) -> [Need] {
    func need(_ words: String, _ found: [Step]) -> [Need] {
      guard let first = found.first else { return [] }
      return [
        Need(
          code: .person, reason: words, command: "git migrate show \(option)\(first.id)",
          steps: found.map(\.id))
      ]
    }
    return need("waiting for your word", steps.filter { if case .person = $0.phase { true } else { false } })
      + need("proposed by workers", steps.filter { $0.phase == .proposed })
  }

  private func resumption(_ option: String) -> String {
    let tail = option.isEmpty ? "" : " \(option.dropLast())"
    guard shortage != nil, let limit = plan.budget.total[.usd] else { return "git migrate resume\(tail)" }
    return "git migrate resume\(tail) --budget +\(max(1, limit / 4_000_000))usd"
  }

  /// What is to be done with what is done in a target of a fleet.
  private func handingOver(_ fleet: FleetMember) -> [Need] {
    let verb: String
    switch standingInFleet(isOpen: true) {
    case .done: verb = "run"
    case .pushed: verb = "publish"
    case .waiting, .badBase, .ready, .working, .blocked, .paused, .open, .merged, .rejected, .people,
      .unchanged,
      .skipped:
      return []
    }
    let command = "git migrate fleet \(verb) --fleet \(fleet.fleet)"
    return [Need(code: .done, reason: "all steps are done", command: command)]
  }

  /// What is to be done when nobody does anything, or nothing is left.
  private func ending(_ option: String) -> [Need] {
    guard case .running = phase, !stepsInFlight.contains(where: { _ in true }) else { return [] }
    let tail = option.isEmpty ? "" : " \(option.dropLast())"
    if steps.allSatisfy({ $0.phase.isTerminal }) {
      if let fleet = plan.fleet { return handingOver(fleet) }
      return [Need(code: .done, reason: "all steps are done", command: "git migrate finish\(tail)")]
    }
    let open = steps.indices.filter { canBegin($0) }
    guard !open.isEmpty else { return [] }
    return [
      Need(
        code: .idle, reason: "nobody is at work; \(Count.of(open.count, "step")) can begin",
        command: plan.fleet.map { "git migrate fleet run --fleet \($0.fleet)" } ?? "git migrate run\(tail)")
    ]
  }

  private func canBegin(_ index: Int) -> Bool {
    switch steps[index].phase {
    case .ready, .backoff: !hasOpenNeed(index)
    case .waiting, .leased, .submitted, .gating, .merging, .merged, .blocked, .person, .proposed, .skipped,
      .cancelled, .undone:
      false
    }
  }
}
