/// The characters that must never reach a terminal as they are (I-30): they control it, change the order of
/// what is read, or cannot be seen.
package enum UnsafeCharacter {
  /// Whether `scalar` is one of them. What stands for a byte in our names (U+10FE80 and above) is one, too.
  package static func contains(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x00...0x1F, 0x7F...0x9F, 0x061C, 0x200B, 0x200E, 0x200F, 0x2028...0x202E, 0x2060...0x206F,
      0xFEFF, 0xFFF9...0xFFFB, 0xE0000...0xE007F, 0x10FE80...0x10FEFF:
      true
    default: false
    }
  }
}
