import CanonicalJSON
import Migration
import Supervision
import Support
import System
import Testing

/// `git migrate report`, from the built program.
@Suite("A report")
struct ReportTests {
  /// One step is merged, one is blocked, one waits for it; strangers wrote the titles.
  private func world() throws -> MigrationWorld {
    let world = try MigrationWorld()
    try world.start(
      """
        - { id: A, title: "</script><script>window.pwned=1</script> & <b>", run: 'echo a > a' }
        - { id: B, title: "<!-- <img src=x>", run: 'echo ghp_0123456789abcdefghijklmnopqrstuvwxyzAB; exit 3' }
        - { id: C, needs: [B], run: 'echo c > c' }
      """)
    #expect(try world.migrate("run", "--jobs", "2").code == 1)
    return world
  }

  @Test("begins with how it stands and what needs a person")
  func text() throws {
    let world = try world()
    let run = try world.migrate("report", "--since", "yesterday")
    #expect(run.code == 0 && run.err == "", "\(run)")
    #expect(
      run.out.hasPrefix("mig: Waits for you\n  Nothing goes on by itself: 1 step is blocked"), "\(run.out)")
    #expect(run.out.contains("\nneeds you\n  F1  1 step, holds 1: ended with exit code 3"), "\(run.out)")
    #expect(
      run.out.contains("\n      git migrate show B\n") && run.out.contains(": 1 merged, "), "\(run.out)")
    let markdown = try world.migrate("report", "--markdown").out
    #expect(
      markdown.hasPrefix("# mig: Waits for you\n") && markdown.contains("| F1 | blocks | 1 |"), "\(markdown)")
    let json = try JSON.parse(try world.migrate("report", "--json").out)
    #expect(json["standing"] == .string("waits"))
    #expect(json["counts"]?["merged"] == .integer(1))
    guard case .array(let causes)? = json["causes"] else { throw TestFailure("\(json)") }
    #expect(causes.map { $0["steps"] } == [.array([.string("B")])])
  }

  @Test("is one page in which nothing that strangers wrote can act, and nothing leads elsewhere")
  func page() throws {
    let world = try world()
    let page = try world.migrate("report", "--html", "-").out
    #expect(page.split(separator: "<script").count == 3, "one block of data, one script")
    #expect(!page.contains("<script>window.pwned") && !page.contains("<img") && !page.contains("<!--"))
    for word in ["http://", "https://"] {
      let places = page.split(separator: word).dropFirst().map { $0.prefix(11) }
      #expect(places.allSatisfy { $0.hasPrefix("www.w3.org/") }, "\(places)")
    }
    #expect(page.contains("default-src 'none'; style-src 'sha256-") && !page.contains("unsafe-inline"))
    #expect(!page.contains("ghp_0123456789"), "secrets are taken out")
    let file = world.repository.path + "/../r.html"
    let run = try world.migrate("report", "--html", file)
    #expect(run.out == "wrote '\(file)'\n" && Files.exists(file), "\(run)")
    #expect(try world.migrate("report", "--html", "-").out == page, "the same ledger gives the same page")
    let refused = try world.migrate("report", "--html", "/nowhere/r.html")
    #expect(refused.code == 128 && refused.err.hasPrefix("fatal: "), "\(refused)")
  }

  @Test("is kept on a branch that nobody works on")
  func branch() throws {
    let world = try world()
    let run = try world.migrate("report", "--commit", "pages")
    #expect(run.code == 0 && run.out.hasPrefix("the report is on 'pages' as "), "\(run)")
    #expect(try world.repository.git("ls-tree", "--name-only", "pages") == "index.html\nreport.md")
    #expect(
      try world.migrate("report", "--commit", "pages").out.hasPrefix("the report was already on 'pages'"))
    #expect(try world.repository.git("rev-list", "--count", "pages") == "1")
    try world.repository.git("branch", "other", "main")
    for name in ["main", "migrate/mig", "other", "a..b"] {
      let refused = try world.migrate("report", "--commit", name)
      #expect(refused.code >= 128 && refused.err.hasPrefix("fatal: "), "\(refused)")
    }
    #expect(try world.complaints() == "")
  }

  @Test("refuses a time that is none", arguments: ["", "soon", "25:00", "2026-13-01", "-3h", "99999999999h"])
  func since(text: String) throws {
    let run = try MigrationWorld().migrate("report", "--since", text)
    #expect(run.code == 129 && run.err.hasPrefix("error: "), "\(run)")
  }
}
