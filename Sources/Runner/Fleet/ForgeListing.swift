import Site
import Supervision
import System

/// Lists the repositories that a query means, by the program that speaks HTTP.
struct ForgeListing {
  private let site: Site

  /// Asks for a site's user.
  init(_ site: Site) { self.site = site }

  /// How long it may take, in seconds: ten thousand come in a hundred pages.
  private static let seconds = 300

  /// The lines of a list of targets, one after the other. Throws with what that program said.
  func lines(of query: String) throws(CommandError) -> String {
    guard let program = WebProgramPlace.path else {
      throw CommandError(
        "'git-migrate-web', which speaks HTTP, is not installed beside git-migrate",
        hint: "'make install' puts both in one place")
    }
    var command = Command(
      program, ["targets", query], environment: site.environment, directory: site.directory)
    command.timeoutSeconds = ForgeListing.seconds
    let outcome = try reporting { try command.run(outputLimit: 16 << 20) }
    if outcome.status.isSuccess { return outcome.text }
    var words = outcome.errorText.split(whereSeparator: \.isNewline).map(String.init)
    let hint = words.first { $0.hasPrefix("hint: ") }.map { String($0.dropFirst("hint: ".count)) }
    words.removeAll { $0.hasPrefix("hint: ") || $0.hasPrefix("warning: ") }
    let line = words.last ?? "fatal: it ended without a word"
    let reason = line.hasPrefix("fatal: ") ? String(line.dropFirst("fatal: ".count)) : line
    throw CommandError(TerminalText.sanitizedLine(reason), hint: hint.map(TerminalText.sanitizedLine))
  }
}
