import Migration
import Testing

/// Who owns what, and what attempts took.
@Suite struct CodeOwnersTests {
  private let owners = CodeOwners(
    """
    # Everybody's
    *            @all
    *.md         @writers docs@example.com
    /src/billing/ @billing
    apps/        @apps
    src/**/test.py @testers  # a note
    /vendor/*
    [Section][2]
    ^[Optional] @nobody
    """)

  @Test func `the last rule that matches counts`() {
    #expect(owners.owners(of: "Makefile") == ["@all"])
    #expect(owners.owners(of: "docs/deep/a.md") == ["@writers", "docs@example.com"])
    #expect(owners.owners(of: "src/billing/a/b.py") == ["@billing"])
    #expect(owners.owners(of: "lib/src/billing/b.py") == ["@all"])
    #expect(owners.owners(of: "x/apps/b.py") == ["@apps"])
    #expect(owners.owners(of: "src/a/b/test.py") == ["@testers"])
  }

  @Test func `a rule without owners takes its paths from all`() {
    #expect(owners.owners(of: "vendor/a.c") == [])
    #expect(owners.owners(of: "vendor/deep/a.c") == ["@all"])
    #expect(CodeOwners("").owners(of: "a") == [])
  }

  @Test func `what takes most attempts a step stands first`() {
    var insight = Insight()
    func attempt(_ step: String, _ epoch: Int, _ word: StepWord) -> TracedAttempt {
      var made = TracedAttempt(
        step: step, title: "", epoch: epoch, holder: "a", began: Timestamp(milliseconds: 1000))
      made.ended = Timestamp(milliseconds: 4000)
      made.word = word
      return made
    }
    insight.add(attempt("a", 1, .merged), of: "m", names: ["easy"])
    insight.add(attempt("b", 1, .merged), of: "m", names: ["easy"])
    for epoch in 1...3 { insight.add(attempt("c", epoch, .ready), of: "m", names: ["hard", "hard"]) }
    insight.add(attempt("d", 1, .merged), of: "m", names: [])
    let found = insight.sorted
    #expect(found.map(\.name) == ["hard", "easy", "-"])
    #expect(found[0].attempts == 3 && found[0].steps.count == 1 && found[0].merged == 0)
    #expect(found[1].milliseconds == 6000)
  }
}
