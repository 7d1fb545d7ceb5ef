import Glibc
import Support
import Synchronization
import Testing

@testable import System

@Suite("Making directories") struct MakeDirectoryTests {
  /// The empty folder of all worktrees is taken away by every `git worktree prune`.
  @Test func theOneThatSomebodyTakesAwayBesideItIsMadeAgain() throws {
    let world = try World()
    let folder = "\(world.directory)/above/empty"
    let isDone = Mutex(false)
    try inThreads(2) { number in
      guard number == 0 else {
        while !isDone.withLock({ $0 }) { rmdir(folder) }
        return
      }
      defer { isDone.withLock { $0 = true } }
      for _ in 0..<20_000 { try Files.makeDirectories(folder) }
    }
  }

  @Test func aFileInTheWayIsAnError() throws {
    let world = try World()
    let file = "\(world.directory)/file"
    try Files.writeAtomically(file, [])
    #expect(throws: FileError.self) { try Files.makeDirectories("\(file)/below") }
    #expect(throws: FileError.self) { try Files.makeDirectories(file) }
  }

  @Test func aLinkToNowhereIsAnError() throws {
    let world = try World()
    let link = "\(world.directory)/link"
    symlink("\(world.directory)/nothing", link)
    #expect(throws: FileError.self) { try Files.makeDirectories(link) }
  }
}
