import Agents
import CanonicalJSON
import Git
import Ledger
import Migration
import Plans
import Site
import Supervision
import System

/// The files and the environment of one attempt: what a worker is given, and what it may say back.
public struct WorkPlace {
  let site: Site
  let plan: Plan
  let step: PlannedStep
  let fence: Fence
  let migration: String
  let base: ObjectID
  let attempt: Int
  let path: String
  /// What the attempt may use at most.
  var limits: Budget.Limits = [:]
  /// The values of resources that it was handed.
  var resources: [String: String] = [:]
  /// What others failed without.
  var lessons: [String] = []
  /// The earlier attempt that it goes on with.
  var continuation: Continuation?
  /// The stage of the step's workflow.
  var stage: StageTask?
  /// What was done before.
  var diff = ""

  /// Where the worker asks the run that holds its claim.
  var relay: RelayPlace?

  /// Whether the worker is given a place to ask at: where it is shut in, or its agent takes tools.
  var asks: Bool { isShutIn || agentTask?.tools != nil }

  /// Whether it is shut in.
  var isShutIn: Bool { (try? site.sandbox(of: plan)) ?? .none != .none }

  /// What a worker says in its result file.
  enum Said: Equatable {
    case done
    case noOp(String)
    case failed(String)
    case cannot(String)
    case word(String, notes: [String])
  }

  /// The step's command: its codemod, or the plan's agent.
  var command: String { step.run ?? plan.agent(of: step)?.command ?? "" }

  /// How long the step's command may run, in seconds, as the plan says.
  var timeoutSeconds: Int? {
    step.timeoutSeconds
      ?? plan.agent(of: step).map { $0.timeoutSeconds ?? Plan.Agent.defaultTimeoutSeconds }
  }

  /// The supervised run of the step's command, or of `words` in its place.
  func work(running words: [String]? = nil) throws(CommandError) -> Supervised {
    var run = bare(worker, command, log: workLog, timeoutSeconds: timeoutSeconds)
    if let words { run.arguments = words }
    if step.run == nil { run.inputFile = site.promptFile(migration, fence) }
    return try walls(for: worker)?.wrap(run) ?? run
  }

  /// Whom the step's command is, with what the plan lets through to it.
  private var worker: Purpose {
    if step.run != nil { return .work(.codemod) }
    return .work(.agent(env: plan.agent(of: step)?.env ?? [], reportsEvents: reportsEvents))
  }

  /// The supervised run of the plan's set-up command.
  func setup(_ command: String, timeoutSeconds: Int?) throws(CommandError) -> Supervised {
    let run = bare(.setup(.slot), command, log: setupLog, timeoutSeconds: timeoutSeconds)
    return try walls(for: .setup(.slot))?.wrap(run) ?? run
  }

  private func bare(
    _ purpose: Purpose, _ command: String, log: LogName, timeoutSeconds: Int?
  ) -> Supervised {
    var own = variables
    let isAgent = if case .work(.agent) = purpose { true } else { false }
    if isShutIn, let relay { own[RelayClient.variable] = relayInside(relay, ofAgent: isAgent) }
    return site.launcher.supervised(
      purpose, command, in: path, log: site.logFile(log), adding: own, timeoutSeconds: timeoutSeconds)
  }

  /// Where a sandbox has the folder of the claim's socket: where nothing else is, and nothing of the
  /// machine's would have to be written to put it there.
  private func relayFolder(ofAgent isAgent: Bool) -> String {
    if isAgent || site.requiresSandbox(plan) { return "/run/git-migrate" }
    return (Files.realPath(site.localDirectory) ?? site.localDirectory) + "/claim"
  }

  /// The claim's socket for whoever is inside.
  func relayInside(_ relay: RelayPlace, ofAgent isAgent: Bool) -> String {
    relayFolder(ofAgent: isAgent) + "/" + relay.name
  }

