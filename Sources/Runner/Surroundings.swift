import CanonicalJSON
import Gate
import Git
import Ledger
import Migration
import Site

/// What a run needs of the world, as small seams: `Site` brings git, processes and files; the simulator
/// brings a world of its own and runs the very same orchestrator in it, in one thread (DESIGN §1).
///
/// No requirement has a default: what a world forgets to bring does not build.
package protocol Surroundings: BranchAccess, WorkAccess, GateAccess, ProcessWitness, SharedContact,
  MessageAccess, Upkeep
{
  /// The ledger.
  var events: any EventLedger { get }
  /// The wall clock.
  var clock: any WallClock { get }
  /// Who acts.
  var actor: String { get }
  /// Waits until a descriptor is readable, or so many milliseconds are over.
  func wait(for descriptors: [Int32], atMost milliseconds: Int)
  /// What the workers of a plan's steps are shut in here, as the ledger has it; `nil` for nothing.
  func sandboxFact(_ plan: Plan) -> String?
  /// Runs the plan's `notify` command, if there is one and its plan is trusted; reports when that fails.
  func tell(_ migration: String, _ notice: Notice, report: (String) -> Void)
  /// Gives back what the run as a whole held.
  func endRun()
  /// What the machine is short of, so that no new work should begin; `last` is what it was short of before.
  func shortage(after last: Shortage?) throws(CommandError) -> Shortage?
  /// Which of these programs this machine has not got; when that cannot be told, none. A path that is no
  /// absolute one is none of the machine's.
  func missing(among programs: Set<String>) -> Set<String>
}

extension Surroundings {
  /// Waits until a descriptor is readable, or half a second is over.
  func wait(for descriptors: [Int32]) { wait(for: descriptors, atMost: 500) }
}

/// The branches of the repository.
package protocol BranchAccess: AnyObject {
  /// The commit that a ref points to, `nil` when there is no such ref.
  func tip(of ref: String) throws(CommandError) -> OID?
  /// The newest commit of the base: of the branch here or, where the ledger is shared, of the one there when
  /// it has only gone on from here. `nil` when there is no such branch.
  func base(of migration: MigrationState) throws(CommandError) -> OID?
  /// The tree of a commit.
  func tree(of commit: OID) throws(CommandError) -> OID
  /// Whether `commit` is here and lies behind `tip`.
  func isAncestor(_ commit: OID, of tip: OID) throws(CommandError) -> Bool
  /// Makes the integration branch of a migration that has just started; `nil`, or why it could not.
  func createBranch(_ branch: String, at commit: OID) throws(CommandError) -> String?
  /// Makes the integration branches of migrations that have just started together, as far as git lets that
  /// happen at once; gives those that are there then. Each of the others is made by itself, and says why not.
  func createBranches(_ wanted: [(branch: String, commit: OID)]) throws(CommandError) -> Set<String>
  /// Asks for the move of a branch, through the hooks; gives what was said against it. Whether it moved, only
  /// the branch itself can say.
  /// `objection` is asked last; while the branch is being moved, nobody can hold it still.
  ///
  /// A lock that a killed program left on a branch that only git-migrate moves (`isOwn`) is taken away.
  func requestMove(
    of ref: String, from old: OID, to new: OID, isOwn: Bool, unless objection: () -> String?
  ) throws(CommandError) -> String?
  /// Runs `body` while nobody can move the branch, which is at `tip`. Gives why it could not be held there;
  /// `nil` when it was, or when it has moved by now, so that another look is worth it.
  ///
  /// A lock that a killed program left on a branch that only git-migrate moves (`isOwn`) is taken away.
  func holdStill(
    _ ref: String, at tip: OID, isOwn: Bool, _ body: () throws(CommandError) -> Void
  ) throws(CommandError) -> String?
  /// The commits of the integration branch from where the migration began to `tip`, oldest first.
  func history(of migration: MigrationState, to tip: OID) throws(CommandError) -> [BranchCommit]
  /// Throws unless the base is here, `tip` of the integration branch holds all of it, and nothing keeps it
  /// from being led forward there now. Nothing is moved.
  func requireForward(_ migration: MigrationState, to tip: OID) throws(CommandError)
  /// That there is no such branch here, and how it comes here; `otherwise` is another way out.
  func isMissing(branch: String, otherwise: String?) -> CommandError
  /// Why the branch could not be moved now, or `nil`: it is locked, or checked out where something is
  /// changed, or twice.
  ///
  /// A lock that a killed program left on a branch that only git-migrate moves (`isOwn`) is taken away.
  func obstacle(toMoving ref: String, isOwn: Bool) throws(CommandError) -> String?
  /// Why the branch could not be moved from `old` to a commit with the tree `new`, or `nil`: where it is
  /// checked out, a file that git does not know is in the way of a new one.
  func obstacle(toMoving ref: String, from old: OID, toTree new: OID) throws(CommandError) -> String?
}

