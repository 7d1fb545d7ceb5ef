import Git
import Runner
import Site
import Supervision
import System

/// What a command gets from the outside: environment, working directory, repository, terminal, and where it
/// writes.
final class Context {
  /// The environment the command was started with.
  let environment: [String: String]
  /// Standard output, for results.
  let output = Output(.output)
  /// What the command ends with when it throws nothing.
  var exitCode = CommandError.ExitCode.done
  /// The signal that asked for the end. A command that is interrupted by it ends by it, after its last word.
  var stopSignal: Int32?
  private var opened: Site?
  /// Whether the repository was opened.
  var isOpen: Bool { opened != nil }
  /// The folder to work in, when that is not the one that it was started in.
  private var place: String?
  /// The pager that standard output leads into.
  var pager: PagerProcess?
  /// The columns of the terminal that the pager shows.
  var pagerColumns: Int?

  init(environment: [String: String]) { self.environment = environment }

  /// Makes the process fit for work: no closed standard descriptor that a ledger file could get (its content
  /// would be our output), and a broken pipe is an error of the write, not the end of the process.
  static func prepareProcess() {
    StandardStream.prepare()
    LocalTime.readZone()
  }

  /// The absolute working directory. Throws when it was removed.
  func directory() throws(CommandError) -> String {
    if let place { return place }
    do throws(StreamError) { return try OwnProcess.workingDirectory() } catch {
      throw CommandError("unable to read the current working directory: \(error)")
    }
  }

  /// Works in that folder from now on.
  func move(to folder: String) {
    place = folder
    opened = nil
  }

  /// The repository with its ledger, opened at the first call.
  func site() throws(CommandError) -> Site {
    if let opened { return opened }
    let site = try Site(directory: try directory(), environment: environment)
    // For libgit2 and all files of ours; git sees to its own.
    let mask = OwnProcess.setUmask(0o077)
    OwnProcess.setUmask(mask)
    OwnProcess.setUmask(try reporting { try site.repository.umask(from: mask) })
    try site.share(warn: { [output] in output.note("warning: \($0)") })
    opened = site
    return site
  }

  /// Is the process of a harvest; see `HarvestProcess`. Gives the exit code; why it failed is the last line.
  func harvest() -> Int32 {
    do throws(CommandError) {
      let site = try Site(directory: try directory(), environment: environment)
      return try HarvestProcess.perform(Array(CommandLine.arguments.dropFirst()), site)
    } catch {
      output.note(error.message)
      return error.exitCode.rawValue
    }
  }

  /// Is the process that pushes branches of a fleet; see `FleetPushProcess`. Gives the exit code; why it
  /// failed is the last line.
  func pushFleet() -> Int32 {
    serve { (site) throws(CommandError) in try FleetPushProcess.perform(site) }
  }

  /// Is the process that brings bases of a fleet; see `FleetBasesProcess`. Gives the exit code; why it failed
  /// is the last line.
  func bringBases() -> Int32 {
    serve { (site) throws(CommandError) in try FleetBasesProcess.perform(site) }
  }

  private func serve(_ body: (Site) throws(CommandError) -> Void) -> Int32 {
    do throws(CommandError) {
      try body(try site())
      return 0
    } catch {
      output.note(error.message)
      return error.exitCode.rawValue
    }
  }

  // MARK: The terminal

  /// The columns that text may take; 0 when lines are not to be cut because no person looks at them.
  var width: Int {
    guard output.isTerminal || isPagerInUse else { return 0 }
    if let columns = environment["COLUMNS"].flatMap({ Int($0) }), columns > 0 { return columns }
    return output.columns ?? pagerColumns ?? 80
  }

  /// Whether the locale has no more than ASCII.
  var isASCII: Bool {
    let name = ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap { self.environment[$0] }.first { !$0.isEmpty }
    let folded = (name ?? "").lowercased()
    return !folded.contains("utf-8") && !folded.contains("utf8")
  }

  /// Whether git started a pager for us (`pager.migrate`), so that our pipe ends at a terminal.
  var isPagerInUse: Bool {
    pager != nil || ["true", "1", "yes", "on"].contains(environment["GIT_PAGER_IN_USE"] ?? "")
  }

  /// Whether text is to be coloured: the option, then the environment, then `color.migrate`, then `color.ui`.
  func wantsColour(_ option: ColourOption) throws(CommandError) -> Bool {
    switch option.choice {
    case .always: return true
    case .never: return false
    case .auto: return isColourTerminal
    case nil: break
    }
    if let forced = environment["CLICOLOR_FORCE"], !forced.isEmpty, forced != "0" { return true }
    if environment["NO_COLOR"]?.isEmpty == false || environment["CLICOLOR"] == "0" { return false }
    let repository = try site().repository
    let configured = try reporting { try repository.config("color.migrate") ?? repository.config("color.ui") }
    switch configured?.lowercased() {
    case "always": return true
    case "never", "false", "no", "off", "0": return false
    default: return isColourTerminal
    }
  }

  private var isColourTerminal: Bool {
    guard output.isTerminal || isPagerInUse else { return false }
    return !["", "dumb"].contains(environment["TERM"] ?? "")
  }

  // MARK: Standard error

  /// Says something a person should know; the command goes on.
  func warn(_ message: String, hint: String? = nil) {
    report("warning", message)
    self.hint(hint)
  }

  /// Says how an ended command ended.
  func report(_ error: CommandError) {
    switch error.exitCode {
    case .fatal, .usage: report("fatal", error.message)
    case .done, .no, .nothingNow, .nothingLeft, .machineCannot, .couldNotVerify, .interrupted:
      report("error", error.message)
    }
    hint(error.hint)
    for other in error.others { report(other) }
  }

  /// Writes one message with git's prefix.
  func report(_ prefix: String, _ message: String) { note("\(prefix): \(message)") }

  /// Writes `hint:` lines, unless the user has had enough of them.
  func hint(_ text: String?) {
    guard let text, wantsAdvice else { return }
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) { note("hint: \(line)") }
  }

  /// Writes a line to standard error; see `Output.note(_:)`.
  func note(_ line: String) { output.note(line) }

  /// `GIT_ADVICE=0` and `advice.migrateHints=false` silence hints.
  private var wantsAdvice: Bool {
    if let advice = environment["GIT_ADVICE"], ["0", "false", "no", "off"].contains(advice.lowercased()) {
      return false
    }
    guard let repository = try? site().repository else { return true }
    return (try? repository.configBool("advice.migrateHints")) ?? true
  }
}
