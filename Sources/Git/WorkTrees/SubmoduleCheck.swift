import Clibgit2
import Glibc
import System

/// Looks at a submodule in a work tree whose user is not trusted: by libgit2 alone, which starts nothing that
/// the submodule's configuration names.
enum SubmoduleCheck {
  /// What is in the submodule's folder.
  enum Place {
    /// Nothing at all, or a file.
    case gone
    /// A folder that is no repository: it was never filled.
    case empty
    case populated(commit: OID, obstacle: String?, dirty: [String])
    /// A repository that cannot be read; the reason.
    case broken(String)
  }

  /// Looks at a folder below `root`. `known` are commits that others have for certain.
  static func look(_ path: String, below root: String, known: [OID], environment: [String: String]) -> Place {
    let folder = "\(root)/\(path)"
    guard Files.kind(folder) == .directory else { return .gone }
    guard WorktreeFiles.existsWithoutFollowing("\(folder)/.git") else { return .empty }
    do throws(GitError) {
      let repository = try Repository.open(gitDirectory: folder, environment: environment)
      guard let commit = try repository.head().oid else { return .broken("it has no commit") }
      let isReachable = try repository.isFetchable(commit, known: known)
      return .populated(
        commit: commit,
        obstacle: isReachable ? nil : unreachable,
        dirty: try repository.status())
    } catch {
      return .broken(error.message)
    }
  }

  /// Why nobody could fetch a commit that a submodule is set to without being checked out. `root` is where
  /// its folder lies, `declared` the content of `.gitmodules`.
  static func obstacle(
    to commit: OID, at path: String, below root: String?, declared: [UInt8]?, in owner: Repository
  ) -> String? {
    let declared = declared.flatMap { name(ofSubmoduleAt: path, in: $0) }
    var places = root.map { ["\($0)/\(path)"] } ?? []
    places = places.filter { WorktreeFiles.existsWithoutFollowing($0 + "/.git") }
    let names = [declared, path].compactMap { $0 }.filter { !$0.split(separator: "/").contains("..") }
    for directory in [owner.gitDirectory, owner.commonDirectory] {
      places += names.map { "\(directory)/modules/\($0)" }
    }
    var isKnown = false
    for place in places {
      guard let found = try? Repository.open(gitDirectory: place, environment: owner.environment) else {
        continue
      }
      isKnown = true
      if (try? found.isFetchable(commit, known: [])) == true { return nil }
    }
    if isKnown { return unreachable }
    return declared == nil ? undeclared : "nothing of that submodule was ever fetched here"
  }

  private static let unreachable = "no branch that was fetched from its remote has it"
  static let undeclared = "no '.gitmodules' names it"

  /// The `.gitmodules` file of a work tree.
  static func declarations(below root: String) -> [UInt8]? {
    try? Files.readPlain("\(root)/.gitmodules", limit: 1 << 20)
  }

  /// Whether a `.gitmodules` file names a submodule at this path.
  static func isDeclared(_ path: String, below root: String) -> Bool {
    declarations(below: root).flatMap { name(ofSubmoduleAt: path, in: $0) } != nil
  }

  /// The name that a `.gitmodules` file gives to the submodule at a path; `nil` when it knows none there.
  private static func name(ofSubmoduleAt path: String, in file: [UInt8]) -> String? {
    var name = ""
    for line in file.split(separator: 0x0A) {
      let text = trimmed(line)
      if text.first == UInt8(ascii: "[") {
        // `[submodule "name"]`
        let quoted = text.split(separator: 0x22, omittingEmptySubsequences: false)
        name = quoted.count > 2 ? PathText.string(quoted[1]) : ""
        continue
      }
      let parts = line.split(separator: 0x3D, maxSplits: 1)
      guard parts.count == 2, trimmed(parts[0]) == Array("path".utf8) else { continue }
      if trimmed(parts[1]) == PathText.bytes(path) { return name }
    }
    return nil
  }

  private static func trimmed(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    let isMargin = { (byte: UInt8) in [0x20, 0x09, 0x0D, 0x22].contains(byte) }
    var rest = bytes.drop(while: isMargin)
    while let last = rest.last, isMargin(last) { rest.removeLast() }
    return Array(rest)
  }
}

extension Repository {
  /// Why nobody could fetch the commit that a tree has for the submodule at a path; `nil` when somebody can.
  /// `root` is where the submodule may be checked out.
  public func obstacle(
    toSubmodule commit: OID, at path: String, inTree tree: OID, below root: String?
  ) throws(GitError) -> String? {
    var declared: [UInt8]?
    if let file = try entry(at: ".gitmodules", inTree: tree), file.mode != .submodule, file.mode != .tree {
      declared = try blob(file.oid)
    }
    return SubmoduleCheck.obstacle(to: commit, at: path, below: root, declared: declared, in: self)
  }

  /// Whether others can fetch a commit, as far as is known here: it lies behind a branch that was fetched
  /// from a remote, or was fetched by its name.
  func isFetchable(_ commit: OID, known: [OID]) throws(GitError) -> Bool {
    var tips = known
    for (_, oid) in try references(matching: "refs/remotes/*") { tips.append(oid) }
    if let fetched = try? Files.readPlain("\(gitDirectory)/FETCH_HEAD", limit: 1 << 20) {
      for line in fetched.split(separator: 0x0A) {
        if let oid = OID(String(decoding: line.prefix(40), as: UTF8.self)) { tips.append(oid) }
      }
    }
    for tip in tips {
      if tip == commit { return true }
      guard try objectExists(tip), try objectExists(commit) else { continue }
      if try isAncestor(commit, of: tip) { return true }
    }
    return false
  }
}

extension Repository {
  /// The submodules of the index whose folder is not as the commit that the index has: another one is
  /// checked out there, or files in it are changed.
  public func straySubmodules() throws(GitError) -> [String] {
    let operation = "read the index of"
    guard let root = workingDirectory else { return [] }
    var result: [String] = []
    try withIndex(operation) { index throws(GitError) in
      try check(git_index_read(index, 1), operation, gitDirectory)
      for position in 0..<git_index_entrycount(index) {
        guard let entry = git_index_get_byindex(index, position)?.pointee,
          entry.mode == FileMode.submodule.rawValue, let path = PathText.string(entry.path)
        else { continue }
        let place = SubmoduleCheck.look(path, below: root, known: [], environment: environment)
        switch place {
        case .gone, .empty: continue
        case .populated(let commit, _, let dirty) where commit == OID(entry.id) && dirty.isEmpty: continue
        case .populated, .broken: result.append(path)
        }
      }
    }
    return result
  }
}
