import Migration

/// What the publisher needs of the world: the ledger, the repository, the remote, the clock.
public protocol PublishingWorld: AnyObject {
  /// The migration as the ledger has it now.
  func state() throws(PublishError) -> MigrationState
  /// The time of the ledger's next entry.
  func now() -> Timestamp
  /// The same time, where people live.
  func moment() -> WeekMoment
  /// Records an entry; gives why the newest state does not allow it, or `nil`.
  func record(_ change: Change) throws(PublishError) -> Refusal?
  /// The units of what is merged now.
  func units(_ state: MigrationState) throws(PublishError) -> [ProposedUnit]
  /// Builds the commit of a unit on the newest base.
  func build(_ unit: ProposedUnit, _ state: MigrationState) throws(PublishError) -> BuiltUnit
  /// Where a branch is on the remote now; `nil` when it is not there.
  func tip(of branch: String) throws(PublishError) -> ObjectID?
  /// Moves a branch of the remote from exactly there; `nil` is where there is none.
  func push(_ branch: String, from old: ObjectID?, to new: ObjectID) throws(PublishError) -> PushedBranch
  /// Whether a commit of the remote contains another one; what is not here yet is brought.
  func contains(_ tip: ObjectID, _ commit: ObjectID, branch: String) throws(PublishError) -> Bool
  /// The commit of the base in which all the work of a commit is, however it was merged; `nil` where it is
  /// not there yet.
  func merge(of commit: ObjectID, _ state: MigrationState) throws(PublishError) -> ObjectID?
  /// What is wrong, as a log says, the gravest first.
  func failures(in log: FailedLog) -> [String]
  /// Whether this clone has a commit, so that it can push it.
  func has(_ commit: ObjectID) throws(PublishError) -> Bool
  /// The process, and who acts.
  var claim: (holder: String, owner: Owner) { get }
  /// Whether an owner is provably dead.
  func isDead(_ owner: Owner) -> Bool
  /// What a unit's pull request says.
  func words(_ unit: ProposedUnit, _ state: MigrationState) throws(PublishError) -> (
    title: String, body: String
  )
  /// Waits so many seconds, as long as nobody asks it to end.
  func wait(seconds: Int)
  /// Says what happens, a line at a time, for people.
  func tell(_ line: String)
}

/// A unit's commit.
public enum BuiltUnit: Equatable, Sendable {
  /// It can be offered.
  case commit(ObjectID)
  /// It cannot now; why, for people.
  case hindered(String)
}

/// What a push came to.
public enum PushedBranch: Equatable, Sendable {
  /// The branch is there now.
  case moved
  /// The branch is elsewhere than was said.
  case stale
  /// The remote does not take it; its words.
  case rejected(String)
}

/// Why publication cannot go on.
public struct PublishError: Error, Equatable, Sendable, CustomStringConvertible {
  /// In words, for people.
  public var description: String
  /// What to do next, or `nil`.
  public var hint: String?
  /// Whether it is that a forge does not take the token.
  public var isUnauthorized = false
  /// Whether it is that somebody else publishes now.
  public var isHeld = false

  /// Makes an error.
  public init(_ description: String, hint: String? = nil) {
    (self.description, self.hint) = (description, hint)
  }

  /// Why a claim to publish was not taken.
  init(claiming refusal: Refusal) {
    self.init(refusal.message, hint: refusal.hint)
    isHeld = refusal.code == .held
  }
}
