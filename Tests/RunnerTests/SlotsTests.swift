import CanonicalJSON
import Git
import Ledger
import Migration
import Support
import System
import Testing

@testable import Runner
@testable import Site

@Suite("A slot")
struct SlotsTests {
  private let world: SiteWorld
  private let slots: Slots

  init() throws {
    world = try SiteWorld(files: [".gitignore": "cache\n"])
    slots = Slots(site: world.site)
  }

  private func prepare(_ claim: Claim) throws -> String {
    try slots.prepare("slot-1", migration: "mig", claim: claim, plan: world.plan)
  }

  private func text(_ path: String) throws -> String? {
    try Files.readFile(path).map { String(decoding: $0, as: UTF8.self) }
  }

  @Test("holds the files of the base, and a note beside the repository says whose it is")
  func fresh() throws {
    let claim = try world.claim("S1")
    let path = try prepare(claim)
    #expect(path == world.repository.path + ".migrate/slot-1")
    #expect(try text(path + "/a.txt") == "a\n")
    #expect(slots.marker("slot-1")?.fence == claim.fence)
    #expect(slots.marker("slot-1")?.isClosed == false)
    #expect(try world.repository.runGit(["status", "--porcelain"], in: path).out == "")
  }

  @Test("keeps what git ignores for the next claim, and the work before it on its own ref")
  func again() throws {
    let path = try prepare(try world.claim("S1"))
    try Files.writeAtomically(path + "/a.txt", Array("changed\n".utf8))
    try Files.writeAtomically(path + "/new.txt", Array("new\n".utf8))
    try Files.writeAtomically(path + "/cache", Array("warm\n".utf8))
    try slots.close("slot-1", migration: "mig", fence: Fence(step: "S1", epoch: 1))
    #expect(try prepare(try world.claim("S2")) == path)
    #expect(try text(path + "/a.txt") == "a\n")
    #expect(try text(path + "/new.txt") == nil)
    #expect(try text(path + "/cache") == "warm\n")
    let kept = LedgerRefs.attempt("mig", Fence(step: "S1", epoch: 1))
    #expect(try world.repository.git("show", kept + ":a.txt") == "changed")
    #expect(try world.repository.git("show", kept + ":new.txt") == "new")
    #expect(slots.marker("slot-1")?.fence.step == "S2")
  }

  @Test("is free once its holder says so, and for that claim only")
  func closing() throws {
    _ = try prepare(try world.claim("S1"))
    try slots.close("slot-1", migration: "mig", fence: Fence(step: "S1", epoch: 2))
    #expect(slots.marker("slot-1")?.isFree == false)
    try slots.close("slot-1", migration: "mig", fence: Fence(step: "S1", epoch: 1))
    #expect(slots.marker("slot-1")?.isFree == true)
  }

  @Test("that nobody uses is taken away with its note, and its work stays")
  func removal() throws {
    let path = try prepare(try world.claim("S1"))
    try Files.writeAtomically(path + "/new.txt", Array("new\n".utf8))
    #expect(try slots.removeAll(in: State()).count == 1, "its holder may still be at work")
    try slots.close("slot-1", migration: "mig", fence: Fence(step: "S1", epoch: 1))
    #expect(try slots.removeAll(in: State()) == [])
    #expect(!Files.exists(path) && slots.marker("slot-1") == nil)
    let kept = LedgerRefs.attempt("mig", Fence(step: "S1", epoch: 1))
    #expect(try world.repository.git("show", kept + ":new.txt") == "new")
  }

  @Test("has a note that is nobody's when it cannot be read")
  func brokenNote() throws {
    for text in ["", "{}", "{\"migration\":\"mig\"}", "[]"] {
      #expect(SlotMarker(bytes: Array(text.utf8)) == nil)
    }
    var marker = SlotMarker(
      migration: "mig", fence: Fence(step: "S1", epoch: 3), base: try world.id("main"),
      owner: Owner(machine: "m", boot: "b", pid: 7, startTicks: 8), isClosed: true)
    marker.supervisor = Owner(machine: "m", boot: "b", pid: 9, startTicks: 10)
    #expect(SlotMarker(bytes: marker.json.canonicalBytes) == marker)
  }
}
