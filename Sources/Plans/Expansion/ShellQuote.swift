/// Puts values into shell commands so that no character of theirs means anything.
public enum ShellQuote {
  /// The value as one word of a POSIX shell.
  public static func word(_ value: String) -> String {
    var bytes: [UInt8] = [UInt8(ascii: "'")]
    for byte in value.utf8 {
      // A quote cannot stand between single quotes, so close them, write it, and open them again.
      if byte == UInt8(ascii: "'") { bytes.append(contentsOf: "'\\'".utf8) }
      bytes.append(byte)
    }
    bytes.append(UInt8(ascii: "'"))
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Refuses a command in which single quotes around a value would not do their work: inside quotes,
  /// backquotes, a comment, a here-document or arithmetic, and right after a backslash or a dollar.
  static func check(_ template: Template, in text: Text, _ faults: Faults) {
    var state = State.plain
    var previous: UInt8 = 0x20
    for part in template.parts {
      switch part {
      case .text(let words):
        for byte in words.utf8 {
          state = state.after(byte, previous)
          previous = byte
        }
      case .section(let name, _, _):
        faults.add(
          TemplatePlace(text).mark(name.line, name.column).fault(
            "a section cannot stand in 'run'", hint: "use plain names only"))
      case .value(let name) where name.name == "braces.open":
        state = state.after(UInt8(ascii: "{"), previous)
        previous = UInt8(ascii: "{")
      case .value(let name):
        let isJoined = state == .escaped || previous == UInt8(ascii: "$")
        if state != .plain || isJoined {
          faults.add(
            TemplatePlace(text).mark(name.line, name.column).fault(
              "'{{\(name.name)}}' stands where a quoted value is not safe",
              hint: "values are quoted already: take away the quotes, backslash or '$' around it"))
          if state == .escaped { state = .plain }
        }
        previous = UInt8(ascii: "'")
      }
    }
  }

  private enum State {
    case plain, escaped, single, double, doubleEscaped, backquote, comment, lost

    /// Where the shell is after a byte. `lost` is never left: here-documents and arithmetic are not followed.
    func after(_ byte: UInt8, _ previous: UInt8) -> State {
      switch (self, byte) {
      case (.lost, _): .lost
      case (.escaped, _): .plain
      case (.doubleEscaped, _): .double
      case (.single, UInt8(ascii: "'")), (.double, UInt8(ascii: "\"")), (.backquote, UInt8(ascii: "`")):
        .plain
      case (.comment, 0x0A): .plain
      case (.double, UInt8(ascii: "\\")): .doubleEscaped
      case (.single, _), (.double, _), (.backquote, _), (.comment, _): self
      case (.plain, UInt8(ascii: "'")): .single
      case (.plain, UInt8(ascii: "\"")): .double
      case (.plain, UInt8(ascii: "`")): .backquote
      case (.plain, UInt8(ascii: "\\")): .escaped
      case (.plain, UInt8(ascii: "#")) where " \t\n;&|()".utf8.contains(previous): .comment
      case (.plain, UInt8(ascii: "<")) where previous == UInt8(ascii: "<"): .lost
      case (.plain, UInt8(ascii: "(")) where previous == byte: .lost
      case (.plain, UInt8(ascii: "[")) where previous == UInt8(ascii: "$"): .lost
      case (.plain, _): .plain
      }
    }
  }
}
