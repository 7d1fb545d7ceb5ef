import Migration
import Support
import System
import Testing

/// git records nothing whose name is `.git` in any case, and says nothing of it.
@Suite("A name that git keeps for itself")
struct ReservedNameTests {
  @Test(
    "beside a real change is refused, named, and the files are kept",
    arguments: [
      ("mkdir .GIT; echo 1 > .GIT/f", ".GIT"),
      ("mkdir -p sub/.Git/deep; echo 1 > sub/.Git/deep/f", "sub/.Git"),
      ("mkdir sub; echo 1 > sub/ok; echo 1 > sub/.git", "sub/.git"),
      ("mkdir -p sub/.git; echo 1 > sub/ok; echo 1 > sub/.git/f", "sub/.git"),
      ("mkdir sub; ln -s nowhere sub/.giT", "sub/.giT"),
    ], [false, true])
  func refused(input: (how: String, name: String), isByGit: Bool) throws {
    let world = try MigrationWorld(files: [".gitignore": "out/\n", "old/f": "1\n"])
    if isByGit {
      try world.repository.git("config", "filter.rot.clean", "cat")
      try world.repository.git("config", "filter.rot.smudge", "cat")
      try world.repository.write(".gitattributes", "*.rot filter=rot\n")
      try world.repository.git("add", ".")
      try world.repository.git("commit", "--quiet", "--message=rot")
    }
    try world.start("  - { id: A, run: 'echo x > x; \(input.how)' }")
    let run = try world.migrate("run")
    #expect(run.code == 1, "\(run)")
    #expect(try world.states() == ["A": "blocked"])
    let shown = try world.migrate("show", "A").out
    // libgit2 takes a folder with anything called '.git' in it for a repository.
    let isNamed =
      shown.contains("git records nothing under the name '\(input.name)'")
      || input.name == "sub/.git" && shown.contains("'sub' is a repository of its own")
    #expect(isNamed, "\(shown)")
    #expect(Files.exists(world.slot(1) + ".left-1/" + input.name) || input.how.contains("ln -s"), "\(shown)")
  }

  @Test("is no worker's that found it there, and an ignored folder may have it")
  func notHis() throws {
    let world = try MigrationWorld(files: [".gitignore": "out/\n"])
    try world.start(
      "  - { id: A, run: 'echo x > x; mkdir -p out/p/.git empty/.GIT; echo 1 > out/p/.git/f' }",
      more: "worktree: { setup: 'mkdir -p .GIT; echo 1 > .GIT/f' }")
    let run = try world.migrate("run")
    #expect(run.code == 0, "\(run)")
    #expect(try world.states() == ["A": "merged"])
  }
}
