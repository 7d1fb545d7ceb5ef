/// Reads an object's members by name and, at the end, refuses any that nobody asked for: a member we do not
/// know could change what the entry means.
package struct ObjectReader {
  private let kind: String
  private let name: String
  private var members: [JSON.Member]
  private var taken: Int = 0

  /// Reads an object that errors call `kind`, with its name when it has one.
  package init(_ json: JSON, _ kind: String, named name: String = "") throws(JSONFault) {
    (self.kind, self.name) = (kind, name)
    members = []
    guard case .object(let found) = json else { throw JSONFault("\(subject) is not an object") }
    members = found
  }

  /// Put together for errors only: a state has thousands of steps.
  package var subject: String { name.isEmpty ? kind : "\(kind) '\(name)'" }

  /// Whether a member is there.
  package func has(_ key: String) -> Bool { members.contains { $0.key == key } }

  /// What is under a key, if anything is.
  package mutating func optional(_ key: String) -> JSON? {
    guard let index = members.firstIndex(where: { $0.key == key }) else { return nil }
    taken += 1
    return members[index].value
  }

  /// What is under a key; throws when nothing is.
  package mutating func required(_ key: String) throws(JSONFault) -> JSON {
    guard let value = optional(key) else { throw JSONFault("\(subject) has no '\(key)'") }
    return value
  }

  /// Text.
  package mutating func string(_ key: String) throws(JSONFault) -> String { try text(try required(key), key) }

  /// Text, when the member is there.
  package mutating func optionalString(_ key: String) throws(JSONFault) -> String? {
    guard let value = optional(key) else { return nil }
    return try text(value, key)
  }

  /// Whether a member is there that can only be one word.
  package mutating func mark(_ key: String, _ word: String) throws(JSONFault) -> Bool {
    guard let found = try optionalString(key) else { return false }
    guard found == word else { throw JSONFault("'\(key)' of \(subject) is '\(found)', not '\(word)'") }
    return true
  }

  /// A whole number.
  package mutating func integer(_ key: String) throws(JSONFault) -> Int { try number(try required(key), key) }

  /// A number that is counted up: not negative, and so far from the largest that one more never overflows.
  package mutating func counter(_ key: String) throws(JSONFault) -> Int {
    let number = try integer(key)
    guard Self.counterRange.contains(number) else {
      throw JSONFault("'\(key)' of \(subject) is out of range")
    }
    return number
  }

  /// What a number that is counted up may be.
  package static let counterRange = 0...Int(Int32.max)

  /// A whole number, when the member is there.
  package mutating func optionalInteger(_ key: String) throws(JSONFault) -> Int? {
    guard let value = optional(key) else { return nil }
    return try number(value, key)
  }

  /// True or false; a member that is not there is false.
  package mutating func flag(_ key: String) throws(JSONFault) -> Bool {
    guard let value = optional(key) else { return false }
    guard case .bool(let flag) = value else { throw wrong(key, "true or false") }
    return flag
  }

  /// A list; a member that is not there is an empty one.
  package mutating func array(_ key: String) throws(JSONFault) -> [JSON] {
    guard let value = optional(key) else { return [] }
    guard case .array(let items) = value else { throw wrong(key, "a list") }
    return items
  }

  /// A list of texts; a member that is not there is an empty one.
  package mutating func strings(_ key: String) throws(JSONFault) -> [String] {
    var texts: [String] = []
    for item in try array(key) { texts.append(try text(item, key)) }
    return texts
  }

  /// One of the words of a type.
  package mutating func word<Word: RawRepresentable>(_ key: String, as: Word.Type) throws(JSONFault) -> Word
  where Word.RawValue == String {
    let text = try string(key)
    guard let word = Word(rawValue: text) else { throw wrong(key, "a known word, not '\(text)'") }
    return word
  }

  /// Refuses members that no call above has asked for.
  package func end() throws(JSONFault) {
    guard taken == members.count else {
      throw JSONFault("\(subject) has a member that this version does not know")
    }
  }

  private func text(_ value: JSON, _ key: String) throws(JSONFault) -> String {
    guard case .string(let text) = value else { throw wrong(key, "text") }
    return text
  }

  private func number(_ value: JSON, _ key: String) throws(JSONFault) -> Int {
    guard case .integer(let number) = value else { throw wrong(key, "a whole number") }
    return Int(number)
  }

  /// What to say of a member that is something else than `expected`.
  package func wrong(_ key: String, _ expected: String) -> JSONFault {
    JSONFault("'\(key)' of \(subject) is not \(expected)")
  }
}
