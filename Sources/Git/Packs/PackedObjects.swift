import Clibgit2

/// The new objects of a repository handle that is used for nothing else: kept in memory, and made durable
/// together, as packs. Each by itself would be a file that is synced by itself.
final class PackedObjects {
  /// The handle that everything is written through.
  let repository: Repository
  /// How many bytes of content are kept in memory.
  private static let limit: UInt64 = 64 << 20

  private let original: Repository
  private let backend: UnsafeMutablePointer<git_odb_backend>
  private var pending: [(oid: OID, kind: ObjectKind)] = []
  private var seen: Set<OID> = []
  private var size: UInt64 = 0

  /// Opens a handle of its own on the work tree of `original`.
  init(for original: Repository) throws(GitError) {
    let operation = "write objects to"
    self.original = original
    repository = try Repository.open(
      gitDirectory: original.gitDirectory, environment: original.environment)
    if let root = original.workingDirectory { try repository.setWorkTree(root) }
    var database: OpaquePointer?
    try check(git_repository_odb(&database, repository.pointer), operation, repository.gitDirectory)
    defer { git_odb_free(database) }
    var handle: UnsafeMutablePointer<git_odb_backend>?
    try check(git_mempack_new(&handle), operation, repository.gitDirectory)
    backend = try unwrap(handle, operation)
    // Above all others, so that it is the one that is written to. The database frees it.
    try check(git_odb_add_backend(database, backend, 1000), operation, repository.gitDirectory)
  }

  /// Takes note of a blob that was written, unless the repository had it.
  func note(blob oid: OID, size bytes: UInt64) throws(GitError) {
    guard try isNew(oid) else { return }
    pending.append((oid, .blob))
    size += bytes
    if size > PackedObjects.limit { try store() }
  }

  /// Takes note of a tree that was written, with the trees in it.
  func note(tree oid: OID) throws(GitError) {
    guard try isNew(oid) else { return }
    pending.append((oid, .tree))
    for entry in try repository.entries(ofTree: oid) where entry.mode == .tree {
      try note(tree: entry.oid)
    }
  }

  /// Makes everything durable that was noted.
  func store() throws(GitError) {
    guard !pending.isEmpty else { return }
    let pack = try PackWriter(count: pending.count)
    for object in pending { try pack.add(try repository.content(of: object.oid), as: object.kind) }
    try pack.store(in: original)
    try check(git_mempack_reset(backend), "write objects to", original.gitDirectory)
    pending = []
    size = 0
  }

  private func isNew(_ oid: OID) throws(GitError) -> Bool {
    guard seen.insert(oid).inserted else { return false }
    return try !original.objectExists(oid, refreshing: false)
  }
}
