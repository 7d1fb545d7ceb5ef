/// ANSI colours, or plain text.
package struct Palette {
  /// Whether anything is coloured.
  package let isOn: Bool

  /// Colours, or none.
  package init(isOn: Bool) { self.isOn = isOn }

  /// Plain text.
  package static let plain = Palette(isOn: false)

  package func bold(_ text: String) -> String { paint("1", text) }
  package func dim(_ text: String) -> String { paint("2", text) }
  package func red(_ text: String) -> String { paint("31", text) }
  package func green(_ text: String) -> String { paint("32", text) }
  package func yellow(_ text: String) -> String { paint("33", text) }
  package func cyan(_ text: String) -> String { paint("36", text) }

  private func paint(_ code: String, _ text: String) -> String {
    isOn ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
  }
}
