import Clibgit2
import System

/// A filter that attributes give files to.
public struct FilterAttribute: Equatable, Sendable {
  /// The name, `lfs` of `filter=lfs`.
  public let filter: String
  /// The file of attributes: a path in the tree, or the absolute one of a file outside of it.
  public let file: String
}

extension Repository {
  /// Why the files of this commit have to be checked out and recorded by the `git` program instead of
  /// libgit2, or `nil` when libgit2 does it right: a sparse checkout, submodules, a filter (LFS, git-crypt)
  /// or a `working-tree-encoding`. libgit2 runs no external filter, so a file would come out as its pointer.
  public func needsGitProgram(forCommit commit: OID) throws(GitError) -> String? {
    try needsGitProgram(forTree: treeOf(commit: commit))
  }

  /// The same of a tree.
  public func needsGitProgram(forTree tree: OID) throws(GitError) -> String? {
    if try configBool("core.sparseCheckout") == true { return "the checkout is sparse" }
    if try configBool("core.splitIndex") == true { return "its index is split" }
    let found = try attributes(inTree: tree)
    if let submodule = found.submodule { return "it has a submodule '\(submodule)'" }
    for word in try words(of: found) {
      if word.text.hasPrefix("working-tree-encoding=") {
        return "its files have another encoding (\(word.text))"
      }
      // Whether the filter is there, and whether it may run, the git program knows.
      if let name = word.filter { return "its files pass through the filter '\(name)'" }
    }
    return nil
  }

  /// The filters that the attributes of a tree, and those of the repository, the user and the machine, give
  /// files to, configured or not, each with the first file that names it.
  public func filterAttributes(ofTree tree: OID) throws(GitError) -> [FilterAttribute] {
    var result: [FilterAttribute] = []
    for word in try words(of: attributes(inTree: tree)) {
      guard let name = word.filter, !result.contains(where: { $0.filter == name }) else { continue }
      result.append(FilterAttribute(filter: name, file: word.file))
    }
    return result
  }

  /// An attribute as it is written, with the file that it stands in.
  private struct AttributeWord {
    let text: String
    let file: String

    var filter: String? {
      text.hasPrefix("filter=") && text.utf8.count > 7 ? String(text.dropFirst(7)) : nil
    }
  }

  private func words(of found: TreeAttributes) throws(GitError) -> [AttributeWord] {
    var result: [AttributeWord] = []
    func read(_ bytes: [UInt8], _ file: String) {
      for line in bytes.split(whereSeparator: { $0 == 0x0A || $0 == 0x0D }) where line.first != 0x23 {
        for word in line.split(whereSeparator: { $0 == 0x20 || $0 == 0x09 }).dropFirst() {
          result.append(AttributeWord(text: String(decoding: word, as: UTF8.self), file: file))
        }
      }
    }
    for blob in found.blobs { read(try self.blob(blob.oid), blob.path) }
    for file in try attributesFiles() {
      if let bytes = try? Files.readFile(file, limit: 1 << 20) { read(bytes, file) }
    }
    return result
  }

  /// What a tree says of its files.
  private struct TreeAttributes {
    var blobs: [(path: String, oid: OID)] = []
    var submodule: String?
  }

  /// Every attributes file of a tree, and a submodule if there is one.
  private func attributes(inTree root: OID) throws(GitError) -> TreeAttributes {
    var pending = [(path: "", tree: root)]
    // The same folder stands in a tree again and again; it is looked at once.
    var seen: Set<OID> = [root]
    var result = TreeAttributes()
    while let (path, tree) = pending.popLast() {
      try withTree(tree) { handle in
        for position in 0..<git_tree_entrycount(handle) {
          guard let entry = git_tree_entry_byindex(handle, position) else { continue }
          switch git_tree_entry_filemode(entry) {
          case GIT_FILEMODE_TREE:
            if let oid = OID(git_tree_entry_id(entry)), seen.insert(oid).inserted,
              let name = PathText.string(git_tree_entry_name(entry))
            {
              pending.append((path + name + "/", oid))
            }
          case GIT_FILEMODE_COMMIT: result.submodule = PathText.string(git_tree_entry_name(entry))
          default:
            guard let name = git_tree_entry_name(entry), name[0] == 0x2E else { continue }
            if PathText.string(name) == ".gitattributes", let oid = OID(git_tree_entry_id(entry)) {
              result.blobs.append((path + ".gitattributes", oid))
            }
          }
        }
      }
    }
    return result
  }

  /// The attributes files outside of the tree that git would read.
  private func attributesFiles() throws(GitError) -> [String] {
    var files = ["\(commonDirectory)/info/attributes"]
    if let named = try config("core.attributesFile"), !named.isEmpty {
      files.append(named.hasPrefix("~/") ? "\(environment["HOME"] ?? "")/\(named.dropFirst(2))" : named)
    } else if let folder = GitProgram.usualFolder(environment) {
      files.append("\(folder)/attributes")
    }
    if !Repository.isTrue(environment["GIT_ATTR_NOSYSTEM"]) { files.append("/etc/gitattributes") }
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
}
