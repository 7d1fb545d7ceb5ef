import Support
import System
import Testing

/// The shell completions: they know every command and option, and bash's is run for real.
@Suite struct CompletionTests {
  private static let folder = Files.parent(of: Files.parent(of: Files.parent(of: #filePath))) + "/completions"

  private static func text(_ name: String) throws -> String {
    guard let bytes = try Files.readFile(folder + "/" + name) else { throw TestFailure("no '\(name)'") }
    return String(decoding: bytes, as: UTF8.self)
  }

  // Nobody types the command that the hooks call.
  @Test(arguments: DeclaredCommand.all.filter { $0.name != "hook" })
  func everyOptionIsKnown(_ command: DeclaredCommand) throws {
    let world = try TestRepository(.none)
    let bash = try CompletionTests.text("git-migrate")
    let zsh = try CompletionTests.text("_git-migrate")
    let fish = try CompletionTests.text("git-migrate.fish")
    let name = command.name.replacing(" ", with: "-")
    let known = try world.run(
      "/bin/bash", ["-c", "source '\(CompletionTests.folder)/git-migrate'; __git_migrate_options '\(name)'"]
    ).out
    for option in command.longOptions.map({ "--" + $0 }) {
      #expect(known.contains(option), "bash does not know '\(command) \(option)'")
      #expect(zsh.contains(option), "zsh does not know '\(option)'")
      #expect(fish.contains("-l \(option.dropFirst(2))"), "fish does not know '\(option)'")
    }
    #expect(bash.contains(command.name.split(separator: " ")[0]))
  }

  @Test(arguments: ["bash", "zsh", "fish"]) func theShellsReadTheirFiles(_ shell: String) throws {
    let world = try TestRepository(.none)
    let name = ["bash": "git-migrate", "zsh": "_git-migrate", "fish": "git-migrate.fish"][shell] ?? ""
    guard try world.run("/bin/sh", ["-c", "command -v \(shell)"]).code == 0 else { return }
    #expect(try world.run(shell, ["-n", CompletionTests.folder + "/" + name]) == TestRun(0))
  }

  @Test(arguments: [
    ("git migrate sta", "start status"), ("git-migrate sta", "start status"), ("git migrate show ", "S1 S2"),
    ("git migrate claim ", "S1"), ("git-migrate retry ", ""),
    ("git migrate log --kind gate.f", "gate.finished"),
    ("git migrate status --po", "--porcelain"), ("git migrate pause -m ", "demo"),
    ("git migrate ledger ", "append bisect cat export"),
  ])
  func bashCompletes(_ line: String, _ expected: String) throws {
    let world = try TestRepository()
    try world.start(Plans.demo)
    let gits = "/usr/share/bash-completion/completions/git"
    guard Files.exists(gits) else { return }
    let script = """
      source \(gits); source '\(CompletionTests.folder)/git-migrate'
      COMP_LINE=$1 COMP_POINT=${#1} COMP_TYPE=9
      read -ra COMP_WORDS <<<"$1"; [[ $1 == *' ' ]] && COMP_WORDS+=("")
      COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
      function=$(complete -p "${COMP_WORDS[0]}" | sed 's/.*-F \\([^ ]*\\).*/\\1/')
      $function "${COMP_WORDS[0]}" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
      echo ${COMPREPLY[@]}
      """
    let run = try world.run("/bin/bash", ["--norc", "-c", script, "bash", line])
    #expect(run == TestRun(0, out: expected + "\n"))
  }
}
