import CanonicalJSON
import Glibc
import Migration
import Support
import System
import Testing

/// Pull requests at a forge on loopback, over a real bare repository.
@Suite("Publishing at a forge")
struct PublishTests {
  private static let gate = "{ verifiers: [{ name: t, kind: lint, run: 'test -e a.txt' }] }"
  private static let policy = "publish: { unit: step, labels: [migration], reviewers: [ann] }"
  private static let steps =
    "  - { id: S1, title: One, run: 'echo x > f1' }\n  - { id: S2, title: Two, run: 'echo x > f2' }"

  /// What a job of theirs printed, with a forge's times, as it stands in JSON.
  private static let log = [
    "============================= test session starts =============================", "collected 2 items",
    "",
    "test_cart.py .F                                                          [100%]", "",
    "=========================== short test summary info ===========================",
    "FAILED test_cart.py::test_total - assert 3 == 4",
    "========================= 1 failed, 1 passed in 0.01s =========================",
  ].map { "2026-11-30T08:00:00.1234567Z \($0)\\n" }.joined()

  /// A shared migration whose steps are merged, and the forge above its server.
  private final class World {
    let shared: SharedMigration
    let forge: ForgeProcess
    var folder: String { forge.folder }
    var path: String { shared.first.repository.path }

    init(_ kind: String = "github", _ steps: String = PublishTests.steps, more: String = PublishTests.policy)
      throws
    {
      shared = try SharedMigration()
      forge = try ForgeProcess(kind, shared)
      try shared.first.start(steps, gate: PublishTests.gate, more: more)
      let run = try shared.migrate(path, "run")
      guard run.code == 0 else { throw TestFailure("\(run)") }
    }

    func publish(_ arguments: String..., token: String = "secret") throws -> TestRun {
      try forge.run(["publish"] + arguments, token: token)
    }

    func control(_ text: String) throws { try forge.control(text) }

    /// The pull requests there.
    func requests() throws -> [StreamValue] { try forge.state("requests") }

    func texts(_ key: String) throws -> [String] { try requests().map { $0[key]?.text ?? "" } }

    func sentences() throws -> String {
      try shared.git(path, "log", "--format=%s", "refs/migrate/ledger")
    }
  }

  @Test(arguments: ["github", "gitlab", "gitea"])
  func `opens a pull request a unit, once, with evidence`(_ kind: String) throws {
    let world = try World(kind)
    let plan = try world.publish("-n")
    #expect(plan.code == 0 && plan.out.contains("S1  migrate-pr/mig/S1  1 file"), "\(plan)")
    #expect(try world.requests().isEmpty)
    let first = try world.publish()
    #expect(first.code == 0 && first.out.contains("#1"), "\(first)")
    #expect(Set(try world.texts("branch")) == ["migrate-pr/mig/S1", "migrate-pr/mig/S2"])
    #expect(try world.texts("body").allSatisfy { $0.contains("passed") && $0.contains("t (lint)") })
    let request = try #require(try world.requests().first)
    #expect(request["labels"]?.elements.count == 1, "\(request)")
    #expect(request["reviewers"]?.elements.count == 1, "\(request)")
    let again = try world.publish()
    #expect(again.code == 0, "\(again)")
    #expect(try world.requests().count == 2)
    let changed = try world.shared.git(
      world.shared.server, "diff", "--name-only", "main", "migrate-pr/mig/S2")
    #expect(changed == "f2")
    let listed = try world.shared.migrate(world.path, "prs", "--json")
    #expect(listed.out.contains("\"state\":\"open\""), "\(listed)")
    #expect(!(try world.sentences()).contains("secret"))
  }

