import Git
import Ledger
import Migration
import Support

@testable import Runner
@testable import Site

/// A repository with a migration in its ledger, looked at from within: no program of ours is started.
final class SiteWorld {
  let repository: TestRepository
  let site: Site
  let plan: Plan

  /// Starts the plan at a commit with these files beside `a.txt`.
  init(
    steps: [PlannedStep] = [PlannedStep(id: "S1"), PlannedStep(id: "S2")], gate: Plan.Gate = Plan.Gate(),
    files: [String: String] = [:]
  ) throws {
    plan = Plan(migration: "mig", gate: gate, steps: steps)
    repository = try TestRepository()
    for (name, text) in files { try repository.write(name, text) }
    if !files.isEmpty {
      try repository.git("add", "--all")
      try repository.git("commit", "--quiet", "--message=files")
    }
    try repository.start(plan)
    site = try Site(directory: repository.path, environment: repository.environment)
  }

  /// The migration as the ledger has it now.
  func state() throws -> MigrationState {
    guard let found = try site.ledger.read().state.migration(named: plan.migration) else {
      throw TestFailure("there is no migration")
    }
    return found
  }

  func id(_ revision: String) throws -> ObjectID {
    guard let id = ObjectID(try repository.git("rev-parse", revision)) else { throw TestFailure(revision) }
    return id
  }

  /// A claim as one is made of a step now.
  func claim(_ step: String, epoch: Int = 1, slot: String? = "slot-1") throws -> Claim {
    Claim(
      fence: Fence(step: step, epoch: epoch), holder: "w",
      owner: Owner(machine: "elsewhere", boot: "b", pid: 7, startTicks: 7), base: try id(plan.into),
      expiresAt: site.clock.now().adding(seconds: 600), slot: slot)
  }

  /// A commit with one more file, or another text of it, on a revision.
  func commit(_ name: String, _ text: String, on revision: String) throws -> (id: ObjectID, tree: ObjectID) {
    let index = ["GIT_INDEX_FILE": repository.root + "/index"]
    func git(_ arguments: String..., input: String? = nil) throws -> String {
      let run = try repository.runGit(arguments, input: input, adding: index)
      guard run.code == 0 else { throw TestFailure("\(arguments): \(run)") }
      return String(run.out.prefix { $0 != "\n" })
    }
    _ = try git("read-tree", revision)
    let blob = try git("hash-object", "-w", "--stdin", input: text)
    _ = try git("update-index", "--add", "--cacheinfo", "100644,\(blob),\(name)")
    let tree = try git("write-tree")
    let made = try git("commit-tree", tree, "-p", revision, "-m", name)
    return (try id(made), try id(tree))
  }
}
