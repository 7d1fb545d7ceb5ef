import Migration
import Testing

@Suite("A length of time")
struct SpanTextTests {
  @Test(
    "is read as people write it",
    arguments: [
      ("0", 0), ("45", 45), ("90s", 90), ("20m", 1200), ("1h", 3600), ("2d", 172_800), ("", nil), ("s", nil),
      ("-5s", nil), ("+5", nil), ("1.5h", nil), ("05m", nil), ("5 m", nil), ("5w", nil), ("٣s", nil),
      ("9999999999999999999d", .max), ("9223372036854775807m", .max),
    ] as [(String, Int?)])
  func reading(text: String, seconds: Int?) { #expect(SpanText.seconds(text) == seconds) }

  @Test("is written in the largest unit that has no rest")
  func writing() {
    #expect(
      [0, 1, 59, 60, 90, 3600, 86_400, 604_800].map(SpanText.of) == [
        "0s", "1s", "59s", "1m", "90s", "1h", "1d", "7d",
      ])
  }
}
