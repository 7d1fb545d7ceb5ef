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
  /// What others failed without.
  var lessons: [String] = []
  /// The earlier attempt that it goes on with.
  var continuation: Continuation?

  /// What a worker says in its result file.
  enum Said: Equatable {
    case done
    case noOp(String)
    case failed(String)
    case cannot(String)
  }

  /// The step's command: its codemod, or the plan's agent.
  var command: String { step.run ?? plan.agent(of: step)?.command ?? "" }

  /// The supervised run of the step's command.
  var work: Supervised {
    let agent = plan.agent(of: step)
    let limit =
      step.timeoutSeconds ?? agent.map { $0.timeoutSeconds ?? Plan.Agent.defaultTimeoutSeconds }
    var run = supervised(worker, command, log: workLog, timeoutSeconds: limit)
    if step.run == nil { run.inputFile = site.promptFile(migration, fence) }
    return run
  }

  /// Whom the step's command is, with what the plan lets through to it.
  private var worker: Purpose {
    if step.run != nil { return .work(.codemod) }
    return .work(.agent(env: plan.agent(of: step)?.env ?? [], reportsEvents: reportsEvents))
  }

  /// The supervised run of the plan's set-up command.
  func setup(_ command: String, timeoutSeconds: Int?) -> Supervised {
    supervised(.setup(.slot), command, log: setupLog, timeoutSeconds: timeoutSeconds)
  }

  private func supervised(
    _ purpose: Purpose, _ command: String, log: LogName, timeoutSeconds: Int?
  ) -> Supervised {
    site.launcher.supervised(
      purpose, command, in: path, log: site.logFile(log), adding: variables, timeoutSeconds: timeoutSeconds)
  }

  /// What a worker is told of its task: `MIGRATE_*` (git-migrate-run(1)).
  private var variables: [String: String] {
    [
      "MIGRATE_MIGRATION": plan.migration, "MIGRATE_STEP": step.id, "MIGRATE_TITLE": step.title,
      "MIGRATE_EPOCH": String(fence.epoch), "MIGRATE_ATTEMPT": String(attempt),
      "MIGRATE_BASE": base.hex, "MIGRATE_WORKTREE": path,
      "MIGRATE_PROMPT_FILE": site.promptFile(migration, fence),
      "MIGRATE_RESULT_FILE": site.resultFile(migration, fence),
    ]
  }

  /// Writes the prompt, makes the folders of logs and results, and forgets an earlier result.
  public func writePrompt(failures: [String]) throws(CommandError) {
    do {
      let prompt: String
      if let continuation {
        prompt = continuation.prompt(failures: failures)
      } else if let commit = step.resolves {
        prompt = try Resolution(site: site, plan: plan, tip: base, base: commit)
          .prompt(title: step.title, into: plan.into, failures: failures)
      } else {
        let values = PromptNames.values(
          migration: plan.migration, step: step, attempt: attempt, failures: failures, base: base.hex,
          lessons: lessons)
        let template = try Template(parsing: step.prompt ?? plan.prompt)
        prompt = try template.prompt(values, lessons: lessons) + closingRequest
      }
      let file = site.promptFile(migration, fence)
      try site.makeOwnFolder(Files.parent(of: file))
      try site.makeOwnFolder(site.logDirectory(migration, step.id))
      try Files.writeAtomically(file, Array(prompt.utf8), mode: 0o600)
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
    case .done: return .done
    }
  }
}
