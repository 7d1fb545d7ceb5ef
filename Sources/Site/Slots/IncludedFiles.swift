import Git
import Migration
import System

/// Files that git ignores but that a worktree needs: the plan's `worktree.copy`, and `.worktreeinclude`, the
/// cross-tool list of ignored files to copy (one glob a line, as in `.gitignore`).
extension Slots {
  /// Copies from the main worktree what the lists name. Only plain files, only below the repository, never
  /// over a file that git tracks: the checked-out commit decides about those. Gives the paths that the
  /// lists name, and those that it copied.
  @discardableResult
  package func copyIncluded(
    _ patterns: [String], to target: String
  ) throws -> (named: [String], copied: [String]) {
    let (main, found) = try site.includedFiles(patterns)
    var copied: [String] = []
    for path in found {
      let destination = target + "/" + path
      guard !Files.exists(destination), let bytes = try Files.readFile(main + "/" + path) else { continue }
      try Files.makeDirectories(Files.parent(of: destination))
      try Files.writeAtomically(destination, bytes, mode: 0o600)
      copied.append(path)
    }
    return (found, copied)
  }

}

extension Site {
  /// The main worktree, and the files in it that these patterns and `.worktreeinclude` name.
  package func includedFiles(_ patterns: [String]) throws -> (main: String, files: [String]) {
    let main = try mainDirectory()
    let wanted = patterns + includeFile(main)
    if wanted.isEmpty { return (main, []) }
    return (main, try IncludedFiles.find(below: main, matching: wanted.flatMap { IncludedFiles.globs($0) }))
  }

  private func includeFile(_ main: String) -> [String] {
    guard let bytes = try? Files.readFile(main + "/.worktreeinclude", limit: 1 << 20) else { return [] }
    return String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline).map(String.init)
      .filter { !$0.hasPrefix("#") && !$0.allSatisfy(\.isWhitespace) }
  }
}

/// The files that `worktree.copy` and `.worktreeinclude` name.
package enum IncludedFiles {
  /// How many files are copied at most: a list that means to copy a whole dependency tree is a mistake.
  package static let limit = 10_000

  /// The globs of one line, by the rules of `.gitignore`: a line without a slash matches at any depth, one
  /// that ends in a slash, or names a folder, takes all that is in it.
  package static func globs(_ line: String) -> [PathGlob] {
    var text = line
    while let last = text.last, last == " " || last == "\r" { text.removeLast() }
    guard !text.hasPrefix("!"), !text.split(separator: "/").contains("..") else { return [] }
    let isAnchored = text.hasPrefix("/") || text.dropLast().contains("/")
    if text.hasPrefix("/") { text.removeFirst() }
    if text.hasSuffix("/") { text.removeLast() }
    let base = isAnchored ? text : "**/" + text
    return [base, base + "/**"].compactMap { PathGlob($0) }
  }

  /// The plain files below a folder that match, as paths relative to it. Follows no links and leaves git
  /// alone.
  package static func find(below root: String, matching globs: [PathGlob]) throws -> [String] {
    var found: [String] = []
    var folders = [""]
    while let folder = folders.popLast() {
      for name in try Files.listDirectory(root + "/" + folder).sorted() where name != ".git" {
        let path = folder.isEmpty ? name : folder + "/" + name
        switch Files.kind(root + "/" + path) {
        case .directory: folders.append(path)
        case .file:
          guard globs.contains(where: { $0.matches(path) }) else { continue }
          found.append(path)
          guard found.count <= limit else {
            throw CommandError(
              "more than \(limit) files are to be copied into each worktree",
              hint: "name fewer in 'worktree.copy' and '.worktreeinclude'")
          }
        case .symbolicLink, .other, nil: continue
        }
      }
    }
    return found.sorted()
  }
}
