import Clibgit2

extension Repository {
  /// The content of a blob. Throws `isNotFound` when there is no such object, and an error when it is no
  /// blob.
  public func blob(_ oid: OID) throws(GitError) -> [UInt8] {
    var handle: OpaquePointer?
    var id = oid.raw
    try check(git_blob_lookup(&handle, pointer, &id), "read blob", oid.hex)
    defer { git_blob_free(handle) }
    let size = Int(clamping: git_blob_rawsize(handle))
    guard size > 0, let start = git_blob_rawcontent(handle) else { return [] }
    return Array(UnsafeRawBufferPointer(start: start, count: size))
  }

  /// The size of an object's content in bytes, without reading it. Throws `isNotFound` when it is not there.
  public func objectSize(_ oid: OID) throws(GitError) -> Int {
    var size = 0
    try withDatabase { database throws(GitError) in
      var kind = GIT_OBJECT_ANY
      var id = oid.raw
      try check(git_odb_read_header(&size, &kind, database, &id), "read object", oid.hex)
    }
    return size
  }

  /// The size and the kind of an object, without reading it. Throws `isNotFound` when it is not there.
  public func objectHeader(_ oid: OID) throws(GitError) -> (size: Int, kind: ObjectKind) {
    var size = 0
    var kind = GIT_OBJECT_ANY
    try withDatabase { database throws(GitError) in
      var id = oid.raw
      try check(git_odb_read_header(&size, &kind, database, &id), "read object", oid.hex)
    }
    switch kind {
    case GIT_OBJECT_COMMIT: return (size, .commit)
    case GIT_OBJECT_TREE: return (size, .tree)
    case GIT_OBJECT_TAG: return (size, .tag)
    default: return (size, .blob)
    }
  }

  /// The bytes of any object as git hashes them, without the header. Throws `isNotFound` when it is not
  /// there.
  public func content(of oid: OID) throws(GitError) -> [UInt8] {
    var result: [UInt8] = []
    try withDatabase { database throws(GitError) in
      var object: OpaquePointer?
      var id = oid.raw
      try check(git_odb_read(&object, database, &id), "read object", oid.hex)
      defer { git_odb_object_free(object) }
      let size = git_odb_object_size(object)
      guard size > 0, let start = git_odb_object_data(object) else { return }
      result = Array(UnsafeRawBufferPointer(start: start, count: size))
    }
    return result
  }

  /// Stores content as a blob, on the disk when this returns (fsync), and names it.
  public func writeBlob(_ bytes: [UInt8]) throws(GitError) -> OID {
    var result = git_oid()
    let code = bytes.withUnsafeBytes { buffer in
      git_blob_create_from_buffer(
        &result, pointer, buffer.baseAddress ?? UnsafeRawPointer(bitPattern: 1), buffer.count)
    }
    try check(code, "write a blob of", "\(bytes.count) bytes")
    return OID(result)
  }

  /// Whether the object is in the repository (or in an alternate).
  public func objectExists(_ oid: OID) throws(GitError) -> Bool {
    var exists = false
    try withDatabase { database in
      var id = oid.raw
      exists = git_odb_exists(database, &id) == 1
      git_error_clear()
    }
    return exists
  }

  private func withDatabase(_ body: (OpaquePointer) throws(GitError) -> Void) throws(GitError) {
    var handle: OpaquePointer?
    try check(git_repository_odb(&handle, pointer), "open objects of", gitDirectory)
    let database = try unwrap(handle, "open objects of")
    defer { git_odb_free(database) }
    try body(database)
  }
}
