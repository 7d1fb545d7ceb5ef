import Clibgit2

/// The history of a shallow clone. libgit2 1.5.1 walks past its end and misses the commits there; the git
/// program knows where to stop.
extension Repository {
  /// What `body` gives or, when it missed a commit in a shallow clone, what git gives `instead`; `nil` of
  /// that lets the first error stand.
  func pastShallowEnd<Value>(
    _ body: () throws(GitError) -> Value, instead: (GitProgram) throws(GitError) -> Value?
  ) throws(GitError) -> Value {
    do throws(GitError) { return try body() } catch {
      guard error.isNotFound, isShallow, let value = try instead(GitProgram(self)) else { throw error }
      return value
    }
  }

  func shallowIsAncestor(_ ancestor: OID, of descendant: OID, _ git: GitProgram) throws(GitError) -> Bool? {
    switch try walk(git, ["merge-base", "--is-ancestor", ancestor.hex, descendant.hex]).status {
    case 0: true
    case 1: false
    default: nil
    }
  }

  func shallowMergeBase(_ left: OID, _ right: OID, _ git: GitProgram) throws(GitError) -> OID?? {
    let output = try walk(git, ["merge-base", left.hex, right.hex])
    switch output.status {
    case 0: return OID(output.text).map { .some($0) }
    case 1: return .some(nil)
    default: return nil
    }
  }

  func shallowCommits(
    from new: OID, excluding excluded: [OID], firstParentOnly: Bool, limit: Int, _ git: GitProgram
  ) throws(GitError) -> [OID]? {
    var arguments = ["rev-list", "--topo-order"]
    if firstParentOnly { arguments.append("--first-parent") }
    if limit != .max { arguments.append("--max-count=\(limit)") }
    let output = try walk(git, arguments + [new.hex] + excluded.map { "^\($0.hex)" })
    guard output.isSuccess else { return nil }
    return output.text.split(separator: "\n").compactMap { OID(String($0)) }
  }

  /// The commits of a push that a hook judges lie where git put them for the time.
  private func walk(_ git: GitProgram, _ arguments: [String]) throws(GitError) -> GitProgram.Output {
    let places = ["GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES"]
    return try git.run(arguments, extra: environment.filter { places.contains($0.key) })
  }
}
