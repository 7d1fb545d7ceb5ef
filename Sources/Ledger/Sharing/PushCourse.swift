/// The course of bringing one draft to the remote: told what each push brought, it says what is next. Pure,
/// so that every turn of it is tested without git.
///
/// As soon as a push was cut off it is *open*: the draft may arrive as long as the remote is at the tip that
/// it follows, so that only the very same one may be tried again. With a new one we could lose against
/// ourselves.
struct PushCourse: Equatable {
  /// What a look at the remote has shown after a push.
  enum Look: Equatable {
    /// It has the draft.
    case arrived
    /// It could not be reached.
    case unreachable
    /// It is at the tip that the draft follows.
    case unmoved
    /// Others were faster.
    case moved
  }

  /// What came of a push.
  enum Answer: Equatable {
    /// These refs were not where they were expected.
    case lost([String], Look)
    /// The remote said no, in these words.
    case rejected(String)
    /// It was cut off, and why.
    case cutOff(String, Look)
  }

  /// What is next.
  enum Step: Equatable {
    /// Push the same once more, after the so-manieth pause; 0 for none.
    case push(pause: Int)
    /// The remote has it.
    case shared
    /// Others were faster.
    case lost
    /// The remote is away: it is recorded here, if it may wait.
    case wait(String)
    /// The same, and the push may still arrive.
    case waitOpen(String)
    /// The remote says that others were faster, and nobody was: its ref is locked.
    case waitLocked
    /// A branch that goes with the entry is elsewhere.
    case branchMoved(String)
    /// The remote does not take it.
    case rejected(String)
  }

  /// How often the same entries are pushed while it is not known whether they arrived.
  static let mostPushes = 3

  /// How often the same entries are pushed when nobody was faster, whatever the remote says: its ref is
  /// locked for a moment by somebody who is about to move it, or for good by a program that was killed.
  static let mostStandstills = 10

  private var openReason: String?
  private var pushes = 0
  private var standstills = 0

  /// What comes after a push that brought this.
  mutating func next(after answer: Answer) -> Step {
    switch answer {
    case .lost(_, .arrived), .cutOff(_, .arrived): return .shared
    case .lost(_, .moved), .cutOff(_, .moved): return .lost
    case .cutOff(let reason, .unreachable): return .waitOpen(reason)
    case .cutOff(let reason, .unmoved):
      openReason = reason
      return again(reason)
    case .rejected(let reason): return openReason.map(Step.waitOpen) ?? .rejected(reason)
    case .lost(_, .unreachable):
      return openReason.map(Step.waitOpen) ?? .wait("it went away when others had been faster")
    case .lost(let refs, .unmoved): return openReason.map { again($0) } ?? standsStill(refs)
    }
  }

  private mutating func again(_ reason: String) -> Step {
    pushes += 1
    return pushes < Self.mostPushes ? .push(pause: 0) : .waitOpen(reason)
  }

  private mutating func standsStill(_ refs: [String]) -> Step {
    if !refs.contains(LedgerRefs.ledger), let ref = refs.first { return .branchMoved(ref) }
    standstills += 1
    return standstills < Self.mostStandstills ? .push(pause: standstills) : .waitLocked
  }
}
