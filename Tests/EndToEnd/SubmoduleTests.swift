import CanonicalJSON
import Migration
import Support
import System
import Testing

/// What a worker did to a submodule.
@Suite("A submodule")
struct SubmoduleTests {
  /// A repository with the submodule `sub` at the first of two commits of `lib`.
  private struct World {
    let base: MigrationWorld
    let first: String
    let second: String
    let fill = "git -c protocol.file.allow=always submodule update -q --init sub"

    init() throws {
      base = try MigrationWorld()
      let repository = base.repository
      let lib = base.home("lib")
      try repository.git("init", "-q", "-b", "main", lib)
      for text in ["1", "2"] {
        try Files.writeAtomically(lib + "/l", Array("\(text)\n".utf8))
        try repository.git("-C", lib, "add", "l")
        try repository.git("-C", lib, "commit", "-q", "-m", text)
      }
      second = try repository.git("-C", lib, "rev-parse", "HEAD")
      first = try repository.git("-C", lib, "rev-parse", "HEAD~1")
      try repository.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", lib, "sub")
      try repository.git("-C", "sub", "checkout", "-q", first)
      try repository.git("add", ".")
      try repository.git("commit", "-q", "-m", "sub")
    }

    func failure(_ step: String = "A") throws -> String {
      try base.migrate("show", step).out
    }

    var now: String {
      get throws { try base.repository.git("rev-parse", "migrate/mig:sub") }
    }
  }

  @Test("that has another commit checked out is a change; what no commit of it has is named")
  func bump() throws {
    let world = try World()
    try world.base.start(
      """
        - { id: A, run: '\(world.fill) && git -C sub checkout -q \(world.second) && echo x > sub/new' }
        - { id: B, needs: [A], run: 'echo b > b' }
      """)
    let run = try world.base.migrate("run", "--jobs", "1")
    #expect(run.code == 0, "\(run)")
    #expect(try world.now == world.second)
    #expect(run.err.contains("A: not taken: sub/new (in no commit of the submodule)"), "\(run)")
  }

  @Test("that is set through the index, without a look into it, must be at a commit that is known here")
  func throughTheIndex() throws {
    let world = try World()
    let nowhere = String(repeating: "12", count: 20)
    try world.base.start(
      """
        - { id: A, run: 'git update-index --cacheinfo 160000,\(nowhere),sub' }
        - { id: B, run: 'git update-index --cacheinfo 160000,\(world.second),sub' }
      """)
    let run = try world.base.migrate("run", "--jobs", "1")
    #expect(run.code == 1, "\(run)")
    #expect(try world.base.states() == ["A": "blocked", "B": "merged"])
    #expect(try world.now == world.second)
  }

  @Test(
    "that is new in the index, with nothing to fetch it from, is refused with the reason",
    arguments: [
      "mkdir fake; git update-index --add --cacheinfo 160000,$N,fake",
      "git update-index --add --cacheinfo 160000,$N,fake",
      "mkdir fake; git update-index --add --cacheinfo 160000,$N,fake; git commit -qm x",
      "git config -f .gitmodules submodule.fake.path fake; git add .gitmodules; mkdir fake; "
        + "git update-index --add --cacheinfo 160000,$N,fake",
    ], [false, true])
  func fake(how: String, hasSubmodules: Bool) throws {
    let base = hasSubmodules ? try World().base : try MigrationWorld()
    let nowhere = String(repeating: "12", count: 20)
    try base.start("  - { id: A, run: 'echo y > y; N=\(nowhere); \(how)' }")
    let run = try base.migrate("run", "--jobs", "1")
    #expect(run.code == 1, "\(run)")
    #expect(try base.states() == ["A": "blocked"])
    #expect(try base.migrate("show", "A").out.contains("the submodule 'fake' is at 1212121212"))
  }

  @Test("that nobody filled here is refused when only the index says where it is")
  func unknown() throws {
    let world = try World()
    try Files.removeTree(world.base.repository.path + "/.git/modules")
    try world.base.start(
      "  - { id: A, run: 'echo y > y; git update-index --cacheinfo 160000,\(world.second),sub' }")
    #expect(try world.base.migrate("run", "--jobs", "1").code == 1)
    #expect(try world.base.states() == ["A": "blocked"])
    #expect(try world.failure().contains("nothing of that submodule was ever fetched here"))
  }

  @Test("that is filled here can be set through the index alone, also under a name that is not its path")
  func indexWins() throws {
    let world = try World()
    try world.base.repository.git("mv", "sub", "moved")
    try world.base.repository.git("commit", "-qam", "moved")
    let fill = "git -c protocol.file.allow=always submodule update -q --init moved"
    try world.base.start(
      "  - { id: A, run: '\(fill); git update-index --cacheinfo 160000,\(world.second),moved' }")
    let run = try world.base.migrate("run", "--jobs", "1")
    #expect(run.code == 0, "\(run)")
    #expect(try world.base.repository.git("rev-parse", "migrate/mig:moved") == world.second)
  }

