import Testing

@testable import Gate

@Suite("Lines in which code begins")
struct CodeLinesTests {
  @Test func `what stands in comments and long strings is taken out, and lines keep their numbers`() {
    let python = "\"\"\"Say\nimport this\n\"\"\"\nimport os\n# import re\n"
    #expect(CodeLines.text(of: python, path: "a/b.py") == "\"\"\"Say\n\n\nimport os\n\n")
    let go = "import (\n\t\"fmt\"\n\t// \"old\"\n/*\n\t\"older\"\n*/\n)\n"
    #expect(CodeLines.text(of: go, path: "m.go") == "import (\n\t\"fmt\"\n\n\n\n\n)\n")
    let script = "const t = `\nimport x from 'y'\n`\nimport z from 'z'\n"
    #expect(CodeLines.text(of: script, path: "a.ts") == "const t = `\n\n\nimport z from 'z'\n")
    #expect(CodeLines.text(of: "# a\n", path: "README") == "# a\n", "a language that is not known")
  }
}
