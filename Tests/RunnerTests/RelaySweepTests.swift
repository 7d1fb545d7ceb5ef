import Ledger
import Migration
import System
import Testing

@testable import Runner
@testable import Site

/// What killed runs have left of their workers' sockets goes, and nothing else.
@Suite("Sockets of workers that were left") struct RelaySweepTests {
  @Test func `are known from those of runs that live`() throws {
    let root = try Files.makeTemporaryDirectory(prefix: "relays-")
    defer { try? Files.removeTree(root) }
    func folder(_ name: String) throws -> String {
      try Files.makeDirectories("\(root)/\(name)")
      return "\(root)/\(name)"
    }
    let busy = try UnixSocket.listen(try folder("git-migrate-busy") + "/claim")
    defer { busy.close() }
    // So many wait that no more can.
    var waiting: [UnixSocket] = []
    while let next = try? UnixSocket.connect(root + "/git-migrate-busy/claim"), waiting.count < 1000 {
      waiting.append(next)
    }
    #expect(waiting.count < 1000)
    try UnixSocket.listen(try folder("git-migrate-dead") + "/claim").close()
    _ = try folder("git-migrate-made")
    _ = try folder("mine")
    func left() throws -> [String] { try Files.listDirectory(root) }

    let now = SystemClock().now()
    Relay.sweep(root, at: now)
    #expect(try left() == ["git-migrate-busy", "git-migrate-made", "mine"])
    Relay.sweep(root, at: now.adding(seconds: 7200))
    #expect(try left() == ["git-migrate-busy", "mine"])
    withExtendedLifetime(waiting) {}
  }

  @Test func `a claim's socket is looked for once in a run, and found by its name`() throws {
    let world = try SiteWorld()
    let relay = try Relay(site: world.site, migration: "mig", fence: try world.claim("S1").fence)
    let place = relay.place
    #expect(try Files.listDirectory(place.folder) == [place.name])
    #expect(!UnixSocket.isAbandoned("\(place.folder)/\(place.name)"))
    #expect(world.site.hasSweptRelays)
  }
}
