import Clibgit2

/// How one file differs between two trees.
public struct Change: Equatable, Sendable {
  /// What happened to it.
  public enum Kind: Sendable, Equatable {
    case added, modified, deleted, renamed, typeChanged
  }

  /// What happened to it.
  public let kind: Kind
  /// The path; of a deleted file, the one it had.
  public let path: String
  /// The former path of a renamed file.
  public let oldPath: String?
  /// The former content, unless added.
  public let oldBlob: OID?
  /// The new content, unless deleted.
  public let newBlob: OID?
  /// The former mode, unless added.
  public let oldMode: FileMode?
  /// The new mode, unless deleted.
  public let newMode: FileMode?

  init?(_ delta: git_diff_delta) {
    let old = delta.old_file
    let new = delta.new_file
    switch delta.status {
    case GIT_DELTA_ADDED: kind = .added
    case GIT_DELTA_MODIFIED: kind = .modified
    case GIT_DELTA_DELETED: kind = .deleted
    case GIT_DELTA_RENAMED: kind = .renamed
    case GIT_DELTA_TYPECHANGE: kind = .typeChanged
    default: return nil
    }
    guard let path = PathText.string(kind == .deleted ? old.path : new.path) else { return nil }
    self.path = path
    oldPath = kind == .renamed ? PathText.string(old.path) : nil
    oldBlob = kind == .added ? nil : OID(old.id)
    newBlob = kind == .deleted ? nil : OID(new.id)
    oldMode = kind == .added ? nil : FileMode(rawValue: UInt32(old.mode))
    newMode = kind == .deleted ? nil : FileMode(rawValue: UInt32(new.mode))
  }
}

extension Repository {
  /// What changed from one tree to another, sorted by path bytewise; `nil` is the empty tree. With
  /// `detectingRenames`, a file that was deleted and added elsewhere with half of its content is one rename.
  public func changes(
    from old: OID?, to new: OID, detectingRenames: Bool = false
  ) throws(GitError) -> [Change] {
    let operation = "compare trees"
    let subject = "\(old?.hex ?? "nothing") \(new.hex)"
    var options = git_diff_options()
    try check(git_diff_options_init(&options, 1), operation, subject)
    options.flags |= GIT_DIFF_INCLUDE_TYPECHANGE.rawValue
    var oldTree: OpaquePointer?
    if let old {
      var id = old.raw
      try check(undisturbed { git_tree_lookup(&oldTree, pointer, &id) }, operation, old.hex)
    }
    defer { git_tree_free(oldTree) }
    var newTree: OpaquePointer?
    var id = new.raw
    try check(undisturbed { git_tree_lookup(&newTree, pointer, &id) }, operation, new.hex)
    defer { git_tree_free(newTree) }
    var diff: OpaquePointer?
    try check(git_diff_tree_to_tree(&diff, pointer, oldTree, newTree, &options), operation, subject)
    defer { git_diff_free(diff) }
    if detectingRenames {
      var find = git_diff_find_options()
      try check(git_diff_find_options_init(&find, 1), operation, subject)
      find.flags = GIT_DIFF_FIND_RENAMES.rawValue
      try check(git_diff_find_similar(diff, &find), operation, subject)
    }
    let deltas = (0..<git_diff_num_deltas(diff)).compactMap { git_diff_get_delta(diff, $0)?.pointee }
    return deltas.compactMap { Change($0) }.sorted { PathText.precedes($0.path, $1.path) }
  }
}
