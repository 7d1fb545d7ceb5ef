import Glibc
import Migration
import Support
import System
import Testing

/// A worktree slot that can neither be used nor moved out of the way is nobody's fault but of who left it so.
/// Only root can mount, and not in every container.
@Suite("A slot that is stuck")
struct GivenUpSlotTests {
  private static let mount = "mount --bind . . && mount -o remount,ro,bind ."

  /// Whether this user may mount here.
  private func canMount(_ world: MigrationWorld) throws -> Bool {
    let place = world.repository.root + "/tried"
    try Files.makeDirectories(place)
    guard geteuid() == 0, try world.repository.run("mount", ["--bind", place, place]).code == 0 else {
      return false
    }
    return try world.repository.run("umount", [place]).code == 0
  }

  private func unmount(_ world: MigrationWorld) {
    for name in ["slot-1", "slot-2", "gate-1"] {
      _ = try? world.repository.run("umount", [world.repository.path + ".migrate/" + name])
    }
  }

  @Test("by a worker: that step has failed, the others get another one, and it is named until it goes")
  func worker() throws {
    let world = try MigrationWorld()
    guard try canMount(world) else { return }
    defer { unmount(world) }
    try world.start(
      """
        - { id: A, run: '\(Self.mount)' }
        - { id: B, run: 'echo b > b.txt' }
        - { id: C, needs: [B], run: 'echo c > c.txt' }
      """, gate: "none")
    let run = try world.migrate("run", "-j", "1")
    let states = try world.states()
    #expect(states["B"] == "merged" && states["C"] == "merged", "\(run)")
    #expect(run.out.split(separator: "A claimed by").count <= 3, "\(run)")
    #expect(!run.out.contains("B failed") && !run.out.contains("C failed"), "\(run)")
    let slot = world.repository.path + ".migrate/slot-1"
    #expect(try world.migrate("status").out.contains("given up: '\(slot)'"))
    #expect(try world.migrate("doctor").out.contains("'\(slot)' can neither be cleaned nor moved"))
    unmount(world)
    let clean = try world.migrate("clean", "-f")
    #expect(clean.code == 0 && !Files.exists(slot), "\(clean)")
    #expect(try !world.migrate("status").out.contains("given up"))
  }

  @Test("by a verifier: the gate goes on in another one")
  func verifier() throws {
    let world = try MigrationWorld()
    guard try canMount(world) else { return }
    defer { unmount(world) }
    let once = "test -e \"$HOME/stuck\" || { touch \"$HOME/stuck\"; \(Self.mount); }"
    try world.start(
      "  - { id: A, run: 'echo b > a.txt' }\n  - { id: B, needs: [A], run: 'echo c > a.txt' }",
      gate: "{ verifiers: [{ name: t, kind: build, run: '\(once)' }] }"
    )
    let run = try world.migrate("run", "-j", "1")
    #expect(run.code == 0, "\(run)")
    #expect(try world.states() == ["A": "merged", "B": "merged"], "\(run)")
  }

  @Test("because the folder of all slots may not be written: it may again")
  func root() throws {
    let world = try MigrationWorld()
    try world.start(
      "  - { id: A, run: 'chmod 555 ..' }\n  - { id: B, run: 'echo b > b.txt' }", gate: "none")
    if geteuid() == 0 {
      let chown = try world.repository.run("chown", ["-R", "65534:65534", world.repository.root])
      guard chown.code == 0 else { throw TestFailure("\(chown)") }
    }
    let asUser = ["--reuid", "65534", "--regid", "65534", "--clear-groups", TestBinary.path]
    let run =
      try geteuid() == 0
      ? world.repository.run("setpriv", asUser + ["run", "-j", "2"]) : world.migrate("run", "-j", "2")
    #expect(run.out.contains("B merged"), "\(run)")
    #expect(run.out.split(separator: "A claimed by").count <= 3, "\(run)")
  }
}
