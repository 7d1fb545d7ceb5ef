import Git
import Migration
import System

/// What a worker recorded and then took out of its worktree: in a stash, or in a commit that it has left. A
/// worktree that is as it was then says nothing of the work.
package struct LeftElsewhere {
  let site: Site
  let worktree: Repository
  let base: OID
  /// When the work began, in seconds since the epoch.
  package let since: Int64

  /// How much of a log is looked at, in bytes.
  private static let logBytes = 64 << 10
  /// How many of each are named.
  private static let limit = 3

  /// A line for each, for people: what it is, and where.
  package func lines() throws(GitError) -> [String] {
    let log = entries("\(worktree.gitDirectory)/logs/HEAD")
    return try commits(log) + stashes()
  }

  private func commits(_ log: [Entry]) throws(GitError) -> [String] {
    var lines: [String] = []
    var seen: Set<OID> = []
    let head = try? worktree.head().oid
    for entry in log.reversed() where entry.words.hasPrefix("commit") && !seen.contains(entry.new) {
      // One that was made on top of another says both.
      var isReached = false
      for tip in [head].compactMap(\.self) + seen where try site.repository.isAncestor(entry.new, of: tip) {
        isReached = true
      }
      seen.insert(entry.new)
      // In the same second, the worker before may have committed in this slot: not on this base.
      let isOfThis = try site.repository.isAncestor(base, of: entry.new)
      if isReached || !isOfThis { continue }
      let commit = try site.repository.commit(entry.new)
      let branch = try site.repository.references(matching: "refs/heads/*").first { $0.oid == entry.new }
      let place = branch.map { "on the branch \(NameText.quoted(String($0.name.dropFirst(11))))" }
      lines.append(
        "the commit \(entry.new.hex.prefix(10)) '\(words(of: commit))' (\(place ?? "left by its HEAD"))")
      if lines.count == LeftElsewhere.limit { break }
    }
    return lines
  }

  /// A stash belongs to all worktrees: one that was made of this base meanwhile may be another worker's, who
  /// then changed nothing either.
  private func stashes() throws(GitError) -> [String] {
    var lines: [String] = []
    for entry in entries("\(site.repository.commonDirectory)/logs/refs/stash").reversed() {
      guard let commit = try? site.repository.commit(entry.new), commit.parents.first == base else {
        continue
      }
      lines.append("the stash '\(words(of: commit))' (see 'git stash list')")
      if lines.count == LeftElsewhere.limit { break }
    }
    return lines
  }

  private func words(of commit: Commit) -> String {
    String(TerminalText.sanitizedLine(TerminalText.foreign(commit.subject)).prefix(80))
  }

  // MARK: Reflogs

  private struct Entry {
    let new: OID
    let words: String
  }

  /// The entries of a log since the work began, oldest first: `<old> <new> <name> <<email>> <seconds>
  /// <zone>\t<words>` (git's refs/files-backend.c). What is no such line says nothing.
  private func entries(_ path: String) -> [Entry] {
    guard let bytes = try? Files.tail(path, bytes: LeftElsewhere.logBytes) else { return [] }
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n").compactMap { line in
      let halves = line.split(separator: "\t", maxSplits: 1, omittingEmptySubsequences: false)
      let fields = halves.first?.split(separator: " ") ?? []
      guard halves.count == 2, fields.count >= 4, let new = OID(String(fields[1])),
        let seconds = Int64(fields[fields.count - 2]), seconds >= since
      else { return nil }
      return Entry(new: new, words: String(halves[1]))
    }
  }
}
