import Glibc

extension GitProgram {
  /// The tracked files of a work tree that differ from `HEAD`, in the index or on disk, with the filters that
  /// may run. Throws when git fails.
  public func changedFiles(workTree: String) throws(GitError) -> [String] {
    let output = try run(
      ["status", "--porcelain=v1", "-z", "--untracked-files=no", "--no-renames"], workTree: workTree,
      filters: .user)
    guard output.isSuccess else {
      throw GitError(message: output.errorText, operation: "read the status of", subject: workTree)
    }
    return output.stdout.split(separator: 0).map { PathText.string($0.dropFirst(3)) }
  }

  /// A file that attributes give to a filter.
  public struct FilteredFile: Equatable, Sendable {
    /// The path in the tree.
    public let path: String
    /// The name of the filter.
    public let filter: String
  }

  /// The files of a tree that its attributes, and those of the repository, the user and the machine, give to
  /// a filter, whether it is configured or not; of `paths` only, when they are given. No file of a work tree
  /// is read. Throws when git fails.
  public func filteredFiles(ofTree tree: OID, among paths: [String]? = nil) throws(GitError) -> [FilteredFile]
  {
    let operation = "read the attributes of"
    let index = "\(gitDirectory)/migrate-attributes-\(getpid())-\(UInt32.random(in: 0 ... .max))"
    defer {
      unlink(index)
      unlink("\(index).lock")
    }
    let variables = ["GIT_INDEX_FILE": index]
    func answer(_ arguments: [String], _ input: [UInt8]? = nil) throws(GitError) -> [UInt8] {
      let output = try run(arguments, input: input, extra: variables)
      guard output.isSuccess else {
        throw GitError(message: output.errorText, operation: operation, subject: tree.hex)
      }
      return output.stdout
    }
    _ = try answer(["read-tree", tree.hex])
    let input: [UInt8]
    if let paths {
      input = paths.flatMap { PathText.bytes($0) + [0] }
    } else {
      input = try answer(["ls-files", "-z"])
    }
    var fields = try answer(["check-attr", "--cached", "-z", "--stdin", "filter"], input)
      .split(separator: 0, omittingEmptySubsequences: false)[...]
    var result: [FilteredFile] = []
    while let path = fields.popFirst(), fields.popFirst() != nil, let value = fields.popFirst() {
      let filter = PathText.string(value)
      // What no name can be told from: the attribute is set, taken away, or not spoken of.
      guard !["set", "unset", "unspecified", ""].contains(filter) else { continue }
      result.append(FilteredFile(path: PathText.string(path), filter: filter))
    }
    return result
  }
}
