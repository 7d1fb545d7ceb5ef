import Testing

@testable import Git

/// Refs that stand still while somebody decides.
@Suite("Held refs") struct HeldRefTests {
  private static let ref = "refs/heads/held"

  private struct Place {
    let world: World
    let program: GitProgram
    let first: OID
    let second: OID

    init(packed: Bool = false) throws {
      world = try World()
      program = GitProgram(world.repository)
      first = try world.commit(["a": "1\n"])
      second = try world.commit(["a": "2\n"], parents: [first])
      try world.git("update-ref", HeldRefTests.ref, first.hex)
      if packed { try world.git("pack-refs", "--all") }
    }

    var now: OID? { get throws { try world.repository.resolve(HeldRefTests.ref) } }
  }

  @Test("nobody moves a ref that is held, whether it is loose or packed", arguments: [false, true])
  func standsStill(packed: Bool) throws {
    let place = try Place(packed: packed)
    var tried: GitProgram.RefUpdate?
    let refused = try place.program.holdRef(HeldRefTests.ref, at: place.first) {
      tried = try? place.program.updateRef(
        HeldRefTests.ref, to: place.second, from: place.first, hooks: .none)
    }
    #expect(refused == nil)
    guard case .busy? = tried else {
      Issue.record("a held ref moved: \(String(describing: tried))")
      return
    }
    #expect(try place.now == place.first)
    #expect(
      try place.program.updateRef(HeldRefTests.ref, to: place.second, from: place.first, hooks: .none)
        == .moved)
  }

  @Test("a ref that is elsewhere, or locked, is not held, and nothing is done")
  func elsewhere() throws {
    let place = try Place()
    var didRun = false
    #expect(try place.program.holdRef(HeldRefTests.ref, at: place.second) { didRun = true } != nil)
    try place.world.write("repo/.git/\(HeldRefTests.ref).lock", "")
    #expect(try place.program.holdRef(HeldRefTests.ref, at: place.first) { didRun = true } != nil)
    #expect(!didRun)
  }

  @Test("an objection is asked with the ref held, and keeps it where it is")
  func objection() throws {
    let place = try Place()
    var rival: GitProgram.RefUpdate?
    let refused = try place.program.updateRef(
      HeldRefTests.ref, to: place.second, from: place.first, hooks: .none,
      unless: {
        rival = try? place.program.updateRef(
          HeldRefTests.ref, to: place.second, from: place.first, hooks: .none)
        return "not now"
      })
    #expect(refused == .denied("not now"))
    guard case .busy? = rival else {
      Issue.record("the ref was not held: \(String(describing: rival))")
      return
    }
    #expect(try place.now == place.first)
    let moved = try place.program.updateRef(
      HeldRefTests.ref, to: place.second, from: place.first, hooks: .none, unless: { nil })
    #expect(moved == .moved)
    #expect(try place.now == place.second)
  }

  @Test("where the ref is not what was said, nobody is asked")
  func lost() throws {
    let place = try Place()
    var isAsked = false
    let outcome = try place.program.updateRef(
      HeldRefTests.ref, to: place.first, from: place.second, hooks: .none,
      unless: {
        isAsked = true
        return nil
      })
    guard case .lost = outcome else {
      Issue.record("\(outcome)")
      return
    }
    #expect(!isAsked)
  }
}
