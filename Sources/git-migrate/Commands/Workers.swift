import ArgumentParser
import Git
import Ledger
import Migration
import Runner
import Site
import Supervision
import System

/// `git migrate workers`: what an engine is given so that it runs workers.
struct WorkersCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "workers",
    abstract: "Print what an engine needs to run workers of a migration, or who works.",
    discussion: """
      'status' lists who holds which steps now. With '--on': a manifest for Kubernetes, a script for Slurm, \
      or a loop over hosts by ssh; '--submit' hands it over. \
      The plan's approval is in it; secrets are named, and never in it.
      """)

  /// What runs workers.
  enum Engine: String, ExpressibleByArgument, CaseIterable { case kubernetes, slurm, ssh }

  /// What is asked for without an engine.
  enum Question: String, ExpressibleByArgument, CaseIterable { case status }

  @Argument(help: ArgumentHelp("status: who works now.", valueName: "status"))
  var question: Question?

  @Option(name: .customLong("on"), help: ArgumentHelp("kubernetes, slurm or ssh.", valueName: "engine"))
  var engine: Engine?

  @Option(
    name: [.customShort("n"), .long], help: ArgumentHelp("How many machines; 4 by default.", valueName: "n"))
  var number: Int?

  @Option(
    name: [.customShort("j", allowingJoined: true), .long],
    help: ArgumentHelp("How many workers on each; 4 by default.", valueName: "n"))
  var jobs: Int?

  @Option(help: ArgumentHelp("The image that Kubernetes runs.", valueName: "image"))
  var image: String?

  @Option(
    help: ArgumentHelp("A file with the hosts, one a line, for ssh.", valueName: "file"), completion: .file())
  var hosts: String?

  @Option(help: ArgumentHelp("What they clone, by default the remote's address.", valueName: "url"))
  var clone: String?

  @Option(help: ArgumentHelp("How long one waits for work; 10m by default.", valueName: "time"))
  var idle: String?

  @Flag(help: "Hand it over, to kubectl, sbatch or ssh.")
  var submit = false

  @OptionGroup var has: HasOption
  @OptionGroup var migration: MigrationOption
  @OptionGroup var json: JSONOption

  func validate() throws {
    guard (engine == nil) != (question == nil) else {
      throw ValidationError("say 'status', or '--on' and an engine")
    }
    if json.isWanted, question == nil { throw ValidationError("'--json' is for 'status'") }
    let ofEngine = [
      ("--number", number != nil), ("--jobs", jobs != nil), ("--image", image != nil),
      ("--hosts", hosts != nil), ("--clone", clone != nil), ("--idle", idle != nil), ("--submit", submit),
      ("--has", !has.has.isEmpty),
    ]
    if question != nil, let given = ofEngine.first(where: \.1) {
      throw ValidationError("'\(given.0)' goes with '--on' and an engine")
    }
    for (name, number) in [("--number", number), ("--jobs", jobs)] {
      if let number, !(1...1000).contains(number) {
        throw ValidationError("'\(name)' takes a number from 1 to 1000")
      }
    }
    if let idle, DurationArgument(argument: idle) == nil {
      throw ValidationError("'--idle' takes a time such as 10m")
    }
    if (engine == .ssh) != (hosts != nil) { throw ValidationError("'--hosts' goes with '--on ssh'") }
    if (engine == .kubernetes) != (image != nil) {
      throw ValidationError("'--image' goes with '--on kubernetes'")
    }
    if engine == .ssh, number != nil { throw ValidationError("the hosts say how many there are") }
    if let clone, clone.hasPrefix("-") { throw ValidationError("'\(clone)' is no address") }
    if let clone, AddressText.withoutPasswords(clone) != clone {
      throw ValidationError(
        "'--clone' holds a name or a password, which would be printed: workers have their own")
    }
  }

  func run(_ context: Context) throws(CommandError) {
    let site = try context.site()
    let state = try site.migration(
      migration.migration, in: try context.snapshot(finding: migration.migration).state)
    guard let engine else {
      let table = WorkerTable(state, at: site.clock.now(), isDead: Site.isProvablyDead)
      return try context.print(table, json)
    }
    if state.phase.isTerminal { throw CommandError("\(state.name) is \(state.phase.word)", exitCode: .no) }
    try site.requireTrust(state)
    var job = WorkerJob(state, url: try address(site))
    (job.idle, job.has) = (idle ?? job.idle, has.names)
    (job.count, job.jobs) = (number ?? job.count, jobs ?? job.jobs)
    let text: String
    let program: [String]
    switch engine {
    case .kubernetes:
      if job.isPath {
        context.warn("'\(job.url)' is a path, which pods do not have", hint: "say '--clone URL'")
      }
      let author = try reporting { try site.identity() }.author
      (text, program) = (job.kubernetes(image: image ?? "", author: author), ["kubectl", "apply", "-f", "-"])
    case .slurm: (text, program) = (job.slurm, ["sbatch"])
    case .ssh: (text, program) = (job.ssh(try hostNames(context)), ["sh"])
    }
    guard submit else { return try context.output.write(text) }
    try hand(text, to: program, context)
  }

  /// What workers clone: what they are told, or where the ledger is shared.
  private func address(_ site: Site) throws(CommandError) -> String {
    if let clone { return clone }
    guard let name = site.ledger.remote?.name else {
      throw CommandError(
        "the ledger is not shared, so that no other machine can work on it",
        hint: "share it with 'git migrate init --remote origin'")
    }
    let url = try reporting { try site.repository.config("remote.\(name).url") } ?? name
    // What is printed holds no secrets: the workers have their own. A path from here leads nowhere elsewhere.
    let address = AddressText.withoutPasswords(url)
    let isRelative = !address.hasPrefix("/") && !address.prefix { $0 != "/" }.contains(":")
    let top = site.repository.workingDirectory ?? site.repository.gitDirectory
    return isRelative ? Files.realPath("\(top)/\(address)") ?? address : address
  }

  private func hostNames(_ context: Context) throws(CommandError) -> [String] {
    let path = hosts ?? ""
    guard let bytes = try reporting({ try Files.readFile(path, limit: 1 << 20) }) else {
      throw CommandError("there is no file '\(path)'")
    }
    let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
      .filter { !$0.isEmpty && !$0.hasPrefix("#") }
    if lines.isEmpty { throw CommandError("'\(path)' names no host") }
    for line in lines {
      if let fault = WorkerJob.hostFault(line) {
        throw CommandError("'\(TerminalText.sanitizedLine(line))' in '\(path)' \(fault)")
      }
    }
    return lines
  }

  private func hand(_ text: String, to program: [String], _ context: Context) throws(CommandError) {
    var command = Command(
      program[0], Array(program.dropFirst()), environment: context.environment,
      directory: try context.directory())
    command.input = Array(text.utf8)
    command.timeoutSeconds = 300
    let outcome = try reporting { try command.run() }
    try context.output.write(outcome.text)
    if outcome.status.isSuccess { return }
    let words = outcome.errorText.split(separator: "\n").last.map(String.init) ?? "it says nothing"
    throw CommandError("'\(program[0])' did not take it: \(TerminalText.sanitizedLine(words))", exitCode: .no)
  }
}
