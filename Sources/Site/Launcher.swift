import Git
import Migration
import Supervision
import System

/// What a child is started for. It decides what the child gets to see of the environment and how its output
/// is taken.
public enum Purpose: Equatable, Sendable {
  /// The work of a step.
  case work(Worker)
  /// A set-up command of the plan.
  case setup(Place)
  /// A verifier of the gate, with the variables that its plan names for it.
  case verifier(env: [String])
  /// The plan's `notify` command.
  case notify
  /// A command whose lines are what a plan's `for:` is over.
  case list
  /// A question about what a worker or verifier would find, such as where a program lies.
  case probe
  /// The same about what git's own hooks, filters and helpers would find.
  case gitProbe
  /// This program itself.
  case own

  /// Who does the work of a step.
  public enum Worker: Equatable, Sendable {
    /// The plan's agent, with the variables that the plan names for it, and whether its standard output is a
    /// stream of events for programs.
    case agent(env: [String], reportsEvents: Bool)
    /// A command of the step's own: a program of the repository.
    case codemod
  }

  /// What is set up.
  public enum Place: Equatable, Sendable {
    /// The worktree of a claim.
    case slot
    /// The worktree of the gate.
    case gate
  }
}

/// The one place that says how a child is started: with which environment, in which sandbox. Only the `git`
/// program is started below it, by `GitProgram`.
public struct Launcher: Sendable {
  /// The environment that this command was started with.
  package var environment: [String: String]
  /// The names that the user lets through to all but `list`: `migrate.passEnvironment`.
  package var passed: [String] = []
  /// The names that the user lets through to agents alone: `migrate.agentEnvironment`.
  package var forAgents: [String] = []

  /// Makes it for an environment outside of any repository: nothing is let through by name.
  public init(environment: [String: String]) { self.environment = environment }

  init(environment: [String: String], passed: [String], forAgents: [String]) {
    self.environment = environment
    self.passed = passed
    self.forAgents = forAgents
  }

  // MARK: Environments

  /// Who the user is, where only the environment says so: a worker commits, and hands in, in that name.
  private static let identity = [
    "GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL", "EMAIL",
  ]

  /// Which files git reads settings from, where only the environment says so: who the user is stands there,
  /// too. They lead to no more than `HOME` does by itself.
  private static let gitFiles = ["GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM"]

  /// The names that pass beside the harmless ones; `nil` when all do.
  ///
  /// A codemod and a set-up command are programs of the repository, and a verifier runs what an agent has
  /// written: only the agent gets the agent's keys.
  private func names(for purpose: Purpose) -> [String]? {
    switch purpose {
    case .work(.agent(let names, _)): passed + Launcher.identity + names + forAgents
    case .work(.codemod), .setup(.slot): passed + Launcher.identity
    case .verifier(let names): passed + names
    case .setup(.gate), .notify, .probe: passed
    case .list: []
    case .own, .gitProbe: nil
    }
  }

  /// Whether whoever is started commits in the user's name.
  private func commits(_ purpose: Purpose) -> Bool {
    switch purpose {
    case .work, .setup(.slot): true
    case .setup(.gate), .verifier, .notify, .list, .probe, .gitProbe, .own: false
    }
  }

  /// The whole environment of a child; `variables`, which tell it what it is to do, win.
  public func environment(
    for purpose: Purpose, adding variables: [String: String] = [:]
  ) -> [String: String] {
    guard let names = names(for: purpose) else {
      let all = purpose == .gitProbe ? ChildEnvironment.forGit(from: environment) : environment
      return all.merging(variables) { $1 }
    }
    let said = commits(purpose) ? GitProgram.identitySettings(environment) : [:]
    return ChildEnvironment.allowList(
      from: environment, adding: said.merging(variables) { $1 }, extraNames: names + Launcher.gitFiles)
  }

