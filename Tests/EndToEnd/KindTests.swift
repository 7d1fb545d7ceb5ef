import Support
import System
import Testing

/// Repositories as people have them: each works to the end, or `start` refuses it in the words of
/// git-migrate-start(1).
@Suite("A repository of every kind")
struct KindTests {
  /// A kind: the script that makes it as `$1` from `$2`, a repository with two commits.
  struct Kind: Sendable, CustomTestStringConvertible {
    var name: String
    var script: String
    /// What `a.txt` says in the work tree in the end; in the commit it says `new`.
    var text: String
    var testDescription: String { name }

    init(_ name: String, _ script: String, text: String = "new\n") {
      (self.name, self.script, self.text) = (name, script, text)
    }
  }

  static let working = [
    Kind("shallow", #"git clone -q --depth 1 "file://$2" "$1""#),
    Kind("partial", #"git clone -q --filter=blob:none "file://$2" "$1""#),
    Kind("of one branch", #"git clone -q --single-branch "$2" "$1""#),
    Kind("by reference", #"git clone -q --shared "$2" "$1""#),
    Kind("by reference to another", #"git clone -q --reference "$2" "file://$2" "$1""#),
    Kind(
      "with alternates of alternates",
      #"git clone -q --shared "$2" between && git clone -q --shared between "$1""#),
    Kind("sparse", #"git clone -q "$2" "$1" && git -C "$1" sparse-checkout set in"#),
    Kind(
      "with a sparse index", #"git clone -q "$2" "$1" && git -C "$1" sparse-checkout set --sparse-index in"#),
    Kind(
      "with a split index",
      #"git clone -q "$2" "$1" && cd "$1" && git config core.splitIndex true && "#
        + "git update-index --split-index"
    ),
    Kind(
      "with an index of version 4", #"git clone -q "$2" "$1" && git -C "$1" update-index --index-version 4"#),
    Kind("a worktree", #"git -C "$2" worktree add -q -b work "$1""#),
    Kind(
      "a worktree beside a bare repository",
      #"mkdir p && git clone -q --bare "$2" p/.bare && git --git-dir=p/.bare worktree add -q "$1" main"#),
    Kind("with a replaced commit", #"git clone -q "$2" "$1" && git -C "$1" replace --graft HEAD"#),
    Kind("with core.autocrlf", #"git clone -q "$2" "$1" && git -C "$1" config core.autocrlf input"#),
    Kind(
      "with merge=union",
      #"git clone -q "$2" "$1" && echo '*.txt merge=union' > "$1/.git/info/attributes""#),
    Kind(
      "with the attribute merge=union in a commit",
      #"git clone -q "$2" "$1" && cd "$1" && echo '* merge=union' > .gitattributes && "#
        + "git add . && git commit -qm union"),
    Kind(
      "with a merge driver",
      #"git clone -q "$2" "$1" && cd "$1" && git config merge.mine.driver 'cp %B %A' && "#
        + "git config merge.mine.name mine && echo '*.txt merge=mine' > .gitattributes && "
        + "git add . && git commit -qm driver"),
    Kind(
      "with a filter",
      #"git clone -q "$2" "$1" && cd "$1" && git config filter.up.clean 'tr A-Z a-z' && "#
        + "git config filter.up.smudge 'tr a-z A-Z' && git config filter.up.required true && "
        + "echo 'a.txt filter=up' > .gitattributes && echo a > a.txt && git add . && git commit -qm up",
      text: "NEW\n"),
    Kind(
      "with a submodule",
      #"git clone -q "$2" "$1" && cd "$1" && "#
        + #"git -c protocol.file.allow=always submodule add -q "$2" lib && git commit -qm lib"#),
    Kind(
      "with a submodule that is not filled",
      #"git clone -q "$2" whole && cd whole && "#
        + #"git -c protocol.file.allow=always submodule add -q "$2" lib && git commit -qm lib && "#
        + #"cd .. && git clone -q whole "$1""#),
    Kind("with a tag called migrate", #"git clone -q "$2" "$1" && git -C "$1" tag migrate"#),
    Kind(
      "with fsmonitor", #"git clone -q "$2" "$1" && git -C "$1" config core.fsmonitor true"#),
    Kind(
      "with an fsmonitor hook",
      #"git clone -q "$2" "$1" && cd "$1" && printf '#!/bin/sh\nprintf x\\0/\\0' > .git/monitor && "#
        + #"chmod +x .git/monitor && git config core.fsmonitor "$1/.git/monitor""#),
    Kind(
      "with hooks under version control",
      #"git clone -q "$2" "$1" && cd "$1" && mkdir .husky && echo 'exit 0' > .husky/pre-commit && "#
        + #"chmod +x .husky/pre-commit && git add . && git commit -qm husky && "#
        + "git config core.hooksPath .husky"
    ),
  ]

  @Test("works", arguments: working)
  func works(kind: Kind) throws {
    let world = try made(kind)
    let place = world.root + "/r"
    let base = try world.runGit(["symbolic-ref", "--short", "HEAD"], in: place).out.dropLast()
    for arguments in [["start", "../plan.md"], ["run"], ["finish"], ["fsck"]] {
      let run = try world.run(TestBinary.path, arguments, in: place)
      #expect(run.code == 0, "\(arguments): \(run)")
      let status = try world.runGit(["status", "--porcelain"], in: place)
      #expect(status.out == "", "\(arguments): \(status)")
    }
    #expect(try world.runGit(["show", "\(base):a.txt"], in: place).out == "new\n")
    #expect(try world.runGit(["cat-file", "-e", "\(base):out/f"], in: place).code == 0)
    #expect(try Files.readFile(place + "/a.txt") == Array(kind.text.utf8))
  }

  static let refused: [(kind: Kind, words: String)] = [
    (Kind("bare", #"git clone -q --bare "$2" "$1""#), "is a bare repository"),
    (Kind("mirror", #"git clone -q --mirror "$2" "$1""#), "is a bare repository"),
    (
      Kind("with a branch called migrate", #"git clone -q "$2" "$1" && git -C "$1" branch migrate"#),
      "the branch 'migrate' is in the way"
    ),
    (
      Kind(
        "with LFS, which is not installed",
        #"git clone -q "$2" "$1" && cd "$1" && echo '*.bin filter=lfs -text' > .gitattributes && "#
          + "echo x > f.bin && git add . && git commit -qm lfs"),
      "the filter 'lfs', which is configured nowhere"
    ),
    (
      Kind(
        "with a filter whose program is not here",
        #"git clone -q "$2" "$1" && cd "$1" && echo '*.bin filter=gone' > .gitattributes && "#
          + "echo x > f.bin && git add . && git commit -qm gone && "
          + "git config filter.gone.clean no-such-program && git config filter.gone.required true"),
      "filter 'gone'"
    ),
    (
      Kind(
        "whose core.bare some tool has set", #"git clone -q "$2" "$1" && git -C "$1" config core.bare true"#),
      "'core.bare' is true"
    ),
    (
      Kind(
        "sha256",
        #"git init -q --object-format=sha256 "$1" && cd "$1" && echo x > f && git add . && "#
          + "git commit -qm x"),
      "sha256"
    ),
  ]

  @Test("is refused by start, which records nothing", arguments: refused.map(\.kind), [true])
  func isRefused(kind: Kind, _: Bool) throws {
    let world = try made(kind)
    let start = try world.run(TestBinary.path, ["start", "../plan.md"], in: world.root + "/r")
    let words = try #require(KindTests.refused.first { $0.kind.name == kind.name }).words
    #expect(start.code == 128 && start.err.contains("hint: "), "\(start)")
    #expect(start.err.contains(words), "\(start)")
    let ledger = ["rev-parse", "--quiet", "--verify", "refs/migrate/ledger"]
    #expect(try world.runGit(ledger, in: world.root + "/r").code != 0)
  }

  @Test("with a home that cannot be written records nothing")
  func noHome() throws {
    let world = try made(Kind("plain", #"git clone -q "$2" "$1""#))
    try Files.writeAtomically(world.root + "/file", [])
    let start = try world.run(
      TestBinary.path, ["start", "../plan.md"], in: world.root + "/r",
      adding: ["XDG_STATE_HOME": world.root + "/file"])
    #expect(start.code == 128, "\(start)")
    let status = try world.run(TestBinary.path, ["status"], in: world.root + "/r")
    #expect(status.out.contains("no migration here"), "\(status)")
  }

  /// Where two steps change the same line, attributes say what becomes of it, and a driver says nothing.
  @Test(
    "merges two steps that change one place",
    arguments: [
      ("union", ".gitattributes", 2), ("union", ".git/info/attributes", 2), ("mine", ".gitattributes", 3),
      ("mine", ".git/info/attributes", 3),
    ])
  func mergesOnePlace(attribute: String, file: String, claims: Int) throws {
    let world = try MigrationWorld(files: ["list": "1\n"])
    let repository = world.repository
    try repository.write(file, "list merge=\(attribute)\n")
    try repository.git("add", ".")
    try repository.git("commit", "--quiet", "--allow-empty", "--message=attributes")
    try repository.git("config", "merge.mine.driver", "touch '\(world.home("asked"))'; cp %B %A")
    func wait(for file: String) -> String { "until test -e $HOME/\(file); do sleep 0.05; done" }
    try world.start(
      """
        - { id: A, run: 'echo a >> list; touch $HOME/a; \(wait(for: "b"))' }
        - { id: B, run: 'echo b >> list; touch $HOME/b; \(wait(for: "a"))' }
      """)
    let run = try world.migrate("run", "--jobs", "2")
    #expect(run.code == 0, "\(run)")
    #expect(try Set(world.file("list").split(separator: "\n")) == ["1", "a", "b"])
    #expect(try world.count(" claimed by ") == claims)
    #expect(!Files.exists(world.home("asked")))
    #expect(try world.migrate("finish").code == 0)
  }

  /// The base can be taken in as far as the history goes, and beyond that the way out is named.
  @Test("shallow: a base that moved is taken in, or the way out is named", arguments: [true, false])
  func shallowRefresh(isConnected: Bool) throws {
    let world = try made(Kind("shallow", #"git clone -q --depth 1 "file://$2" "$1""#))
    let place = world.root + "/r"
    for arguments in [["start", "../plan.md"], ["run"]] {
      #expect(try world.run(TestBinary.path, arguments, in: place).code == 0)
    }
    try world.write("b.txt", "b\n")
    try world.git("add", ".")
    try world.git("commit", "--quiet", "--message=three")
    let depth = isConnected ? [] : ["--depth", "1"]
    #expect(try world.runGit(["fetch", "--quiet"] + depth + ["origin", "main"], in: place).code == 0)
    #expect(try world.runGit(["reset", "--quiet", "--hard", "FETCH_HEAD"], in: place).code == 0)
    let refresh = try world.run(TestBinary.path, ["refresh"], in: place)
    guard isConnected else {
      #expect(refresh.code == 128 && refresh.err.contains("git fetch --unshallow"), "\(refresh)")
      return
    }
    #expect(refresh.code == 0, "\(refresh)")
    #expect(try world.run(TestBinary.path, ["finish"], in: place).code == 0)
  }

  private func made(_ kind: Kind) throws -> TestRepository {
    let world = try TestRepository()
    for path in ["in/f", "out/f"] { try world.write(path, "1\n") }
    try world.git("add", ".")
    try world.git("commit", "--quiet", "--message=two")
    try world.git("config", "uploadpack.allowFilter", "true")
    let plan = """
      ---
      migration: m
      gate: { verifiers: [{ name: t, kind: build, run: "true" }] }
      steps:
        - { id: A, run: "echo new > a.txt" }
      ---

      """
    try Files.writeAtomically(world.root + "/plan.md", Array(plan.utf8))
    let script = try world.run(
      "sh", ["-ec", kind.script, "sh", world.root + "/r", world.path], in: world.root)
    guard script.code == 0 else { throw TestFailure("\(kind.name): \(script)") }
    return world
  }
}
