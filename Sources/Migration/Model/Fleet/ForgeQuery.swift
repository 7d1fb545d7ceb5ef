/// Which repositories of a forge a fleet is for: `org:shop topic:java language:java`. All of its words must
/// hold for one; what is archived is never meant.
public struct ForgeQuery: Equatable, Sendable {
  /// Who owns them: an organisation, a person, or a group with all that is below it.
  public var owner: String
  /// The host; `nil` is the one that the home repository is at.
  public var host: String?
  /// What they must be marked by, in lower case.
  public var topics: [String] = []
  /// The language that most of it is written in, in lower case, or `nil`.
  public var language: String?
  /// Whether forks are meant as well.
  public var takesForks = false
  /// Whether git goes there by ssh, not by https.
  public var usesSSH = false

  /// What is wrong with the words of a query, in git's grammar.
  public struct Fault: Error, Equatable, Sendable, CustomStringConvertible {
    /// In words, for people.
    public var description: String
  }

  /// The longest text of one, in bytes.
  static let longest = 1000

  /// Reads the words of one, in any order.
  public init(_ text: String) throws(Fault) {
    guard text.utf8.count <= ForgeQuery.longest else { throw Fault(description: "the query is too long") }
    owner = ""
    for word in text.split(whereSeparator: \.isWhitespace) {
      guard let colon = word.firstIndex(of: ":") else {
        throw Fault(description: "'\(word)' is no 'key:value'")
      }
      let (key, value) = (String(word[..<colon]), String(word[word.index(after: colon)...]))
      if value.isEmpty { throw Fault(description: "'\(word)' has no value") }
      try take(key, value)
    }
    if owner.isEmpty { throw Fault(description: "it names no owner: say 'org:…'") }
  }

  private mutating func take(_ key: String, _ value: String) throws(Fault) {
    switch key {
    case "org", "user", "group":
      let parts = value.split(separator: "/", omittingEmptySubsequences: false)
      guard owner.isEmpty else { throw Fault(description: "it names two owners, '\(owner)' and '\(value)'") }
      guard parts.allSatisfy(ForgeQuery.isName) else {
        throw Fault(description: "'\(value)' is no name of an owner")
      }
      owner = value
    case "host":
      guard value.utf8.allSatisfy({ ForgeQuery.isPlain($0) || $0 == UInt8(ascii: ":") }), value.first != "-"
      else { throw Fault(description: "'\(value)' is no host") }
      host = value.lowercased()
    case "topic": topics.append(value.lowercased())
    case "language": language = value.lowercased()
    case "fork":
      guard ["true", "false"].contains(value) else {
        throw Fault(description: "'fork' is 'true' or 'false', not '\(value)'")
      }
      takesForks = value == "true"
    case "url":
      guard ["https", "ssh"].contains(value) else {
        throw Fault(description: "'url' is 'https' or 'ssh', not '\(value)'")
      }
      usesSSH = value == "ssh"
    default:
      throw Fault(description: "'\(key)' is no word of a query: org, host, topic, language, fork, url")
    }
  }

  private static func isName(_ text: Substring) -> Bool {
    !text.isEmpty && text != "." && text != ".." && text.utf8.allSatisfy(isPlain)
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
      || "-._".utf8.contains(byte)
  }
}
