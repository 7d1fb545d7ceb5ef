import CanonicalJSON

extension Plan {
  /// What "done" means beside the steps: a command counts the uses that are left of what is migrated away.
  public struct Until: Equatable, Sendable {
    /// A shell command that prints one whole number.
    public var count: String

    /// Makes it.
    public init(count: String) { self.count = count }

    /// The digest that counts are known by.
    public var digest: String { SHA256.hexDigest(of: Array(count.utf8)) }

    var json: JSON { .object([JSON.Member("count", .string(count))]) }

    init(json: JSON) throws(JSONFault) {
      var reader = try ObjectReader(json, "'until'")
      count = try reader.string("count")
      try reader.end()
    }
  }
}
