import Git
import Migration
import System

/// The first word of a shell command, as far as it names a program for sure.
package enum ShellWord: Equatable {
  /// A name that the shell looks up: a program of PATH, or something of its own.
  case name(String)
  /// A path, as it is written.
  case path(String)

  /// The first word of `command`; `nil` for anything that only a shell could tell: an assignment, a
  /// substitution, a quote, a function, a comment.
  package init?(firstOf command: String) {
    let text = command.utf8.drop { $0 == 0x20 || $0 == 0x09 || $0 == 0x0A }
    let word = text.prefix { !ShellWord.ends($0) }
    // What follows may make another thing of it: `name() { … }`.
    if text.dropFirst(word.count).first == UInt8(ascii: "(") { return nil }
    guard let first = word.first, first != UInt8(ascii: "-"), word.allSatisfy(ShellWord.isPlain) else {
      return nil
    }
    let name = String(decoding: word, as: UTF8.self)
    self = word.contains(UInt8(ascii: "/")) ? .path(name) : .name(name)
  }

  private static func ends(_ byte: UInt8) -> Bool { " \t\n;&|<>()".utf8.contains(byte) }

  private static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"):
      true
    default: "._+-/".utf8.contains(byte)
    }
  }
}

/// Tries what a migration will need before anything is claimed: a program that is missing would fail each
/// step by itself, and each attempt of it.
public struct Preflight {
  private let launcher: Launcher
  private let directory: String
  /// The names of the variables that are set where programs are started from; `nil` when that is not known.
  private var set: Set<String>?
  /// Those that the user gives to agents, whatever a plan says.
  private var agentVariables: [String] = []

  /// Looks with the environment that verifiers and agents get; paths are those of `directory`.
  public init(launcher: Launcher, directory: String) {
    self.launcher = launcher
    self.directory = directory
  }

  /// Looks as a run in this repository would.
  public init(site: Site) {
    self.init(launcher: site.launcher, directory: (try? site.mainDirectory()) ?? site.directory)
    set = Set(site.environment.keys)
    agentVariables = site.agentVariables
  }

  /// Throws when the plan's agent has work to do and its program is not there.
  public func requireAgent(_ migration: MigrationState) throws(CommandError) {
    guard let problem = missingAgent(migration) else { return }
    throw CommandError(problem.message, hint: problem.hint)
  }

  /// What is said of an agent whose program is not there, and what to do; `nil` when it is, when nobody can
  /// tell, or when no step needs it any more.
  package func missingAgent(_ migration: MigrationState) -> (message: String, hint: String)? {
    migration.plan.allAgents.lazy.compactMap { missing($0, in: migration) }.first
  }

  private func missing(
    _ agent: Plan.Agent, in migration: MigrationState
  ) -> (message: String, hint: String)? {
    guard let word = ShellWord(firstOf: agent.command) else { return nil }
    let isNeeded = zip(migration.steps, migration.plan.steps).contains {
      !$0.phase.isTerminal && migration.plan.agent(of: $1)?.name == agent.name
    }
    // What a set-up command makes is not there yet.
    let isMade = migration.plan.worktree.setup != nil && !isAbsolute(word)
    guard isNeeded, !isMade, !isThere(word) else { return nil }
    switch word {
    case .name(let name):
      return (
        "the agent's program '\(name)' is not in PATH",
        "install it, or give the plan another agent with 'git migrate amend'"
      )
    case .path(let path):
      return (
        "the agent's program '\(path)' is not there, or may not be run",
        "mend its path in the plan and give it to 'git migrate amend'"
      )
    }
  }

  /// The programs that the plan's verifiers, set-ups and codemods begin with and that the shell does not
  /// find. A warning and no more: a set-up may still bring them.
  public func warnings(_ plan: Plan) -> [(message: String, hint: String)] {
    var users: [(name: String, of: String)] = []
    func add(_ command: String?, _ user: String) {
      guard let command, case .name(let name)? = ShellWord(firstOf: command),
        !users.contains(where: { $0.name == name })
      else { return }
      users.append((name, user))
    }
    for verifier in plan.gate.verifiers { add(verifier.run, "the verifier '\(verifier.name)'") }
    add(plan.gate.setup?.run, "the gate's set-up")
    add(plan.gate.toolchain, "the gate's toolchain")
    add(plan.worktree.setup, "the set-up command")
    for step in plan.steps { add(step.run, "the step '\(step.id)'") }
    let missing = missing(users.map(\.name))
    return users.filter { missing.contains($0.name) }.map {
      ("\($0.of) begins with '\($0.name)', which is not found in PATH here", "install it, or mend the plan")
    } + unsetVariables(plan)
  }

  /// The variables that a program of the plan is to get and that are not set here.
  private func unsetVariables(_ plan: Plan) -> [(message: String, hint: String)] {
    guard let set else { return [] }
    var wanted = plan.namedVariables
    if !plan.allAgents.isEmpty { wanted.append(("agent", agentVariables)) }
    return wanted.flatMap { place, names in
      names.filter { !set.contains($0) }.map {
        ("the \(place) is to get '\($0)', which is not set here", "export it before 'git migrate run'")
      }
    }
  }

  private func isAbsolute(_ word: ShellWord) -> Bool {
    if case .path(let path) = word { return path.hasPrefix("/") }
    return false
  }

  private func isThere(_ word: ShellWord) -> Bool {
    switch word {
    case .name(let name): return missing([name]).isEmpty
    case .path(let path): return Files.isExecutable(path.hasPrefix("/") ? path : "\(directory)/\(path)")
    }
  }

  private func missing(_ names: [String]) -> Set<String> {
    launcher.missing(names, for: .probe, in: directory)
  }
}

extension Preflight {
  /// What `doctor` says of a migration that is open.
  package func checks(_ migration: MigrationState) -> [DoctorCheck] {
    var list: [DoctorCheck] = []
    if let agent = missingAgent(migration) {
      list.append(DoctorCheck("agent", .error, "'\(migration.name)': \(agent.message)", hint: agent.hint))
    }
    return list
      + warnings(migration.plan).map {
        DoctorCheck("program", .warning, "'\(migration.name)': \($0.message)", hint: $0.hint)
      }
  }
}
