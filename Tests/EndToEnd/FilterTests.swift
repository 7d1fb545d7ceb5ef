import Migration
import Support
import System
import Testing

/// A repository whose `*.rot` files pass through a filter, as git-crypt has it.
private final class FilterWorld {
  let world: MigrationWorld
  var repository: TestRepository { world.repository }
  static let rotation = "tr a-zA-Z n-za-mN-ZA-M"

  /// Where the filter is configured.
  enum Level: CaseIterable { case global, local, included, worktree, command }

  init(_ level: Level? = .local, required: Bool = true, clean: String = rotation) throws {
    world = try MigrationWorld()
    repository.environment["GIT_CONFIG_GLOBAL"] = nil
    try git("config", "--global", "migrate.sandbox", "off")
    if let level {
      try configure(
        level,
        [("clean", clean), ("smudge", FilterWorld.rotation), ("required", required ? "true" : "false")]
      )
    }
    try repository.write(".gitattributes", "*.rot filter=rot\n")
    try repository.write("old.rot", "hello\n")
    try repository.git("add", ".")
    try repository.git("commit", "--quiet", "--message=rot")
  }

  private func configure(_ level: Level, _ values: [(String, String)]) throws {
    switch level {
    case .global: for (key, value) in values { try git("config", "--global", "filter.rot." + key, value) }
    case .local: for (key, value) in values { try git("config", "filter.rot." + key, value) }
    case .included:
      try git("config", "include.path", world.home("included"))
      for (key, value) in values {
        try git("config", "-f", world.home("included"), "filter.rot." + key, value)
      }
    case .worktree:
      try git("config", "extensions.worktreeConfig", "true")
      for (key, value) in values { try git("config", "--worktree", "filter.rot." + key, value) }
    case .command:
      repository.environment["GIT_CONFIG_COUNT"] = "\(values.count)"
      for (index, value) in values.enumerated() {
        repository.environment["GIT_CONFIG_KEY_\(index)"] = "filter.rot." + value.0
        repository.environment["GIT_CONFIG_VALUE_\(index)"] = value.1
      }
    }
  }

  func git(_ arguments: String...) throws {
    let run = try repository.runGit(arguments)
    guard run.code == 0 else { throw TestFailure("\(arguments): \(run)") }
  }

  /// Every object on a ref that has this in it as it is. No plan has it: steps put it together.
  func clearText(_ text: String) throws -> [String] {
    try repository.git("rev-list", "--glob=refs/*", "--objects").split(separator: "\n")
      .map { String($0.prefix(40)) }
      .filter { try repository.git("cat-file", "-p", $0).contains(text) }
  }
}

@Suite("A filter")
struct FilterTests {
  @Test("works wherever it is configured", arguments: FilterWorld.Level.allCases)
  fileprivate func levels(_ level: FilterWorld.Level) throws {
    let filter = try FilterWorld(level)
    let world = filter.world
    try world.start("  - { id: A, run: 'cp old.rot \"$HOME/seen\"; echo s$(echo ecret) > new.rot' }")
    let run = try world.migrate("run")
    #expect(run.code == 0, "\(run)")
    #expect(try world.note("seen") == "hello\n")
    #expect(try world.file("new.rot") == "frperg")
    #expect(try filter.clearText("secret").isEmpty)
    let finish = try world.migrate("finish")
    #expect(finish.code == 0, "\(finish)")
    #expect(try world.repository.git("status", "--porcelain") == "")
    #expect(try world.repository.git("cat-file", "-p", "main:new.rot") == "frperg")
    #expect(try text(world.repository.path + "/new.rot") == "secret\n")
  }

  @Test("whose files are named in a file of the user's attributes works, too")
  func usersAttributes() throws {
    let filter = try FilterWorld(.global)
    try Files.writeAtomically(filter.world.home("attributes"), Array("*.sec filter=rot\n".utf8))
    try filter.git("config", "--global", "core.attributesFile", filter.world.home("attributes"))
    try filter.world.start("  - { id: A, run: 'echo s$(echo ecret) > new.sec' }")
    #expect(try filter.world.migrate("run").code == 0)
    #expect(try filter.world.file("new.sec") == "frperg")
  }

  @Test("that a step's own attributes ask for works on what the step writes")
  func stepsAttributes() throws {
    let filter = try FilterWorld()
    try filter.git("rm", "-q", ".gitattributes", "old.rot")
    try filter.git("commit", "-q", "-m", "plain")
    try filter.world.start(
      "  - { id: A, run: 'echo \"*.x filter=rot\" > .gitattributes; echo s$(echo ecret) > a.x' }")
    #expect(try filter.world.migrate("run").code == 0)
    #expect(try filter.world.file("a.x") == "frperg")
    #expect(try filter.clearText("secret").isEmpty)
  }

  @Test("that is required and fails makes the step fail; one that is not is as good as none, as in git")
  func required() throws {
    let clean = "text=$(cat); case $text in s*) exit 1;; esac; echo \"$text\" | \(FilterWorld.rotation)"
    let steps = "  - { id: A, run: 'echo s$(echo ecret) > new.rot' }"
    let strict = try FilterWorld(clean: clean)
    try strict.world.start(steps)
    #expect(try strict.world.migrate("run").code == 1)
    #expect(try strict.world.states() == ["A": "blocked"])
    let show = try strict.world.migrate("show", "A")
    #expect(show.out.contains("new.rot: clean filter 'rot' failed"), "\(show)")
    #expect(try strict.clearText("secret").isEmpty)
    let lenient = try FilterWorld(required: false, clean: clean)
    try lenient.world.start(steps)
    #expect(try lenient.world.migrate("run").code == 0)
    #expect(try lenient.world.file("new.rot") == "secret")
  }

