import Git
import Ledger
import Migration
import Plans
import System

/// Why a command ends without its result: what a person is told, and the exit code a script sees.
public struct CommandError: Error, Equatable, Sendable, CustomStringConvertible {
  /// What happened, to which step or path; git's grammar: lower case, no full stop.
  public var message: String
  /// What to do next, or `nil`.
  public var hint: String?
  /// The exit code.
  public var exitCode: ExitCode
  /// Whether only the connection to the shared repository is missing, so that waiting may help.
  public var isOffline = false
  /// Whether the shared repository did not take an entry. One that goes away in the middle of a push may say
  /// so, too.
  public var isRejection = false
  /// Whether this machine waits for its user to look at something first. That is nobody's fault in a step,
  /// and nobody else's business: nothing is recorded.
  public var waitsForUser = false
  /// Which setting of the repository is not as it was approved, in words, when that is what the user waits
  /// for: somebody who is at work here may have changed it.
  public var changedSetting: String?
  /// Whether that is no setting, but something that lies in the place of a file: where nothing lay before it
  /// is moved away (`Site.requirePlainPlaces`), and another try is worth it.
  public var isOddPlace = false
  /// Whether an object of the repository is damaged: nobody's fault in a step either, and no other step will
  /// do better before it is mended.
  public var isDamage = false
  /// Whether a worktree slot was given up because of what somebody has left there. That is no fault of the
  /// step, which gets another one.
  public var isSlotGivenUp = false
  /// What is the matter with a worker's result, when it is that and nothing else.
  public var failure: Migration.Failure?
  /// What is wrong besides, to be told with it.
  public var others: [CommandError] = []

  /// Makes an error; `fatal` is the code of everything that is neither an answer nor a usage error.
  public init(_ message: String, hint: String? = nil, exitCode: ExitCode = .fatal) {
    self.message = message
    self.hint = hint
    self.exitCode = exitCode
  }

  /// The message.
  public var description: String { message }

  /// The exit codes, documented in git-migrate(1) (DESIGN §5).
  public enum ExitCode: Int32, Sendable, CaseIterable {
    /// Done.
    case done = 0
    /// The answer is no: the gate failed, or the request was refused.
    case no = 1
    /// Nothing can be claimed now.
    case nothingNow = 10
    /// Nothing is left to claim.
    case nothingLeft = 11
    /// This machine cannot do the work: only of `run --worker`.
    case machineCannot = 20
    /// It could not be verified.
    case couldNotVerify = 125
    /// A fatal error.
    case fatal = 128
    /// Wrong usage.
    case usage = 129
    /// Ctrl-C, or a request to end: 128 plus the signal, as shells say it.
    case interrupted = 130
  }

  /// A worker's result that cannot be taken as it is.
  package init(_ failure: Migration.Failure, hint: String? = nil) {
    self.init(failure.reason, hint: hint, exitCode: .no)
    self.failure = failure
  }

  /// A worktree slot that can neither be used nor moved out of the way; `cause` says why.
  package static func givenUp(slot: String, _ cause: String) -> CommandError {
    var error = CommandError("'\(slot)' \(givenUpWords): \(cause)")
    error.isSlotGivenUp = true
    return error
  }

  /// What is said of a slot that was given up.
  package static let givenUpWords = "cannot be used any more, and another one is used"

  /// The error of git's library or program.
  public init(_ error: GitError) {
    self.init(error.description, hint: error.hint)
    note(cause: error)
  }

  /// Keeps what git's error says of the repository, whoever passes it on.
  private mutating func note(cause error: GitError) {
    isDamage = error.isDamagedObject
    if error.oddPlace != nil {
      waitsForUser = true
      changedSetting = error.description
      isOddPlace = true
    }
  }

  /// The error of the ledger.
  public init(_ error: LedgerError) {
    self.init(error.description, hint: error.hint)
    switch error {
    case .unreachable: isOffline = true
    case .rejected: isRejection = true
    case .git(let cause), .notWritten(let cause): note(cause: cause)
    case .damaged, .newer, .tooLarge, .busy, .branchMoved, .rewritten, .setBack, .file: break
    }
  }

  /// The fault of a plan file.
  public init(_ fault: PlanFault) {
    self.init(fault.description, hint: fault.hint)
    others = fault.others.map { CommandError($0) }
  }

  /// The error of a file.
  public init(_ error: FileError) { self.init(error.description) }

  /// The error of a child process.
  public init(_ error: ProcessError) { self.init(error.description) }

  /// What `decide` refused. Unknown names are fatal, everything else is an answer.
  public init(_ refusal: Refusal) {
    switch refusal.code {
    case .unknownMigration, .unknownStep, .invalid, .migrationExists:
      self.init(refusal.message, hint: refusal.hint)
    case .paused, .ended, .stale, .held, .wrongPhase, .blocked, .limited, .tipMoved, .unproven:
      self.init(refusal.message, hint: refusal.hint, exitCode: .no)
    }
  }

  /// Turns any error of the modules below into a command's error.
  public static func from(_ error: any Error) -> CommandError {
    switch error {
    case let error as CommandError: error
    case let error as GitError: CommandError(error)
    case let error as Harvest.Untakeable: CommandError(error.cause)
    case let error as LedgerError: CommandError(error)
    case let error as PlanFault: CommandError(error)
    case let error as FileError: CommandError(error)
    case let error as ProcessError: CommandError(error)
    case let error as Refusal: CommandError(error)
    default: CommandError("unexpected error: \(error)")
    }
  }
}

/// Runs `body` and turns whatever it throws into a `CommandError`.
public func reporting<Value>(_ body: () throws -> Value) throws(CommandError) -> Value {
  do { return try body() } catch { throw CommandError.from(error) }
}
