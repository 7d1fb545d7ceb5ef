import Clibgit2

/// Where new objects go: a repository, or a batch for one.
public protocol ObjectWriter {
  /// Writes a blob; see `Repository.writeBlob`.
  func writeBlob(_ bytes: [UInt8]) throws(GitError) -> OID
  /// Writes a tree; see `Repository.writeTree`.
  func writeTree(
    updating base: OID?, upserts: [(path: String, blob: OID, mode: FileMode)], removals: [String]
  ) throws(GitError) -> OID
  /// Writes a commit; see `Repository.writeCommit`.
  func writeCommit(
    tree: OID, parents: [OID], message: String, author: Signature, committer: Signature
  ) throws(GitError) -> OID
  /// The message of a commit that was written here, exactly as stored.
  func message(ofCommit oid: OID) throws(GitError) -> [UInt8]
  /// The names in a folder of a tree that is stored or was written here; none without such a folder.
  func names(inFolder folder: String, ofTree tree: OID) throws(GitError) -> [String]
}

extension Repository: ObjectWriter {
  /// The message of a commit, exactly as stored.
  public func message(ofCommit oid: OID) throws(GitError) -> [UInt8] { try commit(oid).messageBytes }

  /// The names in a folder of a tree; none without such a folder.
  public func names(inFolder folder: String, ofTree tree: OID) throws(GitError) -> [String] {
    guard let found = try entry(at: folder, inTree: tree), found.kind == .tree else { return [] }
    return try entries(ofTree: found.oid).map(\.name)
  }
}

/// Many new objects that become durable together: written in memory first, then as one pack. One by one each
/// of them would be a file that is synced by itself.
public final class ObjectBatch: ObjectWriter {
  private let repository: Repository
  /// A repository without files, so that nothing is looked for on the disk at every write.
  private let memory: Repository
  private var written: [(oid: OID, kind: ObjectKind)] = []
  private var names: Set<OID> = []

  /// Makes a batch for a repository. Throws when libgit2 cannot make room for it.
  public init(for repository: Repository) throws(GitError) {
    self.repository = repository
    memory = try Repository.inMemory()
  }

  /// Writes a blob to the batch; see `Repository.writeBlob`.
  public func writeBlob(_ bytes: [UInt8]) throws(GitError) -> OID {
    let oid = try memory.writeBlob(bytes)
    note(oid, .blob)
    return oid
  }

  /// Writes a tree to the batch; see `Repository.writeTree`. The blobs must have been written to the batch.
  public func writeTree(
    updating base: OID?, upserts: [(path: String, blob: OID, mode: FileMode)], removals: [String]
  ) throws(GitError) -> OID {
    // Each after the one that it lies in.
    let folders = Set((upserts.map(\.path) + removals).flatMap(ObjectBatch.folders)).sorted()
    if let base {
      try bring(base)
      for folder in folders {
        // In memory: the tree may be of this batch.
        guard let found = try memory.entry(at: folder, inTree: base), found.kind == .tree else { continue }
        try bring(found.oid)
      }
    }
    let tree = try memory.writeTree(updating: base, upserts: upserts, removals: removals)
    note(tree, .tree)
    for folder in folders {
      if let made = try memory.entry(at: folder, inTree: tree) { note(made.oid, .tree) }
    }
    return tree
  }

  /// Writes a commit to the batch; see `Repository.writeCommit`. That its tree and its parents are in the
  /// repository or in the batch is up to the caller.
  public func writeCommit(
    tree: OID, parents: [OID], message: String, author: Signature, committer: Signature
  ) throws(GitError) -> OID {
    let oid = try memory.writeUncheckedCommit(
      tree: tree, parents: parents, message: message, author: author, committer: committer)
    note(oid, .commit)
    return oid
  }

  /// The message of a commit of the batch, exactly as stored.
  public func message(ofCommit oid: OID) throws(GitError) -> [UInt8] { try memory.commit(oid).messageBytes }

  /// The names in a folder of a tree of the repository or the batch; none without such a folder.
  public func names(inFolder folder: String, ofTree tree: OID) throws(GitError) -> [String] {
    try bring(tree)
    guard let found = try memory.entry(at: folder, inTree: tree), found.kind == .tree else { return [] }
    try bring(found.oid)
    return try memory.names(inFolder: folder, ofTree: tree)
  }

  /// Writes all of them to the repository, as one pack, synced to the disk. Until then none is there.
  public func store() throws(GitError) {
    let pack = try PackWriter(count: written.count)
    for object in written { try pack.add(try memory.content(of: object.oid), as: object.kind) }
    try pack.store(in: repository)
  }

  /// Has an object stored with the others; once, however often it was written.
  private func note(_ oid: OID, _ kind: ObjectKind) {
    if names.insert(oid).inserted { written.append((oid, kind)) }
  }

  /// Makes a tree of the repository known in memory; it is not written again.
  private func bring(_ tree: OID) throws(GitError) {
    guard try !memory.objectExists(tree) else { return }
    _ = try memory.writeObject(try repository.content(of: tree), as: .tree)
  }

  /// The folders that a path lies in, the topmost first.
  private static func folders(of path: String) -> [String] {
    let parts = path.split(separator: "/")
    return parts.indices.dropLast().map { parts[...$0].joined(separator: "/") }
  }
}