/// The places where steps are worked on.
package protocol WorkAccess: AnyObject {
  /// Throws unless the commands that the repository's own configuration has git run are those that the user
  /// has approved.
  func requireApprovedCommands() throws(CommandError)
  /// Throws unless what lies in the places of git's files and ours are files; see `Site`.
  func requirePlainPlaces() throws(CommandError)
  /// What somebody has put where git's files or ours should be, and what was moved away from there, in words
  /// for people. Told once: whoever asks again hears nothing.
  func takeOddPlaces() -> [String]
  /// Throws unless this user has approved the plan in force, which somebody else may have brought.
  func requireTrust(_ state: MigrationState) throws(CommandError)
  /// The plan in force with every `for:` expanded again; `nil` when that finds nothing new.
  func expandedAgain(_ state: MigrationState) throws(CommandError) -> ExpandedAgain?
  /// Notes that the user has approved what that made of a plan that they had approved.
  func approveExpansion(of state: MigrationState, in newest: State) throws(CommandError)
  /// Whether nobody can be writing in a worktree slot of this machine, and what lies in it can be kept.
  func isFree(slot: String) -> Bool
  /// Makes the place of a claim ready and starts its worker.
  func begin(_ held: HeldStep) throws(CommandError) -> any Attempt
  /// What lies in the place of a claim; it is left as it is.
  func tried(_ claim: WorkerClaim) throws(CommandError) -> TriedContent
  /// Begins to keep what an attempt has brought about.
  func collect(_ attempt: any Attempt) throws(CommandError) -> any Collecting
  /// Keeps what was said in an attempt that has ended, before its end is recorded.
  func keepWords(of attempt: any Attempt) throws(CommandError)
  /// What is known here of an attempt whose run was killed, for the entry that takes the step away.
  func facts(ofLost fence: Fence, in migration: MigrationState) -> [JSON.Member]
  /// Says that the holder of a claim is done with its slot.
  func close(slot: String, migration: String, fence: Fence) throws(CommandError)
}

/// A worker at work on a claim. Never waits: the owner polls `descriptor` and asks `poll()`.
package protocol Attempt: AnyObject {
  /// The migration's name.
  var migration: String { get }
  /// The claim that it works for.
  var claim: Claim { get }
  /// The step as planned.
  var step: PlannedStep { get }
  /// The stage of the step's workflow.
  var stage: StageTask? { get }
  /// The steps that the worker proposes.
  var proposed: [Proposal] { get }
  /// The slot that it works in.
  var slot: String { get }
  /// Whether it was asked to end.
  var isStopping: Bool { get }
  /// Whether the plan wants a failed attempt's worktree kept for a person.
  var keepsFailedWorktree: Bool { get }
  /// The exit code with which the step's own command said that it failed, when it did.
  var exitCode: Int32? { get }
  /// Readable when `poll` may have something to tell.
  var descriptor: Int32 { get }
  /// All that are, where there is more than one.
  var descriptors: [Int32] { get }
  /// Asks the worker to end; `poll` tells when it is gone.
  func stop()
  /// Kills the worker without grace.
  func kill()
  /// Whether the service of the step's agent has answered; a codemod needs none.
  var isServed: Bool { get }
  /// What is known of the attempt so far, for the entry that ends it.
  var facts: [JSON.Member] { get }
  /// What it used so far.
  var used: Amounts { get }
  /// Ends an agent because too much was used: the attempt has failed, in these words.
  func end(because words: String)
  /// How the attempt ended, or `nil` while it runs.
  func poll() throws(CommandError) -> AttemptOutcome?
  /// What that means when it is known what the attempt has left; warnings are for people.
  func judged(_ outcome: AttemptOutcome, leaving content: WorkContent, warn: (String) -> Void)
    -> AttemptOutcome
}

