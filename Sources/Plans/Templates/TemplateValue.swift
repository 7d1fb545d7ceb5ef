/// A value that a template can name.
public indirect enum TemplateValue: Equatable, Sendable {
  /// Text. Empty text counts as false in a section.
  case text(String)
  /// A list; a section is rendered once for each item.
  case list([TemplateValue])
  /// Names inside a name: `step.id` is `id` in the map `step`.
  case map([String: TemplateValue])
  /// True or false.
  case flag(Bool)
}

/// Why a template could not be read or rendered. Lines and columns are those of the template's own text.
public struct TemplateFault: Error, Equatable, Sendable, CustomStringConvertible {
  /// The line, from 1.
  public var line: Int
  /// The column in characters, from 1.
  public var column: Int
  /// What is wrong.
  public var message: String
  /// What to do next, or `nil` when the message says it.
  public var hint: String?

  /// Makes a fault.
  public init(line: Int, column: Int, message: String, hint: String? = nil) {
    self.line = line
    self.column = column
    self.message = message
    self.hint = hint
  }

  /// `line:column: message`.
  public var description: String { "\(line):\(column): \(message)" }
}
