/// What a migration is to do, with every `for:` already expanded: the pure form of a plan file (DESIGN §4).
///
/// The ledger keeps the plan file's exact bytes and this expanded form beside each other; `decide` only ever
/// sees this one.
public struct Plan: Equatable, Sendable {
  /// The migration's name; obeys `Identifier.migrationFault`.
  public var migration: String
  /// The branch the migration starts from, without `refs/heads/`; `nil` is the branch checked out at start.
  public var base: String?
  /// The integration branch, without `refs/heads/`.
  public var into: String
  /// How many attempts may fail before a step is blocked; at least 1.
  public var attempts: Int
  /// How long a claim is held before it must be renewed, in seconds.
  public var leaseSeconds: Int
  /// How long a step rests after a failed attempt.
  public var backoff: Backoff
  /// Who does steps that have no `run` and name no agent; `nil` when every step is a codemod, names one, or
  /// is done by outside workers.
  public var agent: Agent?
  /// The agents that steps name, in the order of their names.
  public var agents: [Agent] = []
  /// Named semaphores, each counted per machine.
  public var resources: [Resource]
  /// How a worktree is made usable.
  public var worktree: Worktree
  /// Whether workers and verifiers are shut in.
  public var sandbox = SandboxWish.auto
  /// Whether codemods and verifiers that are shut in have the network.
  public var hasNetwork = true
  /// What each of them may take of the machine.
  public var limits = MachineShare()
  /// What of the user's home codemods, set-up commands and verifiers may write in a sandbox.
  public var home: [String] = []
  /// What a candidate must pass before it is merged.
  public var gate: Gate
  /// What the commits say that steps are merged as.
  public var commit: Commit
  /// How often, in seconds, a run takes in a base that has moved; `nil` leaves that to people.
  public var refreshSeconds: Int?
  /// When the migration stops itself.
  public var stop = StopRule()
  /// How much its agents may use.
  public var budget = Budget()
  /// The failures that its people know.
  public var failures: [FailurePattern] = []
  /// How it is offered as pull requests, or `nil`; the file that says who owns what, and where they are told.
  public var (publish, owners, channels): (PublishPolicy?, String?, [String: String]) = (nil, nil, [:])
  /// How it is mirrored to a board; `nil` is in the ordinary way.
  public var board: BoardPolicy?
  /// What is counted to know when it is done, or `nil`.
  public var until: Until?
  /// The stages that the work on steps goes through that name no other workflow; `nil` for work in one
  /// piece.
  public var workflow: Workflow?
  /// The workflows that steps name, in the order of their names.
  public var workflows: [Workflow] = []
  /// The headings that an agent's closing words must have.
  public var closing: [String] = []
  /// Which repository of a fleet it is for; `nil` where it is for the one it lies in.
  public var fleet: FleetMember?
  /// A command told about blocked steps and the end of the migration, or `nil`.
  public var notify: String?
  /// How people are told, where the plan says more than a command.
  public var messages: NotifyPolicy?
  /// The steps in the plan's order; ids are unique under case folding, and every need names one of them.
  public var steps: [PlannedStep]
  /// The template of the prompt: the body of the plan file.
  public var prompt: String

  /// Makes a plan from its parts, unchecked; `validate()` checks it.
  public init(
    migration: String, base: String? = nil, into: String? = nil, attempts: Int = 3,
    leaseSeconds: Int = 1200, backoff: Backoff = Backoff(), agent: Agent? = nil,
    resources: [Resource] = [], worktree: Worktree = Worktree(), gate: Gate = Gate(),
    commit: Commit = Commit(), refreshSeconds: Int? = nil, notify: String? = nil, steps: [PlannedStep] = [],
    prompt: String = ""
  ) {
    self.migration = migration
    self.base = base
    self.into = into ?? "migrate/\(migration)"
    self.attempts = attempts
    self.leaseSeconds = leaseSeconds
    self.backoff = backoff
    self.agent = agent
    self.resources = resources
    self.worktree = worktree
    self.gate = gate
    self.commit = commit
    self.refreshSeconds = refreshSeconds
    self.notify = notify
    self.steps = steps
    self.prompt = prompt
  }

  /// Who does a step, or `nil` when it is a codemod or done by outside workers.
  public func agent(of step: PlannedStep) -> Agent? {
    if step.run != nil { return nil }
    guard let name = step.agent else { return agent }
    return allAgents.first { $0.name == name }
  }

  /// Its agents, the one of steps that name none first.
  public var allAgents: [Agent] { (agent.map { [$0] } ?? []) + agents }

  /// What the services of its agents are called, each once.
  public var services: [String] {
    var found: [String] = []
    for agent in allAgents where !found.contains(agent.service) { found.append(agent.service) }
    return found
  }

