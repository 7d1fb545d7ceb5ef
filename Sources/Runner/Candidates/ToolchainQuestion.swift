import Migration
import Site
import Supervision
import System

/// The command of `gate.toolchain` at work. Never waits: the owner polls `descriptor` and asks `poll()`.
final class ToolchainQuestion: Asking {
  private let command: String
  private let folder: String
  private let log: String
  private let child: SupervisedChild
  private let site: Site
  /// What was said, once it is known.
  private(set) var answer = ToolchainAnswer.unknown("'gate.toolchain' was not asked")
  private var isOver = false

  /// How long it may take, in seconds.
  private static let seconds = 10

  init(site: Site, _ command: String) throws(CommandError) {
    self.site = site
    self.command = command
    folder = try reporting {
      try Files.makeTemporaryDirectory(
        prefix: "git-migrate-toolchain-", in: site.environment["TMPDIR"] ?? "/tmp")
    }
    log = folder + "/log"
    let run = site.launcher.supervised(
      .probe, command, in: try site.mainDirectory(), log: log, timeoutSeconds: ToolchainQuestion.seconds)
    child = try site.start(run, isAnew: true)
  }

  deinit { try? Files.removeTree(folder) }

  /// Readable when `poll` may have something to tell.
  var descriptor: Int32 { child.pollDescriptor }

  /// Whether the answer is known.
  func poll() -> Bool {
    if isOver { return true }
    guard let status = child.poll() else { return false }
    isOver = true
    let output = (try? Files.readPlain(log, limit: 1 << 20)).flatMap(\.self) ?? []
    answer =
      status.isSuccess
      ? .digest(SHA256.hexDigest(of: Array((command + "\0").utf8) + output))
      : .unknown("the command of 'gate.toolchain' \(WorkJob.words(status))")
    site.toolchains[command] = answer
    return true
  }

  /// Ends it.
  func stop() { child.terminate() }

  /// What was said holds for one gate only: the next one asks again.
  func forget() { site.toolchains[command] = nil }
}

extension Site {
  package func question(before plan: Plan) throws(CommandError) -> (any Asking)? {
    guard !plan.gate.verifiers.isEmpty, let command = plan.gate.toolchain else { return nil }
    return try ToolchainQuestion(site: self, command)
  }
}
