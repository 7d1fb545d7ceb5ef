import Glibc
import System
import Testing

@testable import Git

@Suite struct ProgramTests {
  /// The look before its start sees none of what comes later, and the open of a pipe waits for ever.
  @Test func aPipeThatAppearsWhileGitIsAtWorkEndsIt() throws {
    let world = try World()
    _ = try world.commit(["a": "1"])
    let place = "\(world.path)/.git/packed-refs"
    try world.write("slow-git", "#!/bin/sh\nmkfifo '\(place)'\nexec cat '\(place)'\n")
    chmod("\(world.root)/slow-git", 0o755)
    var program = GitProgram(world.repository, executable: "\(world.root)/slow-git")
    program.timeoutSeconds = 60
    let error = #expect(throws: GitError.self) { try program.run(["update-ref"]) }
    #expect(error?.description.contains("'\(place)'") == true, "\(String(describing: error))")
  }

  /// Who is done with that place already may come to an end; and what is taken away is forgotten.
  @Test func gitIsGivenUpWhenAPipeLiesThereThreeLooksInARow() throws {
    let world = try World()
    _ = try world.commit(["a": "1"])
    let place = "\(world.path)/.git/packed-refs"
    var watch = GitWatch(GitProgram(world.repository), ["update-ref"])
    #expect(watch.mayGoOn() && watch.obstacle == nil)
    mkfifo(place, 0o600)
    #expect(watch.mayGoOn() && watch.mayGoOn() && watch.obstacle != nil)
    unlink(place)
    #expect(watch.mayGoOn() && watch.obstacle == nil)
    mkfifo(place, 0o600)
    #expect(watch.mayGoOn() && watch.mayGoOn() && !watch.mayGoOn())
    #expect(
      !watch.isOverNetwork && GitWatch(GitProgram(world.repository), ["-c", "a=b", "push"]).isOverNetwork)
  }

  /// PITFALLS F12: whoever can write `.git/config` makes an ordinary git run his programs.
  @Test func hostileConfigurationIsInert() throws {
    let world = try World()
    let first = try world.commit(["a.txt": "1\n", "b": "1\n"])
    let second = try world.commit(["a.txt": "2\n", "b": "1\n", "c.txt": "3\n"], parents: [first])
    let worktree = try world.worktree("w", at: first)
    let mark = "\(world.root)/pwned"
    let touch = "sh -c 'touch \(mark); cat'"
    try world.write("evil/post-checkout", "#!/bin/sh\ntouch \(mark)\n")
    for hook in ["post-checkout", "pre-commit", "reference-transaction", "post-merge", "post-index-change"] {
      try world.write("evil/\(hook)", "#!/bin/sh\ntouch \(mark)\n")
      chmod("\(world.root)/evil/\(hook)", 0o755)
    }
    let settings = [
      "core.fsmonitor": touch, "core.hooksPath": "\(world.root)/evil", "filter.evil.clean": touch,
      "filter.evil.smudge": touch, "filter.evil.process": touch, "filter.evil.required": "true",
      "diff.external": touch, "diff.evil.command": touch, "diff.evil.textconv": touch,
      "merge.evil.driver": touch,
      "core.sshCommand": touch, "credential.helper": "!\(touch)", "core.pager": touch, "core.editor": touch,
      "commit.gpgSign": "true", "gpg.program": touch, "core.attributesFile": "\(world.root)/attributes",
      "core.alternateRefsCommand": touch, "protocol.ext.allow": "always", "alias.status": "!\(touch)",
    ]
    for (key, value) in settings { try world.git("config", key, value) }
    try world.write("repo/.git/info/attributes", "*.txt filter=evil diff=evil merge=evil\n")
    let place = "\(world.root)/w"
    let program = world.program(of: worktree)
    let commands = [
      ["status"], ["diff", "--no-ext-diff", "--no-textconv", first.hex, second.hex],
      ["diff", first.hex, second.hex],
      ["checkout", "-q", second.hex], ["checkout", "-q", first.hex], ["add", "-A"], ["stash", "list"],
      ["log", "-p", "--no-ext-diff", second.hex], ["merge", "--ff-only", second.hex],
      ["reset", "--hard", first.hex],
      ["commit", "--allow-empty", "-m", "x"], ["merge", "-m", "m", second.hex],
      ["ls-remote", "ext::\(touch)"],
      ["fetch", "ssh://example.invalid/x"], ["update-ref", "refs/heads/x", first.hex],
    ]
    for command in commands {
      try world.write("w/a.txt", "changed \(command)\n")
      if command.first != "add" { _ = try program.run(["checkout", "--", "."], workTree: place) }
      _ = try program.run(command, workTree: place)
      #expect(!world.exists("pwned"), "\(command)")
      unlink(mark)
    }
    for filters in [GitProgram.Filters.none, .user] {
      try program.checkoutWorktree(path: place, commit: second, filters: filters)
      try world.write("w/a.txt", "new\n")
      let tree = try program.snapshotWorktree(path: place, filters: filters).tree
      let entry = try #require(try world.repository.entry(at: "a.txt", inTree: tree))
      #expect(try world.repository.blob(entry.oid) == Array("new\n".utf8))
      #expect(!world.exists("pwned"))
    }
    // The test itself is sound: a plain git is taken in.
    _ = try? world.git("checkout", "-q", first.hex, in: place)
    #expect(world.exists("pwned"))
  }

  @Test func theUsersOwnFilterRuns() throws {
    let world = try World()
    let worktree = try world.worktree(
      "w", at: world.commit([".gitattributes": "*.txt filter=up\n", "a.txt": "abc"]))
    let place = "\(world.root)/w"
    try world.git("config", "--global", "filter.up.smudge", "tr a-z A-Z")
    try world.git("config", "--global", "filter.up.clean", "tr A-Z a-z")
    try world.git("config", "filter.up.smudge", "touch \(world.root)/pwned; cat")
    let head = try #require(try worktree.head().oid)
    let program = world.program(of: worktree)
    unlink("\(place)/a.txt")
    try program.checkoutWorktree(path: place, commit: head)
    #expect(try world.read("w/a.txt") == "ABC")
    #expect(try program.snapshotWorktree(path: place).tree == worktree.treeOf(commit: head))
    #expect(!world.exists("pwned"))
    unlink("\(place)/a.txt")
    try program.checkoutWorktree(path: place, commit: head, filters: .none)
    #expect(try world.read("w/a.txt") == "abc")
    unlink("\(place)/a.txt")
    let approving = GitProgram(worktree, identity: World.person, approved: try program.unapprovedSettings())
    try approving.checkoutWorktree(path: place, commit: head)
    #expect(world.exists("pwned"))
  }

  @Test(arguments: ["GIT_ASKPASS", "SSH_ASKPASS", "core.askPass", "none", "local", "approved"])
  func `a password is asked for where the user said, and nowhere else`(place: String) throws {
    let world = try World()
    try world.write("ask", "#!/bin/sh\necho hush\n")
    let ask = "\(world.root)/ask"
    chmod(ask, 0o755)
    var environment = world.environment
    if place.hasSuffix("_ASKPASS") { environment[place] = ask }
    if place == "core.askPass" { try world.git("config", "--global", "core.askPass", ask) }
    if place == "local" || place == "approved" { try world.git("config", "core.askPass", ask) }
    let directory = "\(world.path)/.git"
    let plain = GitProgram(gitDirectory: directory, commonDirectory: directory, environment: environment)
    let program = GitProgram(
      gitDirectory: directory, commonDirectory: directory, environment: environment,
      approved: place == "approved" ? try plain.unapprovedSettings() : [])
    let input = Array("protocol=https\nhost=example.invalid\nusername=me\n\n".utf8)
    let output = try program.run(["credential", "fill"], input: input)
    #expect(output.text.contains("password=hush") == !["none", "local"].contains(place), "\(output)")
  }

  @Test func `a signing program that waits for somebody is given up`() throws {
    let world = try World()
    try world.write("signer", "#!/bin/sh\nexec sleep 60\n")
    chmod("\(world.root)/signer", 0o755)
    try world.git("config", "--global", "gpg.program", "\(world.root)/signer")
    #expect(try !world.program.signsCommits())
    try world.git("config", "--global", "commit.gpgSign", "yes")
    #expect(try world.program.signsCommits())
    let tree = try world.repository.treeOf(commit: world.commit(["a": "1"]))
    let identity = GitProgram.Identity(author: World.person, committer: World.person)
    let error = #expect(throws: GitError.self) {
      try world.program.signedCommit(
        tree: tree, parents: [], message: "m\n", identity: identity, withinSeconds: 1)
    }
    #expect(error?.message.contains("was not done after 1 s; it may be asking somebody") == true, "\(error)")
  }

  @Test func hooksDecideOverRefs() throws {
    let world = try World()
    let first = try world.commit(["a": "1"])
    let second = try world.commit(["a": "2"], parents: [first])
    let program = world.program
    let ref = "refs/heads/main"
    #expect(try program.updateRef(ref, to: first, from: nil, hooks: .effective) == .moved)
    guard case .lost = try program.updateRef(ref, to: second, from: second, hooks: .effective) else {
      throw World.Failure(text: "not lost")
    }
    guard case .lost = try program.updateRef(ref, to: second, from: nil, hooks: .effective) else {
      throw World.Failure(text: "not lost")
    }
    guard case .lost = try program.updateRef("refs/heads/none", to: second, from: first, hooks: .none) else {
      throw World.Failure(text: "not lost")
    }
    try world.write("repo/.husky/reference-transaction", "#!/bin/sh\necho no >&2\ntest \"$1\" != prepared\n")
    chmod("\(world.path)/.husky/reference-transaction", 0o755)
    try world.git("config", "core.hooksPath", ".husky")
    #expect(try program.effectiveHooksDirectory(workTree: world.path) == "\(world.path)/.husky")
    let denied = try GitProgram(world.repository).run(
      ["update-ref", ref, second.hex, first.hex], hooks: .effective, workTree: world.path)
    #expect(GitProgram.refusal(denied.errorText) == .denied(denied.errorText))
    #expect(denied.errorText.contains("no"))
    #expect(try world.repository.resolve(ref) == first)
    #expect(try program.updateRef(ref, to: second, from: first, hooks: .none) == .moved)
    try world.write("repo/.git/\(ref).lock", "")
    guard case .busy = try program.updateRef(ref, to: first, from: second, hooks: .none) else {
      throw World.Failure(text: "not busy")
    }
    guard case .unknown = try program.updateRef("refs/heads/a..b", to: first, from: nil, hooks: .none) else {
      throw World.Failure(text: "not unknown")
    }
  }

  @Test func fastForwardMovesBranchAndFiles() throws {
    let world = try World()
    let first = try world.commit(["a": "1"])
    let second = try world.commit(["a": "2"], parents: [first])
    let aside = try world.commit(["a": "3"], parents: [first])
    _ = world.repository.compareAndSwap(ref: "refs/heads/main", to: first, from: nil)
    try world.git("checkout", "-q", "-f", "main")
    #expect(try world.program.mergeFastForward(workTree: world.path, to: second).isSuccess)
    #expect(try world.repository.head() == .branch(name: "refs/heads/main", oid: second))
    #expect(try world.read("repo/a") == "2")
    let refused = try world.program.mergeFastForward(workTree: world.path, to: aside)
    #expect(refused.status == 128)
    #expect(refused.errorText.contains("Not possible to fast-forward"))
  }

  @Test func `what a fast-forward wrote before it failed is taken back, and nothing else`() throws {
    let world = try World()
    let first = try world.commit(["a": "1", "b": "1", "c": "1"])
    let second = try world.commit(["a": "2", "b": "1", "new": "2"], parents: [first])
    _ = world.repository.compareAndSwap(ref: "refs/heads/main", to: first, from: nil)
    try world.git("checkout", "-q", "-f", "main")
    try world.write("repo/.git/refs/heads/main.lock", "")
    #expect(try !world.program.mergeFastForward(workTree: world.path, to: second).isSuccess)
    #expect(try world.read("repo/a") == "2")
    try world.write("repo/b", "mine")
    #expect(try world.program.takeBackFiles(workTree: world.path, from: second, to: first).isSuccess)
    #expect(try world.git("status", "--porcelain") == " M b")
    // A second time, as when the merge had not come so far, there is nothing to do.
    #expect(try world.program.takeBackFiles(workTree: world.path, from: second, to: first).isSuccess)
    #expect(try world.git("status", "--porcelain") == " M b")
    #expect(try !world.program.mergeFastForward(workTree: world.path, to: second).isSuccess)
    try world.write("repo/a", "mine too")
    #expect(try !world.program.takeBackFiles(workTree: world.path, from: second, to: first).isSuccess)
    #expect(try world.read("repo/a") == "mine too")
  }

  @Test func versionAndEnvironment() throws {
    let world = try World()
    #expect(try world.program.version() >= (2, 39))
    var environment = world.environment
    environment["GIT_INDEX_FILE"] = "/nowhere"
    environment["GIT_OBJECT_DIRECTORY"] = "/nowhere"
    environment["GIT_EXTERNAL_DIFF"] = "false"
    environment["GIT_CONFIG_PARAMETERS"] = "'core.bare'='true'"
    let program = GitProgram(
      gitDirectory: world.repository.gitDirectory, commonDirectory: world.repository.commonDirectory,
      environment: environment, identity: World.person)
    #expect(try program.run(["rev-parse", "--is-bare-repository"], workTree: world.path).text == "false")
    let hash = try program.run(
      ["hash-object", "-w", "--stdin"], input: Array("x".utf8), workTree: world.path)
    let blob = try #require(OID(hash.text))
    #expect(try world.repository.blob(blob) == Array("x".utf8))
    #expect(
      try program.run(["var", "GIT_AUTHOR_IDENT"]).text == "A U Thor <author@example.com> 1112911993 +0000")
    let failing = GitProgram(
      gitDirectory: world.root, commonDirectory: world.root, environment: environment, executable: "/no/git")
    #expect(throws: GitError.self) { try failing.version() }
  }
}
