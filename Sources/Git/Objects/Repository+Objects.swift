import Clibgit2

extension Repository {
  /// The content of a blob. Throws `isNotFound` when there is no such object, and an error when it is no
  /// blob.
  public func blob(_ oid: OID) throws(GitError) -> [UInt8] {
    var handle: OpaquePointer?
    var id = oid.raw
    try check(undisturbed { git_blob_lookup(&handle, pointer, &id) }, "read blob", oid.hex)
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
      try check(undisturbed { git_odb_read_header(&size, &kind, database, &id) }, "read object", oid.hex)
    }
    return size
  }

  /// The size and the kind of an object, without reading it. Throws `isNotFound` when it is not there.
  public func objectHeader(_ oid: OID) throws(GitError) -> (size: Int, kind: ObjectKind) {
    var size = 0
    var kind = GIT_OBJECT_ANY
    try withDatabase { database throws(GitError) in
      var id = oid.raw
      try check(undisturbed { git_odb_read_header(&size, &kind, database, &id) }, "read object", oid.hex)
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
      try check(undisturbed { git_odb_read(&object, database, &id) }, "read object", oid.hex)
      defer { git_odb_object_free(object) }
      let size = git_odb_object_size(object)
      guard size > 0, let start = git_odb_object_data(object) else { return }
      result = Array(UnsafeRawBufferPointer(start: start, count: size))
    }
    return result
  }

  /// The name that an object of these bytes has; stores nothing.
  public static func name(of bytes: [UInt8], as kind: ObjectKind) throws(GitError) -> OID {
    var result = git_oid()
    let code = bytes.withUnsafeBytes { buffer in
      git_odb_hash(
        &result, buffer.baseAddress ?? UnsafeRawPointer(bitPattern: 1), buffer.count, kind.raw)
    }
    try check(code, "hash", "\(bytes.count) bytes")
    return OID(result)
  }

  /// Stores the bytes of any object as git hashes them, without a look at what they say.
  func writeObject(_ bytes: [UInt8], as kind: ObjectKind) throws(GitError) -> OID {
    var result = git_oid()
    try withDatabase { database throws(GitError) in
      let code = bytes.withUnsafeBytes { buffer in
        git_odb_write(
          &result, database, buffer.baseAddress ?? UnsafeRawPointer(bitPattern: 1), buffer.count, kind.raw)
      }
      try check(code, "write a \(kind.rawValue) of", "\(bytes.count) bytes")
    }
    return OID(result)
  }

  /// Stores content as a blob, on the disk when this returns (fsync), and names it.
  public func writeBlob(_ bytes: [UInt8]) throws(GitError) -> OID {
    var result = git_oid()
    let code = bytes.withUnsafeBytes { buffer in
      undisturbed {
        git_blob_create_from_buffer(
          &result, pointer, buffer.baseAddress ?? UnsafeRawPointer(bitPattern: 1), buffer.count)
      }
    }
    try check(code, "write a blob of", "\(bytes.count) bytes")
    return OID(result)
  }

  /// Whether the object is in the repository (or in an alternate). Without `refreshing`, packs that came
  /// since the last look are not looked for, which is cheaper for many objects that are not there.
  public func objectExists(_ oid: OID, refreshing: Bool = true) throws(GitError) -> Bool {
    var exists = false
    try withDatabase { database in
      var id = oid.raw
      let flags = refreshing ? 0 : GIT_ODB_LOOKUP_NO_REFRESH.rawValue
      exists = git_odb_exists_ext(database, &id, flags) == 1
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

  /// Makes a call that reads or writes objects once more when git tidies up at that very moment.
  ///
  /// `git gc` moves an object from one file to another, so that for a moment libgit2 sees neither, and takes
  /// away a folder of objects that has just been made for the next one. Both were seen, with 64 processes.
  func undisturbed(_ call: () -> Int32) -> Int32 {
    for turn in 0..<Repository.triesWhenDisturbed {
      let code = call()
      guard code < 0, code == GIT_ENOTFOUND.rawValue || Repository.isFileGone() else { return code }
      RetryPolicy.pause(microseconds: 1000 << turn)
      refreshObjects()
    }
    return call()
  }

  private static let triesWhenDisturbed = 4

  /// Whether the last call failed because a file or folder was not there; libgit2 has no code for that.
  private static func isFileGone() -> Bool {
    guard let message = git_error_last()?.pointee.message else { return false }
    return String(cString: message).hasSuffix("No such file or directory")
  }

  private func refreshObjects() {
    var handle: OpaquePointer?
    guard git_repository_odb(&handle, pointer) == 0 else { return }
    _ = git_odb_refresh(handle)
    git_odb_free(handle)
    git_error_clear()
  }
}

extension ObjectKind {
  fileprivate var raw: git_object_t {
    switch self {
    case .commit: GIT_OBJECT_COMMIT
    case .tree: GIT_OBJECT_TREE
    case .tag: GIT_OBJECT_TAG
    case .blob: GIT_OBJECT_BLOB
    }
  }
}
