import Git
import Ledger
import Runner
import Site
import Supervision
import System

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
      case "publish": return try publish(Array(arguments.dropFirst()))
      case "publish-fleet": return try publishFleet(Array(arguments.dropFirst()))
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

  private func publish(_ words: [String]) throws(CommandError) -> Int32 {
    let isJSON = words.first == "--json"
    let names = isJSON ? Array(words.dropFirst()) : words
    guard let migration = names.first else {
      output.note("usage: git migrate publish")
      return 129
    }
    let units = Set(names.dropFirst())
    return try WebPublish(site: try site(), output: output)
      .run(migration, only: units.isEmpty ? nil : units, isJSON: isJSON)
  }

  private func publishFleet(_ words: [String]) throws(CommandError) -> Int32 {
    let isJSON = words.first == "--json"
    let names = isJSON ? Array(words.dropFirst()) : words
    guard let fleet = names.first else {
      output.note("usage: git migrate fleet publish")
      return 129
    }
    let targets = Set(names.dropFirst())
    return try WebPublish(site: try site(), output: output)
      .run(fleet: fleet, only: targets.isEmpty ? nil : targets, isJSON: isJSON)
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

  /// Writes a line for people, made safe for a terminal.
  func note(_ line: String) {
    try? StandardStream.error.write(Array((TerminalText.sanitized(line) + "\n").utf8))
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
