import Glibc
import Migration
import Runner
import Site
import Support
import System
import Testing

@Suite struct TrustTests {
  let world: TestRepository
  let digest = String(repeating: "ab", count: 32)
  let now = Timestamp(milliseconds: 1_700_000_000_000)

  init() throws { world = try TestRepository(.unborn) }

  private func place(_ name: String) -> String { world.root + "/" + name }

  private func trust() throws -> Trust { try Trust(environment: ["HOME": world.root]) }

  @Test func `an approval is for one digest, and can be taken back`() throws {
    #expect(try !trust().isApproved(digest: digest))
    try trust().approve(digest: digest, name: "logging", at: now)
    try trust().approve(digest: digest, name: "again", at: now)
    #expect(try trust().list() == [Trust.Approval(digest: digest, seconds: 1_700_000_000, name: "logging")])
    #expect(try trust().isApproved(digest: digest))
    #expect(try !trust().isApproved(digest: String(repeating: "ac", count: 32)))
    #expect(try trust().revoke("logging") == 1)
    #expect(try !trust().isApproved(digest: digest))
    #expect(try trust().revoke(digest) == 0)
  }

  @Test func `the file is the user's alone`() throws {
    try trust().approve(digest: digest, name: "a\nb \u{1B}[31m", at: now)
    let path = try trust().path
    #expect(path == place(".local/state/git-migrate/trusted"))
    var status = stat()
    stat(path, &status)
    #expect(status.st_mode & 0o777 == 0o600)
    #expect(try Files.readFile(path) == Array("\(digest) 1700000000 a^Jb ^[[31m\n".utf8))
    chmod(path, 0o622)
    #expect(throws: CommandError.self) { try trust().isApproved(digest: digest) }
    chmod(path, 0o600)
    chmod(Files.parent(of: path), 0o777)
    #expect(throws: CommandError.self) { try trust().isApproved(digest: digest) }
  }

  @Test func `the place is never relative to a repository`() throws {
    #expect(throws: CommandError.self) { try Trust(environment: [:]) }
    #expect(throws: CommandError.self) { try Trust(environment: ["HOME": "."]) }
    #expect(throws: CommandError.self) { try Trust(environment: ["XDG_STATE_HOME": "state"]) }
    let trust = try Trust(environment: ["HOME": "/home/a", "XDG_STATE_HOME": "/var/state"])
    #expect(trust.path == "/var/state/git-migrate/trusted")
  }

  @Test func `broken lines approve nothing`() throws {
    try Files.makeDirectories(place(".local/state/git-migrate"), mode: 0o700)
    let lines = "\(digest)\n\(digest) x y\n\(digest.uppercased()) 1 a\n \(digest) 1 a\n"
    try Files.writeAtomically(place(".local/state/git-migrate/trusted"), Array(lines.utf8), mode: 0o600)
    #expect(try trust().list().isEmpty)
  }

  @Test func `every command of a plan is shown`() {
    let plan = Plan(
      migration: "m", agent: Plan.Agent(command: "agent"),
      worktree: Plan.Worktree(setup: "setup"),
      gate: Plan.Gate(verifiers: [Plan.Verifier(name: "test", run: "verify")]), notify: "tell",
      steps: [PlannedStep(id: "S1", run: "codemod"), PlannedStep(id: "S2")])
    #expect(plan.commands.map(\.command) == ["setup", "agent", "verify", "codemod", "tell"])
  }
}
