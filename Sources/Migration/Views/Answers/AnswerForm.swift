import CanonicalJSON

/// A value that a command answers with, or a part of one: what its JSON has is said once, by `form`.
public protocol Answer: Sendable {
  /// Its members.
  static var form: AnswerForm<Self> { get }
}

extension Answer {
  /// The value for scripts.
  public var json: JSON { Self.form.json(of: self) }

  /// `json.printableBytes`, without making the value first.
  public var printableBytes: [UInt8] {
    var writer = JSONWriter()
    writer.escapesUnsafe = true
    Self.form.write(self, to: &writer)
    return writer.bytes
  }
}

/// What the JSON of an answer has: the one description from which the JSON is made, and against which the
/// tables of the manual are checked.
///
/// Every member is always there. Within a version of the document (its member `version`) members are added,
/// never taken away or given another meaning.
public struct AnswerForm<Subject>: Sendable {
  /// One member: what is said of it, and where its value comes from.
  public struct Member: Sendable {
    /// What the manual says of it.
    public let about: AnswerMember
    fileprivate let value: @Sendable (Subject) -> JSON
    fileprivate let write: @Sendable (Subject, inout JSONWriter) -> Void

    /// Describes a member whose value is made first and written then.
    public init(
      _ name: String, _ type: AnswerType, since: String = AnswerMember.firstRelease,
      _ value: @escaping @Sendable (Subject) -> JSON
    ) {
      self.init(name, type, since: since, value) { $1.write(value($0)) }
    }

    /// Describes a member that is written without making its value.
    init(
      _ name: String, _ type: AnswerType, since: String = AnswerMember.firstRelease,
      _ value: @escaping @Sendable (Subject) -> JSON,
      write: @escaping @Sendable (Subject, inout JSONWriter) -> Void
    ) {
      about = AnswerMember(name: name, type: type, since: since)
      self.value = value
      self.write = write
    }

    /// The same member, which a later release than the first brought.
    public func since(_ release: String) -> Member {
      Member(about.name, about.type, since: release, value, write: write)
    }
  }

  /// What the manual says of the members, in its order.
  public let members: [AnswerMember]
  /// In the order in which JSON is written, each with the bytes that come before its value.
  private let written: [(lead: [UInt8], member: Member)]
  /// What another format describes, beside the members; `nil` when there is nothing of that kind.
  private let others: (@Sendable (Subject) -> [JSON.Member])?

  /// Describes an object with these members, and with `others`: those that another format describes.
  public init(_ members: [Member], others: (@Sendable (Subject) -> [JSON.Member])? = nil) {
    self.members = members.map(\.about)
    self.others = others
    let sorted = members.sorted { $0.about.name.utf8.lexicographicallyPrecedes($1.about.name.utf8) }
    written = sorted.enumerated().map { index, member in
      var writer = JSONWriter()
      writer.bytes.append(UInt8(ascii: index == 0 ? "{" : ","))
      writer.writeString(member.about.name)
      writer.bytes.append(UInt8(ascii: ":"))
      return (writer.bytes, member)
    }
  }

  /// Describes a whole document: an object of version 1 with these members.
  public static func document(_ members: [Member]) -> AnswerForm {
    AnswerForm([Member.number("version") { _ in 1 }] + members)
  }

  /// The value of a subject, its members sorted.
  public func json(of subject: Subject) -> JSON {
    let own = written.map { JSON.Member($0.member.about.name, $0.member.value(subject)) }
    guard let others else { return .object(own) }
    let names = Set(own.map(\.key))
    let all = own + others(subject).filter { !names.contains($0.key) }
    return .object(all.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) })
  }

  /// Writes the value of a subject.
  func write(_ subject: Subject, to writer: inout JSONWriter) {
    if others != nil { return writer.write(json(of: subject)) }
    if written.isEmpty { writer.bytes.append(UInt8(ascii: "{")) }
    for (lead, member) in written {
      writer.bytes.append(contentsOf: lead)
      member.write(subject, &writer)
    }
    writer.bytes.append(UInt8(ascii: "}"))
  }
}

/// What the manual says of one member.
public struct AnswerMember: Equatable, Sendable {
  /// Its key.
  public var name: String
  /// What it holds.
  public var type: AnswerType
  /// The release that brought it.
  public var since: String

  /// Describes a member.
  public init(name: String, type: AnswerType, since: String) {
    self.name = name
    self.type = type
    self.since = since
  }

  /// The release that the first promises were made in.
  public static let firstRelease = "0.1.0"
}

/// What a member of an answer holds.
public indirect enum AnswerType: Equatable, Sendable {
  /// Any text.
  case text
  /// One of these words.
  case word([String])
  /// A whole number.
  case number
  /// `true` or `false`.
  case flag
  /// Seconds since the Unix epoch.
  case time
  /// A list.
  case list(AnswerType)
  /// An object with these members.
  case object([AnswerMember])
  /// An object whose keys are names.
  case map(AnswerType)
  /// A document of another format.
  case document
  /// What the type says, or `null`.
  case orNull(AnswerType)
}
