import Git
import Ledger
import Migration
import System

/// A commit of the branch that changed what another change conflicts in.
package struct OtherSide: Equatable {
  /// The commit.
  package var commit: OID
  /// Its first line.
  package var subject: String
  /// What it did, as `git diff` shows it; of a long change the beginning.
  package var patch: String

  /// Describes one.
  package init(commit: OID, subject: String, patch: String) {
    self.commit = commit
    self.subject = subject
    self.patch = patch
  }

  /// How many commits are looked at, and how many named.
  package static let (looked, named) = (200, 3)
  /// The most bytes of a change that the next attempt is shown.
  package static let patchBytes = 5 << 10
}

extension Site {
  /// The commits between two that changed one of the paths, newest first, each with at most `limit` bytes of
  /// what it did.
  package func changes(
    to paths: [String], after base: OID, upTo tip: OID, limit: Int
  ) throws(CommandError) -> [OtherSide] {
    try reporting { () throws -> [OtherSide] in
      var sides: [OtherSide] = []
      var next = tip
      for _ in 0..<OtherSide.looked where next != base && sides.count < OtherSide.named {
        let commit = try repository.commit(next)
        guard let parent = commit.parents.first else { break }
        let changed = try repository.changes(
          from: repository.treeOf(commit: parent), to: repository.treeOf(commit: next))
        if changed.contains(where: { paths.contains($0.path) }) {
          let text = try git.patch(from: parent.hex, to: next.hex)
          let subject = commit.message.split(separator: "\n").first.map(String.init) ?? ""
          sides.append(
            OtherSide(
              commit: next, subject: subject,
              patch: TerminalText.sanitized(
                text.utf8.count > limit ? String(text.prefix(limit)) + "\n…" : text)))
        }
        next = parent
      }
      return sides
    }
  }
}
