/// What people are to be told now.
extension MigrationState {
  /// Whether what an item is about still waits for people.
  func isOpen(_ item: NoticeItem) -> Bool {
    switch item.notice {
    case .stepBlocked(let id, _):
      guard let cause = item.cause else { return step(id).map { isBlocked($0) } ?? false }
      return steps.contains { $0.cause == cause && isBlocked($0) }
    case .personWanted(let id, _):
      if case .person? = step(id)?.phase { return true }
      return false
    case .paused:
      if case .paused = phase { return true }
      return false
    case .allStepsDone: return openCount == 0
    case .baseHeld: return true
    }
  }

  private func isBlocked(_ step: Step) -> Bool { if case .blocked = step.phase { true } else { false } }

  /// The numbers of what is to be told at `now`; `moment` is the same time where people live. With `isLast`
  /// nobody may come to tell it later, so that it is not gathered any longer.
  ///
  /// - What is new is told at once when the last message is older than a digest, or when it is urgent; with
  ///   what else there is.
  /// - In quiet hours only what is urgent is told; the rest waits for their end.
  /// - What still waits for a person is told again after a while.
  public func dueNotices(at now: Timestamp, _ moment: WeekMoment?, isLast: Bool = false) -> [Int] {
    guard let policy = plan.messages, !phase.isTerminal, !notices.items.isEmpty else { return [] }
    if let retryAt = notices.retryAt, now < retryAt { return [] }
    let isQuiet = moment.flatMap { moment in policy.quiet?.contains(moment) } ?? false
    let open = notices.items.filter { isOpen($0) && policy.tells($0.severity) }
    let new = open.filter { $0.isNews(at: now) && (!isQuiet || $0.severity == .urgent) }
    let again = isQuiet ? [] : open.filter { isToldAgain($0, policy, at: now) }
    let isGathered = notices.sentAt.map { now < $0.adding(seconds: policy.digestSeconds) } ?? false
    if new.contains(where: { $0.severity == .urgent || isLast || !isGathered }) {
      return (new + again).map(\.number).sorted()
    }
    return isGathered ? [] : again.map(\.number)
  }

  private func isToldAgain(_ item: NoticeItem, _ policy: NotifyPolicy, at now: Timestamp) -> Bool {
    guard let toldAt = item.toldAt, !item.hasMore, let seconds = policy.againSeconds else { return false }
    // That all is done is good news, and no news the second time. Who looks at a base says when it is held,
    // and not when it is let go.
    if case .baseHeld = item.notice { return false }
    return item.severity > .info && now >= toldAt.adding(seconds: seconds)
  }

  /// The same for a process that looks at it, as long as nobody else tells it: a duty, or none.
  func telling(at now: Timestamp, _ seat: Seat, isLast: Bool = false) -> [Duty] {
    guard seat.mayTell, !seat.isTelling, !seat.isEnding else { return [] }
    if let held = notices.notifier?.claim, held.owner != seat.owner, held.expiresAt > now,
      !seat.dead.contains(held.owner)
    {
      return []
    }
    let due = dueNotices(at: now, seat.moment, isLast: isLast)
    return due.isEmpty ? [] : [.tell(due)]
  }
}
