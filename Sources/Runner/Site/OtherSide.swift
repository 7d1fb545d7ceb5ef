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
  static let (looked, named) = (200, 3)
  /// The most bytes of a change that the next attempt is shown.
  static let patchBytes = 5 << 10
}

extension Site {
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

extension GateTask {
  /// What a step is told whose result conflicts: the files, who changed them meanwhile, and what both did.
  static func conflict(
    in paths: [String], _ submission: Submission, _ step: String, _ state: MigrationState,
    _ site: any Surroundings
  ) throws(CommandError) -> Migration.Failure {
    var sides: [OtherSide] = []
    if let tip = try site.tip(of: state.intoRef) {
      sides = try site.changes(
        to: paths, after: submission.base.oid, upTo: tip, limit: OtherSide.patchBytes)
    }
    let names = sides.map { side in
      let merged = state.steps.first { step in
        if case .merged(let commit?) = step.phase { return commit.oid == side.commit }
        return false
      }
      return merged.map { "'\($0.id)'" } ?? "\(side.commit.objectID.short) (\(side.subject))"
    }
    let list = paths.prefix(3).map(NameText.quoted).joined(separator: ", ")
    let by = names.isEmpty ? "" : ", by \(names.joined(separator: ", "))"
    var details = paths.map {
      "conflict in \(NameText.quoted($0)): do the step again on the newer base"
    }
    for (name, side) in zip(names, sides) { details.append("what \(name) changed:\n\(side.patch)") }
    if !sides.isEmpty {
      let own = try site.patch(of: submission, limit: OtherSide.patchBytes)
      details.append("what '\(step)' changed:\n\(own)")
    }
    return Migration.Failure(
      kind: .conflict, reason: "conflicts with what was merged since, in \(list)\(by)", details: details)
  }
}
