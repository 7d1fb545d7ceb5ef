import ArgumentParser
import Git
import Ledger
import Migration
import Runner
import Site
import Supervision
import System

/// `--has gpu,os=linux`: what the machine has, for steps that require something.
struct HasOption: ParsableArguments {
  @Option(
    parsing: .singleValue,
    help: ArgumentHelp(
      "What this machine has, for steps that require it, e.g. gpu,os=linux; may be given again.",
      valueName: "names"))
  var has: [String] = []

  /// The names.
  var names: Set<String> {
    Set(has.flatMap { $0.split(separator: ",").map(String.init) })
  }

  func validate() throws {
    if names.count > Requirement.most {
      throw ValidationError("'--has' takes at most \(Requirement.most) names")
    }
    for name in names.sorted() {
      if let fault = Requirement.fault(name) { throw ValidationError("'\(name)' of '--has' \(fault)") }
    }
  }
}

/// The options of a run that is one of many workers.
struct WorkerOptions: ParsableArguments {
  @Flag(
    help: """
      Be one of many workers: end with 0 when nothing is left, with 20 when this machine cannot, with 128 \
      when the plan is not approved here.
      """)
  var worker = false

  @Option(help: ArgumentHelp("Clone this repository first, and share its ledger.", valueName: "url"))
  var clone: String?

  @Option(
    help: ArgumentHelp("Where to clone to; a clone that is there already is used.", valueName: "folder"))
  var into: String?

  @Option(help: ArgumentHelp("Wait so long for work before the end, e.g. 10m.", valueName: "time"))
  var idle: DurationArgument?

  func validate() throws {
    if (clone == nil) != (into == nil) { throw ValidationError("'--clone' and '--into' go together") }
    if !worker, clone != nil || idle != nil {
      throw ValidationError("'\(clone != nil ? "--clone" : "--idle")' is for '--worker'")
    }
    // git would take it for an option of its own.
    if clone?.hasPrefix("-") == true { throw ValidationError("'\(clone ?? "")' is no address") }
  }

  /// How a worker ends in place of an error: what this machine has not got is its own affair.
  func orCannot<Value>(_ body: () throws(CommandError) -> Value) throws(CommandError) -> Value {
    do throws(CommandError) { return try body() } catch {
      guard worker, error.exitCode == .fatal else { throw error }
      var error = error
      error.exitCode = .machineCannot
      throw error
    }
  }

  /// How a worker ends whose plan nobody approved here: fatally, so that it is not started again.
  func orUntrusted<Value>(_ body: () throws(CommandError) -> Value) throws(CommandError) -> Value {
    do throws(CommandError) { return try body() } catch {
      guard worker, error.waitsForUser else { throw error }
      var error = error
      error.exitCode = .fatal
      throw error
    }
  }

  /// Brings a clone here that shares the ledger of the original, and works in it.
  func enter(_ context: Context) throws(CommandError) {
    guard let clone, let into else { return }
    let folder = into.hasPrefix("/") ? into : "\(try context.directory())/\(into)"
    if !Files.exists(folder + "/.git") { try bring(clone, to: folder, context) }
    context.move(to: folder)
    let site = try context.site()
    guard try reporting({ try site.repository.config("remote.origin.url") }) == clone else {
      throw CommandError("'\(into)' is a clone of something else than '\(clone)'")
    }
    let setup = HookSetup(site: site)
    if !site.ledger.hasRemote, let check = try setup.share(with: "origin", warn: { context.warn($0) }) {
      context.warn(check.message, hint: check.hint)
    }
    for warning in try setup.install().warnings { context.warn(warning) }
  }

  private func bring(_ url: String, to folder: String, _ context: Context) throws(CommandError) {
    var environment = ChildEnvironment.outsideOfRepository(context.environment)
    // Nobody is there to answer.
    environment["GIT_TERMINAL_PROMPT"] = "0"
    let command = Command("git", ["clone", "--quiet", "--", url, folder], environment: environment)
    let outcome = try reporting { try command.run() }
    if outcome.status.isSuccess { return }
    let words = GitWords.reason(in: outcome.errorText) ?? "git says nothing"
    throw CommandError("unable to clone '\(url)': \(TerminalText.sanitizedLine(words))")
  }
}
