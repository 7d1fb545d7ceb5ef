import Migration

/// The values of one map, taken out by key and type. A wrong type, a value out of range and an unknown key
/// are faults at the value's place.
struct Fields {
  /// Where the map starts.
  let mark: Mark
  private let entries: [String: Node.Entry]
  let faults: Faults

  /// The fault of the first key that is not known.
  let unknownKey: PlanFault?

  /// Opens a map whose keys must all stand in `table`; `subject` names it in messages. Throws only for what
  /// is no map: unknown keys are faults besides, and reading goes on without them.
  init(_ node: Node, _ table: KeyTable, in subject: String, _ faults: Faults) throws(PlanFault) {
    let map = try Self.entries(node, of: subject)
    let unknown = map.filter { !table.keys.contains($0.key.value) }.map {
      Self.unknown($0.key, table, subject)
    }
    for fault in unknown { faults.add(fault) }
    unknownKey = unknown.first
    mark = node.mark
    self.faults = faults
    entries = Dictionary(map.map { ($0.key.value, $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// The pairs of a map with free keys.
  static func entries(_ node: Node, of subject: String) throws(PlanFault) -> [Node.Entry] {
    guard case .map(let entries) = node.content else {
      throw node.mark.fault(
        "\(subject) must be a map, not \(node.kind)", hint: "write it as 'key: value' lines")
    }
    return entries
  }

  private static func unknown(_ key: Text, _ table: KeyTable, _ subject: String) -> PlanFault {
    if table.refused.contains(key.value) {
      return key.mark.fault(
        "\(quoted(key.value)) is not supported by this version", hint: "take it out of the plan")
    }
    if let hint = table.gone[key.value] {
      return key.mark.fault("\(quoted(key.value)) is no key of \(subject) any more", hint: hint)
    }
    let near = Suggestion.nearest(to: key.value, among: table.keys)
    return key.mark.fault(
      "unknown key \(quoted(key.value)) in \(subject)",
      hint: near.map { "did you mean '\($0)'?" } ?? "known keys are \(table.keys.joined(separator: ", "))")
  }

  /// Where the value of each key stands.
  var places: [String: Mark] { entries.mapValues(\.value.mark) }

  /// The value as it was read.
  func node(_ key: String) -> Node? { entries[key]?.value }

  /// The value of a key that must be there.
  func required(_ key: String, of subject: String, hint: String? = nil) throws(PlanFault) -> Node {
    guard let node = node(key) else {
      throw mark.fault("\(subject) has no '\(key)'", hint: hint ?? "add '\(key): …'")
    }
    return node
  }

  /// Text; what YAML 1.1 would read as a number or a truth value is kept as it is written.
  func text(_ key: String) throws(PlanFault) -> Text? {
    guard let node = node(key) else { return nil }
    return try node.text("'\(key)'")
  }

  /// One text or a list of texts; what is none is a fault besides.
  func texts(_ key: String) -> [Text] {
    guard let node = node(key) else { return [] }
    guard case .list(let items) = node.content else {
      guard let text = faults.collect(try node.text("'\(key)'")) else { return [] }
      return [text]
    }
    var texts: [Text] = []
    for item in items {
      if let text = faults.collect(try item.text("an item of '\(key)'")) { texts.append(text) }
    }
    return texts
  }

  /// A whole number.
  func integer(_ key: String, in range: ClosedRange<Int>) throws(PlanFault) -> Int? {
    guard let node = node(key) else { return nil }
    return try node.integer("'\(key)'", in: range)
  }

  /// A duration, in seconds.
  func seconds(_ key: String, in range: ClosedRange<Int>) throws(PlanFault) -> Int? {
    guard let node = node(key) else { return nil }
    return try node.seconds("'\(key)'", in: range)
  }

  /// `true` or `false`, and no other word for them.
  func flag(_ key: String) throws(PlanFault) -> Bool? {
    guard let node = node(key) else { return nil }
    if case .text("true", .plain) = node.content { return true }
    if case .text("false", .plain) = node.content { return false }
    throw node.mark.fault("'\(key)' must be true or false, not \(node.shown)")
  }
}

extension Node {
  /// What the value is, for messages.
  var kind: String {
    switch content {
    case .text("", .plain): "empty"
    case .text: "text"
    case .list: "a list"
    case .map: "a map"
    }
  }

  /// The value itself when it is text, for messages.
  var shown: String {
    if case .text(let value, _) = content, !value.isEmpty { return quoted(value) }
    return kind
  }

  /// Text that is not empty.
  func text(_ subject: String) throws(PlanFault) -> Text {
    guard case .text(let value, let style) = content else {
      var hint = "put text that starts with '{' or '[' in double quotes"
      if case .list = content { hint = "write a single value" }
      throw mark.fault("\(subject) must be text, not \(kind)", hint: hint)
    }
    let isNull = style == .plain && ["", "~", "null", "Null", "NULL"].contains(value)
    if isNull || value.utf8.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0A || $0 == 0x0D }) {
      throw mark.fault("\(subject) is empty", hint: "give it a value, or take it out")
    }
    return Text(value: value, mark: mark, style: style)
  }

  /// The items of a list.
  func list(_ subject: String) throws(PlanFault) -> [Node] {
    guard case .list(let items) = content else {
      throw mark.fault("\(subject) must be a list, not \(kind)", hint: "write each item on a line after '- '")
    }
    return items
  }

  func integer(_ subject: String, in range: ClosedRange<Int>) throws(PlanFault) -> Int {
    guard case .text(let text, .plain) = content, let digits = Self.digits(text) else {
      throw mark.fault("\(subject) must be a whole number, not \(shown)", hint: "write digits without quotes")
    }
    guard let number = Int(digits), range.contains(number) else {
      throw mark.fault(
        "\(subject) must be between \(range.lowerBound) and \(range.upperBound), not \(quoted(text))")
    }
    return number
  }

  func seconds(_ subject: String, in range: ClosedRange<Int>) throws(PlanFault) -> Int {
    let units = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
    guard case .text(let text, _) = content, let last = text.unicodeScalars.last else {
      throw mark.fault(
        "\(subject) must be a duration, not \(shown)", hint: "write it like 90s, 20m, 1h or 2d")
    }
    let unit = units[String(last)]
    guard let digits = Self.digits(unit == nil ? text : String(text.unicodeScalars.dropLast())),
      !digits.hasPrefix("-")
    else {
      throw mark.fault(
        "\(subject) must be a duration, not \(shown)", hint: "write it like 90s, 20m, 1h or 2d")
    }
    let (seconds, overflowed) = (Int(digits) ?? .max).multipliedReportingOverflow(by: unit ?? 1)
    guard !overflowed, range.contains(seconds) else {
      let bounds = "\(Self.duration(range.lowerBound)) and \(Self.duration(range.upperBound))"
      throw mark.fault("\(subject) must be between \(bounds), not \(quoted(text))")
    }
    return seconds
  }

  /// The text when it is decimal digits, maybe after a minus; no leading zeros, which are octal in YAML 1.1.
  private static func digits(_ text: String) -> String? {
    let digits = text.hasPrefix("-") ? text.utf8.dropFirst() : Substring(text).utf8
    guard !digits.isEmpty, digits.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else { return nil }
    return digits.first == 0x30 && digits.count > 1 ? nil : text
  }

  private static func duration(_ seconds: Int) -> String {
    for (size, unit) in [(86_400, "d"), (3600, "h"), (60, "m")] where seconds > 0 && seconds % size == 0 {
      return "\(seconds / size)\(unit)"
    }
    return "\(seconds)s"
  }
}
