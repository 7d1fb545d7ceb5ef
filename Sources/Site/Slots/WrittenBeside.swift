import Git
import Migration
import System

/// What a worker wrote that its result does not have, for people: ignored files, changes of what was there
/// before, repositories of their own.
package struct WrittenBeside {
  let site: Site
  let root: String
  let beginning: Beginning
  /// The result.
  package let snapshot: Snapshot

  /// How many files in ignored folders are looked at: a folder of dependencies must not make every harvest
  /// slow.
  private static let limit = 5_000

  /// The lines of `Submission.Result.left`.
  package func lines() throws(GitError) -> [String] {
    var lines: [String] = []
    for path in newRepositories { lines.append("\(path)/ (a repository of its own)") }
    var listing = WorkTreeListing(below: root, limit: WrittenBeside.limit)
    for path in snapshot.leftOut where beginning.isChanged(path, listing.mark(path)) {
      lines.append("\(path) (copied in)")
    }
    lines += try ignored(&listing)
    for submodule in snapshot.submodules {
      for path in submodule.dirty {
        let whole = "\(submodule.path)/\(path)"
        guard beginning.isChanged(whole, listing.mark(whole)) else { continue }
        lines.append("\(whole) (in no commit of the submodule)")
      }
    }
    lines.sort(by: PathText.precedes)
    let more = lines.count - Submission.Result.maximumLeft
    guard more > 0 else { return lines }
    return lines.prefix(Submission.Result.maximumLeft) + ["… and \(more) more"]
  }

  /// The repositories that the worker made.
  package var newRepositories: [String] {
    snapshot.embeddedRepositories.filter { !beginning.repositories.contains(PathText.bytes($0)) }
  }

  /// What the worker wrote under a name that git keeps for itself, so that no result can have it: topmost
  /// paths. `beginning` is `nil` when nothing is known of what was there before.
  package static func reserved(
    _ snapshot: Snapshot, below root: String, since beginning: Beginning?, in site: Site
  ) throws(GitError) -> [String] {
    let skipped = snapshot.ignored + snapshot.embeddedRepositories
    var found: [String] = []
    for path in WorkTreeListing.reservedNames(below: root, skipping: skipped) {
      if try isInSubmodule(path, snapshot.tree, site) { continue }
      // An empty folder is nothing to git; and times alone are no proof of a moment ago.
      let isNew = beginning?.reserved.contains(PathText.bytes(path)) != true
      var listing = WorkTreeListing(below: root, limit: WrittenBeside.limit)
      var isWritten = false
      let look = { (file: String, mark: WorkTreeListing.Mark?) in
        isWritten = isNew || beginning?.isChanged(file, mark) ?? true
        return !isWritten
      }
      // Of what cannot be looked at whole nobody can say that it is as it was.
      let isFolder = Files.kind("\(root)/\(path)") == .directory
      let isWhole = isFolder ? listing.visit(path) { look($0.path, $0.mark) } : look(path, listing.mark(path))
      if isWritten || !isWhole { found.append(path) }
    }
    return found
  }

  private static func isInSubmodule(_ path: String, _ tree: OID, _ site: Site) throws(GitError) -> Bool {
    let parts = path.split(separator: "/")
    for count in 1..<max(1, parts.count) {
      let folder = parts.prefix(count).joined(separator: "/")
      guard let entry = try site.repository.entry(at: folder, inTree: tree) else { return false }
      if entry.mode == .submodule { return true }
    }
    return false
  }

  /// Ignored files, a folder that the result does not have as one path.
  private func ignored(_ listing: inout WorkTreeListing) throws(GitError) -> [String] {
    var lines: [String] = []
    var groups: [(top: String, files: [String])] = []
    for path in snapshot.ignored.prefix(WrittenBeside.limit) {
      if CacheNames.isCache(path, below: root) { continue }
      var found: [String] = []
      if path.hasSuffix("/") {
        _ = listing.visit(path) { file in
          let isOutput = !CacheNames.isCache(file.path, below: root)
          if isOutput && isWritten(file.path, file.mark) { found.append(file.path) }
          // Two tell a folder from a file.
          return found.count < 2
        }
      } else if let mark = listing.mark(path), isWritten(path, mark) {
        found.append(path)
      }
      for file in found {
        if beginning.wasCopied(file) {
          lines.append("\(file) (copied in)")
          continue
        }
        let top = try topFolder(of: file)
        if let index = groups.firstIndex(where: { PathText.bytes($0.top) == PathText.bytes(top) }) {
          groups[index].files.append(file)
        } else {
          groups.append((top, [file]))
        }
      }
    }
    for group in groups {
      for file in group.files where group.files.count == 1 || group.top.isEmpty {
        lines.append("\(file) (ignored)")
      }
      if group.files.count > 1 && !group.top.isEmpty { lines.append("\(group.top)/ (ignored)") }
    }
    return lines
  }

  private func isWritten(_ path: String, _ mark: WorkTreeListing.Mark) -> Bool {
    !beginning.wasThere(path) || beginning.isChanged(path, mark)
  }

  /// The outermost folder of a path that the result does not have; empty when it has all of them.
  private func topFolder(of path: String) throws(GitError) -> String {
    let parts = path.split(separator: "/")
    for count in 1..<max(1, parts.count) {
      let folder = parts.prefix(count).joined(separator: "/")
      if try site.repository.entry(at: folder, inTree: snapshot.tree) == nil { return folder }
    }
    return ""
  }
}

/// Which ignored paths are caches by common agreement, so that nobody misses them in a result.
package enum CacheNames {
  private static let names: Set<String> = [
    "__pycache__", "node_modules", ".gradle", ".tox", ".nox", ".venv", ".eggs", ".DS_Store", ".hypothesis",
    ".coverage", ".tsbuildinfo",
  ]

  static func isCache(_ path: String, below root: String) -> Bool {
    var folder = root
    let parts = path.split(separator: "/")
    for (index, part) in parts.enumerated() {
      if names.contains(String(part)) || part.hasPrefix(".") && part.contains("cache") { return true }
      // The mark that cache folders carry: bford.info/cachedir.
      folder += "/" + part
      let isFolder = index < parts.count - 1 || path.hasSuffix("/")
      if isFolder && WorkTreeListing(below: folder, limit: 0).mark("CACHEDIR.TAG") != nil { return true }
    }
    return path.hasSuffix(".pyc") || path.hasSuffix(".pyo")
  }
}
