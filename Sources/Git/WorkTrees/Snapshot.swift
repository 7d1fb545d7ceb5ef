/// The content of a work tree at a moment, and what lies beside it.
public struct Snapshot: Equatable, Sendable {
  /// The tree with every tracked and every untracked file that is not ignored, without what `Scope` leaves
  /// out.
  public var tree: OID
  /// Untracked folders that are repositories of their own, which the tree does not contain. git would
  /// record a commit of theirs that nobody else has; work left there is lost, so say so.
  public var embeddedRepositories: [String] = []
  /// The paths that a merge left undecided in the index. Their files are in the tree as they lie there.
  public var unmerged: [String] = []
  /// What git ignores, each folder that holds nothing else as one path with `/` at the end, where that is
  /// cheap to know.
  public var ignored: [String] = []
  /// The paths that `Scope.leavesOut` named and that are not in the tree because of it.
  public var leftOut: [String] = []
  /// The submodules that are not as the base has them, or that hold what is in no commit of theirs.
  public var submodules: [Submodule] = []

  /// Whether there was more than `Scope` allows, so that there is no tree.
  public var isTooMuch = false

  func with(_ tree: OID) -> Snapshot {
    var result = self
    result.tree = tree
    return result
  }

  /// What a snapshot takes.
  public struct Scope {
    /// The tree that the work began with; what it has is always taken.
    public var base: OID?
    /// Whether a path that the base does not have is no part of the work, whatever the index says.
    public var leavesOut: ((String) -> Bool)?

    /// How many files and bytes may have to be recorded at most, for a caller that cannot wait.
    public var limit: (files: Int, bytes: UInt64)?

    /// Makes a scope.
    public init(
      base: OID? = nil, limit: (files: Int, bytes: UInt64)? = nil, leavesOut: ((String) -> Bool)? = nil
    ) {
      self.base = base
      self.limit = limit
      self.leavesOut = leavesOut
    }

    func isExceeded(files: Int, bytes: UInt64) -> Bool {
      limit.map { files > $0.files || bytes > $0.bytes } ?? false
    }

    func leavesOut(_ path: String, in repository: Repository) throws(GitError) -> Bool {
      guard let leavesOut, leavesOut(path) else { return false }
      guard let base else { return true }
      return try repository.entry(at: path, inTree: base) == nil
    }
  }

  /// A submodule with a work tree of its own.
  public struct Submodule: Equatable, Sendable {
    /// Its folder.
    public let path: String
    /// The commit that the base has recorded, `nil` when it has no submodule there.
    public let base: OID?
    /// The commit that it has checked out now, which the tree records.
    public let commit: OID
    /// Why nobody else could fetch that commit, as the end of a sentence, or `nil`.
    public let obstacle: String?
    /// The files in it, as paths below its own folder, that are not as that commit has them.
    public let dirty: [String]
  }
}
