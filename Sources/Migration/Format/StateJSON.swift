import CanonicalJSON

extension State {
  /// The state as a checkpoint keeps it. Plans are not in it: they lie beside it in the ledger's tree.
  public var json: JSON {
    .object(membersButMigrations + [JSON.Member("migrations", .array(migrations.map(\.json)))])
  }

  var membersButMigrations: [JSON.Member] {
    var object = ObjectBuilder()
    object.set("v", version)
    object.set("at", at)
    if !rests.isEmpty { object.set("rests", rests.json) }
    if !troubles.isEmpty { object.set("troubles", troubles.json) }
    if !lessons.isEmpty { object.set("lessons", lessons.json) }
    if !forges.isEmpty { object.set("forges", forges.json) }
    if !fleets.list.isEmpty { object.set("fleets", fleets.json) }
    if !shared.list.isEmpty { object.set("verdicts", shared.json) }
    return object.members
  }

  /// The state for people and `replay`: as in a checkpoint, with each step under its id.
  public var jsonByStep: JSON {
    var members = [JSON.Member("at", .integer(at.milliseconds))]
    if !rests.isEmpty { members.append(JSON.Member("rests", rests.json)) }
    if !troubles.isEmpty { members.append(JSON.Member("troubles", troubles.json)) }
    if !fleets.list.isEmpty { members.append(JSON.Member("fleets", fleets.json)) }
    let list = migrations.map { migration -> JSON in
      guard case .object(let members) = migration.json else { return .null }
      let steps = migration.steps.map { JSON.Member($0.id, $0.json) }
      return .object(members.filter { $0.key != "steps" } + [JSON.Member("steps", .object(steps))])
    }
    return .object(members + [JSON.Member("migrations", .array(list))])
  }

  /// Reads a checkpoint. `plan` brings a plan by migration and number.
  public init(
    json: JSON, plan: (_ migration: String, _ number: Int) throws(JSONFault) -> Plan
  ) throws(JSONFault) {
    var reader = try ObjectReader(json, "the checkpoint")
    version = try reader.integer("v")
    guard version == 0 || FormatVersion.known.contains(version) else {
      throw JSONFault("the checkpoint is of another version")
    }
    at = try reader.timestamp("at")
    shared = try SharedVerdicts(items: try reader.array("verdicts"))
    migrations = []
    if let value = reader.optional("lessons") { lessons = try Lessons(json: value) }
    if let value = reader.optional("forges") { forges = try ForgeRests(json: value) }
    fleets = try FleetBook(items: try reader.array("fleets"))
    if let value = reader.optional("rests") { rests = try AgentRests(json: value) }
    if let value = reader.optional("troubles") { troubles = try MachineTroubles(json: value) }
    for item in try reader.array("migrations") {
      migrations.append(try MigrationState(json: item, plan: plan))
    }
    try reader.end()
  }
}

extension MigrationState {
  var json: JSON { .object(membersButSteps + [JSON.Member("steps", .array(steps.map(\.json)))]) }

  /// What a checkpoint keeps of a migration besides its steps.
  var membersButSteps: [JSON.Member] {
    var object = ObjectBuilder()
    object.set("name", name)
    switch phase {
    case .running: object.set("phase", .array([.string("running")]))
    case .paused(let reason): object.set("phase", .array([.string("paused"), .string(reason)]))
    case .aborted(let reason): object.set("phase", .array([.string("aborted"), .string(reason)]))
    case .finished(let result): object.set("phase", .array([.string("finished"), .string(result.hex)]))
    }
    object.set("plan", planNumber)
    object.set("digest", planDigest)
    object.set("base", base)
    object.set("shared", peopleShareBranch)
    object.set("start", start)
    object.set("tip", tip)
    object.set(
      "verdicts",
      .array(
        verdicts.map(\.json)))
    if let refresh { object.set("refresh", refresh.json) }
    if let baselineFailure { object.set("baseline_failure", baselineFailure.json) }
    if let baselineRun { object.set("baseline_run", baselineRun.json) }
    if baselineRuns > 0 { object.set("baseline_runs", baselineRuns) }
    if let train { object.set("train", train.json) }
    if trains > 0 { object.set("trains", trains) }
    if trainLimit.members < trainLimit.maximum { object.set("train_limit", trainLimit.members) }
    if spending.attempts > 0 { object.set("spending", spending.json) }
    if !raised.isZero { object.set("raised", raised.json) }
    if !causes.isEmpty { object.set("causes", causes.json) }
    if !judges.isEmpty { object.set("judges", judges.json) }
    if !loop.isEmpty { object.set("loop", loop.json) }
    if !publications.isEmpty { object.set("publications", publications.json) }
    if !notices.isEmpty { object.set("notices", notices.json) }
    if !line.isEmpty { object.set("line", line.json) }
    if !keptSteps.isEmpty { object.set("kept", .array(keptSteps.map(\.json))) }
    return object.members
  }

