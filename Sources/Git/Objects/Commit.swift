import Clibgit2

/// Who did something and when, as a commit records it.
public struct Signature: Equatable, Hashable, Sendable {
  /// The name; invalid UTF-8 is replaced.
  public var name: String
  /// The mail address; invalid UTF-8 is replaced.
  public var email: String
  /// Seconds since the Unix epoch.
  public var seconds: Int64
  /// Minutes east of UTC.
  public var offsetMinutes: Int

  /// Makes a signature.
  public init(name: String, email: String, seconds: Int64, offsetMinutes: Int = 0) {
    self.name = name
    self.email = email
    self.seconds = seconds
    self.offsetMinutes = offsetMinutes
  }

  init(_ raw: UnsafePointer<git_signature>?) {
    let signature = raw?.pointee
    self.init(
      name: signature?.name.map { String(cString: $0) } ?? "",
      email: signature?.email.map { String(cString: $0) } ?? "",
      seconds: signature?.when.time ?? 0, offsetMinutes: Int(signature?.when.offset ?? 0))
  }
}

/// A commit's content.
public struct Commit: Equatable, Sendable {
  /// The commit's own name.
  public let oid: OID
  /// Its tree.
  public let tree: OID
  /// Its parents, first parent first.
  public let parents: [OID]
  /// The message exactly as stored, which need not be UTF-8.
  public let messageBytes: [UInt8]
  /// Who wrote the change.
  public let author: Signature
  /// Who made the commit.
  public let committer: Signature

  /// The message as text; invalid UTF-8 is replaced.
  public var message: String { String(decoding: messageBytes, as: UTF8.self) }

  /// The first line of the message.
  public var subject: String { String(message.prefix { !$0.isNewline }) }
}

extension Repository {
  /// A commit. Throws `isNotFound` when there is no such object, and an error when it is no commit.
  public func commit(_ oid: OID) throws(GitError) -> Commit {
    var result: Commit?
    try withCommit(oid) { handle throws(GitError) in
      let parents = (0..<git_commit_parentcount(handle)).compactMap { OID(git_commit_parent_id(handle, $0)) }
      let tree = try unwrap(OID(git_commit_tree_id(handle)), "read commit")
      // The raw message keeps leading blank lines, which a strict reader of entries must see.
      let message = git_commit_message_raw(handle).map(bytes(of:))
      result = Commit(
        oid: oid, tree: tree, parents: parents, messageBytes: message ?? [],
        author: Signature(git_commit_author(handle)), committer: Signature(git_commit_committer(handle)))
    }
    return try unwrap(result, "read commit")
  }

  /// The tree of a commit. Errors are those of `commit`.
  public func treeOf(commit oid: OID) throws(GitError) -> OID {
    var tree: OID?
    try withCommit(oid) { handle in tree = OID(git_commit_tree_id(handle)) }
    return try unwrap(tree, "read commit")
  }

  /// Writes a commit object and nothing else: no ref moves. Letting libgit2 move the ref would lose a race
  /// at the first commit of a ref (STYLE 4.2), so that is left to `compareAndSwap`.
  ///
  /// The message is stored byte for byte. Throws when the tree or a parent is not there, and for a
  /// signature that git cannot store: an empty name, or `<`, `>`, a line break in the name or the address.
  public func writeCommit(
    tree: OID, parents: [OID], message: String, author: Signature, committer: Signature
  ) throws(GitError) -> OID {
    let operation = "write commit"
    var treeHandle: OpaquePointer?
    var treeID = tree.raw
    try check(undisturbed { git_tree_lookup(&treeHandle, pointer, &treeID) }, operation, tree.hex)
    defer { git_tree_free(treeHandle) }
    var parentHandles: [OpaquePointer?] = []
    defer { for handle in parentHandles { git_commit_free(handle) } }
    for parent in parents {
      var handle: OpaquePointer?
      var id = parent.raw
      try check(undisturbed { git_commit_lookup(&handle, pointer, &id) }, operation, parent.hex)
      parentHandles.append(handle)
    }
    // A message is text and no path: none of its characters stands for a byte.
    guard !message.utf8.contains(0) else {
      throw GitError(message: "its message holds a NUL", operation: operation, subject: tree.hex)
    }
    let text = message.utf8CString.map { $0 }
    let authorHandle = try makeSignature(author)
    defer { git_signature_free(authorHandle) }
    let committerHandle = try makeSignature(committer)
    defer { git_signature_free(committerHandle) }
    var result = git_oid()
    let code = parentHandles.withUnsafeMutableBufferPointer { buffer in
      undisturbed {
        git_commit_create(
          &result, pointer, nil, authorHandle, committerHandle, nil, text, treeHandle, buffer.count,
          buffer.baseAddress)
      }
    }
    try check(code, operation, tree.hex)
    return OID(result)
  }

  /// Writes a commit object of which neither the tree nor a parent is looked for, as libgit2 always does.
  func writeUncheckedCommit(
    tree: OID, parents: [OID], message: String, author: Signature, committer: Signature
  ) throws(GitError) -> OID {
    var text = "tree \(tree.hex)\n"
    for parent in parents { text += "parent \(parent.hex)\n" }
    text += "author \(try line(author))\ncommitter \(try line(committer))\n\n" + message
    guard !text.utf8.contains(0) else {
      throw GitError(message: "its message holds a NUL", operation: "write commit", subject: tree.hex)
    }
    return try writeObject(Array(text.utf8), as: .commit)
  }

  /// A signature as it stands in a commit.
  private func line(_ signature: Signature) throws(GitError) -> String {
    let handle = try makeSignature(signature)
    defer { git_signature_free(handle) }
    let checked = Signature(handle)
    let minutes = abs(checked.offsetMinutes)
    let (hour, minute) = (minutes / 60, minutes % 60)
    let zone = "\(checked.offsetMinutes < 0 ? "-" : "+")\(hour / 10)\(hour % 10)\(minute / 10)\(minute % 10)"
    return "\(checked.name) <\(checked.email)> \(checked.seconds) \(zone)"
  }

  func withCommit(_ oid: OID, _ body: (OpaquePointer) throws(GitError) -> Void) throws(GitError) {
    var handle: OpaquePointer?
    var id = oid.raw
    try check(undisturbed { git_commit_lookup(&handle, pointer, &id) }, "read commit", oid.hex)
    let commit = try unwrap(handle, "read commit")
    defer { git_commit_free(commit) }
    try body(commit)
  }

  private func makeSignature(_ signature: Signature) throws(GitError) -> UnsafeMutablePointer<git_signature>?
  {
    let operation = "use the identity"
    let subject = "\(signature.name) <\(signature.email)>"
    // libgit2 drops the characters it does not like at both ends and accepts a line break inside, which would
    // forge a header line.
    guard !subject.contains(where: \.isNewline) else {
      throw GitError(message: "it holds a line break", operation: operation, subject: subject)
    }
    var handle: UnsafeMutablePointer<git_signature>?
    try check(
      git_signature_new(
        &handle, PathText.terminated(signature.name, operation),
        PathText.terminated(signature.email, operation),
        signature.seconds, Int32(clamping: signature.offsetMinutes)), operation, subject)
    return handle
  }
}

private func bytes(of text: UnsafePointer<CChar>) -> [UInt8] {
  Array(UnsafeRawBufferPointer(start: text, count: stringLength(text)))
}

func stringLength(_ pointer: UnsafePointer<CChar>) -> Int {
  var length = 0
  while pointer[length] != 0 { length += 1 }
  return length
}
