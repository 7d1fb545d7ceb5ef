import System
import Testing

@testable import Migration

/// Two rooms that know nothing of each other make text safe for a terminal.
@Suite struct UnsafeCharacterTests {
  @Test func `what is unsafe in a report is unsafe everywhere`() {
    let ranges: [ClosedRange<UInt32>] = [0...0x2FFF, 0xE000...0xFFFF, 0xE0000...0xE0FFF, 0x10FD00...0x10FFFF]
    for scalar in ranges.joined().compactMap(Unicode.Scalar.init) where scalar != "\n" && scalar != "\t" {
      let text = String(Character(scalar))
      #expect(
        PlainText.isUnsafe(scalar) == (TerminalText.sanitized(text) != text), "\(scalar.value)")
    }
  }

  @Test func `no name of a branch holds what may not be printed`() {
    for value in [0x1B, 0x061C, 0x200D, 0x202E, 0x206A, 0xFFF9, 0xE0041] as [UInt32] {
      let scalar = Unicode.Scalar(value) ?? "x"
      #expect(BranchName.isUnprintable(scalar))
      #expect(BranchName.fault("a\(Character(scalar))b") != nil)
    }
    #expect(!BranchName.isUnprintable("é"))
  }
}
