import Support
import Testing

/// What must be found in the tree, or must not.
@Suite struct TreeTests {
  @Test(arguments: ["git-migrate", "_git-migrate", "git-migrate.fish"])
  func `completions know every command`(_ file: String) {
    let words = Set(
      (Tree.text("completions/\(file)") ?? "").split { !($0.isLetter || $0 == "-" || $0 == "_") })
    // Nobody types the command that the hooks call.
    let missing = DeclaredCommand.withPage.map(\.name).filter { $0 != "hook" && !words.contains($0[...]) }
    #expect(missing.isEmpty, "completions/\(file) does not know \(missing)")
  }

  @Test func `no file names a place of the machine it was written on`() {
    // Put together here, so that this file does not hold them.
    let places = ["work", "root"].map { "/\($0)/" }
    let findings = Tree.lines(with: places) { _ in true }.map {
      Finding(path: $0.path, line: $0.line, message: "names a place of this machine")
    }
    #expect(findings.isEmpty, "\(Finding.list(findings))")
  }

  @Test func `the changelog has a place for what comes next`() {
    let headings = Tree.lines("CHANGELOG.md").filter { $0.hasPrefix("## ") }
    #expect(headings.first?.contains("Unreleased") == true)
  }

  @Test func `nothing was left lying about`() {
    let strange = Tree.files.filter { path in
      [".orig", ".rej", ".bak", "~", ".DS_Store"].contains { path.hasSuffix($0) }
        || path.split(separator: "/").last == "Placeholder.swift"
    }
    #expect(strange.isEmpty, "\(strange.joined(separator: "\n"))")
  }
}
