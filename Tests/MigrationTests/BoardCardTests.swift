import CanonicalJSON
import Testing

@testable import Migration

@Suite("Cards of a board")
struct BoardCardTests {
  private func card(_ key: String) -> BoardCard {
    BoardCard(key: key, title: "t", text: "", column: .todo, isClosed: false, steps: [])
  }

  @Test func `a move means one thing, or nothing`() {
    let step = BoardColumn.allCases.map { card("mig/step/A").wish(movedTo: $0) }
    #expect(step == [.retry, nil, .approve, .skip])
    let cause = BoardColumn.allCases.map { card("mig/cause/ab12").wish(movedTo: $0) }
    #expect(cause == [nil, nil, .retry, .skip])
    #expect(!card("mig/step/cause").isCause, "by its place, not by a step's name")
  }

  @Test func `texts from elsewhere end no fence and call nobody`() {
    #expect(BoardCard.block("@ann ```\n# \u{1B}[31mx") == "````\n@ann ```\n# \u{FFFD}[31mx\n````")
    #expect(BoardCard.code("a`@ann`\nb") == "`a'@ann' b`")
    #expect(BoardCard.block(String(repeating: "x", count: 10_000)).utf8.count < 5000)
  }

  @Test func `what columns are called is kept, and nothing else is read`() throws {
    var policy = BoardPolicy()
    #expect(policy.json == .object([]))
    (policy.subject, policy.words) = (.cause, [.todo: "Backlog", .inProgress: "Doing"])
    #expect(try BoardPolicy(json: policy.json) == policy)
    for text in [#"{"by":"target"}"#, #"{"todo":""}"#, #"{"todo":"a,b"}"#, #"{"columns":"x"}"#] {
      let json = try JSON.parse(text)
      #expect(throws: JSONFault.self, "\(text)") { try BoardPolicy(json: json) }
    }
    policy.words = [.done: "todo"]
    #expect(policy.sharesWords)
  }
}
