import Clibgit2

/// A merge as git leaves it in a work tree for a person to end.
public struct MarkedMerge: Equatable, Sendable {
  /// The merged tree. A text in conflict has git's conflict markers; of anything else in conflict it has our
  /// side, or theirs where ours is deleted.
  public var tree: OID
  /// The paths in conflict, sorted bytewise.
  public var conflicts: [String]
  /// Those of them that have conflict markers.
  public var marked: Set<String>
}

extension Repository {
  /// Merges two commits in memory and writes what comes of it as a tree, conflicts and all. The labels stand
  /// behind the markers.
  public func markedMerge(
    ours: OID, theirs: OID, oursLabel: String, theirsLabel: String
  ) throws(GitError) -> MarkedMerge {
    let operation = "merge commits"
    let index = try mergeIndex(ours: ours, theirs: theirs)
    defer { git_index_free(index) }
    let conflicts = try conflicts(of: index)
    try check(git_index_conflict_cleanup(index), operation)
    var paths: Set<[UInt8]> = []
    var marked: Set<String> = []
    for conflict in conflicts {
      for side in [conflict.ancestor, conflict.ours, conflict.theirs] {
        if let side { paths.insert(side.path) }
      }
      guard var kept = conflict.ours ?? conflict.theirs else { continue }
      if let text = try markedText(conflict, oursLabel, theirsLabel) {
        kept.oid = try writeBlob(text)
        marked.insert(PathText.string(kept.path))
      }
      let name = try PathText.terminated(PathText.string(kept.path), operation)
      let code = name.withUnsafeBufferPointer { buffer in
        var entry = git_index_entry()
        entry.id = kept.oid.raw
        entry.mode = kept.mode.rawValue
        entry.path = buffer.baseAddress
        return git_index_add(index, &entry)
      }
      try check(code, operation, PathText.string(kept.path))
    }
    var tree = git_oid()
    try check(undisturbed { git_index_write_tree_to(&tree, index, pointer) }, operation)
    return MarkedMerge(
      tree: OID(tree),
      conflicts: paths.sorted { $0.lexicographicallyPrecedes($1) }.map { PathText.string($0) },
      marked: marked)
  }

  /// Both sides of a text with markers; `nil` where a side is missing or is no text.
  private func markedText(
    _ conflict: Conflict, _ oursLabel: String, _ theirsLabel: String
  ) throws(GitError) -> [UInt8]? {
    guard let ours = conflict.ours, let theirs = conflict.theirs, let left = try text(of: ours),
      let right = try text(of: theirs)
    else { return nil }
    // Where both added the file, all of it is in conflict, but for what is the same.
    let before = try conflict.ancestor.flatMap { (side) throws(GitError) in try text(of: side) } ?? []
    let operation = "merge files"
    var options = git_merge_file_options()
    try check(git_merge_file_options_init(&options, 1), operation)
    var result = git_merge_file_result()
    defer { git_merge_file_result_free(&result) }
    let code = oursLabel.withCString { oursName in
      theirsLabel.withCString { theirsName in
        before.withUnsafeBytes { base in
          left.withUnsafeBytes { one in
            right.withUnsafeBytes { other in
              options.our_label = oursName
              options.their_label = theirsName
              var inputs = [base, one, other].map { bytes in
                var input = git_merge_file_input()
                git_merge_file_input_init(&input, 1)
                input.ptr = bytes.bindMemory(to: CChar.self).baseAddress
                input.size = bytes.count
                return input
              }
              return inputs.withUnsafeMutableBufferPointer { buffer in
                guard let first = buffer.baseAddress else { return Int32(-1) }
                return git_merge_file(&result, first, first + 1, first + 2, &options)
              }
            }
          }
        }
      }
    }
    try check(code, operation, PathText.string(ours.path))
    guard result.automergeable == 0, let bytes = result.ptr else { return nil }
    return bytes.withMemoryRebound(to: UInt8.self, capacity: result.len) {
      Array(UnsafeBufferPointer(start: $0, count: result.len))
    }
  }

  private func text(of side: Conflict.Side) throws(GitError) -> [UInt8]? {
    guard side.mode == .blob || side.mode == .executable else { return nil }
    let bytes = try blob(side.oid)
    return bytes.prefix(8000).contains(0) ? nil : bytes
  }
}
