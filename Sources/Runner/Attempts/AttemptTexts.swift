import Gate
import Git
import Ledger
import Migration
import Site
import System

/// What was said in an attempt: the exact prompt, and the agent's closing words.
struct AttemptTexts: Equatable {
  var prompt: String
  var closing: String

  /// The names of the files that hold them.
  private static let (promptFile, closingFile) = ("prompt.md", "closing.md")
  /// The most bytes of each that are read.
  private static let limit = 1 << 20

  init(prompt: String, closing: String) { (self.prompt, self.closing) = (prompt, closing) }

  /// Keeps them, without secrets, as a commit of their own; what is kept already stays.
  func keep(of migration: String, _ fence: Fence, in site: Site) throws(CommandError) {
    let redactor = Redactor(environment: site.environment)
    let ref = LedgerRefs.words(migration, fence)
    try reporting { () throws -> Void in
      guard try site.repository.resolve(ref) == nil else { return }
      var files: [(path: String, blob: OID, mode: FileMode)] = []
      for (name, text) in [(Self.promptFile, prompt), (Self.closingFile, closing)] where !text.isEmpty {
        files.append((name, try site.repository.writeBlob(Array(redactor.redact(text).utf8)), .blob))
      }
      guard !files.isEmpty else { return }
      let identity = try site.identity()
      let commit = try site.repository.writeCommit(
        tree: try site.repository.writeTree(updating: nil, upserts: files, removals: []), parents: [],
        message: CommitMessage(
          migration: migration, fence: fence, title: "Words of \(fence.step), epoch \(fence.epoch)"
        ).ofAttempt(saying: []), author: identity.author, committer: identity.committer)
      _ = try Harvest(site: site).keep(commit: commit, on: ref)
    }
  }

  /// Those of an attempt; `nil` when this clone has none.
  init?(of migration: String, _ fence: Fence, in site: Site) {
    let ref = LedgerRefs.words(migration, fence)
    guard let commit = (try? site.repository.resolve(ref)).flatMap(\.self),
      let tree = try? site.repository.treeOf(commit: commit)
    else { return nil }
    func text(_ name: String) -> String {
      guard let entry = (try? site.repository.entry(at: name, inTree: tree)).flatMap(\.self),
        let bytes = try? site.repository.blob(entry.oid), bytes.count <= AttemptTexts.limit
      else { return "" }
      return String(decoding: bytes, as: UTF8.self)
    }
    self.init(prompt: text(Self.promptFile), closing: text(Self.closingFile))
  }
}

extension Plan {
  /// What an agent is told of the headings that its closing words must have; empty when the plan demands
  /// none.
  var closingRequest: String {
    if closing.isEmpty { return "" }
    return
      "\nClose with a text (the notes, where your answer has a form) under these headings, each on a line "
      + "of its own:\n\n" + closing.map { "## \($0)\n" }.joined()
  }

  /// The headings that closing words do not have.
  func missingHeadings(in words: String) -> [String] {
    let lines = Set(
      words.split(whereSeparator: \.isNewline).map { line in
        var text = line.drop { "#*_ ".contains($0) }
        while let last = text.last, ":*_ ".contains(last) { text.removeLast() }
        return text.lowercased()
      })
    return closing.filter { !lines.contains($0.lowercased()) }
  }
}
