import Migration
import Site

/// Results on their way through the gate and into the integration branch.
///
/// Never waits: the owner polls `descriptor` and calls `advance()` until it says how it ended.
protocol GateWork: AnyObject {
  /// The claim whose result it is about; of a train the first one.
  var fence: Fence { get }
  /// Readable when `advance` may have something to do; negative when it has.
  var descriptor: Int32 { get }
  /// Whether it is at work on the base.
  var isJudgingBase: Bool { get }
  /// Stops the verifier; the next `advance` gives the gate back.
  func stop()
  /// What it holds in the ledger; nothing more while it ends.
  var watch: HoldWatch? { get }
  /// Ends the verifiers: what it held is not its own any more.
  func loseHold()
  func advance() throws(CommandError) -> GateEnding?
  /// The results that may not be judged with this; `nil` when none may join it now.
  var unfit: Set<Fence>? { get }
  /// Has another result judged with this, too; says whether that is so now.
  func join(_ fence: Fence, _ state: MigrationState) throws(CommandError) -> Bool
}

/// How the work at the gate ended.
enum GateEnding: Equatable {
  /// The step is merged, or was already part of the branch; or its merge is announced.
  case merged
  /// The verdict, a conflict or a guard sent it back; the ledger says more.
  case sentBack(Migration.Failure)
  /// Nothing was decided, because it is not this step's turn or somebody else was faster.
  case notNow(Refusal)
  /// The base itself does not pass, so that no step can be judged.
  case baseFails(String)
  /// A verifier could not be run: nothing is known about the step, which waits for another try.
  case unjudged(String)
  /// The branch cannot be moved as things are, so that judging would be in vain; nothing was recorded.
  case obstructed(String)
  /// This step cannot be merged as things are, and others may; nothing was recorded.
  case stepObstructed(String)
}
