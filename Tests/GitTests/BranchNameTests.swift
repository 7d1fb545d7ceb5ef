import System
import Testing

@testable import Git

@Suite("The names of branches")
struct BranchNameTests {
  @Test("are told of what is packed and of what is not, but for one folder, and no file is opened")
  func names() throws {
    let world = try World()
    let commit = try world.commit(["a": "1"])
    for name in ["main", "migrate/m", "migrating/x", "v/1/2"] {
      _ = world.repository.compareAndSwap(ref: "refs/heads/\(name)", to: commit, from: nil)
    }
    try world.git("pack-refs", "--all", "--no-prune")
    for name in ["late", "migrate/n", "v/3"] {
      _ = world.repository.compareAndSwap(ref: "refs/heads/\(name)", to: commit, from: nil)
    }
    try world.write("repo/.git/refs/heads/v/3.lock", "")
    try world.git("-c", "alias.pipe=!mkfifo .git/refs/heads/pipe", "pipe")
    #expect(
      try world.repository.branchNames(outside: "refs/heads/migrate/").sorted() == [
        "refs/heads/late", "refs/heads/main", "refs/heads/migrating/x", "refs/heads/pipe", "refs/heads/v/1/2",
        "refs/heads/v/3",
      ])
  }

  @Test("are listed where a glob can mean them, whatever lies elsewhere")
  func plainRefs() throws {
    let world = try World()
    let commit = try world.commit(["a": "1"])
    _ = world.repository.compareAndSwap(ref: "refs/heads/main", to: commit, from: nil)
    _ = world.repository.compareAndSwap(ref: "refs/migrate/attempt/m/S/1", to: commit, from: nil)
    try world.git("-c", "alias.pipe=!mkfifo .git/refs/migrate/pipe", "pipe")
    #expect(try world.repository.references(matching: "refs/heads/*").count == 1)
    #expect(try world.repository.references(matching: "refs/migrate/attempt/m/*").count == 1)
    for glob in ["refs/*", "refs/migrate/*", "refs/migrate/p?pe", "*"] {
      #expect(throws: GitError.self) { try world.repository.references(matching: glob) }
    }
  }
}
