import Git
import Ledger
import Migration
import Support
import Testing

@testable import Runner
@testable import Site

@Suite("A candidate")
struct CandidateTests {
  private let world: SiteWorld

  init() throws { world = try SiteWorld() }

  private func build(
    _ result: (id: ObjectID, tree: ObjectID), base: String = "main", on place: Candidate.Place? = nil
  ) throws -> Candidate.Outcome {
    let submission = Submission(
      result: Submission.Result(commit: result.id, tree: result.tree, isNoOp: false), holder: "w",
      base: try world.id(base), notBefore: world.site.clock.now())
    return try Candidate.build(
      site: world.site, migration: try world.state(), fence: Fence(step: "S1", epoch: 1),
      submission: submission, on: place)
  }

  private func made(_ outcome: Candidate.Outcome) throws -> Candidate {
    guard case .made(let candidate) = outcome else { throw TestFailure("\(outcome)") }
    return candidate
  }

  @Test("is the change on the tip of the branch, as one commit with the tip before it")
  func merged() throws {
    let other = try world.commit("other.txt", "o\n", on: "main")
    try world.repository.git("update-ref", "refs/heads/migrate/mig", other.id.hex)
    let candidate = try made(try build(try world.commit("new.txt", "n\n", on: "main")))
    let commit = candidate.commit.hex
    #expect(!candidate.isNoChange && candidate.tip == other.id.oid)
    #expect(try world.repository.git("rev-list", "--parents", "-n1", commit) == "\(commit) \(other.id.hex)")
    #expect(try world.repository.git("ls-tree", "--name-only", commit) == "a.txt\nnew.txt\nother.txt")
    #expect(try world.repository.git("rev-parse", commit + "^{tree}") == candidate.tree.hex)
    #expect(try world.repository.git("rev-parse", "migrate/mig") == other.id.hex, "nothing has moved")
  }

  @Test("that changes nothing on the tip is the tip")
  func noChange() throws {
    let same = try world.commit("new.txt", "n\n", on: "main")
    try world.repository.git("update-ref", "refs/heads/migrate/mig", same.id.hex)
    let candidate = try made(try build(same))
    #expect(candidate.isNoChange && candidate.tree == candidate.tipTree)
  }

  @Test("cannot be made of changes that conflict: the paths are told")
  func conflict() throws {
    let other = try world.commit("a.txt", "theirs\n", on: "main")
    try world.repository.git("update-ref", "refs/heads/migrate/mig", other.id.hex)
    guard case .conflicts(let paths) = try build(try world.commit("a.txt", "ours\n", on: "main")) else {
      throw TestFailure("no conflict")
    }
    #expect(paths == ["a.txt"])
  }

  @Test("cannot be made of a result that is not there, or is no commit")
  func unusable() throws {
    let tree = try world.id("main^{tree}")
    for id in [try #require(ObjectID(String(repeating: "1", count: 40))), tree] {
      guard case .unusable = try build((id, tree)) else { throw TestFailure("it was used") }
    }
  }

  @Test("stands on another commit where a train asks for that")
  func place() throws {
    let before = try world.commit("before.txt", "b\n", on: "main")
    let place = Candidate.Place(tip: before.id.oid, train: 1)
    let candidate = try made(try build(try world.commit("new.txt", "n\n", on: "main"), on: place))
    #expect(candidate.tip == before.id.oid)
    #expect(try world.repository.git("rev-parse", candidate.commit.hex + "^") == before.id.hex)
  }
}