  /// What the step's worker, or the set-up of its place, is shut in.
  private func walls(for purpose: Purpose) throws(CommandError) -> Walls? {
    let isAgent = if case .work(.agent) = purpose { true } else { false }
    guard var builder = try WallBuilder(site, plan, ofAgent: isAgent) else { return nil }
    if purpose == .work(.codemod) ? plan.isOffNetwork : purpose == .setup(.slot) && !plan.hasNetwork {
      builder.cutNetwork()
    }
    if step.run == nil, let agent = plan.agent(of: step) { builder.open(for: agent) }
    let said = Files.parent(of: site.resultFile(migration, fence))
    if let relay { builder.place(relay.folder, at: relayFolder(ofAgent: isAgent)) }
    builder.show(site.promptFile(migration, fence))
    builder.show(site.closingFormFile(stage?.stage.on.map(\.word) ?? []))
    // Agents that put up walls of their own inside of ours cannot bind what is below another folder's place.
    let temporary = isAgent ? nil : site.temporaryFolder(String(path.split(separator: "/").last ?? ""))
    return try builder.finished(worktree: path, temporary: temporary, writing: [said])
  }

  /// What a worker is told of its task: `MIGRATE_*` (git-migrate-run(1)).
  private var variables: [String: String] {
    var own = [
      "MIGRATE_MIGRATION": plan.migration, "MIGRATE_STEP": step.id, "MIGRATE_TITLE": step.title,
      "MIGRATE_EPOCH": String(fence.epoch), "MIGRATE_ATTEMPT": String(attempt),
      "MIGRATE_BASE": base.hex, "MIGRATE_WORKTREE": path, "MIGRATE_STAGE": stage?.stage.name ?? "",
      "MIGRATE_PROMPT_FILE": site.promptFile(migration, fence),
      "MIGRATE_RESULT_FILE": site.resultFile(migration, fence),
      "MIGRATE_SLOT": String(path.split(separator: "/").last ?? ""),
    ]
    if let fleet = plan.fleet { own["MIGRATE_TARGET"] = fleet.target.id }
    for resource in plan.resources { own[resource.variable] = resources[resource.name] }
    return own
  }

  /// Writes the prompt, makes the folders of logs and results, and forgets an earlier result.
  public func writePrompt(failures: [String]) throws(CommandError) {
    do {
      let prompt: String
      if let continuation, stage?.isFresh != true {
        prompt = continuation.prompt(failures: failures)
      } else if let commit = step.resolves {
        prompt = try Resolution(site: site, plan: plan, tip: base, base: commit)
          .prompt(title: step.title, into: plan.into, failures: failures)
      } else {
        let values = PromptNames.values(
          migration: plan.migration, step: step, attempt: attempt, failures: failures, base: base.hex,
          lessons: lessons, stage: stage, diff: diff, target: plan.fleet)
        let template = try Template(parsing: step.prompt ?? plan.prompt)
        prompt = try template.prompt(values, lessons: lessons, stage: stage) + closingRequest
      }
      let file = site.promptFile(migration, fence)
      try site.makeOwnFolder(Files.parent(of: file))
      try site.makeOwnFolder(site.logDirectory(migration, step.id))
      try Files.writeAtomically(file, Array(prompt.utf8), mode: 0o600)
      try site.makeOwnFolder(Files.parent(of: site.resultFile(migration, fence)))
      try Files.removeFile(site.resultFile(migration, fence))
    } catch let fault as TemplateFault {
      throw CommandError(
        "the prompt of '\(step.id)' cannot be written: \(fault.description)", hint: fault.hint)
    } catch {
      throw CommandError.from(error)
    }
  }

  /// Whether the plan demands closing words of the step's worker: one that can say any.
  var demandsClosing: Bool {
    guard !plan.closing.isEmpty, let agent = plan.agent(of: step) else { return false }
    return reportsEvents || agent.reportFile != nil
  }

  private var closingRequest: String { demandsClosing ? plan.closingRequest : "" }

