import Gate
import Git
import Migration
import System

/// What a commit says that a step is merged as, or that an attempt is kept as.
package struct CommitMessage {
  /// The migration of the claim.
  package let migration: String
  /// The claim: step and epoch.
  package let fence: Fence
  let title: String

  /// Names the claim, and what its step is about.
  package init(migration: String, fence: Fence, title: String) {
    (self.migration, self.fence, self.title) = (migration, fence, title)
  }

  /// The most bytes of a worker's own words that go into a commit.
  private static let longestWords = 16 << 10

  /// What the commit of an attempt says, with what its worker said. Its trailers are always there: by them a
  /// hook knows the work of a step.
  package func ofAttempt(saying words: [String]) -> String { text(words, stepLines) }

  /// What the commit on the integration branch says.
  /// One of a train names it, whatever the plan says: its own tree was not judged, that of the last commit
  /// of the train was.
  package func ofMerge(
    _ state: MigrationState, holder: String, train: Int? = nil, saying words: [String]
  ) -> String {
    let settings = state.plan.commit
    let lines = settings.trailers.flatMap { trailer -> [String] in
      switch trailer {
      case .step: stepLines
      case .plan: ["Migrate-Plan: \(state.planDigest)"]
      case .agent: ["Migrate-Agent: \(TerminalText.sanitizedLine(agent(state.plan) ?? holder))"]
      case .cost: cost(state)
      }
    }
    let proof = train.map { ["\(TrainMerge.trailer): \($0)"] } ?? []
    return text(settings.body == .worker ? words : [], lines + proof)
  }

  private var stepLines: [String] {
    ["Migrate-Step: \(migration)/\(fence.step)", "Migrate-Epoch: \(fence.epoch)"]
  }

  private func agent(_ plan: Plan) -> String? {
    guard let step = plan.steps.first(where: { $0.id == fence.step }) else { return plan.agent?.adapter }
    return step.run != nil ? "run" : plan.agent(of: step)?.adapter
  }

  /// What agents used on the step, all attempts together.
  private func cost(_ state: MigrationState) -> [String] {
    guard let used = state.step(fence.step)?.used, !used.isZero else { return [] }
    return ["Migrate-Cost: \(used.words)"]
  }

  private func text(_ words: [String], _ lines: [String]) -> String {
    var parts = [TerminalText.sanitizedLine(title)] + words
    if !lines.isEmpty { parts.append(lines.joined(separator: "\n")) }
    return parts.joined(separator: "\n\n") + "\n"
  }

  // MARK: A worker's own words

  /// The messages of the commits between a claim's base and `tip`, oldest first, without secrets, and without
  /// lines that only we write.
  package func words(from base: OID, to tip: OID, in site: Site) -> [String] {
    guard tip != base, (try? site.repository.isAncestor(base, of: tip)) == true,
      let commits = try? site.repository.commits(from: tip, excluding: [base], limit: 1000)
    else { return [] }
    let redactor = Redactor(environment: site.environment)
    var left = CommitMessage.longestWords
    var result: [String] = []
    for oid in commits.reversed() {
      guard let message = try? site.repository.commit(oid).message else { continue }
      let said = cleaned(redactor.redact(message))
      guard !said.isEmpty else { continue }
      left -= said.utf8.count
      guard left >= 0 else {
        result.append("…")
        break
      }
      result.append(said)
    }
    return result
  }

  private func cleaned(_ message: String) -> String {
    var lines = TerminalText.sanitized(message).split(separator: "\n", omittingEmptySubsequences: false)[...]
    // What an attempt was kept as begins with the title of the step.
    if lines.contains("Migrate-Step: \(migration)/\(fence.step)"),
      lines.contains("Migrate-Epoch: \(fence.epoch)")
    {
      lines = lines.dropFirst()
    }
    lines = lines.filter { !$0.lowercased().hasPrefix("migrate-") }[...]
    func isBlank(_ line: Substring) -> Bool { line.allSatisfy(\.isWhitespace) }
    while let first = lines.first, isBlank(first) { lines.removeFirst() }
    while let last = lines.last, isBlank(last) { lines.removeLast() }
    return lines.joined(separator: "\n")
  }
}
