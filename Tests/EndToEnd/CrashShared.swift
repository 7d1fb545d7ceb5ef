import Supervision
import Support

/// What is cut off when the ledger is shared: here, on the way, and on the other side, whose programs are
/// disturbed as well.
extension CrashOperation {
  static let shared: [CrashOperation] = [
    CrashOperation(
      name: "push", steps: "  - id: S1\n    prompt: do", prepare: { try $0.share() },
      arguments: ["claim", "S1", "--no-worktree"], remedy: { try $0.mendHub() },
      end: { "\(try $0.states()["S1"] ?? "") \(try $0.isAsHub())" }, wanted: "leased true"),
    CrashOperation(
      name: "push a merge", steps: "  - id: S1\n    run: echo one > one.txt", prepare: { try $0.share() },
      arguments: ["run", "--quiet"],
      remedy: { world in
        try world.mendHub()
        _ = try world.migrate("retry", "S1")
      },
      end: { world in
        "\(try world.states()["S1"] ?? "") \(try world.merged().count) \(try world.isAsHub())"
      }, wanted: "merged 1 true"),
    CrashOperation(
      name: "fetch", steps: "  - id: S1\n    prompt: do",
      prepare: { world in
        try world.share()
        let other = world.repository.root + "/other"
        try world.repository.git("clone", "--quiet", world.hub, other)
        _ = try world.migrate("init", "--remote", "origin", in: other)
        _ = try world.migrate("claim", "S1", "--no-worktree", in: other)
      }, arguments: ["sync"], remedy: { try $0.mendHub() },
      end: { "\(try $0.states()["S1"] ?? "") \(try $0.isAsHub())" }, wanted: "leased true"),
  ]
}

extension MigrationWorld {
  fileprivate var hub: String { repository.root + "/hub.git" }

  func share() throws {
    try repository.git("init", "--quiet", "--bare", hub)
    try repository.git("remote", "add", "origin", hub)
    try repository.git("push", "--quiet", "origin", "main")
    _ = try migrate("init", "--remote", "origin")
    _ = try migrate("sync")
  }

  /// Whether both sides have the same ledger and the same integration branch.
  func isAsHub() throws -> Bool {
    try ["refs/migrate/ledger", "refs/heads/migrate/mig"].allSatisfy { ref in
      let there = try repository.runGit(["-C", hub, "rev-parse", "--verify", "--quiet", ref]).out
      return try repository.runGit(["rev-parse", "--verify", "--quiet", ref]).out == there
    }
  }

  /// What the server's administrator does about locks of a program that was killed there: git keeps them.
  func mendHub() throws {
    _ = try Command(
      "/usr/bin/find", [hub + "/refs", "-name", "*.lock", "-delete"], environment: repository.environment
    ).run()
  }
}
