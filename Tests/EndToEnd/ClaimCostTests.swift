import Support
import System
import Testing

/// What a claim need not start: what git has said of the same files before, it says again.
@Suite("What a claim costs")
struct ClaimCostTests {
  /// Which git commands a command starts, a word each.
  private func asked(_ world: MigrationWorld, _ arguments: [String]) throws -> [String] {
    let folder = world.repository.root + "/counted"
    try Files.makeDirectories(folder)
    let real = world.repository.environment["PATH"] ?? ""
    let script = "#!/bin/sh\necho \"$1\" >> '\(folder)/log'\nPATH='\(real)' exec git \"$@\"\n"
    try Files.writeAtomically(folder + "/git", Array(script.utf8), mode: 0o755)
    try Files.removeFile(folder + "/log")
    let run = try world.repository.run(
      TestBinary.path, arguments, adding: ["PATH": "\(folder):\(real)"])
    #expect(run.code == 0, "\(run)")
    let log = try Files.readFile(folder + "/log") ?? []
    return log.split(separator: 0x0A).map { String(decoding: $0, as: UTF8.self) }
  }

  private func world() throws -> MigrationWorld {
    let world = try MigrationWorld()
    try world.start("  - { id: A }\n  - { id: B }\n  - { id: C }\n  - { id: D }")
    // What was written a moment ago might change once more in the same tick of the clock.
    for name in try Files.listDirectory(world.repository.path + "/.git/hooks") {
      let path = world.repository.path + "/.git/hooks/" + name
      while let stamp = FileStamp(of: path), !stamp.isSettled(at: FileStamp.Look()) {}
    }
    return world
  }

  @Test func `no other program is started for a second claim`() throws {
    let world = try world()
    _ = try asked(world, ["claim"])
    #expect(try asked(world, ["claim"]) == [])
  }

  @Test func `what has changed is read again`() throws {
    let world = try world()
    _ = try asked(world, ["claim"])
    _ = try world.repository.run("git", ["config", "branch.main.remote", "x"])
    #expect(try asked(world, ["claim"]).contains("config"))
    #expect(try asked(world, ["claim"]) == [])
    let nobody = try world.migrate("claim", adding: ["GIT_AUTHOR_EMAIL": ""])
    #expect(nobody.code == 128 && nobody.err.contains("tell who commits are by"), "\(nobody)")
  }
}
