import System
import Testing

@testable import Git

@Suite struct CommandSettingTests {
  @Test(
    arguments: [
      "filter.a.b.clean", "filter.x.smudge", "filter.x.process", "filter.x.required", "merge.x.driver",
      "gpg.program", "gpg.ssh.program", "gpg.ssh.defaultkeycommand", "credential.helper",
      "credential.https://a.example/.helper", "core.sshcommand", "core.askpass", "core.gitproxy",
      "core.attributesfile", "hook.x.command",
    ])
  func `what git runs is known by its key`(key: String) { #expect(CommandSetting.isOne(key)) }

  @Test(arguments: [
    "filter.clean", "merge.conflictstyle", "diff.x.textconv", "core.editor", "gpg.format", "user.name",
    "credential.usehttppath", "core.x.sshcommand", "nothing",
  ])
  func `what it does not run, or never here, is left out`(key: String) { #expect(!CommandSetting.isOne(key)) }

  @Test func `settings are listed with their scope and file, and what is equivalent is not the same`() throws
  {
    let world = try World()
    try world.git("config", "--global", "filter.x.clean", "one")
    try world.git("config", "filter.x.clean", "two\nlines")
    try world.git("config", "include.path", "../more")
    try world.write("repo/more", "[Core]\n\tsshCommand = mine\n")
    var environment = world.environment
    environment["GIT_CONFIG_PARAMETERS"] = "'filter.x.clean'='said'"
    let program = GitProgram(
      gitDirectory: "\(world.path)/.git", commonDirectory: "\(world.path)/.git", environment: environment)
    let found = try program.commandSettings()
    #expect(found.map(\.value) == ["one", "two\nlines", "mine", "said"])
    #expect(found.map(\.scope) == [.global, .local, .local, .command])
    #expect(found.map(\.key) == ["filter.x.clean", "filter.x.clean", "core.sshcommand", "filter.x.clean"])
    #expect(found[1].origin == "\(world.path)/.git/config" && found[2].origin.hasSuffix("/more"))
    #expect(try program.unapprovedSettings().map(\.value) == ["two\nlines", "mine"])
    let composed = CommandSetting(key: "filter.x.clean", value: "\u{E9}", scope: .local, origin: "f")
    let decomposed = CommandSetting(key: "filter.x.clean", value: "e\u{301}", scope: .local, origin: "f")
    #expect(composed.value == decomposed.value && composed != decomposed)
  }

  @Test func `what somebody changes is seen, in the repository's files and in the user's`() throws {
    let world = try World()
    let program = world.program
    for (number, place) in ["--global", "--local"].enumerated() {
      for file in [world.environment["GIT_CONFIG_GLOBAL"] ?? "", "\(world.path)/.git/config"] {
        world.settle(file)
      }
      // Twice, so that what is known counts.
      for _ in 0..<2 { #expect(try program.commandSettings().count == number) }
      _ = try world.git("config", place, "filter.x\(number).clean", "cat")
      #expect(try program.commandSettings().count == number + 1)
    }
  }

  @Test func `git is asked again only when a file has changed, be it one that another includes`() throws {
    let world = try World()
    let (log, more) = ("\(world.root)/asked", "\(world.root)/more")
    let program = try world.counted(in: log)
    func asked() throws -> Int { try Files.readFile(log)?.count { $0 == 0x0A } ?? 0 }
    func settings(after change: () throws -> Void) throws -> [Int] {
      try change()
      for file in [more, "\(world.path)/.git/config", "\(world.root)/home/.gitconfig"] { world.settle(file) }
      let before = try asked()
      return try (0..<4).map { _ in try program.commandSettings().count } + [asked() - before]
    }
    try Files.writeAtomically(more, Array("[filter \"x\"]\n\tclean = cat\n".utf8))
    // The first time it says which files there are.
    #expect(
      try settings { try world.git("config", "--global", "include.path", more) } == [1, 1, 1, 1, 2])
    #expect(
      try settings { try world.git("config", "--file", more, "filter.y.clean", "cat") } == [2, 2, 2, 2, 1])
    // A file that is not there yet, beside the one that includes it.
    #expect(
      try settings { try world.git("config", "includeIf.gitdir:/nowhere/.path", "later") }
        == [2, 2, 2, 2, 2])
    // What depends on the branch is asked each time.
    #expect(
      try settings { try world.git("config", "includeIf.onbranch:main.path", "later") } == [2, 2, 2, 2, 4])
  }

  @Test func `the files of a tree that attributes give to a filter are known without a work tree`() throws {
    let world = try World()
    let commit = try world.commit([
      ".gitattributes": "[attr]crypt filter=c\n*.sec crypt\n*.set filter\n", "a.sec": "1", "b": "2",
      "c.set": "3",
      "d/.gitattributes": "*.sec -filter\nx filter=other\n", "d/a.sec": "4", "d/x": "5", "d e/ü.sec": "6",
    ])
    let tree = try world.repository.treeOf(commit: commit)
    let all = try world.program.filteredFiles(ofTree: tree)
    #expect(all.map(\.path) == ["a.sec", "d e/ü.sec", "d/x"] && all.map(\.filter) == ["c", "c", "other"])
    #expect(try world.program.filteredFiles(ofTree: tree, among: ["b", "d/x"]).map(\.path) == ["d/x"])
    let named = try world.repository.filterAttributes(ofTree: tree)
    #expect(named.contains(FilterAttribute(filter: "c", file: ".gitattributes")))
    #expect(named.contains(FilterAttribute(filter: "other", file: "d/.gitattributes")))
    #expect(named.count == 2)
  }
}
