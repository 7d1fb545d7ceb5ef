import Support
import Testing

/// The man pages know every command and option, and point to pages that exist.
@Suite struct PageTests {
  @Test func `the parser lists the commands with their options`() {
    #expect(DeclaredCommand.withPage.count > 20)
    let options = DeclaredCommand.all.first { $0.name == "check" }?.pageOptions
    #expect(options == ["schema", "run-commands", "base", "list", "prompt", "json"])
  }

  @Test func `there is a page of each command, of the program and of its formats`() {
    let wanted =
      DeclaredCommand.withPage.map { "man/\($0.page).1" }
      + ["man/git-migrate.1", "man/gitmigrate-plan.5", "man/gitmigrate-ledger.5"]
    let missing = wanted.filter { !Tree.files.contains($0) }
    #expect(missing.isEmpty, "\(missing.joined(separator: "\n"))")
  }

  @Test(arguments: DeclaredCommand.withPage) func `its page tells every option`(_ command: DeclaredCommand) {
    // That there is none is said once, above.
    guard let page = Tree.text("man/\(command.page).1") else { return }
    let text = PageTests.plain(page)
    let missing = command.pageOptions.sorted().filter { !PageTests.mentions(text, "--\($0)") }
    #expect(missing.isEmpty, "man/\(command.page).1 does not mention \(missing.map { "--" + $0 })")
  }

  @Test func `every page that is mentioned exists`() {
    let pages = Set(Tree.names(in: "man"))
    let findings = Tree.lines(with: ["git-migrate", "gitmigrate"]) {
      !$0.hasPrefix("Tests/TidyTests/") && $0 != "LICENSE"
    }.flatMap { found in
      PageTests.mentionedPages(in: PageTests.plain(found.text)).filter { !pages.contains($0) }.map {
        Finding(path: found.path, line: found.line, message: "there is no 'man/\($0)'")
      }
    }
    #expect(findings.isEmpty, "\(Finding.list(findings))")
  }

  /// A page's text with the ways to write a dash made one: `\-` of man(7), `Fl` of mdoc(7).
  static func plain(_ page: String) -> String {
    page.replacing("\\-", with: "-").replacing("\\fB", with: "").replacing("\\fI", with: "")
      .replacing("\\fR", with: "").replacing("\\fP", with: "")
      .replacing("Fl Fl ", with: "--").replacing("Fl --", with: "--").replacing("Fl -", with: "--")
  }

  /// Whether an option is there, and not only one that begins with it.
  static func mentions(_ text: String, _ option: String) -> Bool {
    text.ranges(of: option).contains { range in
      guard range.upperBound < text.endIndex else { return true }
      let next = text[range.upperBound]
      return !next.isLetter && !next.isNumber && next != "-"
    }
  }

  /// The pages of ours that `name(1)` or `.Xr name 1` name, as their files.
  static func mentionedPages(in line: String) -> [String] {
    let references = line.matches(of: /(git-?migrate[a-z-]*) ?\(([15])\)/).map { "\($0.1).\($0.2)" }
    return references + line.matches(of: /Xr (git-?migrate[a-z-]*) ([15])/).map { "\($0.1).\($0.2)" }
  }
}
