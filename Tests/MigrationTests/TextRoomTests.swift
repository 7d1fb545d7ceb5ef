import CanonicalJSON
import Migration
import Testing

@Suite("The room for texts in an entry") struct TextRoomTests {
  private func length(_ texts: [String]) -> Int { JSON.array(texts.map(JSON.string)).canonicalBytes.count }

  @Test(
    "however long they are, and whatever they are of, an entry has room for them",
    arguments: ["x", "\u{0}", "\"", "\n", "é", "👩‍🚀", "\u{7F}\u{1F}"])
  func bounded(piece: String) {
    var room = TextRoom()
    let texts = (0..<50).map { _ in room.fit(String(repeating: piece, count: 30_000)) }
    #expect(length(texts) < 44 << 10)
    #expect(texts.allSatisfy { $0.hasSuffix("…") } && texts[0].utf8.count > 3000)
    var again = TextRoom()
    #expect(texts.map { again.fit($0) } == texts, "what was shortened is not shortened again")
  }

  @Test("what is as long as failures are stays as it is")
  func usual() {
    var room = TextRoom()
    let texts = ["a reason"] + (0..<64).map { "\($0) " + String(repeating: "\"y\" ", count: 60) }
    #expect(texts.map { room.fit($0) } == texts)
  }
}
