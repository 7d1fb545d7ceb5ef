import CanonicalJSON
import Support
import System
import Testing

/// Targets that a forge is asked for.
@Suite("A fleet by a query")
struct FleetQueryTests {
  private let token = ["GH_ENTERPRISE_TOKEN": "secret"]

  private func plan(_ world: FleetWorld, _ query: String) throws -> String {
    let file = try world.plan(["cart"])
    let text = String(decoding: try Files.readFile(file) ?? [], as: UTF8.self)
    let list = "list:\n    - { url: '\(world.url("cart"))', owner: 'team-cart' }"
    #expect(text.contains(list))
    try Files.writeAtomically(file, Array(text.replacing(list, with: "forge: '\(query)'").utf8))
    return file
  }

  @Test func `takes the repositories of an owner that all of its words hold for, page by page`() throws {
    let names = ["cart", "cart-two", "cart-three", "mail", "old-cart", "fork-cart"]
    let world = try FleetWorld(names.map { ($0, true) })
    let forge = try FleetTests.Forge(world)
    defer { withExtendedLifetime(forge) {} }
    let file = try plan(world, "org:shop topic:cart host:127.0.0.1")
    let offline = try world.migrate("check", file)
    #expect(offline.code == 125 && offline.err.contains("without asking the forge"), "\(offline)")
    let list = try world.migrate("fleet", "check", "-n", file, adding: token)
    #expect(list.code == 0, "\(list)")
    #expect(
      list.out.split(separator: "\n").map { $0.split(separator: " ").first } == [
        "shop-cart", "shop-cart-three", "shop-cart-two",
      ], "\(list)")
    let check = try world.migrate("fleet", "check", file, adding: token)
    #expect(check.code == 0, "\(check)")
    #expect(
      try world.states() == [
        "shop-cart": "waiting", "shop-cart-three": "waiting", "shop-cart-two": "waiting",
      ])
    let report = try JSON.parse(try world.migrate("fleet", "status", "--json").out)
    guard case .array(let targets)? = report["targets"] else { return #expect(Bool(false), "\(report)") }
    #expect(targets.first?["base"] == .string("main"), "what the forge says of it")
    #expect(targets.first?["labels"] == .array([.string("cart")]))
    #expect(try world.complaints() == "")
  }

  @Test(arguments: [
    ("org:nobody host:127.0.0.1", true, "names no repository"),
    ("org:shop host:127.0.0.1", false, "there is no token"),
    ("org:shop host:[::1]", true, "is no host"),
  ]) func `what cannot be listed is said`(_ query: String, _ hasToken: Bool, _ words: String) throws {
    let world = try FleetWorld([("cart", true)])
    let forge = try FleetTests.Forge(world)
    defer { withExtendedLifetime(forge) {} }
    let file = try plan(world, query)
    let check = try world.migrate("fleet", "check", file, adding: hasToken ? token : [:])
    #expect(check.code == 128 && check.err.contains(words), "\(check)")
    #expect(try world.git(world.path, "for-each-ref", "refs/migrate").isEmpty)
  }
}
