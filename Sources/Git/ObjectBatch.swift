import Clibgit2

/// Many new objects that become durable together: written in memory first, then as one pack. One by one each
/// of them would be a file that is synced by itself.
public final class ObjectBatch {
  /// The repository with what was written to the batch; only its objects may be used.
  public let repository: Repository

  /// Opens a batch beside a repository. Throws when it cannot be opened once more.
  public init(beside repository: Repository) throws(GitError) {
    let directory = repository.commonDirectory
    self.repository = try Repository.open(gitDirectory: directory, environment: repository.environment)
    let operation = "open objects of"
    var handle: OpaquePointer?
    try check(git_repository_odb(&handle, self.repository.pointer), operation, directory)
    let database = try unwrap(handle, operation)
    defer { git_odb_free(database) }
    var memory: OpaquePointer?
    try check(git_mempack_new(&memory), operation, directory)
    // Above the backends of files, so that it gets everything that is written. The database frees it.
    try check(git_odb_add_backend(database, memory, ObjectBatch.priority), operation, directory)
  }

  private static let priority: Int32 = 999

  /// Writes the history of `tip` that is not in the history of `known`, with its trees and files, as one
  /// pack, synced to the disk. Nothing of the batch is in the repository before.
  public func write(_ tip: OID, without known: OID?) throws(GitError) {
    let operation = "write the objects of"
    let pointer = repository.pointer
    var walkHandle: OpaquePointer?
    try check(git_revwalk_new(&walkHandle, pointer), operation, tip.hex)
    let walk = try unwrap(walkHandle, operation)
    defer { git_revwalk_free(walk) }
    var id = tip.raw
    try check(git_revwalk_push(walk, &id), operation, tip.hex)
    if let known {
      var hidden = known.raw
      try check(git_revwalk_hide(walk, &hidden), operation, known.hex)
    }
    var packHandle: OpaquePointer?
    try check(git_packbuilder_new(&packHandle, pointer), operation, tip.hex)
    let pack = try unwrap(packHandle, operation)
    defer { git_packbuilder_free(pack) }
    _ = git_packbuilder_set_threads(pack, 1)
    try check(git_packbuilder_insert_walk(pack, walk), operation, tip.hex)
    try check(git_packbuilder_write(pack, nil, 0, nil, nil), operation, tip.hex)
  }
}
