import CanonicalJSON

/// The members that answers are made of. `orNull` marks those that may be `null`.
extension AnswerForm.Member {
  /// A text.
  public static func text(_ name: String, _ value: @escaping @Sendable (Subject) -> String) -> Self {
    Self(name, .text, { .string(value($0)) }, write: { $1.writeString(value($0)) })
  }

  /// A text, or `null`.
  public static func text(_ name: String, orNull value: @escaping @Sendable (Subject) -> String?) -> Self {
    Self(name, .orNull(.text)) { value($0).map(JSON.string) ?? .null }
  }

  /// One of these words.
  public static func word(
    _ name: String, _ words: [String], _ value: @escaping @Sendable (Subject) -> String
  ) -> Self {
    Self(name, .word(words), { .string(value($0)) }, write: { $1.writeString(value($0)) })
  }

  /// One of these words, or `null`.
  public static func word(
    _ name: String, _ words: [String], orNull value: @escaping @Sendable (Subject) -> String?
  ) -> Self {
    Self(name, .orNull(.word(words))) { value($0).map(JSON.string) ?? .null }
  }

  /// A whole number.
  public static func number(_ name: String, _ value: @escaping @Sendable (Subject) -> Int) -> Self {
    Self(name, .number) { .integer(Int64(value($0))) }
  }

  /// A whole number, or `null`.
  public static func number(_ name: String, orNull value: @escaping @Sendable (Subject) -> Int?) -> Self {
    Self(name, .orNull(.number)) { value($0).map { .integer(Int64($0)) } ?? .null }
  }

  /// `true` or `false`.
  public static func flag(_ name: String, _ value: @escaping @Sendable (Subject) -> Bool) -> Self {
    Self(name, .flag) { .bool(value($0)) }
  }

  /// A time.
  public static func time(_ name: String, _ value: @escaping @Sendable (Subject) -> Timestamp) -> Self {
    Self(name, .time) { .integer(value($0).seconds) }
  }

  /// A time, or `null`.
  public static func time(
    _ name: String, orNull value: @escaping @Sendable (Subject) -> Timestamp?
  ) -> Self {
    Self(name, .orNull(.time)) { value($0).map { .integer($0.seconds) } ?? .null }
  }

  /// A list of texts.
  public static func texts(_ name: String, _ value: @escaping @Sendable (Subject) -> [String]) -> Self {
    Self(
      name, .list(.text), { .array(value($0).map(JSON.string)) },
      write: { $1.writeList(value($0)) { $0.writeString($1) } })
  }

  /// An object of texts by name.
  public static func texts(
    _ name: String, by value: @escaping @Sendable (Subject) -> [String: String]
  ) -> Self {
    Self(name, .map(.text)) { .object(value($0).map { JSON.Member($0.key, .string($0.value)) }) }
  }

  /// An object of numbers by name.
  public static func numbers(
    _ name: String, by value: @escaping @Sendable (Subject) -> [(name: String, count: Int)]
  ) -> Self {
    Self(name, .map(.number)) { subject in
      .object(value(subject).map { JSON.Member($0.name, .integer(Int64($0.count))) })
    }
  }

  /// A list of numbers.
  public static func numbers(_ name: String, _ value: @escaping @Sendable (Subject) -> [Int]) -> Self {
    Self(name, .list(.number)) { .array(value($0).map { .integer(Int64($0)) }) }
  }

  /// A document that another format describes.
  public static func document(_ name: String, _ value: @escaping @Sendable (Subject) -> JSON) -> Self {
    Self(name, .document, value)
  }

  /// A document that another format describes, or `null`.
  public static func document(
    _ name: String, orNull value: @escaping @Sendable (Subject) -> JSON?
  ) -> Self {
    Self(name, .orNull(.document)) { value($0) ?? .null }
  }

  /// A list of documents that another format describes.
  public static func documents(_ name: String, _ value: @escaping @Sendable (Subject) -> [JSON]) -> Self {
    Self(name, .list(.document)) { .array(value($0)) }
  }

  /// An object, or `null`.
  public static func object<Part: Answer>(
    _ name: String, orNull value: @escaping @Sendable (Subject) -> Part?
  ) -> Self {
    Self(name, .orNull(.object(Part.form.members))) { value($0)?.json ?? .null }
  }

  /// A list of objects, or `null`.
  public static func list<Part: Answer>(
    _ name: String, orNull value: @escaping @Sendable (Subject) -> [Part]?
  ) -> Self {
    Self(name, .orNull(.list(.object(Part.form.members)))) { subject in
      value(subject).map { .array($0.map(\.json)) } ?? .null
    }
  }

  /// A list of objects.
  public static func list<Part: Answer>(
    _ name: String, _ value: @escaping @Sendable (Subject) -> [Part]
  ) -> Self {
    Self(
      name, .list(.object(Part.form.members)), { .array(value($0).map(\.json)) },
      write: { $1.writeList(value($0)) { Part.form.write($1, to: &$0) } })
  }
}

extension JSONWriter {
  /// Writes a list, an item at a time.
  mutating func writeList<Item>(_ items: [Item], _ write: (inout JSONWriter, Item) -> Void) {
    bytes.append(UInt8(ascii: "["))
    for (index, item) in items.enumerated() {
      if index > 0 { bytes.append(UInt8(ascii: ",")) }
      write(&self, item)
    }
    bytes.append(UInt8(ascii: "]"))
  }
}