  /// The steps of earlier plans that an amendment dropped: they are no part of the plan's file.
  private var keptSteps: [PlannedStep] { Array(plan.steps.suffix(keptCount)) }

  init(
    json: JSON, plan: (_ migration: String, _ number: Int) throws(JSONFault) -> Plan
  ) throws(JSONFault) {
    var reader = try ObjectReader(json, "a migration")
    let name = try reader.string("name")
    let phase = try MigrationPhase(items: try reader.array("phase"))
    let planNumber = try reader.counter("plan")
    let planDigest = try reader.string("digest")
    let base = try reader.string("base")
    let peopleShareBranch = try reader.flag("shared")
    let start = try reader.objectID("start")
    let tip = try reader.objectID("tip")
    var verdicts: [TreeVerdict] = []
    for item in try reader.array("verdicts") { verdicts.append(try TreeVerdict(json: item)) }
    let refresh = try reader.optional("refresh").map { (json) throws(JSONFault) in try Refresh(json: json) }
    var baselineFailure: Failure?
    if let value = reader.optional("baseline_failure") { baselineFailure = try Failure(json: value) }
    let baselineRun = try reader.optional("baseline_run").map { (json) throws(JSONFault) in
      try BaselineClaim(json: json)
    }
    let baselineRuns = try reader.optionalInteger("baseline_runs") ?? 0
    guard ObjectReader.counterRange.contains(baselineRuns) else {
      throw JSONFault("'baseline_runs' of '\(name)' is out of range")
    }
    let train = try reader.optional("train").map { (json) throws(JSONFault) in try Train(json: json) }
    let trains = try reader.optionalInteger("trains") ?? 0
    let limit = try reader.optionalInteger("train_limit")
    for number in [trains, limit ?? 1] where !ObjectReader.counterRange.contains(number) {
      throw JSONFault("a number of the trains of '\(name)' is out of range")
    }
    let line = try reader.optional("line").map { (json) throws(JSONFault) in try LineWatch(json: json) }
    let spending = try reader.optional("spending").map { (json) throws(JSONFault) in
      try Spending(json: json)
    }
    let raised = try reader.optional("raised").map { (json) throws(JSONFault) in try Amounts(json: json) }
    let causes = try reader.optional("causes").map { (json) throws(JSONFault) in try CauseBook(json: json) }
    let judges = try reader.optional("judges").map { (json) throws(JSONFault) in try JudgeTally(json: json) }
    let loop = try reader.optional("loop").map { (json) throws(JSONFault) in try DailyLoop(json: json) }
    let publications = try reader.optional("publications").map { (json) throws(JSONFault) in
      try PublicationBook(json: json)
    }
    let notices = try reader.optional("notices").map { (json) throws(JSONFault) in
      try NoticeBook(json: json)
    }
    guard planNumber > 0 else { throw JSONFault("the plans of '\(name)' are counted from 1") }
    var planned = try plan(name, planNumber)
    guard Plan.attemptsRange.contains(planned.attempts) else {
      throw JSONFault("the plan of '\(name)' is damaged")
    }
    let kept = try reader.array("kept")
    for item in kept { planned.steps.append(try PlannedStep(json: item)) }
    let steps = try Step.list(try reader.array("steps"), of: planned)
    try reader.end()
    self.init(
      name: name, phase: phase, plan: planned, planNumber: planNumber, planDigest: planDigest, base: base,
      peopleShareBranch: peopleShareBranch, start: start, tip: tip, steps: steps, verdicts: verdicts,
      refresh: refresh, baselineFailure: baselineFailure, baselineRun: baselineRun,
      baselineRuns: baselineRuns, train: train, trains: trains,
      trainLimit: TrainLimit(members: limit, plan: planned),
      line: line ?? LineWatch(), causes: causes ?? CauseBook(), judges: judges ?? JudgeTally(),
      loop: loop ?? DailyLoop(), publications: publications ?? PublicationBook(),
      notices: notices ?? NoticeBook(),
      spending: spending ?? Spending(), raised: raised ?? Amounts(),
      graph: Graph(planned.steps), keptCount: kept.count)
    recount()
  }
}

extension TreeVerdict {
  var json: JSON {
    .array(
      [.string(tree.hex), .string(verifiers), .string(verdict.rawValue)]
        + (runs.isEmpty ? [] : [.array(runs.map(\.json))]))
  }

