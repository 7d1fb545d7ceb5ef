import Migration
import Site

/// What is put to a judge.
package struct JudgedCase {
  /// The migration.
  package var migration: MigrationState
  /// The step, as planned.
  package var step: PlannedStep
  /// The claim whose result it is.
  package var fence: Fence
  /// The gate run.
  package var gate: Int
  /// The candidate.
  package var candidate: Candidate
  /// What was learnt from failures.
  package var lessons: [String]
}

/// A judge at work. Never waits: the owner polls `descriptor` and asks `poll()`.
package protocol Judging: AnyObject {
  /// Readable when `poll` may have something to tell.
  var descriptor: Int32 { get }
  /// What it says, or `nil` while it looks.
  func poll() throws(CommandError) -> JudgeReport?
  /// Ends it; `poll` then says that it could not be asked.
  func stop()
}

/// What came of asking a judge.
package enum JudgeReport: Equatable {
  /// It answered.
  case answered(JudgeAnswer.Answer, reasons: [String])
  /// It could not be asked, or said nothing that is an answer; why.
  case couldNotRun(String)
}

/// A count of uses under way. Never waits: the owner polls `descriptor` and asks `poll()`.
package protocol Counting: AnyObject {
  /// Readable when `poll` may have something to tell.
  var descriptor: Int32 { get }
  /// How many there are, or `nil` while they are counted. Throws when that cannot be known.
  func poll() throws(CommandError) -> Int?
  /// Ends it; `poll` then throws.
  func stop()
}