  /// How the output of a child is taken. Where a program reads it a warning must not come between; people,
  /// and what reads the output of test runners, need the order in which all of it was printed.
  private func output(of purpose: Purpose) -> OutputForm {
    switch purpose {
    case .work(.agent(_, let reportsEvents)): reportsEvents ? .apart : .together
    case .list: .live
    case .work(.codemod), .setup, .verifier, .notify, .probe, .gitProbe, .own: .together
    }
  }

  // MARK: Children

  /// A run of a shell command that nobody trusts, within walls, or none. With `isLive` its standard output
  /// can be read, and its standard input written, while it runs.
  public func supervised(
    _ purpose: Purpose, _ shellCommand: String, in directory: String, log: String,
    adding variables: [String: String] = [:], timeoutSeconds: Int? = nil, silenceSeconds: Int? = nil,
    isLive: Bool = false, within walls: Walls? = nil
  ) -> Supervised {
    var run = Supervised(
      shellCommand: shellCommand, environment: environment(for: purpose, adding: variables),
      directory: directory, logFile: log)
    run.output = isLive ? .live : output(of: purpose)
    run.timeoutSeconds = timeoutSeconds
    run.silenceSeconds = silenceSeconds
    return walls?.wrap(run) ?? run
  }

  /// A run of this program itself, which takes `words`.
  package func supervisedSelf(_ words: [String], in directory: String, log: String) -> Supervised {
    Supervised(
      arguments: ["/proc/self/exe"] + words, environment: environment(for: .own), directory: directory,
      logFile: log)
  }

  /// Which of these names the shell does not know. It is asked itself: what is built in only it can tell.
  /// When it cannot be asked, nothing is said to be missing. The question runs nothing of a plan or a
  /// repository.
  package func missing(_ names: [String], for purpose: Purpose, in directory: String) -> Set<String> {
    if names.isEmpty { return [] }
    let script = #"for name; do command -v -- "$name" >/dev/null 2>&1 || printf '%s\n' "$name"; done"#
    let said = answer(of: "/bin/sh", ["-c", script, "sh"] + names, for: purpose, in: directory)
    return Set((said ?? "").split(separator: "\n").map(String.init))
  }

  /// What a program of the machine prints that is asked something, at most 1 MiB; `nil` when it fails, or
  /// takes longer than ten seconds. It is none of a plan or a repository.
  package func answer(
    of program: String, _ arguments: [String], for purpose: Purpose, in directory: String
  ) -> String? {
    var run = Command(program, arguments, environment: environment(for: purpose), directory: directory)
    run.timeoutSeconds = 10
    guard let outcome = try? run.run(outputLimit: 1 << 20), outcome.status.isSuccess else { return nil }
    return outcome.text
  }
}

extension Site {
  /// How children are started here, with what the user lets through by now.
  public var launcher: Launcher {
    Launcher(environment: environment, passed: passedVariables, forAgents: agentVariables)
  }

  /// Starts a run under a supervisor. With `isAnew` its log holds nothing else, and the log's folder is made.
  package func start(_ run: Supervised, isAnew: Bool = false) throws(CommandError) -> SupervisedChild {
    try reporting { () throws -> SupervisedChild in
      if isAnew {
        try makeOwnFolder(Files.parent(of: run.logFile))
        try Files.removeFile(run.logFile)
      }
      return try supervisors.start(run)
    }
  }

  /// Runs a command to its end, having sent it `input`, and gives what it printed to standard output, as far
  /// as that is no longer than `limit` bytes. Only a live one prints to us and reads from us.
  public func finish(
    _ run: Supervised, input: [UInt8] = [], limit: Int = .max
  ) throws(CommandError) -> (status: ExitStatus, output: [UInt8], isTruncated: Bool) {
    let child = try start(run, isAnew: true)
    _ = child.send(input)
    child.endInput()
    var (output, isTruncated) = ([UInt8](), false)
    while true {
      let status = child.poll()
      for line in child.takeLines() where !isTruncated {
        output += line + [0x0A]
        isTruncated = output.count > limit
      }
      if let status { return (status, output, isTruncated) }
      _ = Poller(reading: [child.pollDescriptor]).wait(milliseconds: 200)
    }
  }
}