  @Test(arguments: ["github", "gitlab", "gitea"])
  func `finishes what was cut off, and never opens a second one`(_ kind: String) throws {
    let world = try World(kind)
    try world.control(#"{"lose": 1}"#)
    let cut = try world.publish()
    #expect(cut.code == 1, "\(cut)")
    let after = try world.publish()
    #expect(after.code == 0, "\(after)")
    #expect(Set(try world.texts("branch")).count == 2)
    #expect(try world.requests().count == 2)
  }

  @Test func `lets a forge alone that says that it is asked too much`() throws {
    let world = try World()
    try world.control(#"{"limit": 1}"#)
    let refused = try world.publish()
    #expect(refused.code == 1 && refused.err.contains("let alone"), "\(refused)")
    #expect(try world.sentences().contains("rests until"))
    let early = try world.publish()
    #expect(early.code == 1 && early.err.contains("is to be let alone until"), "\(early)")
  }

  @Test func `what the forge says comes back: merged, closed, and a red check becomes a step`() throws {
    let world = try World(
      "github", PublishTests.steps + "\n  - { id: S3, title: Three, run: 'echo x > f3' }",
      more: PublishTests.policy + "\nagent: { command: 'cat > \"$HOME/prompt\"; echo mended >> f3' }")
    #expect(try world.publish().code == 0)
    try world.control(#"{"close": [1], "merge": [2]}"#)
    let seen = try world.publish()
    #expect(seen.out.contains("closed") && seen.out.contains("merged"), "\(seen)")
    #expect(try world.publish().code == 0)
    #expect(try world.requests().count == 3, "closed is a person's word")
    try world.control(#"{"close": [1], "merge": [2], "checks": "red", "log": "\#(PublishTests.log)"}"#)
    let red = try world.publish()
    #expect(red.err.contains("S3 gets the step 'fix-S3-1'"), "\(red)")
    let before = try world.shared.git(world.shared.server, "rev-parse", "migrate-pr/mig/S3")
    let run = try world.shared.migrate(world.path, "run")
    #expect(run.code == 0 && run.out.contains("fix-S3-1 merged"), "\(run)")
    let prompt = try world.shared.first.note("prompt")
    #expect(prompt.contains("- test: test_cart failed\n"), "\(prompt)")
    #expect(prompt.contains("- test: test_cart.py::test_total (test_cart.py): assert 3 == 4\n"), "\(prompt)")
    #expect(prompt.contains("- style: f3:1: no line end\n"), "\(prompt)")
    try world.control(#"{"close": [1], "merge": [2], "checks": "green"}"#)
    #expect(try world.publish().code == 0)
    let after = try world.shared.git(world.shared.server, "rev-parse", "migrate-pr/mig/S3")
    #expect(before != after)
    #expect(
      try world.shared.git(world.shared.server, "show", "migrate-pr/mig/S3:f3") == "x\nmended")
    #expect(try world.requests().count == 3)
    let fsck = try world.shared.migrate(world.path, "fsck")
    #expect(fsck.code == 0, "\(fsck)")
  }

  @Test(arguments: ["github", "gitlab", "gitea"])
  func `a draft is made ready when its checks are green, and the logs of red ones are read`(
    _ kind: String
  ) throws {
    let world = try World(
      kind, "  - { id: S1, title: One, run: 'echo x > f1' }",
      more: "publish: { unit: step, draft: true, ready: green }\n"
        + "agent: { command: 'cat > \"$HOME/prompt\"; echo mended >> f1' }")
    func isDraft() throws -> Bool {
      let request = try #require(try world.requests().first)
      let title = request["title"]?.text ?? ""
      return kind == "github" ? request["draft"]?.isTrue == true : title.contains(": mig: One")
    }
    #expect(try world.publish().code == 0)
    #expect(try isDraft())
    try world.control(#"{"checks": "red", "log": "\#(PublishTests.log)"}"#)
    #expect(try world.publish().err.contains("gets the step 'fix-S1-1'"))
    #expect(try world.shared.migrate(world.path, "run").code == 0)
    let prompt = try world.shared.first.note("prompt")
    #expect(prompt.contains("- test: test_cart.py::test_total (test_cart.py): assert 3 == 4\n"), "\(prompt)")
    try world.control(#"{"checks": "green"}"#)
    // The branch is moved first, and then it is looked what its checks say.
    for _ in 0..<2 { #expect(try world.publish().code == 0) }
    #expect(try !isDraft())
    #expect(try world.requests().first?["body"]?.text?.contains("Mend S1") == true)
    #expect(try world.texts("title").first?.hasSuffix("mig: 2 steps of S1") == true)
    #expect(try world.publish().out.contains("is open, checks green"))
  }

  @Test func `a unit that conflicts follows once the gate has let the base in`() throws {
    let world = try World(
      "github", "  - { id: S1, title: One, run: 'echo x > f1' }",
      more: "publish: { unit: step }\nrefresh: { every: 1h }\nagent: { command: 'echo both > f1' }")
    // Whether it can be merged this forge says when it is asked the second time.
    for _ in 0..<2 { #expect(try world.publish().code == 0) }
    let clone = world.path
    try Files.writeAtomically(clone + "/f1", Array("theirs\n".utf8))
    try world.shared.git(clone, "add", "f1")
    try world.shared.git(clone, "commit", "--quiet", "--message=theirs")
    try world.shared.git(clone, "push", "--quiet", "origin", "main")
    let left = try world.publish()
    #expect(left.code == 1 && left.err.contains("it conflicts with 'main' in f1"), "\(left)")
    let run = try world.shared.migrate(clone, "run")
    #expect(run.code == 0 && run.out.contains("refresh-"), "\(run)")
    let moved = try world.publish()
    #expect(moved.code == 0 && moved.out.split(separator: "\n").count == 1, "\(moved)")
    #expect(try world.shared.git(world.shared.server, "show", "migrate-pr/mig/S1:f1") == "both")
    let seen = try world.publish()
    #expect(seen.code == 0 && !seen.out.contains("conflicts"), "\(seen)")
    #expect(try world.requests().count == 1)
    #expect(try world.shared.migrate(clone, "fsck").code == 0)
  }

  @Test func `without a forge git says what has come into the base, also as one commit`() throws {
    let world = try World("none")
    let pushed = try world.publish()
    #expect(pushed.code == 0 && pushed.err.contains("on no forge"), "\(pushed)")
    #expect(try world.requests().isEmpty)
    let clone = world.path
    // S1 as it is, S2 squashed beside something else.
    try world.shared.git(clone, "fetch", "--quiet", "origin", "+refs/heads/*:refs/remotes/origin/*")
    try world.shared.git(clone, "merge", "--quiet", "--no-edit", "origin/migrate-pr/mig/S1")
    try world.shared.git(clone, "merge", "--quiet", "--squash", "origin/migrate-pr/mig/S2")
    try Files.writeAtomically(clone + "/other", Array("x\n".utf8))
    try world.shared.git(clone, "add", "--all")
    try world.shared.git(clone, "commit", "--quiet", "--message=squashed")
    try world.shared.git(clone, "push", "--quiet", "origin", "main")
    let seen = try world.publish()
    let lines = seen.out.split(separator: "\n")
    #expect(seen.code == 0 && lines.allSatisfy { $0.hasSuffix("merged") }, "\(seen)")
  }

  @Test func `what was brought into the base one by one, and taken back, is not there`() throws {
    let world = try World("none")
    #expect(try world.publish().code == 0)
    let clone = world.path
    try world.shared.git(clone, "fetch", "--quiet", "origin", "+refs/heads/*:refs/remotes/origin/*")
    for step in ["S1", "S2"] {
      try world.shared.git(clone, "cherry-pick", "--quiet", "origin/migrate-pr/mig/\(step)")
    }
    try world.shared.git(clone, "revert", "--no-edit", "HEAD")
    try world.shared.git(clone, "push", "--quiet", "origin", "main")
    let seen = try world.publish()
    let lines = seen.out.split(separator: "\n")
    #expect(seen.code == 0 && lines.map { $0.hasSuffix("merged") } == [true, false], "\(seen)")
  }

  @Test func `what is offered can be mailed: patches, a letter, a bundle, and a request to pull`() throws {
    let world = try World(more: "publish: { unit: step, reviewers: [ann@example.org] }\nowners: OWNERS")
    let folder = world.shared.first.repository.root + "/mail"
    let early = try world.publish("--mail", folder, "S1")
    #expect(early.code == 0 && early.out == "S1  1 patch  \(folder)/S1  to ann@example.org\n", "\(early)")
    #expect(!Files.exists(folder + "/S1/request-pull.txt"), "nobody could pull it yet")
    #expect(try world.publish().code == 0)
    let mail = try world.publish("--mail", folder)
    #expect(mail.code == 0 && mail.out.split(separator: "\n").count == 2, "\(mail)")
    let letter = String(
      decoding: try Files.readFile(folder + "/S2/0000-cover-letter.patch") ?? [], as: UTF8.self)
    #expect(letter.contains("Subject: [PATCH 0/1] mig: Two\n") && letter.contains("t (lint)"), "\(letter)")
    #expect(letter.contains("To: ann@example.org\n") && !letter.contains("*** "), "\(letter)")
    let request = String(decoding: try Files.readFile(folder + "/S2/request-pull.txt") ?? [], as: UTF8.self)
    #expect(request.contains("migrate-pr/mig/S2"), "\(request)")
    // Somebody who has the base takes it.
    let other = try world.shared.clone("other")
    try world.shared.git(other, "fetch", "--quiet", folder + "/S2/S2.bundle", "migrate-pr/mig/S2")
    try world.shared.git(other, "am", "--quiet", folder + "/S2/0001-mig-Two.patch")
    #expect(try world.shared.git(other, "diff", "FETCH_HEAD", "HEAD") == "")
    #expect(try world.requests().count == 2, "nothing is opened by it")
    #expect(try world.publish("--mail", folder, "-n").code == 129)
  }

  @Test func `who works now is listed`() throws {
    let world = try MigrationWorld()
    try world.start(PublishTests.steps)
    let nobody = try world.migrate("workers", "status")
    #expect(nobody.code == 0 && nobody.out == "nobody works on mig\n2 steps could be taken\n", "\(nobody)")
    #expect(try world.migrate("claim", "S2", "--worker", "w7", "--no-worktree").code == 0)
    let one = try world.migrate("workers", "status")
    #expect(one.out == "w7  works  work  S2\n1 step could be taken\n", "\(one)")
    let json = try world.migrate("workers", "status", "--json")
    #expect(json.out.contains(#""steps":["S2"]"#), "\(json)")
    #expect(try world.migrate("workers").code == 129)
    for option in ["--submit", "--number=3", "--jobs=3", "--idle=5m", "--clone=x", "--has=gpu"] {
      let run = try world.migrate("workers", "status", option)
      #expect(run.code == 129 && run.err.contains("goes with '--on' and an engine"), "\(run)")
    }
  }

  @Test func `a wrong token, or none, opens nothing and is said in a line`() throws {
    let world = try World()
    let wrong = try world.publish(token: "stolen")
    #expect(wrong.code == 128 && wrong.err.contains("does not take the token"), "\(wrong)")
    #expect(!wrong.err.contains("stolen"))
    let none = try world.publish(token: "")
    #expect(none.code == 128 && none.err.contains("there is no token"), "\(none)")
    #expect(try world.requests().isEmpty)
    let home = try #require(world.shared.first.repository.environment["HOME"])
    try Files.writeAtomically(home + "/.netrc", Array("machine 127.0.0.1 login me password secret\n".utf8))
    #expect(try world.publish(token: "").code == 0)
    #expect(try world.requests().count == 2)
  }

  @Test(arguments: ["gh:shop/app.git", "alias:shop/app.git", "git@alias:shop/app.git"])
  func `an address is what git and ssh make of it`(_ url: String) throws {
    let world = try MigrationWorld()
    try world.start(PublishTests.steps, gate: PublishTests.gate, more: PublishTests.policy)
    let repository = world.repository
    try repository.git("config", "--global", "url.https://github.com/.insteadOf", "gh:")
    try repository.git("remote", "add", "origin", url)
    let folder = repository.root + "/programs"
    try Files.makeDirectories(folder)
    let ssh = "#!/bin/sh\n[ \"$1 $2 $3\" = '-G -- alias' ] && printf 'user me\\nhostname github.com\\n'\n"
    try Files.writeAtomically(folder + "/ssh", Array(ssh.utf8))
    #expect(chmod(folder + "/ssh", 0o755) == 0)
    let path = "\(folder):\(TestBinary.directory):\(repository.environment["PATH"] ?? "")"
    let run = try repository.run("git", ["migrate", "publish"], adding: ["PATH": path])
    #expect(run.code == 128 && run.err.contains("no token for 'github.com'"), "\(run)")
    // gh gives the token of its surroundings to whoever asks, for any host: it is asked for its own.
    let gh = "#!/bin/sh\nenv > \"$HOME/asked\"; exit 1\n"
    try Files.writeAtomically(folder + "/gh", Array(gh.utf8))
    #expect(chmod(folder + "/gh", 0o755) == 0)
    let variables = ["PATH": path, "GH_ENTERPRISE_TOKEN": "secret"]
    #expect(try repository.run("git", ["migrate", "publish"], adding: variables).code == 128)
    #expect(try !world.note("asked").contains("secret"))
  }

  @Test func `where a person's word is wanted, units wait for it`() throws {
    let world = try World(more: "publish: { unit: step, after: approve }")
    #expect(try world.publish().code == 0)
    #expect(try world.requests().isEmpty)
    #expect(try world.shared.migrate(world.path, "approve", "S9").code == 128)
    let word = try world.shared.migrate(world.path, "approve", "S2")
    #expect(word.code == 0 && word.out.contains("S2 approved"), "\(word)")
    #expect(try world.publish().code == 0)
    #expect(try world.texts("branch") == ["migrate-pr/mig/S2"])
  }

  @Test func `the whole branch, by a template, told to its owners`() throws {
    let more = """
      publish: { title: "{{migration.name}} is done", body: "{{#steps}}* {{.}}\\n{{/steps}}", draft: true }
      owners: OWNERS
      channels: { "@docs": "#docs" }
      """
    let world = try World(more: more)
    let clone = world.path
    try Files.writeAtomically(clone + "/OWNERS", Array("* @docs\n".utf8))
    try world.shared.git(clone, "add", "OWNERS")
    try world.shared.git(clone, "commit", "--quiet", "--message=owners")
    try world.shared.git(clone, "push", "--quiet", "origin", "main")
    let run = try world.publish()
    #expect(run.code == 0 && run.out.contains("@docs"), "\(run)")
    #expect(try world.texts("title") == ["mig is done"])
    #expect(try world.texts("body").first?.contains("* One (S1)") == true)
    let told = try world.publish("--tell")
    #expect(told.out.contains("to @docs (#docs)") && told.out.contains("#1 all"), "\(told)")
    // What comes after it was merged is offered for itself.
    try world.control(#"{"merge": [1]}"#)
    #expect(try world.publish().out.contains("merged"))
    #expect(try world.publish().code == 0)
    #expect(try world.requests().count == 1, "nothing came")
    try world.shared.first.amend(
      PublishTests.steps + "\n  - { id: S3, title: Three, run: 'echo x > f3' }", gate: PublishTests.gate,
      more: more)
    #expect(try world.shared.migrate(clone, "run").code == 0)
    let later = try world.publish()
    #expect(later.code == 0, "\(later)")
    #expect(try world.texts("branch") == ["migrate-pr/mig/all", "migrate-pr/mig/all-2"])
    #expect(try world.texts("body").last?.hasPrefix("* Three (S3)\n") == true)
  }
}