/// The files of an ended attempt on their way to its ref. Never waits: the owner polls `descriptor` and asks
/// `poll()`.
package protocol Collecting: AnyObject {
  /// Readable when `poll` may have something to tell; negative when it already has.
  var descriptor: Int32 { get }
  /// Ends it; what lies in the slot is kept when the slot is used again. `poll` then throws.
  func kill()
  /// What the attempt has left, or `nil` while that is being kept.
  func poll() throws(CommandError) -> Submitting.Content?
}

/// What an attempt has left, known at once.
package final class Collected: Collecting {
  private let content: Submitting.Content

  /// Makes it.
  package init(_ content: Submitting.Content) { self.content = content }

  package var descriptor: Int32 { -1 }
  package func kill() {}
  package func poll() throws(CommandError) -> Submitting.Content? { content }
}

/// Candidates, and the verifiers that judge them.
package protocol GateAccess: AnyObject {
  /// Builds what the branch would become; on `place` instead of the branch where there is one.
  func candidate(
    of submission: Submission, _ fence: Fence, _ migration: MigrationState, on place: Candidate.Place?
  ) throws(CommandError) -> Candidate.Outcome
  /// What a submitted change does, as `git diff` shows it; of a long one the beginning, `limit` bytes.
  func patch(of submission: Submission, limit: Int) throws(CommandError) -> String
  /// The commits of the branch after `base` up to `tip` that changed one of these paths, the newest first,
  /// each with what it did; of a long change the beginning, `limit` bytes.
  func changes(
    to paths: [String], after base: OID, upTo tip: OID, limit: Int
  ) throws(CommandError) -> [OtherSide]
  /// Builds what the branch would become with the base in it.
  func refreshed(
    _ migration: MigrationState, from tip: OID, with base: OID
  ) throws(CommandError) -> Candidate.Outcome
  /// What the plan's guards have against a submitted change, or `nil`.
  func guardFailure(
    _ plan: Plan, _ step: PlannedStep, _ submission: Submission
  ) throws(CommandError) -> Migration.Failure?
  /// What leads the verifiers of a plan to code that is not the candidate's, a line each for people. Told
  /// once: whoever asks again hears nothing.
  func outsideCode(_ plan: Plan) -> [String]
  /// What the texts of two trees explain when other tests run on the second.
  func touchedTests(from old: OID, to new: OID) throws(CommandError) -> TouchedTests
  /// The tip with nothing of the candidate but its tests, where there are new or changed ones.
  func falsification(of candidate: Candidate) throws(CommandError) -> Falsification?
  /// What verdicts of a plan's gate rest on here, beside the tree and the plan; `nil` when that cannot be
  /// told, which `report` hears of.
  func basis(_ plan: Plan, report: (String) -> Void) throws(CommandError) -> VerdictBasis?
  /// Asks what verdicts of a plan will rest on, where a command has to tell; `nil` where none has.
  func question(before plan: Plan) throws(CommandError) -> (any Asking)?
  /// Puts a candidate that the verifiers let pass to the plan's judge.
  func startJudge(_ asked: JudgedCase) throws(CommandError) -> any Judging
  /// Starts to count what a plan's `until` counts, on a commit; `nil` where nothing can be counted.
  func startCount(_ state: MigrationState, on commit: OID) throws(CommandError) -> (any Counting)?
  /// Starts the verifiers on a commit.
  func startGate(
    _ plan: Plan, on commit: OID, for subject: GateSubject
  ) throws(CommandError) -> any GateVerification
}

