import Git
import Migration

/// Looks at what a submission names, which somebody may have pushed by hand: whoever builds on it must be
/// able to read it all, and to write it again.
package struct ResultFault {
  let repository: Repository
  /// The trees that were looked at, so that one that is in itself many times is looked at once.
  private var seen: Set<OID> = []
  /// How many entries may still be looked at.
  private var rest = 5_000_000

  /// As deep as libgit2 follows trees.
  private static let maximumDepth = 100

  private init(repository: Repository) { self.repository = repository }

  /// Why the result cannot be judged and merged, in git's grammar, or `nil`. What it has in common with the
  /// claim's base is not looked at.
  package static func of(
    _ result: Submission.Result, base: ObjectID, in repository: Repository
  ) throws(GitError) -> String? {
    let oid = result.commit.oid
    guard try repository.objectExists(oid) else { return "its commit '\(oid.short)' is not here" }
    let kind = try repository.objectHeader(oid).kind
    guard kind == .commit else { return "'\(oid.short)' is a \(kind.rawValue), no commit" }
    guard try repository.commit(oid).tree == result.tree.oid else {
      return "its tree '\(result.tree.short)' is not that of its commit '\(oid.short)'"
    }
    var before: OID?
    if try repository.objectExists(base.oid), try repository.objectHeader(base.oid).kind == .commit {
      before = try repository.treeOf(commit: base.oid)
    }
    var look = ResultFault(repository: repository)
    return try look.fault(inTree: result.tree.oid, before: before, at: "", depth: 0)
  }

  private mutating func fault(
    inTree oid: OID, before: OID?, at path: String, depth: Int
  ) throws(GitError) -> String? {
    if oid == before || !seen.insert(oid).inserted { return nil }
    guard depth <= Self.maximumDepth else { return "its folders are more than \(Self.maximumDepth) deep" }
    if let fault = try missing(oid, .tree, path.isEmpty ? "its tree" : "'\(PlainLine.of(path))'") {
      return fault
    }
    var known: [String: TreeEntry] = [:]
    if let before, try missing(before, .tree, "") == nil {
      for entry in try repository.entries(ofTree: before) { known[entry.name] = entry }
    }
    for entry in try repository.entries(ofTree: oid) where known[entry.name] != entry {
      rest -= 1
      if rest == 0 { return "it has too many files to look at" }
      let place = path + entry.name
      if let reason = TreeName.fault(entry.name) { return "'\(PlainLine.of(place))' \(reason)" }
      switch entry.mode {
      case .submodule: continue
      case .blob, .executable, .symbolicLink:
        if let fault = try missing(entry.oid, .blob, "'\(PlainLine.of(place))'") { return fault }
      case .tree:
        let old = known[entry.name]?.oid
        if let fault = try fault(inTree: entry.oid, before: old, at: place + "/", depth: depth + 1) {
          return fault
        }
      }
    }
    return nil
  }

  private func missing(_ oid: OID, _ kind: ObjectKind, _ subject: String) throws(GitError) -> String? {
    guard try repository.objectExists(oid) else { return "\(subject) is not here ('\(oid.short)')" }
    let found = try repository.objectHeader(oid).kind
    return found == kind ? nil : "\(subject) is a \(found.rawValue), no \(kind.rawValue)"
  }
}

/// The rule for names in a tree: those that git puts in no index, whatever the file system is.
package enum TreeName {
  /// Why git refuses the name of a file or folder, or `nil`.
  package static func fault(_ name: String) -> String? {
    let bytes = PathText.bytes(name)
    if bytes.isEmpty || bytes == [0x2E] || bytes == [0x2E, 0x2E] || bytes.contains(0x2F) {
      return "is no name of a file"
    }
    if isGitDirectory(bytes) { return "is a name that git keeps for itself" }
    return nil
  }

  /// `.git`, also as file systems see it that know no case, pass over code points that cannot be seen (HFS+),
  /// or dots and spaces at the end, or have short names and streams (NTFS).
  private static func isGitDirectory(_ bytes: [UInt8]) -> Bool {
    let seen = String(decoding: bytes, as: UTF8.self).unicodeScalars.filter {
      switch $0.value {
      case 0x200C...0x200F, 0x202A...0x202E, 0x206A...0x206F, 0xFEFF: false
      default: true
      }
    }
    var name = Array(String(String.UnicodeScalarView(seen)).utf8).map { byte in
      byte >= 0x41 && byte <= 0x5A ? byte + 0x20 : byte
    }
    if let stream = name.firstIndex(of: UInt8(ascii: ":")) { name.removeSubrange(stream...) }
    while name.last == 0x20 || name.last == 0x2E { name.removeLast() }
    return name == Array(".git".utf8) || name == Array("git~1".utf8)
  }
}