  @Test("whose program is gone when a step needs it is named with that program")
  func programGone() throws {
    let filter = try FilterWorld()
    try filter.git("rm", "-q", "old.rot")
    try filter.git("commit", "-q", "-m", "none yet")
    try filter.git("config", "filter.rot.clean", "no-such-rot --clean")
    try filter.world.start("  - { id: A, run: 'echo x > new.rot' }")
    #expect(try filter.world.migrate("run").code == 1)
    let show = try filter.world.migrate("show", "A")
    #expect(show.out.contains("filter is 'rot', whose program 'no-such-rot' is not there"), "\(show)")
  }

  @Test("that is not there is refused by start, with its name, the attributes and a file")
  func missing() throws {
    let filter = try FilterWorld(nil)
    let plan = "  - { id: A, run: 'echo s$(echo ecret) > new.rot' }"
    let refused = #expect(throws: TestFailure.self) { try filter.world.start(plan) }
    let words = refused?.description ?? ""
    #expect(words.contains("'.gitattributes' gives files to the filter 'rot', which is configured nowhere"))
    #expect(words.contains("'old.rot'") && words.contains("git config filter.rot.clean"), "\(words)")
    #expect(try filter.repository.runGit(["rev-parse", "--verify", "-q", "refs/migrate/ledger"]).code == 1)
    try filter.git("config", "filter.rot.clean", "no-such-program --clean")
    let program = #expect(throws: TestFailure.self) { try filter.world.start(plan) }
    #expect(program?.description.contains("whose program 'no-such-program' is not there") == true)
    try filter.git("config", "filter.rot.clean", "cat")
    try filter.world.start(plan)
    #expect(try filter.world.migrate("run").code == 0)
    #expect(try filter.world.file("new.rot") == "secret")
  }

  @Test("that is missed only in another clone is told there before a claim")
  func missingElsewhere() throws {
    let filter = try FilterWorld(.global)
    try filter.world.start("  - { id: A, run: 'echo s$(echo ecret) > new.rot' }")
    try filter.git("config", "--global", "--remove-section", "filter.rot")
    for command in [["run"], ["claim"]] {
      let run = try filter.repository.run(TestBinary.path, command)
      #expect(run.code == 128 && run.err.contains("filter 'rot', which is configured nowhere"), "\(run)")
    }
    #expect(try filter.world.count("claimed") == 0)
  }

  @Test(
    "that a step asks for and that is not there makes the step fail, and nothing is committed in clear text",
    arguments: [
      "echo \"*.x filter=nope\" > .gitattributes; echo s$(echo ecret) > new.x",
      "echo \"*.txt filter=nope\" > .gitattributes; echo s$(echo ecret) > new.txt; rm a.txt",
      "mkdir d; echo \"*.x filter=nope\" > d/.gitattributes; echo s$(echo ecret) > d/new.x",
    ])
  func asksForNone(command: String) throws {
    let filter = try FilterWorld(.local)
    try filter.git("rm", "-q", ".gitattributes", "old.rot")
    try filter.git("commit", "-q", "-m", "plain")
    try filter.world.start("  - { id: A, run: '\(command)' }")
    #expect(try filter.world.migrate("run").code == 1)
    #expect(try filter.world.states() == ["A": "blocked"])
    #expect(try filter.world.migrate("show", "A").out.contains("filter 'nope', which is configured nowhere"))
    #expect(try filter.clearText("secret").isEmpty)
  }

  @Test("that no file uses yet is worth a warning; a step that makes such a file fails")
  func unused() throws {
    let filter = try FilterWorld(nil)
    try filter.git("rm", "-q", "old.rot")
    try filter.git("commit", "-q", "-m", "none")
    let steps = "  - { id: A, run: 'echo s$(echo ecret) > new.rot' }\n  - { id: B, run: 'echo b > b' }"
    try filter.world.start(steps)
    #expect(try filter.world.migrate("run").code == 1)
    #expect(try filter.world.states() == ["A": "blocked", "B": "merged"])
    #expect(try filter.clearText("secret").isEmpty)
    // A commit that a worker made itself is no way round.
    #expect(try filter.world.migrate("retry", "A").code == 0)
    #expect(try filter.world.migrate("claim", "A").code == 0)
    let slot = filter.world.slot(1)
    try Files.writeAtomically(slot + "/new.rot", Array("secret\n".utf8))
    _ = try filter.repository.runGit(["add", "."], in: slot)
    _ = try filter.repository.runGit(["commit", "-q", "-m", "mine"], in: slot)
    let head = try filter.repository.runGit(["rev-parse", "HEAD"], in: slot).out.prefix(40)
    let submit = try filter.world.migrate("submit", "--commit", String(head), in: slot)
    #expect(submit.code == 1 && submit.err.contains("filter 'rot'"), "\(submit)")
    let verify = try filter.world.migrate("verify", in: slot)
    #expect(verify.code == 1 && verify.out.contains("'new.rot' goes through the filter 'rot'"), "\(verify)")
    #expect(try filter.clearText("secret").isEmpty)
  }
}
