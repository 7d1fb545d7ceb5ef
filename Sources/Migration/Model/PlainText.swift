import CanonicalJSON

/// Text from plans, agents and people made safe to show (I-30): no escape sequence, no second line, no
/// reversed or invisible text. Pure, so that the projections can use it; what children print is cleaned where
/// it comes in.
enum PlainText {
  /// `text` on one line: line breaks and tabs become a space, every other character that could control a
  /// terminal or change the order of what is read becomes U+FFFD, and what stands for a byte is spelled.
  static func line(_ text: String, spellingBytes: Bool = true) -> String {
    if text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) { return text }
    var result = ""
    result.reserveCapacity(text.utf8.count)
    for scalar in text.unicodeScalars {
      switch scalar.value {
      case 0x09, 0x0A, 0x0D, 0x85, 0x2028, 0x2029: result.unicodeScalars.append(" ")
      default:
        if let byte = NameText.byte(scalar) {
          if spellingBytes { result += octal(byte) } else { result.unicodeScalars.append(scalar) }
        } else {
          result.unicodeScalars.append(isUnsafe(scalar) ? "\u{FFFD}" : scalar)
        }
      }
    }
    return result
  }

  /// Whether a character must never reach a terminal as it is.
  static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool { UnsafeCharacter.contains(scalar) }

  /// `text` as git prints a path: as it is when nothing in it needs quoting, otherwise in double quotes with
  /// the escapes of C. `reserved` is a text that must be quoted although it looks harmless.
  static func quoted(_ text: String, reserved: String? = nil) -> String {
    let isPlain = text.unicodeScalars.allSatisfy {
      $0 != "\"" && $0 != "\\" && !isUnsafe($0) && NameText.byte($0) == nil
    }
    if isPlain && text != reserved { return text }
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\t": result += "\\t"
      case "\r": result += "\\r"
      default:
        if let byte = NameText.byte(scalar) {
          result += octal(byte)
        } else if isUnsafe(scalar) {
          for byte in String(scalar).utf8 { result += octal(byte) }
        } else {
          result.unicodeScalars.append(scalar)
        }
      }
    }
    return result + "\""
  }

  static func octal(_ byte: UInt8) -> String {
    let digits = String(byte, radix: 8)
    return "\\" + String(repeating: "0", count: 3 - digits.utf8.count) + digits
  }

  // MARK: Columns

  /// How many terminal columns `text` takes: 2 for wide East Asian characters and emoji, 0 for marks.
  static func width(_ text: String) -> Int {
    if text.utf8.allSatisfy({ $0 < 0x80 }) { return text.utf8.count }
    return text.reduce(0) { $0 + width($1) }
  }

  /// `text` cut to at most `columns` columns, with `…` where something is missing.
  static func cut(_ text: String, to columns: Int) -> String {
    if width(text) <= columns { return text }
    guard columns > 0 else { return "" }
    var result = ""
    var used = 0
    for character in text {
      let next = width(character)
      if used + next > columns - 1 { break }
      result.append(character)
      used += next
    }
    return result + "…"
  }

  /// `text` filled up with spaces to `columns` columns.
  static func padded(_ text: String, to columns: Int) -> String {
    var result = text
    for _ in 0..<max(0, columns - width(text)) { result += " " }
    return result
  }

  private static func width(_ character: Character) -> Int {
    guard let first = character.unicodeScalars.first else { return 0 }
    if character.unicodeScalars.contains(where: { $0.value == 0xFE0F }) { return 2 }
    switch first.value {
    case 0x0300...0x036F, 0x20D0...0x20FF, 0xFE00...0xFE0F: return 0
    case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xA960...0xA97C, 0xAC00...0xD7A3,
      0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F,
      0x1F680...0x1F6FF, 0x1F900...0x1FAFF, 0x20000...0x3FFFD:
      return 2
    default: return 1
    }
  }
}