  @Test("of a commit that is handed in must be fetchable, too")
  func handedIn() throws {
    let world = try World()
    try world.base.start("  - { id: A }")
    #expect(try world.base.migrate("claim", "A").code == 0)
    let slot = world.base.slot(1)
    for (commit, code) in [(String(repeating: "12", count: 20), Int32(1)), (world.second, 0)] {
      try world.base.repository.git("-C", slot, "update-index", "--cacheinfo", "160000,\(commit),sub")
      try world.base.repository.git("-C", slot, "commit", "--quiet", "--message=x")
      let head = try world.base.repository.git("-C", slot, "rev-parse", "HEAD")
      let submit = try world.base.migrate("submit", "--commit", head, in: slot)
      #expect(
        submit.code == code && (code == 0 || submit.err.contains("the submodule 'sub' is at")), "\(submit)")
    }
  }

  @Test("at a commit that only this clone has is refused")
  func local() throws {
    let world = try World()
    let commit = "git -c user.name=w -c user.email=w@x commit -qam 3"
    try world.base.start(
      "  - { id: A, run: '\(world.fill) && cd sub && echo 3 > l && \(commit)' }")
    #expect(try world.base.migrate("run", "--jobs", "1").code == 1)
    #expect(try world.base.states() == ["A": "blocked"])
    #expect(try world.failure().contains("the submodule 'sub' is at "))
    #expect(try world.base.steps().first?["attempts"] == .integer(2))
  }

  @Test("of a failed attempt is not the work of the next step in that slot")
  func stray() throws {
    let world = try World()
    try world.base.start(
      """
        - { id: A, run: '\(world.fill) && git -C sub checkout -q \(world.second); exit 1' }
        - { id: B, priority: -1, run: 'echo b > b; ls sub > "$HOME/seen"' }
      """)
    #expect(try world.base.migrate("run", "--jobs", "1").code == 1)
    #expect(try world.base.states() == ["A": "blocked", "B": "merged"])
    #expect(try world.now == world.first)
    #expect(try world.base.note("seen") == "")
  }

  @Test("that is added or removed is a change too; a bare 'git add' of a repository is none")
  func added() throws {
    let world = try World()
    let add = "git -c protocol.file.allow=always submodule add -q \(world.base.home("lib")) two"
    try world.base.start(
      """
        - { id: A, run: '\(add)' }
        - { id: B, needs: [A], run: 'git rm -qf sub' }
        - { id: C, needs: [B], run: 'git clone -q \(world.base.home("lib")) own; git add own' }
      """)
    let run = try world.base.migrate("run", "--jobs", "1")
    #expect(run.code == 1, "\(run)")
    #expect(try world.base.states() == ["A": "merged", "B": "merged", "C": "blocked"])
    let names = try world.base.repository.git("ls-tree", "-r", "--name-only", "migrate/mig")
    #expect(names == ".gitmodules\na.txt\ntwo")
    #expect(try world.base.repository.git("rev-parse", "migrate/mig:two") == world.second)
  }

  @Test("can be the first of a repository")
  func firstOne() throws {
    let world = try MigrationWorld()
    let lib = world.home("lib")
    try world.repository.git("init", "-q", "-b", "main", lib)
    try world.repository.git("-C", lib, "commit", "-q", "--allow-empty", "-m", "1")
    try world.start("  - { id: A, run: 'git -c protocol.file.allow=always submodule add -q \(lib) sub' }")
    let run = try world.migrate("run")
    #expect(run.code == 0, "\(run)")
    #expect(
      try world.repository.git("rev-parse", "migrate/mig:sub")
        == world.repository.git("-C", lib, "rev-parse", "HEAD"))
  }

  @Test("is told by the doctor until the set-up of the plan speaks of it")
  func doctor() throws {
    let world = try World()
    func told() throws -> String {
      let lines = try world.base.migrate("doctor").out.split(separator: "\n")
      return lines.filter { $0.contains("submodules") }.joined(separator: "\n")
    }
    #expect(try told().contains("1 submodule here: empty folders"))
    try world.base.start("  - { id: A, run: 'echo x > x' }")
    #expect(try told().contains("no set-up of 'mig' fills them"))
    try world.base.amend("  - { id: A, run: 'echo x > x' }", more: "worktree: { setup: '\(world.fill)' }")
    #expect(try told().contains("the set-up speaks of them"))
  }
}