  /// How long a step rests after its n-th failed attempt: `initialSeconds · 2^(n-1)`, at most
  /// `maximumSeconds`.
  public struct Backoff: Equatable, Sendable {
    /// The first pause, in seconds; 0 retries at once.
    public var initialSeconds: Int
    /// The longest pause, in seconds.
    public var maximumSeconds: Int

    /// Makes a back-off rule.
    public init(initialSeconds: Int = 10, maximumSeconds: Int = 300) {
      self.initialSeconds = initialSeconds
      self.maximumSeconds = maximumSeconds
    }

    /// The pause after `failures` failed attempts, in seconds.
    public func pause(afterFailures failures: Int) -> Int {
      guard initialSeconds > 0, failures > 0 else { return 0 }
      let doublings = min(failures - 1, 30)
      let (pause, overflowed) = initialSeconds.multipliedReportingOverflow(by: 1 << doublings)
      return overflowed ? maximumSeconds : min(pause, maximumSeconds)
    }
  }

  /// The program that does a step.
  public struct Agent: Equatable, Sendable {
    /// What the plan calls it.
    public var name = Agent.defaultName
    /// A shell command that gets the prompt on standard input and in the file `$MIGRATE_PROMPT_FILE`.
    public var command: String
    /// The adapter whose output rules judge the run (`command` when the exit code alone decides).
    public var adapter: String
    /// The longest run in seconds, or `nil` for `defaultTimeoutSeconds`.
    public var timeoutSeconds: Int?
    /// How many agent steps may be leased at once over all machines, or `nil` for no limit.
    public var maxConcurrent: Int?
    /// The most turns an adapter lets the agent take, or `nil` for the agent's own limit.
    public var maxTurns: Int?
    /// The names of variables that it, and nobody else, is given from the environment of who starts it.
    public var env: [String]
    /// The model, or `nil` for the agent's own choice.
    public var model: String?
    /// What of the user's home it may write in a sandbox, beside what its adapter names.
    public var home: [String] = []
    /// Further arguments of the adapter's program.
    public var args: [String] = []
    /// Tools that are allowed beside those that the agent allows itself, as it spells them.
    public var permissions: [String] = []
    /// How long it may print nothing, in seconds, or `nil` for `defaultSilenceSeconds` where it tells what it
    /// does, and no limit where it does not.
    public var silenceSeconds: Int?
    /// How often an interrupted conversation may go on in one attempt, or `nil` for `defaultContinuations`.
    public var continuations: Int?
    /// What one attempt by it may use at most.
    public var budget: Budget.Limits = [:]
    /// Whether it rests, in every clone, while its service does not serve. Otherwise the step starts over.
    public var rests = true
    /// Whether an attempt whose result failed is followed by one in the same conversation; otherwise by one
    /// that begins anew.
    public var resumesAfterFailure = false
    /// The file in the worktree that a command reports its end in, or `nil` when its exit code decides.
    public var reportFile: String?

    /// What an agent is called that the plan gives no name.
    public static let defaultName = "default"

    /// What it is called in the ledger and for people: its name, or what it is.
    public var label: String { name == Agent.defaultName ? service : name }

    /// What its service is called, for people and to tell it from others.
    public var service: String { adapter == "command" ? command : adapter }

    /// The longest run of an attempt where a plan does not say, in seconds.
    public static let defaultTimeoutSeconds = 7200
    /// How long an agent that tells each thing that it does may print nothing where a plan does not say, in
    /// seconds.
    public static let defaultSilenceSeconds = 1800

    /// How often an interrupted conversation may go on where a plan does not say.
    public static let defaultContinuations = 3

    /// What is run and allowed, on one line, for whoever approves it.
    public var shown: String {
      var words = [command] + (model.map { ["--model", $0] } ?? []) + args
      if !permissions.isEmpty { words.append("(allowed: \(permissions.joined(separator: ", ")))") }
      return words.joined(separator: " ")
    }

    /// Makes an agent description.
    public init(
      command: String, adapter: String = "command", timeoutSeconds: Int? = nil,
      maxConcurrent: Int? = nil, maxTurns: Int? = nil, env: [String] = []
    ) {
      self.command = command
      self.adapter = adapter
      self.timeoutSeconds = timeoutSeconds
      self.maxConcurrent = maxConcurrent
      self.maxTurns = maxTurns
      self.env = env
    }
  }

