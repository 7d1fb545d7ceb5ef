import Agents
import CanonicalJSON
import Git
import Ledger
import Migration
import Plans
import Site
import Supervision
import System

/// The plan's judge at work on a candidate, in a worktree of the gate that holds it. What it writes there is
/// nobody's.
final class JudgeJob: Judging {
  private let site: Site
  private let worktree: GateWorktree
  private let resultFile: String
  private let log: LogName
  private let child: SupervisedChild
  private var agent: AgentWork
  private var isStopping = false

  /// How long a judge may look where its agent has no limit, in seconds.
  private static let seconds = 3600
  /// The most bytes of the change that it is shown.
  private static let diffLimit = 96 << 10

  /// Starts it.
  init(site: Site, _ asked: JudgedCase) throws(CommandError) {
    let plan = asked.migration.plan
    guard let judge = plan.gate.judge, let agent = plan.judge else {
      throw CommandError("the plan has no judge")
    }
    self.site = site
    try site.requireTrust(asked.migration)
    var task = AgentTask(agent)
    task.words = JudgeAnswer.Answer.allCases.map(\.rawValue)
    task.schemaFile = task.adapter == .codex ? site.closingFormFile(task.words) : nil
    worktree = try GateWorktree.take(
      site: site, plan: plan, commit: asked.candidate.commit, isFresh: false)
    let place = LedgerRefs.judgePlace(of: asked.migration.name)
    let fence = Fence(step: asked.fence.step, epoch: asked.gate)
    let promptFile = site.promptFile(place, fence)
    resultFile = site.resultFile(place, fence)
    log = .judge(asked.migration.name, asked.fence, gate: asked.gate)
    let prompt = try JudgeJob.write(judge, asked, to: promptFile, forgetting: resultFile, in: site)
    if let file = task.schemaFile { try site.keep(AgentClosing.schema(task.words), in: file) }
    try reporting { try site.makeOwnFolder(site.logDirectory(asked.migration.name, asked.fence.step)) }
    var work = site.launcher.supervised(
      .work(.agent(env: agent.env, reportsEvents: task.adapter.reportsEvents)), agent.command,
      in: worktree.directory, log: site.logFile(log),
      adding: [
        "MIGRATE_MIGRATION": asked.migration.name, "MIGRATE_STEP": asked.step.id,
        "MIGRATE_BASE": asked.candidate.tip.hex, "MIGRATE_PROMPT_FILE": promptFile,
        "MIGRATE_RESULT_FILE": resultFile, "MIGRATE_WORKTREE": worktree.directory,
      ].merging(worktree.variables) { $1 },
      timeoutSeconds: agent.timeoutSeconds ?? JudgeJob.seconds)
    // One that is talked with is told the prompt.
    work.inputFile = task.adapter == .acp ? nil : promptFile
    (task.prompt, task.directory) = (prompt, worktree.directory)
    let invocation = task.invocation
    if task.command == nil {
      work.arguments = ["/bin/sh", "-c", "exec \"$0\" \"$@\""] + invocation.arguments
    }
    if invocation.reportsEvents { work.output = .live }
    if var builder = try WallBuilder(site, plan, ofAgent: true) {
      task.isShutIn = true
      builder.open(for: agent)
      builder.show(promptFile)
      if let file = task.schemaFile { builder.show(file) }
      work = try builder.finished(
        worktree: worktree.directory, temporary: nil,
        writing: [Files.parent(of: resultFile), worktree.caches]
      ).wrap(work)
    }
    self.agent = AgentWork(task, within: [:], at: site.agentClock)
    child = try site.start(work, isAnew: true)
  }

  /// Puts the prompt where the judge finds it, and gives it.
  private static func write(
    _ judge: Plan.Gate.Judge, _ asked: JudgedCase, to file: String, forgetting result: String, in site: Site
  ) throws(CommandError) -> String {
    let (tip, commit) = (asked.candidate.tip.hex, asked.candidate.commit.hex)
    let text = try reporting { try site.git.patch(from: tip, to: commit) }
    let diff = text.utf8.count > diffLimit ? text.prefix(diffLimit) + "\n…" : text
    do {
      let values = PromptNames.values(
        migration: asked.migration.name, step: asked.step,
        attempt: asked.migration.step(asked.step.id)?.attempt ?? 1, failures: [], base: tip,
        lessons: asked.lessons, diff: TerminalText.sanitized(diff), target: asked.migration.plan.fleet)
      let template = try Template(parsing: judge.prompt)
      var prompt = try template.prompt(values, lessons: asked.lessons)
      if !template.names.contains(where: { $0.name == "attempt.diff" }) {
        prompt += "\nThe change:\n\n\(TerminalText.sanitized(diff))\n"
      }
      prompt += """

        Answer with one of these words: approve, reject, unsure. Say it in your closing answer with the \
        reason or, where that has no form, as {"result":"WORD","reason":"…"} in the file that \
        $MIGRATE_RESULT_FILE names. Change no files.

        """
      try site.makeOwnFolder(Files.parent(of: file))
      try site.makeOwnFolder(Files.parent(of: result))
      try Files.writeAtomically(file, Array(prompt.utf8), mode: 0o600)
      try Files.removeFile(result)
      return prompt
    } catch let fault as TemplateFault {
      throw CommandError("the judge's prompt cannot be written: \(fault.description)", hint: fault.hint)
    } catch {
      throw CommandError.from(error)
    }
  }

  var descriptor: Int32 { child.pollDescriptor }

  func stop() {
    isStopping = true
    child.terminate()
  }

  func poll() throws(CommandError) -> JudgeReport? {
    let ended = child.poll()
    agent.listen(to: child, at: site.clock.now())
    guard let status = ended else { return nil }
    worktree.close()
    if isStopping { return .couldNotRun("it was stopped") }
    if let said = said() { return said }
    let report = agent.end(status, words: WorkJob.words(status), declared: nil, report: nil)
    guard case .done(.verdict(let word, let reason)) = report.outcome else {
      return .couldNotRun(
        status.isSuccess ? "it said neither approve, reject nor unsure" : WorkJob.words(status))
    }
    return answer(word, [reason, report.closing])
  }

  /// What it wrote into its result file.
  private func said() -> JudgeReport? {
    guard let bytes = Site.ownFile(resultFile, limit: 64 << 10), let said = StreamValue.parse(bytes),
      let word = said["result"]?.text
    else { return nil }
    let notes = said["notes"].map { $0.text == nil ? $0.elements : [$0] } ?? []
    return answer(word, ([said["reason"]] + notes).map { $0?.text ?? "" })
  }

  private func answer(_ word: String, _ reasons: [String]) -> JudgeReport {
    let clean = reasons.filter { !$0.isEmpty }.map {
      TerminalText.sanitized(String(TerminalText.foreign($0).prefix(2000)))
    }
    guard let answer = JudgeAnswer.Answer(rawValue: word.lowercased()) else {
      return .couldNotRun("it said '\(TerminalText.sanitizedLine(String(word.prefix(40))))'")
    }
    return .answered(answer, reasons: clean)
  }
}

extension Site {
  package func startJudge(_ asked: JudgedCase) throws(CommandError) -> any Judging {
    try JudgeJob(site: self, asked)
  }
}
