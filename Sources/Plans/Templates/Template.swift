/// A strict subset of Mustache, for prompts and for the steps of `for:`.
///
/// It is our own because a name that means nothing must be an error, and swift-mustache, like the Mustache
/// specification, renders it as nothing: an agent would get a prompt with a hole in it.
///
/// Known: `{{a.b}}`, and `{{{a.b}}}` and `{{&a.b}}`, which mean the same, for nothing is escaped for HTML;
/// sections `{{#a}}…{{/a}}` over lists, text and flags; inverted sections `{{^a}}…{{/a}}`; `{{.}}` for the
/// current item; comments `{{! … }}`. A section tag or a comment alone on its line takes the whole line away.
/// Partials and changes of delimiters are refused.
public struct Template: Equatable, Sendable {
  /// A name that the template uses.
  public struct Name: Equatable, Sendable {
    /// The dotted name.
    public var name: String
    /// Whether it opens a section; otherwise its value is written out.
    public var isSection: Bool
    /// The line in the template, from 1.
    public var line: Int
    /// The column in characters, from 1.
    public var column: Int
    /// The names between the dots.
    let keys: [String]
  }

  indirect enum Part: Equatable, Sendable {
    case text(String)
    case value(Name)
    case section(Name, inverted: Bool, [Part])
  }

  /// Every name used, in the order of the text; `{{.}}` is not among them.
  public let names: [Name]

  let parts: [Part]

  /// The most parts rendered and the most bytes written: sections in sections over long lists multiply.
  static let maximumParts = 1_000_000
  static let maximumBytes = 16 << 20

  /// Reads a template.
  public init(parsing text: String) throws(TemplateFault) {
    var parser = TemplateParser(text)
    parts = parser.parse()
    if let fault = parser.faults.first { throw fault }
    names = parser.names
  }

  init(names: [Name], parts: [Part]) { (self.names, self.parts) = (names, parts) }

  /// Writes the template out with the names in `value`; `quoting` is applied to every value, not to the text.
  public func render(
    _ value: TemplateValue, quoting: (String) -> String = { $0 }
  ) throws(TemplateFault) -> String {
    var writer = TemplateWriter(stack: [value])
    try writer.write(parts, quoting: quoting)
    return writer.output
  }
}

/// What is known while a template is written out. Its depth is that of the template, which the parser bounds.
private struct TemplateWriter {
  var stack: [TemplateValue]
  var output = ""
  private var count = 0

  init(stack: [TemplateValue]) { self.stack = stack }

  mutating func write(_ parts: [Template.Part], quoting: (String) -> String) throws(TemplateFault) {
    for part in parts {
      count += 1
      switch part {
      case .text(let text): output += text
      case .value(let name):
        guard let text = Self.text(try resolve(name)) else {
          throw name.fault("'\(name.name)' has no text", hint: "write a section: {{#\(name.name)}}…")
        }
        output += quoting(text)
      case .section(let name, let inverted, let inner):
        for context in Self.contexts(try resolve(name), inverted: inverted) {
          count += 1
          stack.append(context)
          defer { stack.removeLast() }
          try write(inner, quoting: quoting)
        }
      }
      if count > Template.maximumParts || output.utf8.count > Template.maximumBytes {
        throw TemplateFault(
          line: 1, column: 1, message: "the template grows past \(Template.maximumBytes) bytes",
          hint: "do not put sections over lists inside each other")
      }
    }
  }

  private func resolve(_ name: Template.Name) throws(TemplateFault) -> TemplateValue {
    if name.name == ".", let top = stack.last { return top }
    for context in stack.reversed() {
      guard case .map(let map) = context, let first = name.keys.first, var value = map[first] else {
        continue
      }
      for key in name.keys.dropFirst() {
        guard case .map(let inner) = value, let next = inner[key] else {
          throw name.fault("unknown name '\(name.name)'")
        }
        value = next
      }
      return value
    }
    throw name.fault("unknown name '\(name.name)'")
  }

  private static func text(_ value: TemplateValue) -> String? {
    switch value {
    case .text(let text): text
    case .flag(let flag): flag ? "true" : "false"
    case .list, .map: nil
    }
  }

  /// What a section is rendered with: nothing, once, or once for each item.
  private static func contexts(_ value: TemplateValue, inverted: Bool) -> [TemplateValue] {
    switch value {
    case .list(let items): inverted ? (items.isEmpty ? [value] : []) : items
    case .text(let text): text.isEmpty == inverted ? [value] : []
    case .flag(let flag): flag != inverted ? [value] : []
    case .map: inverted ? [] : [value]
    }
  }
}

extension Template.Name {
  func fault(_ message: String, hint: String? = nil) -> TemplateFault {
    TemplateFault(line: line, column: column, message: message, hint: hint)
  }
}
