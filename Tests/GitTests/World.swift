import Glibc
import Supervision
import System

@testable import Git

/// A directory made from nothing for one test, with a home and a repository of its own.
final class World {
  let root: String
  let repository: Repository
  let environment: [String: String]
  let path: String

  static let person = Signature(name: "A U Thor", email: "author@example.com", seconds: 1_112_911_993)

  init(bare: Bool = false) throws {
    root = try Files.realPath(Files.makeTemporaryDirectory(prefix: "git-tests-")) ?? ""
    path = "\(root)/repo"
    try Files.makeDirectories("\(root)/home")
    environment = [
      "HOME": "\(root)/home", "PATH": "/usr/bin:/bin", "GIT_CONFIG_NOSYSTEM": "1", "TZ": "UTC",
      "GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "A",
      "GIT_COMMITTER_EMAIL": "a@b",
    ]
    repository = try Repository.initialize(at: path, bare: bare, environment: environment)
  }

  deinit { try? Files.removeTree(root) }

  var program: GitProgram { GitProgram(repository, identity: World.person) }

  /// The plain program with nothing overridden, as an agent would run it.
  @discardableResult
  func git(_ arguments: String..., in directory: String? = nil, input: String? = nil) throws -> String {
    var command = Command("git", arguments, environment: environment, directory: directory ?? path)
    command.input = input.map { Array($0.utf8) }
    let outcome = try command.run()
    guard outcome.status.isSuccess else { throw Failure(text: "git \(arguments): \(outcome.errorText)") }
    var text = outcome.text
    if text.hasSuffix("\n") { text.removeLast() }
    return text
  }

  /// A program that notes each of its runs in a file, a line each.
  func counted(in log: String) throws -> GitProgram {
    let script = "#!/bin/sh\necho git >>'\(log)'\nexec git \"$@\"\n"
    try Files.overwrite("\(root)/git", Array(script.utf8), mode: 0o755)
    return GitProgram(
      gitDirectory: "\(path)/.git", commonDirectory: "\(path)/.git", environment: environment,
      executable: "\(root)/git")
  }

  /// Waits until a change of a file would show.
  func settle(_ path: String) {
    while let stamp = FileStamp(of: path), !stamp.isSettled(at: FileStamp.Look()) {}
  }

  struct Failure: Error { let text: String }

  /// A commit object with these files; no ref moves.
  func commit(_ files: [String: String], parents: [OID] = [], message: String = "change") throws -> OID {
    let puts = try files.map {
      (path: $0.key, blob: try repository.writeBlob(Array($0.value.utf8)), mode: FileMode.blob)
    }
    let tree = try repository.writeTree(updating: nil, upserts: puts, removals: [])
    return try repository.writeCommit(
      tree: tree, parents: parents, message: message, author: World.person, committer: World.person)
  }

  /// A linked worktree at `<root>/<name>` with the commit's files.
  func worktree(_ name: String, at commit: OID) throws -> Repository {
    let place = "\(root)/\(name)"
    try repository.addWorktree(name: name, path: place, commit: commit, lockReason: "test")
    let worktree = try Repository.openWorktree(
      path: place, expectedCommonDirectory: repository.commonDirectory, name: name, environment: environment)
    try worktree.checkoutTree(commit: commit)
    return worktree
  }

  func write(_ path: String, _ text: String) throws {
    let place = path.hasPrefix("/") ? path : "\(root)/\(path)"
    try Files.makeDirectories(Files.parent(of: place))
    try Files.writeAtomically(place, Array(text.utf8))
  }

  func read(_ path: String) throws -> String? {
    try Files.readFile(path.hasPrefix("/") ? path : "\(root)/\(path)").map {
      String(decoding: $0, as: UTF8.self)
    }
  }

  func exists(_ path: String) -> Bool { Files.exists("\(root)/\(path)") }
}
