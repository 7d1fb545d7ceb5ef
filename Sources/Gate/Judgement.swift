import Glibc
import Migration
import Supervision
import System

/// How a verifier's run is to be taken.
public struct Judgement: Equatable, Sendable {
  /// What the gate makes of it.
  public var verdict: Verdict
  /// How many tests were executed (skipped ones are not), summed over every section and runner; at least this
  /// many where a runner only tells its packages (`go test` without `-v`); `nil` when no runner was
  /// recognised.
  public var testsRun: Int?
  /// The recognised runners, joined by `, `.
  public var runner: String?
  /// All that the runners told, for comparing with another run; `nil` when no runner was recognised.
  public var report: TestReport?
  /// Every failing test and diagnostic, in the order of the output, each once; empty unless `failed`. When no
  /// format was recognised, one failure holds the last lines of the output.
  public var failures: [GateFailure]
  /// A line for people: why the verdict is what it is.
  public var reason: String
  /// Whether it ran to its end and said by itself that something fails.
  public var isByExitCode = false
  /// The line that stands for the whole run in a status: the first failure where there is one, else the
  /// reason. At most `headlineLimit` characters.
  public var headline: String

  /// The longest headline, in characters.
  public static let headlineLimit = 200

  /// Makes a judgement from its parts; without a headline the reason is it.
  public init(
    verdict: Verdict, testsRun: Int? = nil, runner: String? = nil, report: TestReport? = nil,
    failures: [GateFailure] = [], reason: String, headline: String? = nil
  ) {
    self.report = report
    self.verdict = verdict
    self.testsRun = testsRun
    self.runner = runner
    self.failures = failures
    self.reason = reason
    // It quotes a line of the output, and goes to terminals and prompts.
    let line = TerminalText.sanitizedLine(TerminalText.foreign(headline ?? reason))
    self.headline = line.shortened(to: Self.headlineLimit)
  }
}

/// Judges one run of a verifier from how it ended and what it printed; pure and linear in the output's
/// length.
///
/// A run that timed out or crashed `failed`: a change can bring an endless loop. A program that is missing,
/// may not be executed or was killed from outside `couldNotRun`. For a verifier of kind `test` whose runner
/// is recognised, zero executed tests are `ranNoTests`, and a runner that says that tests failed is believed
/// over an exit code of 0. Everything else is decided by the exit code.
public func judge(
  kind: Plan.Verifier.Kind, status: ExitStatus, output: some Sequence<UInt8>, timeoutSeconds: Int? = nil
) -> Judgement {
  judged(kind, status, OutputReading(output, kind: kind), timeoutSeconds)
}

/// The same for an output that was read while the verifier ran.
public func judge(
  kind: Plan.Verifier.Kind, status: ExitStatus, reading: VerifierReading, timeoutSeconds: Int? = nil
) -> Judgement {
  judged(kind, status, reading.outcome(), timeoutSeconds)
}

private func judged(
  _ kind: Plan.Verifier.Kind, _ status: ExitStatus, _ reading: OutputReading, _ timeoutSeconds: Int?
) -> Judgement {
  func judgement(_ verdict: Verdict, _ reason: String) -> Judgement {
    var made = Judgement(
      verdict: verdict, testsRun: reading.executed, runner: reading.runner, report: reading.report,
      failures: verdict == .failed ? reading.failuresOrTail : [], reason: reason,
      headline: reading.headline(verdict, status, reason))
    if case .exited = status { made.isByExitCode = true }
    return made
  }
  switch status {
  case .timedOut:
    return judgement(.failed, "timed out" + (timeoutSeconds.map { " after \($0) s" } ?? ""))
  case .fellSilent: return judgement(.failed, "printed nothing for too long")
  case .signalled(let signal) where crashSignals.contains(signal):
    return judgement(.failed, "crashed with signal \(signal)")
  case .signalled(let signal): return judgement(.couldNotRun, "was killed by signal \(signal)")
  case .exited(127): return judgement(.couldNotRun, "exited with 127: command not found")
  case .exited(126): return judgement(.couldNotRun, "exited with 126: command cannot be executed")
  case .exited(128 + SIGKILL), .exited(128 + SIGTERM), .exited(128 + SIGINT), .exited(128 + SIGHUP):
    return judgement(.couldNotRun, "was killed by a signal")
  case .exited(let code):
    let ranNothing = kind == .test && reading.executed == 0
    let failed = kind == .test ? reading.report?.failed ?? 0 : 0
    if code == 0, failed > 0 {
      let tests = "\(failed) test\(failed == 1 ? "" : "s")"
      return judgement(.failed, "exited with 0, but its runner says that \(tests) failed")
    }
    if code == 0 {
      if ranNothing { return judgement(.ranNoTests, "no test was executed") }
      let tests = reading.executed.map { kind == .test ? ", \($0) test\($0 == 1 ? "" : "s")" : "" } ?? ""
      return judgement(.passed, "exited with 0\(tests)")
    }
    // Some runners fail when they find nothing; others find nothing because the build failed before.
    if ranNothing && reading.failures.isEmpty { return judgement(.ranNoTests, "no test was executed") }
    return judgement(.failed, "exited with \(code)")
  }
}

/// The same for output as text.
public func judge(
  kind: Plan.Verifier.Kind, status: ExitStatus, output: String, timeoutSeconds: Int? = nil
) -> Judgement {
  judge(kind: kind, status: status, output: output.utf8, timeoutSeconds: timeoutSeconds)
}

/// Signals that a program brings upon itself.
private let crashSignals: Set<Int32> = [SIGSEGV, SIGABRT, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGSYS]

/// How many tests of a verifier's output were executed, and by which runners; `nil` when none was recognised.
public struct TestCount: Equatable, Sendable {
  /// The executed tests, without skipped ones.
  public var executed: Int
  /// The recognised runners, joined by `, `.
  public var runner: String

  /// Recognises the runners in `output`.
  public init?(output: some Sequence<UInt8>) {
    let reading = OutputReading(output, kind: .test)
    guard let executed = reading.executed, let runner = reading.runner else { return nil }
    self.executed = executed
    self.runner = runner
  }
}