  init(json: JSON) throws(JSONFault) {
    guard case .array(let items) = json, (3...4).contains(items.count), case .string(let tree) = items[0],
      case .string(let verifiers) = items[1], case .string(let word) = items[2],
      let tree = ObjectID(tree), let verdict = Verdict(rawValue: word)
    else { throw JSONFault("a verdict of the checkpoint is damaged") }
    var runs: [VerifierRun] = []
    if items.count == 4 {
      guard case .array(let list) = items[3], !list.isEmpty else {
        throw JSONFault("a verdict of the checkpoint is damaged")
      }
      runs = try VerifierRun.list(list)
    }
    self.init(tree: tree, verifiers: verifiers, verdict: verdict, runs: runs)
  }
}

extension Step {
  /// An untouched step is a single word, so that a checkpoint of ten thousand of them reads fast.
  var json: JSON {
    switch phase {
    case .waiting where isUntouched: return .string("waiting")
    case .ready where isUntouched: return .string("ready")
    case .waiting, .ready, .leased, .submitted, .gating, .merging, .merged, .backoff, .blocked, .person,
      .proposed, .skipped,
      .cancelled, .undone:
      break
    }
    var object = ObjectBuilder()
    object.set(
      "n", .array([epoch, failures, granted, infrastructureRetries, gates].map { .integer(Int64($0)) }))
    if !used.isZero { object.set("used", used.json) }
    if let conversation { object.set("conversation", conversation.json) }
    if !forgiven.isZero { object.set("forgiven", forgiven.json) }
    if let lastFailure { object.set("failure", lastFailure.json) }
    object.set("cause", cause)
    object.set("new_prompt", hasNewPrompt)
    if let failedTree { object.set("failed_tree", failedTree.json) }
    object.set("allowed", allowed)
    if let stages { object.set("stages", stages.json) }
    object.set("handed_over", handedOver)
    object.set("approved", approved)
    if let judged { object.set("judged", judged.json) }
    object.set("phase", phase.word)
    phase.write(to: &object)
    return object.json
  }

  var isUntouched: Bool {
    epoch == 0 && failures == 0 && granted == 0 && infrastructureRetries == 0 && gates == 0 && used.isZero
      && hasNoHistory
  }

  /// Whether all that is to be written of it beside its phase are counters and what it used.
  var hasNoHistory: Bool {
    lastFailure == nil && !hasNewPrompt && failedTree == nil && forgiven.isZero && conversation == nil
      && allowed.isEmpty && stages == nil && handedOver == nil && approved == nil && judged == nil
  }

  init(id: String, json: JSON) throws(JSONFault) {
    switch json {
    case .string("waiting"): self.init(id: id, phase: .waiting)
    case .string("ready"): self.init(id: id, phase: .ready)
    default:
      var reader = try ObjectReader(json, "the step", named: id)
      let items = try reader.array("n")
      guard items.count == 5 else { throw JSONFault("the counters of '\(id)' are damaged") }
      func counter(_ index: Int) throws(JSONFault) -> Int {
        guard case .integer(let number) = items[index], ObjectReader.counterRange.contains(Int(number)) else {
          throw JSONFault("a counter of '\(id)' is damaged")
        }
        return Int(number)
      }
      var failure: Failure?
      if let value = reader.optional("failure") { failure = try Failure(json: value) }
      let reason = try reader.optionalString("cause")
      let hasNewPrompt = try reader.flag("new_prompt")
      let failed = reader.optional("failed_tree")
      let use = reader.optional("used")
      let pardon = reader.optional("forgiven")
      let talk = reader.optional("conversation")
      let allowed = try reader.strings("allowed")
      let work = reader.optional("stages")
      let (over, approval) = (
        try reader.optionalInteger("handed_over"), try reader.optionalObjectID("approved")
      )
      let answer = reader.optional("judged")
      let word = try reader.string("phase")
      self.init(id: id, phase: try StepPhase(word, from: &reader))
      (epoch, failures, granted) = (try counter(0), try counter(1), try counter(2))
      (infrastructureRetries, gates) = (try counter(3), try counter(4))
      lastFailure = failure
      if let use { used = try Amounts(json: use) }
      if let talk { conversation = try Conversation(json: talk) }
      if let pardon { forgiven = try Amounts(json: pardon) }
      self.allowed = allowed
      if let work { stages = try StageWork(json: work) }
      (handedOver, approved) = (over, approval)
      if let answer { judged = try JudgeAnswer(json: answer) }
      (cause, self.hasNewPrompt) = (reason, hasNewPrompt)
      if let failed { failedTree = try TreeVerdict(json: failed) }
      try reader.end()
    }
  }
}
