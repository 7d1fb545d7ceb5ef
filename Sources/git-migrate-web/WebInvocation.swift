import Git
import Ledger
import Migration
import Runner
import Site
import Supervision
import System
import Web

/// One run of the program: a command and its arguments in, the exit code out. The other program has read what
/// a person typed; here stand names alone.
struct WebInvocation {
  private let arguments: [String]
  private let output = WebOutput()

  init(_ arguments: [String]) { self.arguments = arguments }

  /// Runs the command and gives the exit code.
  func run() -> Int32 {
    do throws(CommandError) {
      switch arguments.first {
      case "--version", "version":
        try output.write(Array("git-migrate-web version \(ProgramVersion.number)\n".utf8))
        return 0
      case "publish": return try publish(Array(arguments.dropFirst()), isFleet: false)
      case "publish-fleet": return try publish(Array(arguments.dropFirst()), isFleet: true)
      case "board-push": return try board(Array(arguments.dropFirst()), pulls: false)
      case "board-pull": return try board(Array(arguments.dropFirst()), pulls: true)
      case "targets":
        try WebTargets(try site(), output).run(arguments.dropFirst().joined(separator: " "))
        return 0
      case "dashboard": return try dashboard(Array(arguments.dropFirst()))
      case "notify":
        try WebNotify().run()
        return 0
      default:
        output.note("usage: git migrate <command>; it starts this program where it needs it")
        return 129
      }
    } catch {
      output.report(error)
      return error.exitCode.rawValue
    }
  }

  private func publish(_ words: [String], isFleet: Bool) throws(CommandError) -> Int32 {
    let isJSON = words.first == "--json"
    let names = isJSON ? Array(words.dropFirst()) : words
    guard let name = names.first else {
      output.note("usage: git migrate \(isFleet ? "fleet " : "")publish")
      return 129
    }
    let only = names.count > 1 ? Set(names.dropFirst()) : nil
    let publish = WebPublish(try site(), output)
    return try isFleet
      ? publish.run(fleet: name, only: only, isJSON: isJSON)
      : publish.run(name, only: only, isJSON: isJSON)
  }

  private func board(_ words: [String], pulls: Bool) throws(CommandError) -> Int32 {
    guard let name = words.last, !name.hasPrefix("-") else {
      output.note("usage: git migrate board \(pulls ? "pull" : "push")")
      return 129
    }
    let subject = BoardPolicy.Subject.allCases.first { words.contains("--by-\($0.rawValue)") }
    return try WebBoard(site: try site(), output: output).run(
      name,
      WebBoard.Wish(
        pulls: pulls, isDryRun: words.contains("--dry-run"), isJSON: words.contains("--json"),
        subject: subject))
  }

  private func dashboard(_ words: [String]) throws(CommandError) -> Int32 {
    guard let port = words.first.flatMap({ UInt16($0) }) else {
      output.note("usage: git migrate dashboard")
      return 129
    }
    let isControlled = words.dropFirst().first == "--control"
    let name = words.dropFirst(isControlled ? 2 : 1).first
    try Dashboard(try site(), only: name, isControlled: isControlled).serve(port: port)
    return 0
  }

  /// The repository of the working directory, with its ledger.
  private func site() throws(CommandError) -> Site {
    let directory: String
    do throws(StreamError) { directory = try OwnProcess.workingDirectory() } catch {
      throw CommandError("unable to read the current working directory: \(error)")
    }
    let site = try Site(directory: directory, environment: ChildEnvironment.current())
    let mask = OwnProcess.setUmask(0o077)
    OwnProcess.setUmask(mask)
    OwnProcess.setUmask(try reporting { try site.repository.umask(from: mask) })
    try site.share(warn: { output.note("warning: \($0)") })
    return site
  }
}

/// Where it writes: results on standard output, the rest on standard error.
struct WebOutput {
  /// Writes a result.
  func write(_ bytes: [UInt8]) throws(CommandError) {
    do throws(StreamError) { try StandardStream.output.write(bytes) } catch {
      if error.isBrokenPipe { StandardStream.endOfBrokenPipe() }
      throw CommandError("unable to write to standard output: \(error)")
    }
  }

  /// Writes a line for people, made safe for a terminal, and without the passwords of addresses.
  func note(_ line: String) {
    let line = TerminalText.sanitized(AddressText.withoutPasswords(line))
    try? StandardStream.error.write(Array((line + "\n").utf8))
  }

  /// Says what to do next.
  func hint(_ text: String?) {
    for line in text?.split(separator: "\n") ?? [] { note("hint: \(line)") }
  }

  /// Says how an ended command ended.
  func report(_ error: CommandError) {
    note("\([.fatal, .usage].contains(error.exitCode) ? "fatal" : "error"): \(error.message)")
    hint(error.hint)
  }
}

extension WebClient {
  /// The client that a site's forges are asked by.
  static func forges(of site: Site) -> WebClient {
    WebClient(
      agent: "git-migrate/\(ProgramVersion.number)", certificates: ForgeAccess.certificates(site))
  }
}
