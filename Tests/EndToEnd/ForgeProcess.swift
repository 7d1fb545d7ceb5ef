import CanonicalJSON
import Support
import System

/// The forge of the tests over a shared migration's server, and the program called with its address and
/// token.
final class ForgeProcess {
  let folder: String
  let kind: String
  private let shared: SharedMigration
  private let server: LoopbackServer

  init(_ kind: String, _ shared: SharedMigration) throws {
    let folder = shared.first.repository.root + "/forge"
    (self.kind, self.folder, self.shared) = (kind, folder, shared)
    try Files.makeDirectories(folder)
    let program = Files.parent(of: Files.parent(of: #filePath)) + "/Fleet/forge.py"
    let repository = shared.server
    server = try LoopbackServer(shared.first.repository, "python3") {
      [program, "\($0)", folder, repository]
    }
  }

  /// Runs `git migrate` in the first clone.
  func run(_ arguments: [String], token: String = "secret") throws -> TestRun {
    let base = ["github": "api/v3", "gitlab": "api/v4", "gitea": "api/v1"][kind] ?? ""
    let names = ["github": "GH_ENTERPRISE_TOKEN", "gitlab": "GITLAB_TOKEN", "gitea": "GITEA_TOKEN"]
    let repository = shared.first.repository
    return try repository.run(
      "git",
      [
        "-c", "migrate.forge=\(kind)", "-c", "migrate.forgeUrl=http://127.0.0.1:\(server.port)/\(base)",
        "-c", "migrate.forgePause=1", "-c", "migrate.forgeRepository=shop/app", "-C", repository.path,
        "migrate",
      ] + arguments,
      adding: [
        names[kind] ?? "": token, "PATH": "\(TestBinary.directory):\(repository.environment["PATH"] ?? "")",
      ])
  }

  /// What is to happen there.
  func control(_ text: String) throws {
    try Files.writeAtomically(folder + "/control.json", Array(text.utf8))
  }

  /// What there is of requests or issues.
  func state(_ key: String) throws -> [StreamValue] {
    StreamValue.parse(try Files.readFile(folder + "/state.json") ?? [])?[key]?.elements ?? []
  }
}
