import System
import Testing

@testable import Supervision

/// What bubblewrap is told.
@Suite struct WallsTests {
  private var walls: Walls {
    var walls = Walls(program: "/usr/bin/bwrap", entry: "/opt/git-migrate")
    walls.set("/home/ada", .hidden)
    walls.set("/home/ada/repo/.git", .readable)
    walls.set("/home/ada/repo/.git/migrate", .hidden)
    walls.set("/home/ada/repo.migrate/slot-1", .writable)
    walls.set("/tmp", .replaced(by: "/home/ada/repo/.git/migrate/tmp/slot-1"))
    return walls
  }

  private func run(_ walls: Walls) -> [String] {
    var run = Supervised(
      shellCommand: "make", environment: ["TMPDIR": "/scratch", "A": "b"], directory: "/home/ada/x",
      logFile: "/log")
    run = walls.wrap(run)
    #expect(run.environment == ["TMPDIR": "/tmp", "A": "b"])
    return run.arguments
  }

  @Test func `what lies above comes before what lies below`() throws {
    let words = run(walls)
    let places = ["/home/ada", "/home/ada/repo/.git", "/home/ada/repo/.git/migrate"].compactMap {
      words.firstIndex(of: $0)
    }
    #expect(places.count == 3 && places == places.sorted())
    let root = try #require(words.firstIndex(of: "--ro-bind"))
    #expect(Array(words[root...].prefix(3)) == ["--ro-bind", "/", "/"] && root < places[0])
    #expect(words.suffix(7) == ["--", "/opt/git-migrate", "__within", "-", "/bin/sh", "-c", "make"])
    #expect(words.contains("--unshare-pid") && !words.contains("--unshare-net"))
  }

  @Test func `the temporary folder stays where that of the machine may be written`() {
    var walls = walls
    walls.set("/tmp", .writable)
    let run = Supervised(
      shellCommand: "make", environment: ["TMPDIR": "/scratch"], directory: "/", logFile: "/log")
    #expect(walls.wrap(run).environment["TMPDIR"] == "/scratch")
  }

  @Test func `the network goes, and memory is limited, when asked for`() {
    var walls = walls
    walls.hasNetwork = false
    walls.memoryBytes = 1 << 30
    let words = run(walls)
    #expect(words.contains("--unshare-net") && words.contains("1073741824"))
  }

  @Test func `memory is limited for all processes together where the user may make groups`() throws {
    let place = MemoryGroup.place(
      own: "9:memory:/x\n0::/user/ada/term\n",
      mounts:
        "30 20 0:9 / /proc rw - proc proc rw\n31 20 0:10 / /sys/fs/cgroup rw shared:4 - cgroup2 none rw\n")
    #expect(place?.folder == "/sys/fs/cgroup/user/ada/term" && place?.root == "/sys/fs/cgroup")
    let inner = MemoryGroup.place(own: "0::/box/a\n", mounts: "31 20 0:10 /box /cg rw - cgroup2 none rw\n")
    #expect(inner?.folder == "/cg/a" && inner?.root == "/cg")

    let root = try Files.makeTemporaryDirectory(prefix: "groups-")
    defer { try? Files.removeTree(root) }
    let own = root + "/user/term"
    try Files.makeDirectories(own)
    let living = ProcessIdentity.current
    let here = try #require(living.bootID.split(separator: "/").last)
    // Of a process that is gone, of one that lives, of one in another container, and of who knows whom.
    let names = [
      "git-migrate-\(here)-\(living.pid)-\(living.startTicks + 1)-aaaaaa",
      "git-migrate-\(here)-\(living.pid)-\(living.startTicks)-aaaaaa",
      "git-migrate-1-\(living.pid)-\(living.startTicks + 1)-aaaaaa", "git-migrate-left",
    ]
    for name in names { try Files.makeDirectories("\(root)/user/\(name)") }
    for folder in [root, root + "/user", own] {
      try Files.writeAtomically(folder + "/cgroup.procs", [])
      let words = folder == root + "/user" ? "cpu memory pids\n" : "cpu\n"
      try Files.writeAtomically(folder + "/cgroup.subtree_control", Array(words.utf8))
    }
    let group = try #require(MemoryGroup.make(bytes: 1 << 20, above: own, root: root))
    #expect(Files.parent(of: group.folder) == root + "/user")
    #expect(try Files.readFile(group.folder + "/memory.max") == Array("1048576\n".utf8))
    #expect(names.map { Files.exists("\(root)/user/\($0)") } == [false, true, true, true])
    #expect(MemoryGroup.owner(of: String(group.folder.split(separator: "/").last ?? "")) == living)
    var walls = walls
    walls.memoryGroup = group
    #expect(run(walls).contains(group.entrance))
    try Files.writeAtomically(root + "/user/cgroup.subtree_control", [])
    #expect(MemoryGroup.make(bytes: 1 << 20, above: own, root: root) == nil)
  }

  @Test(arguments: [
    ("/home/ada/.ssh/id", true), ("/home/ada/repo/.git/config", false),
    ("/home/ada/repo/.git/migrate/x", true),
    ("/home/ada/repo.migrate/slot-1/a", false), ("/home/ada/repo.migrate/slot-2", true), ("/usr/bin", false),
    ("/home/adam", false), ("/tmp/x", false),
  ])
  func `what is hidden is known`(_ path: String, _ isHidden: Bool) {
    #expect(walls.hides(path) == isHidden)
  }
}