/// A question about this machine that takes its time. Never waits: the owner polls `descriptor` and asks
/// `poll()`.
package protocol Asking: AnyObject {
  /// Readable when `poll` may have something to tell.
  var descriptor: Int32 { get }
  /// Whether the answer is known.
  func poll() -> Bool
  /// Ends it.
  func stop()
  /// Whoever asked is done with the answer.
  func forget()
}

/// What a run of the verifiers is about.
package enum GateSubject: Equatable {
  /// A tree that no step has touched.
  case baseline(migration: String)
  /// The branch with the base in it.
  case refresh(migration: String)
  /// The candidate of a submitted step, in the gate run of that number.
  case candidate(migration: String, Fence, gate: Int)
  /// The candidate of work that is not handed in.
  case verify(migration: String, Fence)
  /// The result as a whole, in a new worktree with nothing kept.
  case result(migration: String)
}

/// A run of a gate's verifiers. Never waits: the owner polls `descriptor` and asks `poll()`.
package protocol GateVerification: AnyObject {
  /// Readable when `poll` may have something to tell; negative when it already has.
  var descriptor: Int32 { get }
  /// What was found, or `nil` while a verifier runs.
  func poll() throws(CommandError) -> VerifierReport?
  /// Ends the verifier; `poll` then says `could not run`.
  func stop()
}

/// What the verifiers found.
package struct VerifierReport: Equatable {
  /// The verdict.
  package var verdict: Verdict
  /// `nil` only when the verdict is `passed`.
  package var failure: Migration.Failure?
  /// The plan's patterns of ignored folders that something was kept by.
  package var kept: [String]
  /// What each verifier told that came to a verdict.
  package var runs: [ComparedRun]
  /// How the verdict came about.
  package var evidence: VerdictEvidence
  /// Why the machine could not, where it is none of the candidate's faults.
  package var hindrance: Hindrance?

  /// Makes a report.
  package init(
    verdict: Verdict, failure: Migration.Failure?, kept: [String] = [], runs: [ComparedRun] = [],
    evidence: VerdictEvidence = VerdictEvidence()
  ) {
    self.verdict = verdict
    self.failure = failure
    self.kept = kept
    self.runs = runs
    self.evidence = evidence
  }

  /// The same run with a no at its end, of somebody who had a say after the verifiers. That is nobody else's
  /// no: where their verdict was taken it is not theirs any more.
  package func denied(_ failure: Migration.Failure, _ verdict: Verdict = .failed) -> VerifierReport {
    var report = self
    (report.verdict, report.failure, report.evidence.reused) = (verdict, failure, nil)
    return report
  }
}

/// Which processes live.
package protocol ProcessWitness: AnyObject {
  /// This process as the owner of a claim.
  var owner: Owner { get }
  /// Whether an owner is provably dead.
  func isProvablyDead(_ owner: Owner) -> Bool
}

/// What a run knows of the remote that the ledger is shared through.
package protocol SharedContact: AnyObject {
  /// Whether other clones work on the same ledger.
  var hasRemote: Bool { get }
  /// Where a branch was in the remote when it was asked last; `nil` when it was not there.
  func sharedTip(of ref: String) throws(CommandError) -> OID?
  /// Brings a branch of the remote's here, if there is one.
  func bring(_ ref: String) throws(CommandError)
  /// Brings the entries of others here and ours there.
  func synchronize() throws(CommandError)
  /// Puts a branch that is gone from the remote back there; `nil`, or why it could not.
  func putBack(_ ref: String, at commit: OID) throws(CommandError) -> String?
  /// Tells the hooks which branches they guard; before one of them is made or moved.
  func announceBranches() throws(CommandError)
}
