import CanonicalJSON
import Migration
import Site
import System

/// What a worker says of its work, by a tool or in `$MIGRATE_RESULT_FILE`.
package struct WorkerWord: Equatable, Sendable {
  /// How it went.
  package enum Outcome: String, CaseIterable, Sendable {
    /// The files are as the task wants them.
    case done
    /// Nothing was to be done.
    case noOp = "no-op"
    /// It did not get it done; another attempt may.
    case failed
    /// It cannot be done, by another attempt either.
    case cannot
  }

  /// How it went.
  package var outcome: Outcome
  /// The very word that was said: in a stage of a workflow one of the stage's.
  package var word: String
  /// Why; empty when it is not told.
  package var reason: String
  /// What whoever reviews the work should know; empty when it is not told.
  package var notes: String
  /// Further steps that the worker thinks are needed, a title each.
  package var propose: [String]

  /// The most proposals that are kept.
  private static let mostProposals = 20
  /// The longest word that is read, in bytes.
  package static let longest = 64 << 10

  /// Makes one.
  package init(_ outcome: Outcome, reason: String = "", notes: String = "", propose: [String] = []) {
    self.outcome = outcome
    word = outcome.rawValue
    self.reason = WorkerWord.line(reason)
    self.notes = TerminalText.sanitized(TerminalText.foreign(notes))
    self.propose = propose.map(WorkerWord.line).filter { !$0.isEmpty }
    self.propose.removeLast(max(0, self.propose.count - WorkerWord.mostProposals))
  }

  /// Makes the end of a stage.
  package init(word: String, notes: [String]) {
    self.init(.done, notes: notes.joined(separator: "\n"))
    self.word = String(WorkerWord.line(word).prefix(64))
  }

  /// Reads what a stranger wrote; `nil` when it says nothing of the outcome. Whatever else is in it is
  /// nobody's business. A word for the outcome that is unknown is taken for `done`, as a file of any other
  /// form is.
  package init?(_ said: StreamValue) {
    guard let word = said["result"]?.text ?? said["outcome"]?.text else { return nil }
    var proposals = said["propose"]?.elements.compactMap(\.text) ?? []
    if let one = said["propose"]?.text { proposals = [one] }
    self.init(
      Outcome(rawValue: word) ?? .done, reason: said["reason"]?.text ?? "", notes: said["notes"]?.text ?? "",
      propose: proposals)
    self.word = String(WorkerWord.line(word).prefix(64))
  }

  private static func line(_ text: String) -> String {
    TerminalText.sanitizedLine(TerminalText.foreign(text))
  }

  /// The same for the file.
  package var json: JSON {
    .object([
      JSON.Member("result", .string(word)), JSON.Member("reason", .string(reason)),
      JSON.Member("notes", .string(notes)), JSON.Member("propose", .array(propose.map(JSON.string))),
    ])
  }

  /// What it adds to the worker's closing words, for people: the notes, then the proposals.
  var closing: String {
    let proposals = propose.map { "- \($0)" }.joined(separator: "\n")
    return [notes, proposals.isEmpty ? "" : "It proposes further steps:\n\(proposals)"]
      .filter { !$0.isEmpty }.joined(separator: "\n\n")
  }
}

extension Site {
  /// What the worker of a claim has said so far.
  package func word(_ migration: String, _ fence: Fence) -> WorkerWord? {
    guard let bytes = Site.ownFile(resultFile(migration, fence), limit: WorkerWord.longest) else {
      return nil
    }
    return StreamValue.parse(bytes).flatMap(WorkerWord.init)
  }

  /// Writes down what the worker of a claim says, in place of what it said before.
  package func note(_ word: WorkerWord, _ migration: String, _ fence: Fence) throws(CommandError) {
    let bytes = word.json.canonicalBytes
    guard bytes.count <= WorkerWord.longest else {
      throw CommandError(
        "what was said is longer than \(WorkerWord.longest) bytes", hint: "say it shorter", exitCode: .no)
    }
    let file = resultFile(migration, fence)
    try reporting { () throws -> Void in
      try makeOwnFolder(Files.parent(of: file))
      try Files.writeAtomically(file, bytes, mode: 0o600)
    }
  }
}
