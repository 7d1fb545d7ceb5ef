import Supervision
import Testing

@testable import Runner

@Suite("That a program is missing")
struct MissingProgramWordsTests {
  @Test(
    "is told from what the shell, or make, says",
    arguments: [
      ("sh: 1: mender: not found", ["mender"]), ("/bin/sh: 1: exec: claude: not found", ["claude"]),
      ("bash: line 3: mender: command not found", ["mender"]),
      ("zsh:1: command not found: mender", ["mender"]),
      ("/usr/bin/env: ‘node’: No such file or directory", ["node"]),
      ("make: pytest: No such file or directory\nmake: *** [Makefile:2: test] Error 127", ["pytest"]),
      ("sh: 1: /opt/tool: Permission denied", ["/opt/tool"]), ("all is well", []), (": not found", []),
      ("no test: a b: not found", []),
    ])
  func words(_ said: String, _ names: [String]) {
    #expect(MissingProgramWords.names(in: said).map(\.name) == names)
  }

  @Test("is one by the shell's exit codes only, or those that make tells")
  func codes() {
    #expect(MissingProgramWords.isOne(.exited(127), ""))
    #expect(MissingProgramWords.isOne(.exited(126), ""))
    #expect(MissingProgramWords.isOne(.exited(2), "make: *** [Makefile:2: test] Error 127"))
    #expect(!MissingProgramWords.isOne(.exited(1), "x: not found"))
    #expect(!MissingProgramWords.isOne(.signalled(9), "x: not found"))
  }
}