  /// What a candidate must pass. No verifiers means that the plan said `gate: none`.
  public struct Gate: Equatable, Sendable {
    /// The commands, in the order they run; the first that does not pass ends the gate.
    public var verifiers: [Verifier]
    /// The names of the guards that look at the change itself.
    public var guards: [Guard]
    /// Ignored folders that stay in the gate's worktree between candidates, and nothing else does.
    public var keep: [String]
    /// What makes the gate's worktree usable before a candidate is judged, or `nil`.
    public var setup: Setup?
    /// How many finished steps are judged together at most, or `nil`: `TrainLimit.ordinary`.
    public var train: Int?
    /// Globs of files that no step may change beside those that always decide how verifiers run.
    public var protected: [String] = []
    /// Whether failures that the base has, too, are let pass.
    public var allowsKnown = false
    /// Whether new and changed tests must fail on the code of the branch, with the tests of the candidate.
    public var falsifies = false
    /// Who looks at what passed before it is merged, or `nil`.
    public var judge: Judge?
    /// A command that names the toolchain of verdicts, or `nil`: system and programs then stand for it.
    public var toolchain: String?

    /// What `train` may be.
    public static let trainRange = 1...256

    /// Makes a gate.
    public init(
      verifiers: [Verifier] = [], guards: [Guard] = [], keep: [String] = [], setup: Setup? = nil,
      train: Int? = nil
    ) {
      self.verifiers = verifiers
      self.guards = guards
      self.keep = keep
      self.setup = setup
      self.train = train
    }

    /// An agent that approves or rejects what the verifiers let pass.
    public struct Judge: Equatable, Sendable {
      /// The name of the agent, or `nil` for the plan's.
      public var agent: String?
      /// Its prompt's template.
      public var prompt: String

      /// Makes a judge.
      public init(agent: String? = nil, prompt: String) { (self.agent, self.prompt) = (agent, prompt) }
    }

    /// A command that runs in the gate's worktree before the verifiers.
    public struct Setup: Equatable, Sendable {
      /// The shell command.
      public var run: String
      /// Globs of the tracked files that decide what it makes. When there are any, it runs only when one of
      /// them, or a kept folder, is not as it was when it ran last; otherwise before every candidate.
      public var inputs: [String]

      /// Makes a set-up.
      public init(run: String, inputs: [String] = []) {
        self.run = run
        self.inputs = inputs
      }
    }
  }

  /// One check of a gate.
  public struct Verifier: Equatable, Sendable {
    /// A name unique in the gate; obeys `Identifier.stepFault`.
    public var name: String
    /// What the command checks; only `test` is judged by how many tests ran.
    public var kind: Kind
    /// The shell command.
    public var run: String
    /// The longest run, in seconds.
    public var timeoutSeconds: Int
    /// The resource it holds while it runs, or `nil`.
    public var uses: String?
    /// Whether it may change tracked files, which are put back then. Otherwise a change of theirs fails the
    /// gate: what it judged was another tree.
    public var mutates: Bool
    /// The names of variables that it, and no other verifier, is given from the environment of who starts it.
    public var env: [String]
    /// Whether it has the network in a sandbox; `nil` when it has what the plan gives to all.
    public var network: Bool?
    /// Whether it is a step's own: nothing that it tells is compared with the base.
    public var isOfStep = false
    /// It runs only when a path of these globs differs from the branch; empty when it always runs.
    public var paths: [String] = []
    /// What a failure means that does not come again when the verifier is run once more, or `nil`: then it
    /// is not run again.
    public var flaky: Flaky?
    /// The remote, as git knows it, whose service judges the candidate in place of this machine. It is pushed
    /// there as a branch below `migrate-ci/`, and `run` asks what became of it.
    public var remote: String?

    /// What is made of a verifier that fails and passes when it is run once more.
    public enum Flaky: String, CaseIterable, Sendable {
      /// It passed.
      case passes = "repeat"
      /// It failed.
      case fails = "fail"
    }

    /// Makes a verifier.
    public init(
      name: String, kind: Kind = .test, run: String, timeoutSeconds: Int = 600, uses: String? = nil,
      mutates: Bool = false, env: [String] = [], flaky: Flaky? = nil, remote: String? = nil
    ) {
      self.name = name
      self.kind = kind
      self.run = run
      self.timeoutSeconds = timeoutSeconds
      self.uses = uses
      self.mutates = mutates
      self.env = env
      self.flaky = flaky
      self.remote = remote
    }

    /// What a verifier checks.
    public enum Kind: String, CaseIterable, Sendable {
      case test, build, lint, format
    }
  }

  /// A deterministic check of the change itself.
  public enum Guard: String, CaseIterable, Sendable {
    /// No test file may be deleted or emptied, and no test may be newly skipped.
    case tests
    /// Only the step's `paths` may change.
    case scope
    /// No secret may be added.
    case secrets
    /// What decides how the verifiers run may not change: runner configuration, hooks of the test harness,
    /// build and CI files.
    case protected
    /// No conflict markers, links out of the tree, hidden direction marks, large binaries; text stays text.
    case tree
  }
}
