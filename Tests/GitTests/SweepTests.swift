import Glibc
import System
import Testing

@testable import Git

@Suite("A sweep of a work tree")
struct SweepTests {
  private func world() throws -> (World, Repository) {
    let world = try World()
    let commit = try world.commit([
      ".gitignore": "*.o\ntarget/\nnode_modules/\ndeep/\n", "src/a.c": "1", "b": "1",
    ])
    let worktree = try world.worktree("w", at: commit)
    for path in [
      "src/a.o", "target/x/y", "src/new.c", "node_modules/m/i.js", "src/node_modules/n/i.js",
      "deep/er/target/z",
      "deep/er/rest", "deep/other/rest", "empty/inner/.keep",
    ] {
      try world.write("w/\(path)", "x")
    }
    unlink("\(world.root)/w/empty/inner/.keep")
    symlink("/etc", "\(world.root)/w/link")
    mkfifo("\(world.root)/w/pipe", 0o600)
    try world.git("init", "-q", "inner", in: "\(world.root)/w")
    try world.write("w/inner/file", "x")
    try world.write("w/src/.git/HEAD", "no repository, but named like one")
    return (world, worktree)
  }

  private func files(_ world: World) throws -> [String] {
    var found: [String] = []
    var folders = [""]
    while let folder = folders.popLast() {
      for name in try Files.listDirectory("\(world.root)/w/\(folder)") where folder + name != ".git" {
        found.append(folder + name)
        if Files.kind("\(world.root)/w/\(folder)\(name)") == .directory {
          folders.append(folder + name + "/")
        }
      }
    }
    return found.sorted()
  }

  @Test("leaves what the index names, and nothing else")
  func everything() throws {
    let (world, worktree) = try world()
    let found = try worktree.sweep()
    #expect(try files(world) == [".gitignore", "b", "src", "src/a.c"])
    #expect(found.kept.isEmpty)
    #expect(
      found.removed.sorted() == [
        "deep", "empty", "inner", "link", "node_modules", "pipe", "src/.git", "src/a.o", "src/new.c",
        "src/node_modules", "target",
      ])
    #expect(Files.exists("/etc/passwd"))
  }

  @Test("keeps folders by their path, also below what goes")
  func keeping() throws {
    let (world, worktree) = try world()
    let isKept = { (path: String) in path.hasSuffix("target") || path.hasSuffix("node_modules") }
    let dry = try worktree.sweep(isDryRun: true, keeping: isKept)
    let before = try files(world)
    #expect(try files(world) == before)
    let found = try worktree.sweep(keeping: isKept)
    #expect(dry == found)
    #expect(found.kept.sorted() == ["deep/er/target", "node_modules", "src/node_modules", "target"])
    #expect(
      try files(world) == [
        ".gitignore", "b", "deep", "deep/er", "deep/er/target", "deep/er/target/z", "node_modules",
        "node_modules/m", "node_modules/m/i.js", "src", "src/a.c", "src/node_modules", "src/node_modules/n",
        "src/node_modules/n/i.js", "target", "target/x", "target/x/y",
      ])
  }

  @Test("keeps no link, which leads to folders that nobody looked at")
  func links() throws {
    let (world, worktree) = try world()
    #expect(try worktree.sweep(keeping: { $0 == "link" }).kept.isEmpty)
    #expect(!Files.exists("\(world.root)/w/link"))
  }

  @Test("knows by a fingerprint whether anybody wrote into a folder")
  func fingerprint() throws {
    let (world, worktree) = try world()
    let print = { try worktree.fingerprint(ofFolders: ["target", "node_modules", "missing"]).text }
    let first = try print()
    #expect(try print() == first)
    try world.write("w/b", "elsewhere")
    #expect(try print() == first)
    var times = [timespec(tv_sec: 1, tv_nsec: 0), timespec(tv_sec: 1, tv_nsec: 0)]
    let file = open("\(world.root)/w/target/x/y", O_WRONLY)
    write(file, "z", 1)
    futimens(file, &times)
    let second = try print()
    #expect(second != first)
    write(file, "z", 1)
    futimens(file, &times)
    close(file)
    try world.write("w/target/new", "")
    #expect(try print() != second)
    try Files.removeTree("\(world.root)/w/target")
    symlink("node_modules", "\(world.root)/w/target")
    #expect(try print() != first)
  }
}
