import Git
import Ledger
import Migration
import Site

/// What a run judges for one migration, and what it knows of it beside the ledger.
final class Desk {
  /// The migration's name.
  let migration: String
  /// The plans that may be carried out here.
  var approved = ApprovedPlans()
  /// The gate of one step, or of several together.
  var gate: (any GateWork)?
  /// The judgement of the base.
  var baseline: BaselineTask?
  /// The count of uses.
  var count: CountTask?
  /// What people are told now.
  var messages: MessageTask?
  /// Where the uses could not be counted, and by which command.
  var uncountable: (commit: ObjectID, command: String)?
  /// What is asked before something can be judged.
  private var asked: (plan: Int, question: any Asking)?
  /// The steps whose gate has met with something in its way, so that others go first for a while.
  var resting = RestingSteps()
  /// When something was begun for it last; see `Seat.turn`.
  var turn = 0
  /// Keeps the repository fast.
  let housekeeping = Housekeeping()
  /// Takes a moved base in.
  let follower: BaseFollower

  init(_ migration: String, in site: any Surroundings, observer: any RunObserver) {
    self.migration = migration
    follower = BaseFollower(site: site, migration: migration, observer: observer)
  }

  /// Whether nothing is judged.
  var isIdle: Bool { gate == nil && baseline == nil && count == nil && !follower.isBusy }

  /// What is judged.
  var judging: Seat.Judging {
    if baseline != nil { return .base }
    if follower.isBusy { return .refresh }
    if count != nil { return .uses }
    return gate.map { .result($0.fence, baseFirst: $0.isJudgingBase) } ?? .nothing
  }

  /// Where a plan's uses cannot be counted.
  func uncountable(in plan: Plan) -> ObjectID? {
    uncountable?.command == plan.until?.digest ? uncountable?.commit : nil
  }

  /// Whether what verdicts rest on is known, so that something can be judged; asks where it is not.
  func isGrounded(for state: MigrationState, in site: any Surroundings) throws(CommandError) -> Bool {
    if let asked, asked.plan != state.planNumber { forgetAnswer() }
    if asked == nil, let question = try site.question(before: state.plan) {
      asked = (state.planNumber, question)
    }
    return asked?.question.poll() ?? true
  }

  /// Nothing is judged by it any more.
  func forgetAnswer() {
    asked?.question.stop()
    asked?.question.forget()
    asked = nil
  }

  private var openQuestion: Int32 {
    guard let question = asked?.question, !question.poll() else { return -1 }
    return question.descriptor
  }

  /// The descriptors that become readable when there is something to do.
  var descriptors: [Int32] {
    [
      gate?.descriptor ?? -1, baseline?.descriptor ?? -1, follower.descriptor, openQuestion,
      count?.descriptor ?? -1,
    ] + (messages?.descriptors ?? [])
  }

  /// What it holds in the ledger while it judges.
  private var watches: [HoldWatch] { [baseline?.watch, gate?.watch].compactMap(\.self) }

  /// What the agenda is told of that.
  func holds(in state: MigrationState, at now: Timestamp) -> [Seat.Held] {
    watches.map { $0.fact(in: state, at: now) }
  }

  /// What keeps a hold of its.
  func watch(_ hold: Hold) -> HoldWatch? { watches.first { $0.hold == hold } }

  /// Ends the verifiers of what may not be judged any more.
  func stopJudging(_ hold: Hold) {
    if baseline?.watch?.hold == hold { baseline?.stop() }
    if gate?.watch?.hold == hold { gate?.loseHold() }
  }

  /// Ends the verifiers.
  func stop() {
    gate?.stop()
    baseline?.stop()
    count?.stop()
    messages?.stop()
    follower.stop()
    forgetAnswer()
  }
}
