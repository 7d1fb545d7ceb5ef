import Testing

@testable import Gate

/// The filter looks at eight bytes at once; what it finds does not depend on where that is.
@Suite struct LineFilterTests {
  private func matters(_ text: String) -> Bool {
    Array(text.utf8).withUnsafeBufferPointer { LineFilter.matters($0) }
  }

  @Test(arguments: ["a.c:12", "a.c:(.text", "x(1z", "x[3z", "error", "Fail", "fail", "FAIL", "% tz"])
  func `a mark matters wherever it stands in a line`(mark: String) {
    for before in 1...40 {
      for after in 1...20 {
        let line = String(repeating: "z", count: before) + mark + String(repeating: "z", count: after)
        #expect(matters(line), "\(line)")
      }
    }
  }

  @Test(arguments: ["z12:34", "ro", "fa", "FA", ": 1", " (1", " [1", "%t", "ra", "{1", ":z", "(z"])
  func `what only begins like one does not`(text: String) {
    for before in 1...40 {
      for after in 1...20 {
        let line = String(repeating: "z", count: before) + text + String(repeating: "z", count: after)
        #expect(!matters(line), "\(line)")
      }
    }
  }
}
