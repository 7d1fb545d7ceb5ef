import CanonicalJSON
import Support
import System
import Testing

/// The board of a migration at a forge on loopback, by the program itself.
@Suite("A board at a forge")
struct BoardEndToEndTests {
  private static let steps = """
      - { id: good, title: Good, run: 'echo x > f1' }
      - { id: bad, title: Bad, run: 'test -e "$HOME/mended" && echo x > f2' }
      - { id: late, title: Late, run: 'echo x > f3', needs: [bad] }
    """

  @Test(arguments: ["github", "gitlab", "gitea"])
  func `shows each step, takes back what people ask for, and the run goes on by it`(_ kind: String) throws {
    let world = try BoardWorld(kind, Self.steps)
    let run = try world.shared.migrate(world.path, "run")
    #expect(run.code != 0, "\(run)")
    let looked = try world.board("push", "-n")
    #expect(looked.code == 0 && looked.out.contains("2 cards would be made"), "\(looked)")
    #expect(try world.issues().isEmpty)
    let first = try world.board("push")
    #expect(first.code == 0 && first.out.contains("2 cards made"), "\(first)")
    #expect(try world.labels("bad") == ["Abandoned", "migration:mig"])
    #expect(try world.labels("late") == ["Todo", "migration:mig"])
    #expect(try world.board("push").out.contains("0 cards made, 0 written anew"))
    // A person mends it, and moves the card.
    try Files.writeAtomically(world.shared.first.repository.root + "/home/mended", [])
    try world.move("bad", to: "Todo")
    let left = try world.board("push")
    #expect(left.out.contains("1 card moved by people"), "\(left)")
    let taken = try world.board("pull", "--json")
    #expect(taken.code == 0, "\(taken)")
    let request = StreamValue.parse(Array(taken.out.utf8))?["taken"]?.elements.first
    #expect(request?["wish"]?.text == "retry" && request?["refusal"] == .null, "\(taken)")
    #expect(try world.shared.migrate(world.path, "show", "bad").out.contains("moved to 'Todo' at http"))
    let again = try world.shared.migrate(world.path, "run")
    #expect(again.code == 0, "\(again)")
    #expect(try world.board("push").code == 0)
    #expect(try world.labels("bad") == ["Done", "migration:mig"])
    #expect(try world.issues().allSatisfy { $0["end"]?.text == "completed" })
    #expect(try world.board("pull").code == 0)
  }

  @Test func `what cannot be is put back and told, and causes have cards, too`() throws {
    let world = try BoardWorld("github", Self.steps)
    _ = try world.shared.migrate(world.path, "run")
    #expect(try world.board("push").code == 0)
    try world.move("late", to: "Done")
    let refused = try world.board("pull")
    #expect(refused.code == 1 && refused.out.contains("there is nothing to approve"), "\(refused)")
    #expect(try world.labels("late") == ["Todo", "migration:mig"])
    let causes = try world.board("push", "--by", "cause")
    #expect(causes.code == 0 && causes.out.contains("1 card made"), "\(causes)")
    #expect(try world.issues().count == 3)
  }

  @Test func `says what is wrong, and writes nothing`() throws {
    let world = try BoardWorld("github", Self.steps)
    let by = try world.board("push", "--by", "step", "--by", "target")
    #expect(by.code == 129 && by.err.contains("must be step or cause"), "\(by)")
    let token = try world.board("push", token: "wrong")
    #expect(token.code == 128 && token.err.contains("does not take the token"), "\(token)")
    let other = try world.board("push", "-m", "other")
    #expect(other.code == 128 && other.err.contains("'other'"), "\(other)")
    let nowhere = try world.shared.migrate(world.path, "board", "push")
    #expect(nowhere.code == 128 && nowhere.err.contains("is on no forge that is known"), "\(nowhere)")
    #expect(try world.issues().isEmpty)
  }
}

/// A shared migration, and the forge above its server.
private final class BoardWorld {
  let shared: SharedMigration
  private let forge: ForgeProcess
  var path: String { shared.first.repository.path }

  init(_ kind: String, _ steps: String) throws {
    shared = try SharedMigration()
    forge = try ForgeProcess(kind, shared)
    let gate = "{ verifiers: [{ name: t, kind: lint, run: 'test -e a.txt' }] }"
    try shared.first.start(steps, gate: gate)
  }

  func board(_ arguments: String..., token: String = "secret") throws -> TestRun {
    try forge.run(["board"] + arguments, token: token)
  }

  func issues() throws -> [StreamValue] { try forge.state("issues") }

  private func issue(_ step: String) throws -> StreamValue {
    try #require(try issues().first { $0["title"]?.text?.hasPrefix("mig: \(step): ") == true })
  }

  func labels(_ step: String) throws -> [String] {
    try issue(step)["labels"]?.elements.compactMap(\.text).sorted() ?? []
  }

  /// Puts a card into a column, as people do.
  func move(_ step: String, to column: String) throws {
    let number = try #require(try issue(step)["number"]?.integer)
    try forge.control(#"{"labels": {"\#(number)": ["migration:mig", "\#(column)"]}}"#)
  }
}