  /// What the worker wrote into `$MIGRATE_RESULT_FILE`: `{"result":"no-op","reason":…}`, `"failed"`,
  /// `"cannot"` or `"done"`. Whatever else is in it is nobody's business, as is how its numbers are spelled.
  func readResult() -> Said? {
    guard let word = site.word(migration, fence) else { return nil }
    switch word.outcome {
    case .noOp: return .noOp(word.reason)
    case .failed: return .failed(word.reason.isEmpty ? "the worker said that it failed" : word.reason)
    case .cannot: return .cannot(word.reason.isEmpty ? "the worker said that it cannot be done" : word.reason)
    case .done:
      guard stage != nil, WorkerWord.Outcome(rawValue: word.word) == nil else { return .done }
      return .word(word.word, notes: toldNotes)
    }
  }

  /// What a worker wants the next one to know.
  private func notes(of said: StreamValue) -> [String] {
    let items = said["notes"].map { $0.text == nil ? $0.elements : [$0] } ?? []
    let texts = (items + [said["reason"]].compactMap(\.self)).compactMap(\.text).filter { !$0.isEmpty }
    return texts.prefix(StageWork.mostNotes).map {
      TerminalText.sanitized(String(TerminalText.foreign($0).prefix(StageWork.noteBytes / 4)))
    }
  }

  /// The notes of its result file, whatever it says else.
  var toldNotes: [String] {
    guard let bytes = Site.ownFile(site.resultFile(migration, fence), limit: 64 << 10),
      let said = StreamValue.parse(bytes)
    else { return [] }
    return notes(of: said)
  }

  /// The steps that the worker proposes in its result file: `"propose":[{"id":…,"title":…}]`.
  func readProposals() -> [(String, StepProposal)] {
    guard let bytes = Site.ownFile(site.resultFile(migration, fence), limit: 64 << 10),
      let items = StreamValue.parse(bytes)?["propose"]?.elements
    else { return [] }
    return items.prefix(20).compactMap { item in
      if let title = item.text {
        let line = TerminalText.sanitizedLine(TerminalText.foreign(title))
        let proposal = StepProposal(title: line, prompt: "", from: step.id)
        let id = "more-" + WorkPlace.slug(line)
        return proposal.fault(id) == nil ? (id, proposal) : nil
      }
      guard let id = item["id"]?.text else { return nil }
      let clean = { (key: String) in TerminalText.sanitized(TerminalText.foreign(item[key]?.text ?? "")) }
      let proposal = StepProposal(
        title: TerminalText.sanitizedLine(clean("title")), prompt: clean("prompt"),
        needs: item["needs"]?.elements.compactMap(\.text) ?? [],
        paths: item["paths"]?.elements.compactMap(\.text) ?? [], from: step.id)
      return proposal.fault(id) == nil ? (id, proposal) : nil
    }
  }

  private static func slug(_ title: String) -> String {
    let letters = title.lowercased().unicodeScalars.map { scalar -> Character in
      ("a"..."z").contains(scalar) || ("0"..."9").contains(scalar) ? Character(scalar) : "-"
    }
    return String(letters.split(separator: "-").joined(separator: "-").prefix(48))
  }

  /// Takes the word that a worker left in the file `.verdict` of its worktree, as workers of other
  /// orchestrators do. It is no part of the work, unless git knows such a file.
  func takeVerdictFile() -> String? {
    let name = ".verdict"
    guard step.run == nil, let tree = try? site.repository.treeOf(commit: base.oid),
      (try? site.repository.entry(at: name, inTree: tree)).flatMap(\.self) == nil,
      let bytes = try? Files.readPlain(name, below: path, limit: 4096)
    else { return nil }
    try? Files.removeFile(path + "/" + name)
    let text = TerminalText.foreign(String(decoding: bytes, as: UTF8.self))
    guard let word = text.split(whereSeparator: \.isWhitespace).first else { return nil }
    return TerminalText.sanitizedLine(String(word.prefix(64)))
  }
}

/// Where a claim's socket is.
struct RelayPlace {
  /// The private folder that it lies in, outside of any sandbox.
  var folder: String
  /// What it is called there.
  var name: String

  /// The socket, outside.
  var outside: String { folder + "/" + name }
}
