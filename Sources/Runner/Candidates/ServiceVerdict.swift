import Gate
import Git
import Ledger
import Migration
import Site
import Supervision
import System

/// One verifier that a service runs (`remote` in the plan): the candidate is pushed to it as a branch, and a
/// command asks what became of it until it knows. Meanwhile no worktree and no resource is held.
///
/// Never waits: the owner polls `descriptor` and asks `poll()`.
final class ServiceVerdict {
  /// What came of it.
  enum Answer {
    /// The service has judged the candidate.
    case judged(Judgement)
    /// Nothing is known of the candidate; why.
    case unknown(String)
  }

  /// The exit code by which the command says that there is no verdict yet: `EX_TEMPFAIL` of sysexits(3).
  static let pending: Int32 = 75
  /// How long one question may take, in seconds.
  private static let questionSeconds = 300
  /// How long a push that does not get through is tried again, in seconds.
  private static let pushSeconds = 300
  /// How long one push may take, in seconds.
  static let networkSeconds = 120
  /// The longest pause between two questions, in seconds.
  private static let longestPause = 30

  /// The verifier.
  let verifier: Plan.Verifier
  private let site: Site
  private let branch: ServiceBranch
  private let log: LogName
  private let variables: [String: String]
  private let endsAt: Timestamp
  private let pushesUntil: Timestamp
  private var stage = Stage.pushing
  private var nextTry: Timestamp
  private var pause = 1

  private enum Stage {
    case pushing
    case waiting
    case asking(SupervisedChild)
    case answered(Answer)
  }

  init(
    site: Site, verifier: Plan.Verifier, branch: ServiceBranch, log: LogName, variables: [String: String]
  ) {
    self.site = site
    self.verifier = verifier
    self.branch = branch
    self.log = log
    self.variables = variables
    nextTry = site.clock.now()
    endsAt = nextTry.adding(seconds: verifier.timeoutSeconds)
    pushesUntil = nextTry.adding(seconds: ServiceVerdict.pushSeconds)
  }

  /// Readable when `poll` may have something to tell; negative when it has, or when time has to pass.
  var descriptor: Int32 {
    switch stage {
    case .pushing, .waiting, .answered: -1
    case .asking(let child): child.pollDescriptor
    }
  }

  /// What came of it, or `nil` while that is not known.
  func poll() throws(CommandError) -> Answer? {
    while true {
      switch stage {
      case .answered(let answer): return answer
      case .pushing, .waiting:
        let now = site.clock.now()
        guard now < endsAt else {
          let seconds = Int64(verifier.timeoutSeconds)
          return answer(
            .unknown("'\(branch.remote)' gave no verdict within \(SpanText.words(seconds))"))
        }
        guard now >= nextTry else { return nil }
        if case .pushing = stage { try push() } else { try ask() }
      case .asking(let child):
        guard let status = child.poll() else { return nil }
        try take(status)
      }
    }
  }

  /// Asks no more; `poll` then says that nothing is known.
  func stop() {
    if case .asking(let child) = stage { child.terminate() }
    if case .answered = stage { return }
    stage = .answered(.unknown("the gate was stopped"))
  }

  // MARK: Steps

  private func push() throws(CommandError) {
    let update = GitProgram.PushUpdate(ref: branch.ref, to: branch.commit, from: nil)
    let address = GitRemote.pushAddress(branch.remote, in: site.repository)
    var git = site.git
    git.timeoutSeconds = ServiceVerdict.networkSeconds
    switch try reporting({ [git] in try git.push(to: address, [update]) }) {
    case .won: stage = .waiting
    case .lost: _ = answer(.unknown("'\(branch.remote)' has another branch '\(branch.name)'"))
    case .rejected(let reason):
      _ = answer(.unknown("'\(branch.remote)' does not take the candidate: \(reason)"))
    case .unknown(let reason):
      // The network may be there later; but somebody has to hear of a remote that never is.
      guard site.clock.now() < pushesUntil else {
        _ = answer(.unknown("'\(branch.remote)' cannot be reached: \(reason)"))
        return
      }
      rest()
    }
  }

  private func ask() throws(CommandError) {
    let own = [
      "MIGRATE_COMMIT": branch.commit.hex, "MIGRATE_BRANCH": branch.name, "MIGRATE_REMOTE": branch.remote,
    ]
    let run = site.launcher.supervised(
      .verifier(env: verifier.env), verifier.run, in: try site.mainDirectory(), log: site.logFile(log),
      adding: variables.merging(own) { _, new in new }, timeoutSeconds: ServiceVerdict.questionSeconds)
    stage = .asking(try site.start(run, isAnew: true))
  }

  private func take(_ status: ExitStatus) throws(CommandError) {
    switch status {
    case .exited(ServiceVerdict.pending), .timedOut, .fellSilent:
      stage = .waiting
      rest()
    case .exited, .signalled:
      let output = try reporting { try Files.readPlain(site.logFile(log), limit: 256 << 20) ?? [] }
      _ = answer(.judged(judge(kind: verifier.kind, status: status, output: output)))
    }
  }

  private func rest() {
    nextTry = site.clock.now().adding(seconds: pause)
    pause = min(2 * pause, ServiceVerdict.longestPause)
  }

  private func answer(_ answer: Answer) -> Answer {
    stage = .answered(answer)
    return answer
  }
}
