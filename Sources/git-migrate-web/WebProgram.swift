import Cmicrohttpd
import Git
import Ledger
import Migration
import Runner
import Site
import Supervision
import System

/// The second program: what needs a server. `git migrate` starts it, and nobody else need.
///
/// `git-migrate-web dashboard PORT [MIGRATION]`
struct WebProgram {
  private let arguments: [String]

  init(_ arguments: [String]) { self.arguments = arguments }

  /// Says something to a person.
  static func note(_ line: String) {
    // Nobody is left to whom it could be said that it cannot be said.
    try? StandardStream.error.write(Array((TerminalText.sanitizedLine(line) + "\n").utf8))
  }

  /// Serves until a signal asks for the end; gives the exit code.
  func run() -> Int32 {
    StandardStream.prepare()
    LocalTime.readZone()
    do throws(CommandError) {
      guard arguments.count >= 3, arguments[1] == "dashboard", let port = UInt16(arguments[2]) else {
        throw CommandError("this program is started by 'git migrate dashboard'", exitCode: .usage)
      }
      let environment = ChildEnvironment.current()
      let directory: String
      do throws(StreamError) { directory = try OwnProcess.workingDirectory() } catch {
        throw CommandError("unable to read the current working directory: \(error)")
      }
      let site = try Site(directory: directory, environment: environment)
      try site.share(warn: { WebProgram.note("warning: \($0)") })
      try Dashboard(site, only: arguments.count > 3 ? arguments[3] : nil).serve(port: port)
      return 0
    } catch {
      WebProgram.note("fatal: \(error.message)")
      if let hint = error.hint { WebProgram.note("hint: \(hint)") }
      return error.exitCode.rawValue
    }
  }
}
