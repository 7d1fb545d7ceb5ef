import Migration

/// The colours of `Paint`, or plain text.
package struct Palette {
  /// Whether anything is coloured.
  package let isOn: Bool

  /// Colours, or none.
  package init(isOn: Bool) { self.isOn = isOn }

  /// Plain text.
  package static let plain = Palette(isOn: false)

  package func bold(_ text: String) -> String { paint(.bold, text) }
  package func dim(_ text: String) -> String { paint(.dim, text) }
  package func red(_ text: String) -> String { paint(.red, text) }
  package func yellow(_ text: String) -> String { paint(.yellow, text) }
  package func cyan(_ text: String) -> String { paint(.cyan, text) }

  private func paint(_ colour: Paint, _ text: String) -> String { isOn ? colour.on(text) : text }
}
