import Glibc
import Migration
import Support
import System
import Testing

/// Locks that killed programs left on refs that only git-migrate writes must not hold a step up for ever.
@Suite struct LeftLockTests {
  private func leave(_ world: MigrationWorld, _ ref: String, age: Int) throws {
    let path = "\(world.repository.path)/.git/\(ref).lock"
    try Files.makeDirectories(Files.parent(of: path))
    try Files.writeAtomically(path, [])
    let old = time(nil) - age
    var times = [timespec(tv_sec: old, tv_nsec: 0), timespec(tv_sec: old, tv_nsec: 0)]
    #expect(utimensat(AT_FDCWD, path, &times, 0) == 0)
  }

  @Test(arguments: [("refs/migrate/attempt/mig/S1/1", 11), ("refs/heads/migrate/mig", 61)])
  func `an old one is taken away`(_ ref: String, _ age: Int) throws {
    let world = try MigrationWorld()
    try world.start("  - id: S1\n    run: echo one > one.txt")
    try leave(world, ref, age: age)
    let run = try world.migrate("run", "--quiet")
    #expect(run.code == 0, "\(run)")
    #expect(try world.states()["S1"] == "merged")
    #expect(try world.complaints() == "")
  }

  @Test func `one on a branch that people share stays, with their files as they were, until they remove it`()
    throws
  {
    let world = try MigrationWorld()
    try world.start("  - id: S1\n    run: echo one > one.txt; echo two > a.txt", more: "into: main")
    try leave(world, "refs/heads/main", age: 3600)
    let run = try world.begin("run")
    #expect(eventually { run.output.contains("refs/heads/main.lock' is there") }, "\(run.output)")
    #expect(try world.repository.git("status", "--porcelain") == "")
    try Files.removeFile(world.repository.path + "/.git/refs/heads/main.lock")
    let ended = try run.wait()
    #expect(ended.code == 0, "\(ended)")
    #expect(try world.states()["S1"] == "merged")
    #expect(try world.repository.git("status", "--porcelain") == "")
  }

  /// Found by killing runs again and again: each begin failed, ten times, until the step was blocked.
  @Test
  func
    `one that keeps a slot's files from their ref is no failure: another slot does, and they are kept later`()
    throws
  {
    let world = try MigrationWorld()
    try world.start(
      """
        - id: S1
          run: |
            echo half > half; touch "$HOME/at"; while [ ! -e "$HOME/go" ]; do sleep 0.05; done; mv half whole
      """)
    let killed = try world.begin("run")
    #expect(eventually { Files.exists(world.home("at")) }, "\(killed.output)")
    killed.send(SIGKILL)
    #expect(try world.survivors() == [])
    try world.allow("go")
    let ref = "refs/migrate/attempt/mig/S1/1"
    // As from a minute ahead, so that it stays young however slow the machine is.
    try leave(world, ref, age: -60)
    let run = try world.migrate("run")
    #expect(run.code == 0, "\(run)")
    #expect(try world.count("attempt failed") == 0)
    #expect(try world.states() == ["S1": "merged"])

    let early = try world.migrate("finish")
    #expect(early.err.contains("'\(ref)' is locked"), "\(early)")
    #expect(Files.exists(world.slot(1)))
    try Files.removeFile("\(world.repository.path)/.git/\(ref).lock")
    try leave(world, ref, age: 11)
    let finish = try world.migrate("finish")
    #expect(finish.code == 0, "\(finish)")
    #expect(try world.file("half", at: ref) == "half")
    #expect(try world.complaints() == "")
  }
}
