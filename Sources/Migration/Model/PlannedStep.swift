/// One step of an expanded plan: a node of the graph.
public struct PlannedStep: Equatable, Sendable {
  /// The id; obeys `Identifier.stepFault`.
  public var id: String
  /// A line for people; becomes the subject of the merged commit.
  public var title: String
  /// The ids of the steps that must be merged or skipped first.
  public var needs: [String]
  /// Globs of the paths the step may change; empty when it may change any.
  public var paths: [String]
  /// The step's own prompt template, or `nil` for the plan's.
  public var prompt: String?
  /// Steps that name the same lock never run at the same time.
  public var lock: String?
  /// The resources held while the step is worked on.
  public var uses: [String]
  /// Higher goes first.
  public var priority: Int
  /// The codemod, a shell command, or `nil` when an agent does the step.
  public var run: String?
  /// The name of the agent that does it, or `nil` for the plan's.
  public var agent: String?
  /// The longest run of the codemod or agent in seconds; overrides the agent's.
  public var timeoutSeconds: Int?
  /// Whether an attempt that changes nothing has failed, also when it ends well.
  public var expectsChange: Bool
  /// What `for:` matched (`path`, `dir`, `name`, `line`), for the prompt's template; empty for a plain step.
  public var match: [String: String]
  /// The findings that are let pass in its result: a name, or a pattern with `*` of names.
  public var allow: [String] = []
  /// The guards that look at it, or `nil` for the gate's.
  public var guards: [Plan.Guard]?
  /// What its own result must pass beside the gate's verifiers. Nobody remembers what they said: they run
  /// each time.
  public var verifiers: [Plan.Verifier] = []
  /// Why it need not be done, where it was done before the migration began.
  public var skip: String?
  /// The name of its workflow, or `nil` for the plan's.
  public var workflow: String?
  /// Whether what its codemod leaves is its agent's to do: `run` stands beside a prompt, an agent or a
  /// workflow.
  public var isShared = false
  /// Whether no plan's file has it: it was proposed, undoes others, or does again what was undone.
  public var isAdded = false
  /// What a worker must say that it has before it gets the step (`Requirement`).
  public var requires: [String] = []
  /// The published unit that it mends; `nil` for every step of a plan's file.
  public var mends: String?
  /// The merged steps that it undoes.
  public var reverts: [String] = []
  /// The commit of the base that the step takes in where it conflicts; `nil` for every step of a plan's file.
  public var resolves: ObjectID?

  /// Makes a step from its parts, unchecked.
  public init(
    id: String, title: String? = nil, needs: [String] = [], paths: [String] = [],
    prompt: String? = nil, lock: String? = nil, uses: [String] = [], priority: Int = 0,
    run: String? = nil, timeoutSeconds: Int? = nil, expectsChange: Bool = false,
    match: [String: String] = [:]
  ) {
    self.id = id
    self.title = title ?? id
    self.needs = needs
    self.paths = paths
    self.prompt = prompt
    self.lock = lock
    self.uses = uses
    self.priority = priority
    self.run = run
    self.timeoutSeconds = timeoutSeconds
    self.expectsChange = expectsChange
    self.match = match
  }
}
