import Clibgit2
import Processes

extension Repository {
  /// Why the files of this commit have to be checked out and recorded by the `git` program instead of
  /// libgit2, or `nil` when libgit2 does it right: a sparse checkout, submodules, a configured filter (LFS,
  /// git-crypt) or a `working-tree-encoding`. libgit2 runs no external filter, so a file would come out as
  /// its pointer.
  ///
  /// A filter attribute without a filter in the configuration does nothing in git either and is no reason.
  public func needsGitProgram(forCommit commit: OID) throws(GitError) -> String? {
    if try configBool("core.sparseCheckout") == true { return "the checkout is sparse" }
    var filters: Set<String> = []
    for entry in try configEntries(prefix: "filter.") {
      guard let last = entry.key.lastIndex(of: "."), entry.key.count > 7 else { continue }
      let start = entry.key.index(entry.key.startIndex, offsetBy: 7)
      if start < last, !(entry.value ?? "").isEmpty { filters.insert(String(entry.key[start..<last])) }
    }
    for file in try attributesFiles() {
      guard let bytes = try? Files.readFile(file, limit: 1 << 20) else { continue }
      if let reason = reason(inAttributes: bytes, filters: filters) { return reason }
    }
    return try reason(inTree: treeOf(commit: commit), filters: filters)
  }

  private func reason(inTree root: OID, filters: Set<String>) throws(GitError) -> String? {
    let attributes = try attributes(inTree: root)
    if let submodule = attributes.submodule { return "it has a submodule '\(submodule)'" }
    for oid in attributes.blobs {
      if let reason = reason(inAttributes: try blob(oid), filters: filters) { return reason }
    }
    return nil
  }

  /// Every attributes file of a tree, and a submodule if there is one.
  private func attributes(inTree root: OID) throws(GitError) -> (blobs: [OID], submodule: String?) {
    var pending = [root]
    // The same folder stands in a tree again and again; it is looked at once.
    var seen: Set<OID> = [root]
    var blobs: [OID] = []
    var submodule: String?
    while let tree = pending.popLast() {
      try withTree(tree) { handle in
        for position in 0..<git_tree_entrycount(handle) {
          guard let entry = git_tree_entry_byindex(handle, position) else { continue }
          switch git_tree_entry_filemode(entry) {
          case GIT_FILEMODE_TREE:
            if let oid = OID(git_tree_entry_id(entry)), seen.insert(oid).inserted { pending.append(oid) }
          case GIT_FILEMODE_COMMIT: submodule = PathText.string(git_tree_entry_name(entry))
          default:
            guard let name = git_tree_entry_name(entry), name[0] == 0x2E else { continue }
            if PathText.string(name) == ".gitattributes", let oid = OID(git_tree_entry_id(entry)) {
              blobs.append(oid)
            }
          }
        }
      }
    }
    return (blobs, submodule)
  }

  /// The attributes files outside of the tree that git would read.
  private func attributesFiles() throws(GitError) -> [String] {
    var files = ["\(commonDirectory)/info/attributes"]
    let home = environment["HOME"].map { "\($0)/.config" }
    if let named = try config("core.attributesFile") {
      files.append(named.hasPrefix("~/") ? "\(environment["HOME"] ?? "")/\(named.dropFirst(2))" : named)
    } else if let folder = environment["XDG_CONFIG_HOME"] ?? home {
      files.append("\(folder)/git/attributes")
    }
    return files
  }

  /// Whether files of a commit can differ from their blobs: line ends, `$Id$`.
  func convertsContent(of commit: OID) throws(GitError) -> Bool {
    if let value = try config("core.autocrlf"),
      !["false", "input", "no", "0", ""].contains(value.lowercased())
    {
      return true
    }
    for file in try attributesFiles() where (Files.size(file) ?? 0) > 0 { return true }
    return try !attributes(inTree: treeOf(commit: commit)).blobs.isEmpty
  }

  private func reason(inAttributes bytes: [UInt8], filters: Set<String>) -> String? {
    for line in bytes.split(whereSeparator: { $0 == 0x0A || $0 == 0x0D }) where line.first != 0x23 {
      for word in line.split(whereSeparator: { $0 == 0x20 || $0 == 0x09 }).dropFirst() {
        let text = String(decoding: word, as: UTF8.self)
        if text.hasPrefix("working-tree-encoding=") { return "its files have another encoding (\(text))" }
        guard text.hasPrefix("filter=") else { continue }
        let name = String(text.dropFirst(7))
        if filters.contains(name) { return "its files pass through the filter '\(name)'" }
      }
    }
    return nil
  }
}
